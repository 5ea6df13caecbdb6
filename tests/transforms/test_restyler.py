import pickle

import pytest
import torch

from styletransfer import InputError
from styletransfer.transforms.restyler import Restyler, check_chances


@pytest.fixture(scope="module")
def restyler(tiny_model):
    return Restyler(["starry_night", "lion"], tiny_model, 32)


def test_a_folder_a_name_a_list_or_what_ships(tiny_model, paintings, tmp_path):
    assert len(Restyler(None, tiny_model, 32).codes) >= 8
    assert len(Restyler(tmp_path, tiny_model, 32).codes) == len(paintings)
    assert len(Restyler("lion", tiny_model, 32).codes) == 1
    for styles in ([], "lio", tmp_path / "no.jpg"):
        with pytest.raises(InputError):
            Restyler(styles, tiny_model, 32)


def test_each_picture_has_its_own_style_and_strength(restyler):
    x = torch.rand(3, 3, 32, 48)
    painted = restyler.paint(x, [1, 0, 1], [1.0, 0.5, 0.25])
    stylizer = restyler._stylizer(x.device)
    for i, (style, alpha) in enumerate([(1, 1.0), (0, 0.5), (1, 0.25)]):
        alone = stylizer.stylize(x[i : i + 1], restyler.codes[style], alpha)
        assert (painted[i] - alone[0]).abs().mean() < 0.01, (
            "as the Stylizer paints it, in half precision"
        )
    assert (painted[0] - painted[2]).abs().mean() > 0.02


def test_it_is_pickled_without_the_network(restyler):
    data = pickle.dumps(restyler)
    assert len(data) < 100_000
    again = pickle.loads(data)
    x = torch.randint(256, (2, 3, 32, 32), dtype=torch.uint8)
    assert torch.equal(again.paint(x, [0, 1], [1, 1]), restyler.paint(x, [0, 1], [1, 1]))


def test_normalised_pictures_are_told(restyler):
    with pytest.raises(InputError, match="before Normalize"):
        restyler.paint(torch.randn(1, 3, 32, 32) * 2, [0], [1.0])
    restyler.paint(torch.rand(1, 3, 32, 32) * 1.2 - 0.1, [0], [1.0])  # what resizing makes


@pytest.mark.parametrize("p,alpha", [(1.5, (0, 1)), (0.5, (1, 0.5)), (0.5, (0.1,)), (0.5, (0, 3))])
def test_chances_that_are_none(p, alpha):
    with pytest.raises(InputError):
        check_chances(p, alpha)
