import pytest
import torch

from benchmarks.segmentation import __main__ as command
from benchmarks.segmentation.runs import COMPARED, SIZES, Paintings, Plan, composed, masks, run

PLAN = Plan(side=16, samples=32, seeds=1, width=4)


@pytest.fixture(scope="module")
def paintings() -> Paintings:
    light = torch.full((1, 20, 3, 16, 16), 200, dtype=torch.uint8)
    pair = torch.cat([light, light // 8])
    return Paintings(pair, pair)


def test_one_mask_in_four_is_of_one_style():
    found = masks(40, 16, torch.Generator().manual_seed(0))
    shares = found.float().mean(dim=(1, 2))
    assert set(shares[::4].tolist()) == {0.0, 1.0}
    rest = shares[torch.arange(40) % 4 > 0]
    assert ((rest > 0) & (rest < 1)).all() and 0.3 < rest.mean() < 0.7


def test_pictures_are_put_together_by_the_mask():
    mask = torch.tensor([[[True, False]]])
    picture = composed(torch.full((1, 3, 1, 2), 255).byte(), torch.zeros(1, 3, 1, 2).byte(), mask)
    assert picture[0, 0].tolist() == [[1.0, 0.0]]


@pytest.mark.parametrize("norm", COMPARED)
def test_what_is_easy_is_learned_at_any_batch(paintings, norm):
    for size in (4, 16):
        found = run(paintings, norm, size, 0, Plan(side=16, samples=32, width=4))
        assert (
            0 <= found["iou"] <= 1 and 0 <= found["one"] <= 1 and ("anew" in found) == (norm == "batch")
        )


def test_a_network_learns_to_tell_two_styles(paintings):
    found = run(paintings, "group", 4, 0, Plan(side=16, samples=160, rate=0.4, width=4))
    assert found["iou"] > 0.7


def test_the_report_has_every_batch_size(tmp_path, monkeypatch):
    page = tmp_path / "page.md"
    page.write_text("<!-- segmentation -->\n<!-- /segmentation -->\n")
    monkeypatch.setattr(command, "PAGE", page)
    result = {"iou": 0.5, "one": 0.75, "anew": {"iou": 0.9, "one": 1.0}}
    command.report({(n, size, s): result for n in COMPARED for size in SIZES for s in (0, 1)}, PLAN)
    text = page.read_text()
    assert "| batch, averages anew | 90.0 ± 0.0 |" in text and text.count("| group |") == 2
    assert (tmp_path / "segmentation.svg").read_bytes().startswith(b"<?xml")
