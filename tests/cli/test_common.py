"""What is written in options, and what is made of it: in all verbs alike."""

import json
import os

import pytest
from PIL import Image

from styletransfer.cli import VERBS, common, run
from styletransfer.errors import InputError
from styletransfer.media.image import Picture
from styletransfer.styles.names import BANK_MODEL, DEFAULT_MODEL
from styletransfer.training.estimate import Estimate

pytestmark = pytest.mark.usefixtures("in_empty_folder")


@pytest.fixture
def opened(monkeypatch):
    """What would be opened on the screen."""
    found = []
    monkeypatch.setattr(common.typer, "launch", lambda path: found.append(path) or 0)
    return found


def test_what_is_painted_is_shown(opened, photo, paintings, tiny_model):
    options = ["--model", tiny_model, "--style-size", "32", "--show"]
    assert run([photo, paintings[0], "-o", "a.png", *options]) == 0
    assert run(["grid", photo, paintings[0], "--alphas", "1", "--size", "16", *options]) == 0
    assert run(["sheet", photo, os.path.dirname(paintings[0]), "--size", "16", *options]) == 0
    assert run(["morph", photo, *paintings, "--seconds", "0.2", "--size", "16", *options]) == 0
    assert opened == ["a.png", "grid.png", "sheet.jpg", "morph.gif"]


def test_what_cannot_be_shown_is_said_and_is_there(photo, paintings, tiny_model, monkeypatch, capsys):
    monkeypatch.setattr(common.typer, "launch", lambda path: 1)
    options = ["--model", tiny_model, "--style-size", "32", "--show"]
    assert run([photo, paintings[0], "-o", "a.png", *options]) == 0
    assert "nothing here opens a.png" in capsys.readouterr().err and os.path.exists("a.png")
    assert run([photo, paintings[0], "-o", "-", *options]) == 2
    assert "--show" in capsys.readouterr().err


def test_json_of_the_verbs_that_write_one_file(photo, paintings, tiny_model, capsys):
    options = ["--model", tiny_model, "--style-size", "32", "--json"]
    small = ["--size", "16"]

    def said(*words: str) -> dict:
        assert run([*words, *options]) == 0
        return json.loads(capsys.readouterr().out)

    grid = said("grid", photo, *paintings, "--alphas", "1", *small)
    assert grid["output"] == "grid.png" and tuple(grid["size"]) == Image.open("grid.png").size
    assert grid["styles"] == paintings and grid["model"] == tiny_model
    sheet = said("sheet", photo, os.path.dirname(paintings[0]), *small)
    assert sheet["output"] == "sheet.jpg" and sheet["failed"] == []
    morph = said("morph", photo, *paintings, "--seconds", "0.5", *small)
    assert (morph["output"], morph["frames"]) == ("morph.gif", 6)
    saved = said("style", "save", paintings[0])
    assert saved["output"] == "painting0.style.safetensors" and saved["styles"] == {"painting0.jpg": 1}
    mixed = said("style", "blend", saved["output"], paintings[1], "-o", "m.style.safetensors")
    assert mixed["digest"] == saved["digest"] and len(mixed["styles"]) == 2


def test_json_of_packing_and_of_what_training_will_cost(paintings, capsys, monkeypatch):
    folder = os.path.dirname(paintings[0])
    assert run(["data", "shard", folder, "shards", "--workers", "1", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"output": "shards", "pictures": 2, "skipped": 0}
    numbers = ["--batch-size", "1", "--crop", "16", "--steps", "1", "--device", "cpu", "--json"]
    sources = ["--content", paintings[0], "--style", paintings[1]]
    expected = Estimate("2 pictures", 1, 1, 16, 100, 0.25, 0.25, False, 10**9, "this process")
    monkeypatch.setattr("styletransfer.training.estimate.estimate", lambda *_: expected)
    assert run(["train", *sources, "--dry-run", *numbers]) == 0
    assert json.loads(capsys.readouterr().out)["samples_per_second"] == 2


@pytest.mark.parametrize("verb", ["picture", *VERBS])
def test_every_verb_has_json_and_short_help(verb, capsys):
    groups = {"style": ("save", "blend", "show", "list"), "data": ("shard",)}
    for word in groups.get(verb, [""]):
        words = [each for each in ("" if verb == "picture" else verb, word) if each]
        assert run([*words, "-h"]) == 0
        assert "--json" in capsys.readouterr().out


def test_the_quality_of_one_picture(photo, paintings, tiny_model, capsys):
    sizes = {}
    for quality in ("20", "95"):
        words = ["--model", tiny_model, "--style-size", "32", "--quality", quality, "--force"]
        assert run([photo, paintings[0], "-o", "a.jpg", *words]) == 0
        sizes[quality] = os.path.getsize("a.jpg")
    assert sizes["20"] < 0.7 * sizes["95"]
    assert run([photo, paintings[0], "--quality", "0"]) == 2
    assert "--quality is 0: 1 to 100" in capsys.readouterr().err


def test_weights_sum_to_one():
    assert common.parse_weights("3,1", 2) == [0.75, 0.25]
    assert common.parse_weights("", 4) == [0.25] * 4 and common.parse_weights("", 0) == []
    for text, count, says in (
        ("1,2", 1, "2 numbers for 1 styles"),
        ("1,x", 2, "--weights is '1,x': numbers with commas"),
        ("0,0", 2, "above 0"),
        ("-1,2", 2, "negative"),
    ):
        with pytest.raises(InputError, match=says):
            common.parse_weights(text, count)


def test_numbers_and_tiles():
    assert common.parse_numbers("1,0.5", "--x") == [1.0, 0.5]
    with pytest.raises(InputError, match="--x is ''"):
        common.parse_numbers("", "--x")
    assert [common.parse_tile(text) for text in ("512", "auto", "-3")] == [512, "auto", "-3"]
    common.check_cell_size(16)
    with pytest.raises(InputError, match="--size is 15"):
        common.check_cell_size(15)


def test_regions_have_keys_and_blends():
    given = ["#ff0000=a.jpg:0.5,b.jpg:0.5", " 3 = c.jpg"]
    assert common.parse_regions(given) == {
        "#ff0000": {"a.jpg": 0.5, "b.jpg": 0.5}, "3": {"c.jpg": 1.0},
    }  # fmt: skip
    for wrong in ("#ff0000", "=a.jpg", "#ff0000= "):
        with pytest.raises(InputError, match="KEY=STYLE is wanted"):
            common.parse_regions([wrong])


def test_options_are_named_as_they_are_typed():
    assert common.stylize_options(style_size=64).style_size == 64
    with pytest.raises(InputError, match="^--style-size is 3: "):
        common.stylize_options(style_size=3)


def test_what_a_style_is_called():
    assert common.stem("far/away/wave.x.jpg") == "wave.x"
    assert common.stem("far/mix.style.safetensors") == "mix"
    assert common.stem("bank:lion") == "lion" and common.stem("a.jpg:0.3,bank:7") == "a+7"


def test_who_names_a_learned_style_means_the_model_that_has_it():
    assert common.model_for(DEFAULT_MODEL, ["a.jpg"]) == DEFAULT_MODEL
    assert common.model_for(DEFAULT_MODEL, ["a.jpg", "b.jpg:1,bank:lion"]) == BANK_MODEL
    assert common.model_for("own", ["bank:lion"]) == "own"


def test_styles_are_read_before_torch_is_imported(paintings, here):
    (here / "codes").mkdir()
    (here / "a.style.safetensors").write_text("")
    blend = f"{paintings[0]}:0.5,{paintings[1]}:0.5"
    found = common.read_styles([paintings[0], "codes", "a.style.safetensors", "bank:lion", blend])
    assert isinstance(found[0], Picture)
    assert found[1:] == ["codes", "a.style.safetensors", "bank:lion", blend]
    for wrong in ("no.jpg", "no.style.safetensors", f"{paintings[0]}:0.5,no.jpg:0.5"):
        with pytest.raises(InputError, match="no such file"):
            common.read_styles([wrong])


def test_progress_hands_on_what_is_made_and_says_nothing_to_a_file(capsys):
    assert list(common.progress(iter("abc"), 3)) == ["a", "b", "c"]
    with common.share_done("painting") as tell:
        tell(0.5)
    assert capsys.readouterr() == ("", "")
