import pytest
import torch

from benchmarks.normalization.runs import to_png
from benchmarks.translation import __main__ as command
from benchmarks.translation.networks import Generator, Patches, discriminator
from benchmarks.translation.runs import COMPARED, Pictures, Plan, features, frechet, run
from styletransfer.models.vgg import VGGEncoder

PLAN = Plan(side=32, batch=2, steps=2, width=4, tested=6, content=2)


@pytest.fixture(scope="module")
def pictures() -> Pictures:
    x = torch.randint(256, (6, 3, 32, 32), generator=torch.Generator().manual_seed(0)).to(torch.uint8)
    return Pictures(x, 255 - x, x, 255 - x, x[:2])


def test_the_distance_is_that_of_two_gaussians():
    torch.manual_seed(0)
    a = torch.randn(2000, 3)
    assert frechet(a, a) == pytest.approx(0, abs=1e-6)
    assert frechet(a, a + 2) == pytest.approx(12, abs=1e-3)
    assert frechet(a, 3 * a) == pytest.approx(3 * 4, rel=0.1)  # (3 − 1)² for each


@pytest.mark.parametrize("norm", COMPARED)
def test_each_generator_is_trained_and_measured(pictures, norm):
    torch.manual_seed(0)
    vgg = VGGEncoder("vgg19", (4, 6, 8, 8)).requires_grad_(False)
    wanted = features(vgg, (pictures.test_paintings / 255).split(4))
    found = run(vgg, pictures, wanted, norm, 0, PLAN)
    assert found["frechet"] > 0 and found["content"] <= 1 and found["shown"]


def test_the_generators_begin_with_the_same_weights():
    nets = []
    for norm in COMPARED:
        torch.manual_seed(0)
        nets.append([p for p in Generator(4, norm).parameters() if p.ndim == 4])
    assert all(torch.equal(a, b) for net in nets[1:] for a, b in zip(nets[0], net))


def test_patches_are_told_apart():
    torch.manual_seed(0)
    maps, patches = [torch.randn(2, c, 8, 8) for c in (4, 8, 16, 16)], Patches(4)
    other = [torch.randn_like(x) for x in maps]
    assert patches(maps, maps) < patches(other, maps)
    assert discriminator(4)(torch.rand(2, 3, 32, 32)).shape[:2] == (2, 1)


def test_whose_pictures_are_taken():
    origins = (
        "a:WikiArt/3/1.jpg",
        "b:images/Claude_Monet_1.jpg",
        "a:WikiArt/1/1.jpg",
        "b:images/Titian_3.jpg",
    )
    assert [bool(command.impressionist(origin)) for origin in origins] == [True, True, False, False]


def test_the_report_has_its_plot_and_its_sheet(pictures, tmp_path, monkeypatch):
    page = tmp_path / "page.md"
    page.write_text("<!-- translation -->\n<!-- /translation -->\n")
    monkeypatch.setattr(command, "PAGE", page)
    result = {"frechet": 2000.0, "content": 0.5, "shown": to_png(pictures.shown / 255)}
    found = {("run", norm, seed): result for norm in COMPARED for seed in (0, 1)}
    names = ("paintings, others", "the photos", "adain-fast")
    command.report(found, dict.fromkeys(names, result), pictures, PLAN)
    assert "| layer | 2 ± 0 | 0.500 ± 0.000 |" in page.read_text()
    assert {path.suffix for path in tmp_path.iterdir()} == {".md", ".svg", ".jpg"}
