"""How styles are written."""

import pytest
from PIL import Image

from styletransfer import InputError, Stylizer
from styletransfer.styles.names import is_learned, made_of, parse_blend


def test_a_file_of_that_name_is_the_file(tiny_model, paintings, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Image.open(paintings[0]).save("bank:lion", format="PNG")
    code = Stylizer(tiny_model).style("bank:lion", size=32)
    assert list(code.styles) == ["bank:lion"]
    assert made_of("bank:lion") == {"bank:lion": 1.0}


def test_how_styles_are_written():
    assert parse_blend("bank:a:0.5,bank:b:1.5") == {"bank:a": 0.5, "bank:b": 1.5}
    assert parse_blend("bank:7") == {"bank:7": 1.0} and parse_blend("bank:7:2") == {"bank:7": 2.0}
    assert parse_blend("bank:a,bank:a:2") == {"bank:a": 3.0}
    assert made_of("plain.jpg") == {"plain.jpg": 1.0}
    with pytest.raises(InputError):
        parse_blend("bank:")


def test_a_file_of_the_name_of_a_blend_is_the_file(in_empty_folder):
    assert made_of("a.jpg:0.5,b:c.jpg") == {"a.jpg": 0.5, "b:c.jpg": 1.0}
    for name in ("a,b.jpg", "c:0.5"):
        (in_empty_folder / name).write_text("")
        assert made_of(name) == parse_blend(name) == {name: 1.0}
    assert is_learned("bank:lion") and not is_learned("lion")
    (in_empty_folder / "bank:lion").write_text("")
    assert not is_learned("bank:lion")


@pytest.mark.parametrize("text", ["a:0", "a:-1", "a:inf", ":0.5", "a,,b", "bank:"])
def test_what_is_no_style(text, in_empty_folder):
    with pytest.raises(InputError) as caught:
        parse_blend(text)
    assert "\n" not in str(caught.value)
