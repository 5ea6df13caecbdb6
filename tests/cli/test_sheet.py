"""stylize sheet."""

import pytest
from PIL import Image

from styletransfer.cli import run

from .conftest import SMALL


def test_sheet_names_styles_and_what_is_broken(photo, paintings, tiny_model, tmp_path, capsys):
    styles = tmp_path / "styles"
    (styles / "deep").mkdir(parents=True)
    Image.open(paintings[0]).save(styles / "a.png")
    model = [*SMALL, "--model", tiny_model]
    run(["style", "save", paintings[1], "-o", str(styles / "deep" / "b.style.safetensors"), *model])
    options = ["--size", "32", "--columns", "2", *model]
    assert run(["sheet", photo, str(styles), *options]) == 0
    assert Image.open("sheet.jpg").width == 2 * (round(32 * 50 / 37) + 6) - 6
    (styles / "c.jpg").write_text("no")
    capsys.readouterr()
    assert run(["sheet", photo, str(styles), *options, "--force"]) == 1
    assert "c.jpg" in capsys.readouterr().err


BAD = {
    "folder": ["sheet", "PHOTO", "STYLE"],
    "nothing": ["sheet", "PHOTO", "."],
}


@pytest.mark.parametrize("arguments", BAD.values(), ids=BAD)
def test_bad_input_is_one_line(arguments, refused, tiny_model):
    refused(*arguments, "--model", tiny_model)
