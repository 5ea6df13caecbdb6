import pytest
import torch
from torch import nn

from benchmarks.generalization.networks import METHODS, Halves, MixStyle, adapt, network
from benchmarks.generalization.report import figure, report
from benchmarks.generalization.runs import Plan, Task, costs, run, training_batch, turned

PLAN = Plan(side=20, crop=16, batch=8, steps={"rotation": 3, "objects": 3}, seeds=1, width=4)


@pytest.fixture(scope="module")
def task() -> Task:
    pictures = torch.randint(256, (12, 3, 20, 20), generator=torch.Generator().manual_seed(0))
    pictures = pictures.to(torch.uint8)
    return Task(4, pictures, 255 - pictures, pictures, pictures, pictures)


def test_pictures_are_turned_by_quarters():
    picture = torch.arange(4).reshape(1, 2, 2)
    found = turned(torch.stack([picture] * 4), torch.arange(4))
    assert torch.equal(found[2], picture.flip(1, 2)) and torch.equal(found[1], picture.rot90(1, (1, 2)))


def test_only_the_stylised_run_sees_paintings_and_all_see_the_same_photos(task):
    whole = Plan(side=20, crop=20, batch=64)
    batches = [
        training_batch(task, m, whole, torch.Generator().manual_seed(0)) for m in ("batch", "stylised")
    ]
    (photos, labels), (mixed, same) = batches
    assert torch.equal(labels, same)
    apart = (mixed - photos).abs().amax(dim=(1, 2, 3)) > 0
    assert 0.3 < apart.float().mean() < 0.7
    torch.testing.assert_close(mixed[apart], 1 - photos[apart])


@pytest.mark.parametrize("method", METHODS)
def test_each_method_is_trained_and_tested(task, method):
    found = run(task, method, 0, PLAN, 2)
    assert {"photos", "paintings", "seconds"} <= found.keys() and 0 <= found["photos"] <= 1
    assert ("adapted" in found) == (method == "batch")


def test_the_methods_are_what_the_papers_say():
    kinds = {m: [type(layer).__name__ for layer in network(m, 4, 4).modules()] for m in METHODS}
    assert "BatchNorm2d" not in kinds["instance"] + kinds["group"] + kinds["layer"]
    assert kinds["ibn-a"].count("Halves") == 3 and kinds["ibn-b"].count("InstanceNorm2d") == 3
    assert kinds["mixstyle"].count("MixStyle") == 2 and "InstanceNorm2d" not in kinds["batch"]
    x = torch.randn(3, 4, 5, 5)
    torch.testing.assert_close(Halves(4)(x)[:, :2], nn.functional.instance_norm(x[:, :2]))


def test_mixstyle_keeps_what_a_sample_shows_and_changes_its_statistics():
    torch.manual_seed(0)
    x = torch.randn(4, 2, 8, 8) * torch.tensor([1.0, 2, 3, 4])[:, None, None, None]
    mix = MixStyle(p=1.0, alpha=5.0)
    out = mix(x)
    normal = nn.functional.instance_norm
    torch.testing.assert_close(normal(out), normal(x), atol=1e-3, rtol=1e-3)
    assert (out.std(dim=(2, 3)) - x.std(dim=(2, 3))).abs().max() > 0.1
    assert mix.eval()(x) is x


def test_adapting_takes_the_other_domain_s_averages():
    net = nn.Sequential(nn.BatchNorm2d(3)).train()
    adapt(net, [torch.full((2, 3, 4, 4), 5.0), torch.full((2, 3, 4, 4), 7.0)])
    assert net[0].running_mean.tolist() == [6.0] * 3 and not net.training


def test_the_report_has_a_row_for_each_method(task, tmp_path):
    page = tmp_path / "page.md"
    page.write_text("<!-- generalization -->\n<!-- /generalization -->\n")
    result = {"photos": 0.5, "paintings": 0.25, "adapted": 0.4, "adapting": 1.0, "seconds": 1.0}
    found = {(name, m, s): result for name in PLAN.steps for m in METHODS for s in (0, 1)}
    labels = dict.fromkeys(("train", "photos", "paintings"), torch.zeros(12, dtype=torch.long))
    tasks = {"rotation": task, "objects": Task(7, *[task.train] * 5, labels)}
    report(page, found, [costs(PLAN, steps=1)], tasks, PLAN, 0.01)
    lines = [line for line in page.read_text().splitlines() if line.startswith("| adabn")]
    assert len(lines) == 2 and "40.0 ± 0.0" in lines[0] and "15.0 ± 0.0" in lines[0]
    assert figure(found).startswith(b"<?xml")
