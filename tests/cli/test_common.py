"""What is written in options, and what is made of it."""

import pytest

from styletransfer.cli import common
from styletransfer.errors import InputError
from styletransfer.media.image import Picture
from styletransfer.styles.names import BANK_MODEL, DEFAULT_MODEL


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
