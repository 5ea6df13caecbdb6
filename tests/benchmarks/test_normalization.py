import pytest
import torch

from benchmarks.normalization.claims import CLAIMS, Claim, Runs, share_needed
from benchmarks.normalization.report import write
from benchmarks.normalization.runs import COMPARED, Plan, to_png, train
from benchmarks.normalization.tasks import DISTURBANCES, Single, disturbed
from styletransfer.models.vgg import VGGEncoder


def claim(**bound) -> Claim:
    return Claim("", "", lambda runs: [], **bound)


@pytest.mark.parametrize(
    ("numbers", "verdict"),
    [
        ([0.5, 0.6, 0.8], "held"),
        ([0.5, 0.6, 0.81], "not measurable here"),
        ([0.9, float("inf"), 1.0], "not held"),
        ([0.5, 0.5], "not measurable here"),
    ],
)
def test_a_verdict_needs_every_seed(numbers, verdict):
    assert claim(most=0.8).verdict(numbers) == verdict
    assert claim(least=-0.8).verdict([-n for n in numbers]) == verdict


def test_how_soon_another_loss_is_reached():
    slow = {"curve": [[10 - i, 0] for i in range(10)]}  # ends with 1
    fast = {"curve": [[5 - i, 0] for i in range(10)]}
    assert share_needed(fast, slow) == 0.5
    assert share_needed(slow, fast) == float("inf")


@pytest.fixture(scope="module")
def task() -> Single:
    torch.manual_seed(0)
    vgg = VGGEncoder("vgg19", (4, 6, 8, 8)).requires_grad_(False)
    return Single(vgg, torch.rand(8, 3, 16, 16), torch.rand(1, 3, 16, 16), depth=2)


@pytest.mark.parametrize("norm", COMPARED)
def test_only_batch_normalization_notices_how_a_batch_is_divided(task, norm):
    plan = Plan(width=2, rate=1e-2)
    whole, parts = (train(task, task, norm, 0, plan, 3, 4, micro)[1]["curve"] for micro in (4, 1))
    torch.manual_seed(0)
    apart = (torch.tensor(whole) - torch.tensor(parts)).abs().max().item()
    assert apart > 1e-3 if norm == "batch" else apart < 1e-4


def test_instance_normalization_does_not_see_contrast(task):
    photos = 0.3 + 0.4 * task.photos  # nothing is clipped
    net, _ = train(task, task, "instance", 0, Plan(width=4), 1, 4, 4)
    first, second = (torch.full((1, 2), n) for n in (0, 1))
    with torch.no_grad():
        plain, other = (task.paint(net, rows, photos) for rows in (first, second))
        flat = task.paint(net, first, disturbed(photos, "contrast", 0.5))
    assert (flat - plain).abs().mean() < 0.05 * (other - plain).abs().mean()


def test_the_report_has_every_claim_and_its_plots(tmp_path):
    run = {
        "shown": to_png(torch.rand(2, 3, 16, 16)),
        "curve": [[2.0, 1.0]] * 10, "held": [[5, 1.0, 1.0], [10, 1.0, 1.0]],
        "scores": {"style": 0.5, "gram": 0.5, "content": 0.5, "ssim": 0.5},
        "sensitivity": {"none": [[0, 0, 0.5]], **{k: [[x, 9.0, 0.5] for x in levels]
                                                  for k, levels in DISTURBANCES.items()}},
    }  # fmt: skip
    cost = {n: {"step": 2.0, "network": 1.0, "kept": 3.0} for n in COMPARED}
    runs = Runs(
        {(kind, norm): [run] * 3 for kind in ("single", "decoder") for norm in COMPARED},
        {(norm, size): [{"held": [1.0, 1.0]}] * 3 for norm in COMPARED for size in (1, 2, 32, 64)},
        [cost] * 3,
    )
    write(tmp_path / "report.md", runs, Plan(), "Some pictures.", "command", "a device")
    text = (tmp_path / "report.md").read_text()
    rows = [line for line in text.splitlines() if line.startswith("|") and "**" in line]
    assert len(rows) == len(CLAIMS)
    assert "| **held** |" in rows[3] and "| **not held** |" in rows[4]  # all sizes are alike
    for name in ("losses", "batch", "content"):
        assert (
            f"report-{name}.svg" in text
            and (tmp_path / f"report-{name}.svg").read_bytes()[:5] == b"<?xml"
        )
