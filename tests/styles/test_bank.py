"""Styles that a model has learned: banks, single styles, and how they are named."""

import json

import numpy as np
import pytest
import torch
from PIL import Image

from styletransfer import InputError, Stylizer
from styletransfer.cli import common, run
from styletransfer.models.config import Config
from styletransfer.models.network import StylizerNet
from styletransfer.models.weights import save_model
from styletransfer.training.initialize import fill_bank

TINY = (4, 6, 8, 8)
TAPS = ("pixels", "relu3_1", "relu4_1")


def saved(path, net):
    save_model(path, net)
    return str(path)


@pytest.fixture(scope="module")
def bank(tiny_net, tmp_path_factory) -> str:
    """A model that has learned two styles: those of two random pictures, exactly."""
    net = StylizerNet(Config(channels=TINY, taps=TAPS, bottleneck="conditional", styles=("lion", "7")))
    net.load_state_dict(tiny_net.state_dict(), strict=False)
    torch.manual_seed(3)
    pictures = torch.rand(2, 3, 64, 64) ** torch.tensor([1.0, 3.0])[:, None, None, None]
    fill_bank(net, pictures, torch.tensor([0, 1]))
    return saved(tmp_path_factory.mktemp("bank") / "bank.safetensors", net)


@pytest.fixture(scope="module")
def single(tiny_net, tmp_path_factory) -> str:
    net = StylizerNet(Config(channels=TINY, taps=TAPS[1:], bottleneck="instance"))
    net.load_state_dict(tiny_net.state_dict())
    return saved(tmp_path_factory.mktemp("single") / "single.safetensors", net)


def pixels(path):
    return np.array(Image.open(path)).astype(int)


def test_a_bank_starts_as_adain_with_the_pictures_it_knows(tiny_net, tmp_path):
    names = ("a", "b")
    net = StylizerNet(Config(channels=TINY, taps=TAPS, bottleneck="conditional", styles=names))
    net.load_state_dict(tiny_net.state_dict(), strict=False)
    torch.manual_seed(3)
    styles, photo = torch.rand(2, 3, 32, 32), torch.rand(1, 3, 32, 32)
    fill_bank(net, styles, torch.tensor([1, 0]))
    with torch.no_grad():
        for number, picture in ((1, styles[:1]), (0, styles[1:])):
            found = net(photo, net.learned(torch.tensor([number])))
            torch.testing.assert_close(
                found, tiny_net(photo, tiny_net.code(picture)), atol=1e-4, rtol=1e-4
            )


def test_names_weights_and_blends_say_the_same(bank, photo, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    model = ["--model", bank, "--precision", "fp32"]
    assert run([photo, "bank:lion:0.75,bank:7:0.25", *model]) == 0
    assert run([photo, "bank:lion", "bank:7", "--weights", "3,1", "-o", "b.png", "--json", *model]) == 0
    out = capsys.readouterr().out.splitlines()
    assert out[0] == "photo-lion+7.png"
    assert np.array_equal(pixels("photo-lion+7.png"), pixels("b.png"))
    assert json.loads(out[1])["styles"] == [
        {"style": "bank:lion", "weight": 0.75}, {"style": "bank:7", "weight": 0.25},
    ]  # fmt: skip
    stylizer = Stylizer(bank, precision="fp32")
    painted = stylizer.stylize(photo, {"bank:lion": 0.75, "bank:7": 0.25})
    assert np.array_equal(np.array(painted), pixels("b.png"))
    assert list(stylizer.styles) == ["lion", "7"]
    first, second = (np.array(stylizer.stylize(photo, f"bank:{name}")) for name in stylizer.styles)
    assert not np.array_equal(first, second)


def test_learned_styles_go_wherever_a_style_goes(bank, photo, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    model = ["--model", bank]
    width, height = Image.open(photo).size
    Image.new("RGB", (width, height), "#ff0000").save("red.png")
    assert (
        run([photo, "--regions", "red.png", "--region", "#ff0000=bank:lion:1", "-o", "a.png", *model])
        == 0
    )
    assert run([photo, "bank:lion", "-o", "b.png", *model]) == 0
    assert np.array_equal(pixels("a.png"), pixels("b.png"))
    assert run(["style", "save", "bank:lion", *model]) == 0
    assert run([photo, "lion.style.safetensors", "-o", "c.png", *model]) == 0
    assert np.array_equal(pixels("b.png"), pixels("c.png"))
    assert (
        run(["style", "blend", "bank:lion:0.5", "bank:7:0.5", "-o", "m.style.safetensors", *model]) == 0
    )
    small = ["--size", "32", *model]
    assert run(["grid", photo, "bank:lion", "bank:lion:0.5,bank:7", "--alphas", "1", *small]) == 0
    assert run(["morph", photo, "bank:lion", "bank:7", "--seconds", "0.5", *model]) == 0
    assert run(["sheet", photo, "bank:", "--columns", "2", *small]) == 0
    assert Image.open("sheet.jpg").width == 2 * (round(32 * width / height) + 6) - 6


def test_a_single_style_needs_no_style(single, photo, paintings, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert run([photo, "--model", single]) == 0
    assert capsys.readouterr().out == "photo-single.png\n"
    stylizer = Stylizer(single)
    assert np.array_equal(np.array(stylizer.stylize(photo)), pixels("photo-single.png"))
    faint = stylizer.stylize(photo, alpha=0.3)
    assert not np.array_equal(np.array(faint), pixels("photo-single.png"))
    with pytest.raises(InputError, match="the one style it has learned"):
        stylizer.stylize(photo, paintings[0])


def test_every_verb_takes_learned_styles_and_blends(bank, photo, paintings, tmp_path, monkeypatch):
    """Where a STYLE is taken, it is any STYLE; and who names a learned one means the shipped bank."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(common, "BANK_MODEL", bank)
    Image.open(photo).save("clip.gif", save_all=True, append_images=[Image.open(paintings[0])])
    blend = "bank:lion:0.7,bank:7:0.3"
    for number, style in enumerate(("bank:lion", blend)):
        for verb in (
            [photo, style, "-o", f"{number}.png"],
            ["video", "clip.gif", style, "-o", f"video{number}.gif"],
            ["video", "clip.gif", "--style-at", f"0:{style}", "-o", f"at{number}.gif"],
            ["grid", photo, style, "bank:7", "-o", f"grid{number}.png", "--size", "16"],
            ["morph", photo, style, "bank:7", "-o", f"morph{number}.gif", "--seconds", "0.2"],
            ["style", "save", style, "-o", f"{number}.style.safetensors"],
            ["style", "blend", style, "bank:7:2", "-o", f"b{number}.style.safetensors"],
            ["batch", f"{tmp_path}/photo.png", f"out{number}", "--style", style],
        ):
            assert run(verb) == 0, verb
    assert np.array_equal(pixels("1.png"), pixels("out1/photo.png"))


def test_every_verb_takes_blends_of_pictures(tiny_model, photo, paintings, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Image.open(photo).save("clip.gif", save_all=True, append_images=[Image.open(paintings[0])])
    Image.open(paintings[0]).save("broken.jpg")
    (tmp_path / "broken.jpg").write_bytes((tmp_path / "broken.jpg").read_bytes()[:200])
    for number, colours in enumerate(("none", "histogram")):
        for verb in (
            [photo, "STYLE", "-o", f"{number}.png", "--preserve-color", colours],
            [
                "batch",
                f"{tmp_path}/photo.png",
                f"out{number}",
                "--style",
                "STYLE",
                "--preserve-color",
                colours,
            ],
            ["video", "clip.gif", "STYLE", "-o", f"video{number}.gif"],
            ["grid", photo, "STYLE", "-o", f"grid{number}.png", "--size", "16"],
        ):
            verb += ["--model", tiny_model, "--style-size", "32"]
            good, bad = ":0.7,".join(paintings) + ":0.3", f"{paintings[0]}:0.7,broken.jpg:0.3"
            assert run([bad if word == "STYLE" else word for word in verb]) == 2, verb
            assert run([good if word == "STYLE" else word for word in verb]) == 0, verb
        assert np.array_equal(pixels(f"{number}.png"), pixels(f"out{number}/photo.png"))


def test_what_has_no_picture_cannot_be_recoloured(bank, tiny_model, photo, paintings, tmp_path, capsys):
    code = str(tmp_path / "a.style.safetensors")
    save = ["style", "save", paintings[0], "-o", code, "--model", tiny_model, "--style-size", "32"]
    assert run(save) == 0
    capsys.readouterr()
    for style, model, says in (
        ("bank:lion", bank, "a learned one has none"),
        ("bank:lion:0.5,bank:7:0.5", bank, "a learned one has none"),
        (code, tiny_model, "picture, not its code"),
        (f"{code}:0.5,{paintings[0]}:0.5", tiny_model, "picture, not its code"),
    ):
        command = [photo, style, "--model", model, "--preserve-color", "histogram", "-o", "x.png"]
        assert run(command) == 2
        err = capsys.readouterr().err
        assert says in err and err.count("\n") == 1, err


@pytest.mark.parametrize(
    ("style", "message"),
    [
        ("bank:tiger", "has not learned 'tiger', but bank:lion, bank:7"),
        ("PAINTING", "paints in the styles it has learned: bank:lion"),
        ("bank:lion:-1", "must not be negative"),
        ("bank:lion,no.jpg", "no.jpg: no such file"),
        ("bank:", "a style's name is missing"),
    ],
)
def test_what_a_bank_refuses(bank, photo, paintings, style, message, capsys):
    assert run([photo, style.replace("PAINTING", paintings[0]), "--model", bank, "-o", "x.png"]) == 2
    err = capsys.readouterr().err
    assert message in err and err.count("\n") == 1


def test_other_models_have_no_bank(tiny_model, photo, capsys):
    assert run([photo, "bank:lion", "--model", tiny_model, "-o", "x.png"]) == 2
    assert "has not learned bank:lion" in capsys.readouterr().err
    assert run([photo, "--model", tiny_model, "-o", "x.png"]) == 2
    assert "no style given" in capsys.readouterr().err


@pytest.mark.parametrize("bottleneck", ["contextual", "layer-instance"])
def test_other_bottlenecks_paint_any_style_anywhere(bottleneck, tiny_net, photo, paintings, tmp_path):
    net = StylizerNet(Config(channels=TINY, taps=TAPS, bottleneck=bottleneck))
    net.load_state_dict(tiny_net.state_dict(), strict=False)
    stylizer = Stylizer(saved(tmp_path / "net.safetensors", net), precision="fp32")
    plain = stylizer.stylize(photo, paintings[0], style_size=32)
    assert plain.size == Image.open(photo).size
    halves = np.zeros(Image.open(photo).size[::-1], np.uint8)
    halves[:, :25] = 1
    region = {"0": paintings[0], "1": paintings[0]}
    placed = stylizer.stylize(photo, regions=halves, region=region, style_size=32)
    other = stylizer.stylize(photo, regions=halves, region=region | {"1": paintings[1]}, style_size=32)
    right = slice(34, None)  # farther from the border than the network's reach of a small picture
    assert np.abs(np.array(placed)[:, right].astype(int) - np.array(other)[:, right]).mean() < 3
    assert not np.array_equal(np.array(placed)[:, :25], np.array(other)[:, :25])
    if bottleneck == "contextual":
        assert not stylizer.net.tileable


def test_layer_instance_paints_the_same_in_tiles(tiny_net, paintings, tmp_path):
    net = StylizerNet(Config(channels=TINY, taps=TAPS, bottleneck="layer-instance"))
    net.load_state_dict(tiny_net.state_dict(), strict=False)
    stylizer = Stylizer(saved(tmp_path / "net.safetensors", net), precision="fp32")
    torch.manual_seed(0)
    x = torch.nn.functional.interpolate(torch.rand(1, 3, 20, 24), size=(320, 384), mode="bicubic").clamp(
        0, 1
    )
    whole, tiled = (stylizer.stylize(x, paintings[0], style_size=32, tile=t) for t in ("off", 256))
    torch.testing.assert_close(whole, tiled, atol=2e-4, rtol=0)
