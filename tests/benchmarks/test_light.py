import numpy as np
import pytest
import torch

from benchmarks import light
from styletransfer.models.bottlenecks.contextual import Contextual


@pytest.mark.parametrize("case", light.CASES)
def test_light_is_only_taken_away(case):
    pixels = np.full((40, 60, 3), 200, np.uint8)
    dark, where = light.dimmed(pixels, case)
    assert dark.shape == pixels.shape and (dark <= 200).all() and 0.2 < where.mean() < 0.9
    assert dark[where].mean() < 150 and dark[~where].mean() > 150 - 40 * (case == "half")


def test_a_division_by_the_blur_evens_out_a_shadow():
    pixels = np.random.default_rng(0).integers(80, 120, (64, 64, 3), dtype=np.uint8)
    dark, _ = light.dimmed(pixels, "soft")

    def uneven(x):
        return abs(x[:, :16].mean() - x[:, -16:].mean())

    assert uneven(light.evened(dark)) < 0.4 * uneven(dark)


def test_a_context_by_hand_is_put_back():
    class Model:
        net = Contextual(3)

    x = torch.rand(1, 3, 16, 16)
    before = Model.net(x)
    with light.context(Model, 0.2, 1.0):
        assert not torch.equal(Model.net(x), before)
    assert torch.equal(Model.net(x), before)


def test_every_case_is_measured(monkeypatch):
    monkeypatch.setattr(light, "PHOTOS", ("cat",))
    monkeypatch.setattr(light, "SIZE", 32)
    found = light.measure(lambda pixels: pixels)
    assert set(found) == {*light.CASES, "spread"} and all(value > 0 for value in found.values())
    assert light.measure(lambda pixels: 0 * pixels) == dict.fromkeys(found, 0.0)
