"""Refining: better than the network's own result, of the same type and size."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from styletransfer import InputError, StylizeOptions, Stylizer
from styletransfer.cli import run
from styletransfer.models.weights import read_safetensors, write_safetensors
from styletransfer.styles.encode import stacked
from styletransfer.styles.quantiles import style_quantiles
from styletransfer.stylize import refine as refining
from styletransfer.stylize import refine_loss
from styletransfer.stylize.buffer import DiskImageBuffer, ImageBuffer
from styletransfer.stylize.levels import Conditioning
from styletransfer.stylize.refine import StopRefining, joined, laplacian_bands, optimize

CPU = torch.device("cpu")


def smooth(height, width, seed):
    noise = torch.rand(1, 3, height // 12 + 2, width // 12 + 2, generator=torch.manual_seed(seed))
    return torch.nn.functional.interpolate(noise, size=(height, width), mode="bicubic").clamp(0, 1)


@pytest.fixture(scope="module")
def pictures():
    """A photo, a style, and what stands for the network's result."""
    photo, style = smooth(72, 100, 1), smooth(64, 64, 2).flip(1) * 0.7
    return photo, style, (0.5 * photo + 0.2).clamp(0, 1)


def refined(pictures, steps=6, **options):
    photo, style, start = pictures
    options = StylizeOptions(refine=steps, style_size=64, **options)
    return optimize(start, photo, [style_quantiles(style, CPU)], None, options)


def distance(picture, style):
    a, b = (style_quantiles(x, CPU)[0] for x in (picture, style))
    return sum(refine_loss.distance(a[tap], b[tap]) for tap in b).item()


@pytest.mark.parametrize("positions", [2**16, 500])  # all of them, and some
def test_it_comes_nearer_to_the_style_and_is_the_same_each_time(pictures, positions, monkeypatch):
    monkeypatch.setattr(refine_loss, "POSITIONS", positions)
    _, style, start = pictures
    better = refined(pictures)
    assert better.shape == start.shape and better.min() >= 0 and better.max() <= 1
    assert distance(better, style) < 0.8 * distance(start, style)
    assert torch.equal(better, refined(pictures))


@pytest.mark.parametrize("height, width", [(1, 1), (9, 40), (70, 45)])
def test_a_pyramid_is_the_picture_again(height, width):
    picture = smooth(height, width, 6)
    assert torch.allclose(joined(laplacian_bands(picture)), picture, atol=1e-6)


@pytest.mark.parametrize("height, width, strokes", [(1, 1, 1.0), (8, 30, 1.0), (40, 50, 4.0)])
def test_a_picture_of_a_few_pixels_is_refined_too(pictures, height, width, strokes):
    photo, losses = smooth(height, width, 7), []
    options = StylizeOptions(refine=4, strokes=strokes)
    quantiles = [style_quantiles(pictures[1], CPU)]
    better = optimize(photo * 0.5, photo, quantiles, None, options, losses.append)
    assert better.shape == photo.shape and better.isfinite().all()
    assert losses[-1].style < losses[0].style


def test_alpha_is_how_far_it_goes(pictures):
    style = pictures[1]
    half, whole = refined(pictures, alpha=0.4), refined(pictures)
    assert distance(whole, style) < distance(half, style)


def test_who_watches_is_told_of_each_step_and_can_end_it(pictures):
    photo, style, start = pictures
    options, steps = StylizeOptions(refine=6, style_size=64), []

    def watch(step):
        steps.append(step)
        if len(steps) == 4:
            raise StopRefining

    quantiles = [style_quantiles(style, CPU)]
    optimize(start, photo, quantiles, None, options, steps.append)
    shares = [step.done for step in steps]
    assert (
        shares == sorted(shares)
        and shares[-1] == 1
        and all(step.picture.shape == start.shape for step in steps)
    )
    assert steps[-1].size == (100, 72) and steps[-1].style < steps[0].style
    fourth, steps = steps[3].picture, []
    assert torch.equal(optimize(start, photo, quantiles, None, options, watch), fourth)


def test_a_loss_that_is_no_number_ends_it(pictures, monkeypatch):
    monkeypatch.setattr(refining, "CONTENT_WEIGHT", float("nan"))
    assert torch.equal(refined(pictures), pictures[2])


def test_what_is_too_large_is_refined_smaller_the_same_in_memory_and_on_disk(
    tiny_model, paintings, tmp_path, monkeypatch
):
    monkeypatch.setattr(refining, "LARGEST", 2000)
    monkeypatch.setattr(refining, "ROWS", 17)
    stylizer = Stylizer(tiny_model, "cpu", "fp32")
    photo = (smooth(72, 100, 3) * 255).round().to(torch.uint8)
    photo[0].permute(1, 2, 0).numpy().tofile(tmp_path / "raw")
    options, sizes = StylizeOptions(style_size=64, refine=4), []
    on_disk = DiskImageBuffer(tmp_path / "raw", 72, 100)
    found = [
        stylizer.repaint(image, paintings[0], options, watch=lambda step: sizes.append(step.size)).pixels
        for image in (ImageBuffer(photo), on_disk)
    ]
    assert torch.equal(*found) and set(sizes) == {(50, 36)}
    plain = stylizer.repaint(ImageBuffer(photo), paintings[0], StylizeOptions(style_size=64)).pixels
    assert found[0].shape == photo.shape and not torch.equal(found[0], plain)


def test_fine_strokes_are_compared_larger_and_so_count_as_more_pixels(
    tiny_model, paintings, monkeypatch
):
    monkeypatch.setattr(refining, "LARGEST", 8000)
    photo, sizes = ImageBuffer((smooth(72, 100, 3) * 255).round().to(torch.uint8)), []
    codes = [Stylizer(tiny_model, "cpu", "fp32").style(paintings[0], 64, quantiles=True)]
    conditioning = Conditioning(stacked(codes, CPU))
    for strokes in (1.0, 0.5):
        options = StylizeOptions(refine=1, strokes=strokes)
        given = photo, photo, codes, conditioning, options, CPU
        refining.refine(*given, lambda step: sizes.append(step.size))
    assert sizes == [(100, 72)] * 3 + [(50, 36)] * 3


def test_the_api_takes_it_with_masks_colours_and_types(tiny_model):
    stylizer = Stylizer(tiny_model, "cpu", "fp32")
    photo = (smooth(60, 80, 3)[0].permute(1, 2, 0).numpy() * 255).astype(np.uint8)
    style = Image.fromarray((smooth(64, 64, 4)[0].permute(1, 2, 0).numpy() * 255).astype(np.uint8))
    look = {"style_size": 64, "refine": 4}
    plain = stylizer.stylize(photo, style, style_size=64)
    better = stylizer.stylize(photo, style, **look)
    assert better.dtype == np.uint8 and better.shape == photo.shape and not np.array_equal(better, plain)
    assert np.array_equal(stylizer.stylize(photo, style, 0.0, **look), photo)
    mask = np.zeros(photo.shape[:2], np.uint8)
    mask[:, :40] = 255
    masked = stylizer.stylize(photo, style, mask=mask, **look)
    assert np.array_equal(masked[:, 40:], photo[:, 40:]) and not np.array_equal(masked, photo)
    regions = np.where(mask > 0, 1, 2).astype(np.uint8)
    region = {"1": style, "2": Image.new("RGB", (64, 64), "red")}
    assert stylizer.stylize(photo, regions=regions, region=region, **look).shape == photo.shape
    for colors in ("luminance", "histogram"):
        kept = stylizer.stylize(photo, style, preserve_color=colors, **look)
        assert np.abs(kept.mean((0, 1)) - photo.mean((0, 1))).max() < 60


def test_a_batch_is_refined_and_its_manifest_says_so(tiny_model, paintings, tmp_path, capsys):
    (tmp_path / "in").mkdir()
    Image.effect_noise((48, 40), 80).convert("RGB").save(tmp_path / "in" / "a.png")
    command = ["batch", str(tmp_path / "in"), str(tmp_path / "out"), "--style", str(paintings[0])]
    command += ["--model", str(tiny_model), "--style-size", "32"]
    pictures = []
    for extra in ([], ["--refine", "3", "--no-skip-existing", "--force"]):
        assert run([*command, *extra]) == 0
        pictures.append(np.array(Image.open(tmp_path / "out" / "a.png")))
    assert not np.array_equal(*pictures)
    lines = (tmp_path / "out" / "manifest.jsonl").read_text().splitlines()
    asked = [json.loads(line)["options"] for line in lines]
    assert [options.get("refine") for options in asked] == [None, 3], asked
    assert run([*command]) == 2 and "other styles, options" in capsys.readouterr().err


def test_what_it_cannot_refine_is_said(tiny_model, paintings, tmp_path, capsys):
    stylizer = Stylizer(tiny_model, "cpu", "fp32")
    with pytest.raises(InputError, match="stylize style save"):
        stylizer.stylize(torch.rand(1, 3, 48, 48), stylizer.style(paintings[0], 32), refine=4)
    with pytest.raises(InputError, match="one picture"):
        stylizer.stylize(torch.rand(2, 3, 48, 48), paintings[0], style_size=32, refine=4)
    for wrong in (-1, True):
        with pytest.raises(InputError, match=f"refine is {wrong}"):
            StylizeOptions(refine=wrong)
    photo, out = tmp_path / "photo.png", tmp_path / "out.png"
    Image.new("RGB", (48, 40), "green").save(photo)
    command = [str(photo), str(paintings[0]), "--model", str(tiny_model), "-o", str(out)]
    assert run([*command, "--refine", "3", "--style-size", "32"]) == 0
    assert Image.open(out).size == (48, 40)
    assert run([*command, "--refine", "-3", "--force"]) == 2
    assert "refine is -3" in capsys.readouterr().err


def test_codes_and_blends_of_codes_refine_as_their_pictures_do(tiny_model, paintings, tmp_path):
    stylizer = Stylizer(tiny_model, "cpu", "fp32")
    photo = smooth(48, 48, 5)
    look = {"style_size": 32, "refine": 3}
    codes = [stylizer.style(painting, 32, quantiles=True) for painting in paintings[:2]]
    path = tmp_path / "a.style.safetensors"
    codes[0].save(path)
    assert len(codes[0].quantiles) == 1 and 20_000 < path.stat().st_size < 24_000  # 20 KB for each view
    pictures = [stylizer.stylize(photo, style, **look) for style in (paintings[0], codes[0], path)]
    assert (
        torch.equal(*pictures[:2]) and (pictures[2] - pictures[0]).abs().max() < 0.05
    )  # in half precision
    blend = stylizer.blend(codes, [0.3, 0.7])
    both = stylizer.stylize(photo, paintings[:2], weights=[0.3, 0.7], **look)
    assert torch.allclose(stylizer.stylize(photo, blend, **look), both, atol=1e-3)


def test_a_code_of_before_moments_paints_and_says_that_it_cannot_refine(tiny_model, paintings, tmp_path):
    stylizer, path = Stylizer(tiny_model, "cpu", "fp32"), tmp_path / "old.style.safetensors"
    stylizer.style(paintings[0], 32, quantiles=True).save(path)
    tensors, metadata = read_safetensors(path)
    moments = [key for key in tensors if key.startswith("quantiles") and not key.endswith("quantiles")]
    assert len(moments) == 8  # of four taps
    kept = {key: tensors[key] for key in tensors.keys() - moments}
    write_safetensors(path, kept, metadata)
    stylizer.stylize(smooth(48, 48, 5), path)
    with pytest.raises(InputError, match="older codes have not"):
        stylizer.stylize(smooth(48, 48, 5), path, refine=3)


def test_a_sheet_is_refined(tiny_model, paintings, tmp_path):
    sheets = []
    styles, photo = tmp_path / "styles", tmp_path / "photo.png"
    Image.effect_noise((48, 40), 80).convert("RGB").save(photo)
    styles.mkdir()
    Path(paintings[0]).rename(styles / "a.jpg")
    for extra in ([], ["--refine", "3"]):
        out = tmp_path / f"sheet{len(extra)}.png"
        command = [
            "sheet",
            str(photo),
            str(styles),
            "-o",
            str(out),
            "--size",
            "40",
            "--style-size",
            "32",
        ]
        assert run([*command, "--style-size", "32", "--model", str(tiny_model), *extra]) == 0
        sheets.append(np.array(Image.open(out)))
    assert sheets[0].shape == sheets[1].shape and not np.array_equal(*sheets)
