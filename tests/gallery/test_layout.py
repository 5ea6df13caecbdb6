"""What all galleries share."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from styletransfer import InputError, grid, morph, sheet
from styletransfer.gallery.layout import GAP, cell_size, draw_sheet, label

from ..codes import PHOTO


def test_sheets_that_do_not_fit_are_refused_before_the_work(stylizer, codes):
    for wrong in (
        lambda: grid(stylizer, PHOTO, [*codes, codes[0]], corners=10**6),
        lambda: grid(stylizer, PHOTO, codes, size=10**6),
        lambda: sheet(stylizer, PHOTO, codes, size=10**6),
        lambda: morph(stylizer, PHOTO, codes, 5, size=10**6),
    ):
        with pytest.raises(InputError, match="GB of memory and"):
            wrong()


@pytest.mark.parametrize("make", [grid, sheet, lambda *given, **options: morph(*given, 5, **options)])
@pytest.mark.parametrize("wrong", [{"strokes": 9}, {"style_size": 3}, {"style_crop": 0}, {"size": 0}])
def test_galleries_take_what_a_picture_takes(make, wrong, stylizer, codes):
    with pytest.raises(InputError, match=f"{next(iter(wrong))} is"):
        make(stylizer, PHOTO, codes, **wrong)


def test_pictures_lie_on_white_with_what_is_written_between():
    red, blue = (Image.new("RGB", (40, 20), color) for color in ("red", "blue"))
    plain = np.array(draw_sheet([[red, None], [None, blue]], (40, 20)))
    assert plain.shape == (2 * 20 + GAP, 2 * 40 + GAP, 3)
    assert (plain[:20, :40] == (255, 0, 0)).all() and (plain[-20:, -40:] == (0, 0, 255)).all()
    assert (plain[:20, 40:] == 255).all() and (plain[-20:, :40] == 255).all()
    written = np.array(draw_sheet([[red, blue]], (40, 20), ["one", "two"], [["", "below"]]))
    top = np.flatnonzero((written == (255, 0, 0)).all(axis=2)[:, 5])[0]
    assert (written[top : top + 20, :40] == (255, 0, 0)).all()
    for part in (written[:top, :40], written[:top, -40:], written[top + 20 :, -40:]):
        assert (part < 128).any()
    assert (written[top + 20 :, :40] == 255).all()


def test_a_long_name_stays_within_its_cell():
    cell = Image.new("RGB", (40, 20), "white")
    found = np.array(draw_sheet([[cell, cell, cell]], (40, 20), labels=[["", "name" * 20, ""]]))
    inked = np.flatnonzero((found < 128).any(axis=(0, 2)))
    assert inked.min() >= 40 + GAP and inked.max() < 2 * 40 + GAP


def test_cells_have_the_picture_s_shape():
    assert cell_size(Image.new("RGB", (50, 37)), 74) == (100, 74)
    assert cell_size(Image.new("RGB", (30, 90)), 10) == (10, 30)


def test_labels_are_names_without_folders_and_suffixes():
    assert label("far/away/starry.night.jpg") == "starry.night" and label(Path("a/wave.png")) == "wave"
    assert label("bank:lion") == "lion" and label("x.style.safetensors") == "x"
    assert label("a.jpg:0.5,bank:lion:0.5") == "a + lion" == label({"a.jpg": 1.0, "bank:lion": 2.0})
    assert label(Image.new("RGB", (9, 9))) == "a picture"
