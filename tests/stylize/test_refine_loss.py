"""What refining makes smaller."""

import pytest
import torch

from styletransfer.evaluation.metrics import content_score
from styletransfer.styles.quantiles import style_quantiles, vgg_encoder
from styletransfer.stylize import refine_loss
from styletransfer.stylize.refine_loss import RefineLoss, decorrelation

CPU = torch.device("cpu")


def picture(seed):
    noise = torch.rand(1, 3, 8, 8, generator=torch.manual_seed(seed))
    return torch.nn.functional.interpolate(noise, size=(64, 64), mode="bicubic").clamp(0, 1)


def loss_of(style, content, maps=None, alpha=1.0, seed=0):
    styles = [style_quantiles(x, CPU) for x in (style if isinstance(style, list) else [style])]
    generator = torch.Generator().manual_seed(seed)
    return RefineLoss(vgg_encoder(CPU), content, styles, maps, 0, alpha, 1.0, generator)


def test_the_style_itself_and_the_photo_itself_lose_nothing():
    style, photo = picture(1), picture(2)
    loss = loss_of(style, photo)
    assert loss(style).style < 0.02 < loss(photo).style  # the first but for rounding
    assert loss(photo).content < 1e-3 < loss(style).content
    assert loss(style).range == 0 and loss(style + 1).range > 0


def test_alpha_0_wants_the_photo_itself():
    photo = picture(2)
    loss = loss_of(picture(1), photo, alpha=0.0)
    assert loss(photo).style < 0.02


def test_content_is_what_the_content_score_is_measured_by():
    a, b = (torch.rand(1, 5, 9, 7, generator=torch.manual_seed(s)) for s in (1, 2))
    a[:, 0] = 0  # a channel that is dead in one of them
    expected = content_score({"relu3_3": a[:, 1:]}, {"relu3_3": b[:, 1:]})
    assert decorrelation(a[:, 1:], b[:, 1:]).item() == pytest.approx(1 - expected, abs=1e-3)
    assert decorrelation(a, b).isfinite() and decorrelation(3 * b + 1, b) < 1e-6


@pytest.mark.parametrize("positions", [2**16, 300])
def test_each_region_is_compared_with_its_own_style(positions, monkeypatch):
    monkeypatch.setattr(refine_loss, "POSITIONS", positions)
    left, right = picture(1), picture(3)
    maps = torch.zeros(1, 2, 64, 64)
    maps[:, 0, :, :32] = maps[:, 1, :, 32:] = 1
    both = torch.cat([left[..., :32], right[..., 32:]], dim=3)
    swapped = torch.cat([right[..., :32], left[..., 32:]], dim=3)
    loss = loss_of([left, right], both, maps)
    assert loss(both).style < loss(swapped).style
    only = maps.clone()
    only[:, 1] = 0  # what counts nowhere adds nothing
    assert loss_of([left, right], both, only)(both).style < loss(both).style


def test_some_positions_are_drawn_by_the_generator_alone(monkeypatch):
    monkeypatch.setattr(refine_loss, "POSITIONS", 200)
    style, photo = picture(1), picture(2)
    first, again, other = (loss_of(style, photo, seed=s)(photo).style for s in (0, 0, 1))
    assert first == again != other
