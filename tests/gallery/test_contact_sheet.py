"""One photo in many styles."""

import numpy as np
import pytest

from styletransfer import InputError, sheet
from styletransfer.gallery import contact_sheet
from styletransfer.gallery.layout import GAP

from ..codes import PHOTO, STYLES


def test_styles_lie_in_rows_one_after_the_other(stylizer, codes):
    cell = np.array(stylizer.stylize(PHOTO, codes[1], 0.5, size=32))
    contact = np.array(sheet(stylizer, PHOTO, codes, 2, 0.5, size=32))
    assert contact.shape[1] == 2 * (cell.shape[1] + GAP) - GAP
    assert np.array_equal(contact[:32, cell.shape[1] + GAP :], cell)  # the second style, top right
    assert (contact[-32:, cell.shape[1] + GAP :] == 255).all()  # of the second row's second place


def test_below_each_is_its_style_s_name(stylizer, codes, tmp_path, monkeypatch):
    drawn, draw = [], contact_sheet.draw_sheet
    monkeypatch.setattr(
        contact_sheet, "draw_sheet", lambda *given, **more: drawn.append(more) or draw(*given, **more)
    )
    STYLES[0].save(tmp_path / "wave.png")
    sheet(stylizer, PHOTO, [tmp_path / "wave.png", codes[0], tmp_path / "wave.png"], 2, size=32)
    assert drawn == [{"labels": [["wave", "a picture"], ["wave"]]}]


def test_what_cannot_be_used_is_told_and_left_out(stylizer, codes, tmp_path):
    (tmp_path / "broken.png").write_text("no picture")
    styles, told = [codes[0], tmp_path / "broken.png", codes[1]], []
    found = sheet(stylizer, PHOTO, styles, 2, size=32, on_error=told.append)
    assert len(told) == 1 and "broken.png" in str(told[0])
    assert np.array_equal(np.array(found), np.array(sheet(stylizer, PHOTO, codes[:2], 2, size=32)))
    with pytest.raises(InputError, match="broken.png"):
        sheet(stylizer, PHOTO, styles, 2, size=32)
    with pytest.raises(InputError, match="none of the styles"):
        sheet(stylizer, PHOTO, [tmp_path / "broken.png"], size=32, on_error=told.append)


def test_what_is_no_sheet(stylizer, codes):
    with pytest.raises(InputError, match="none of the styles"):
        sheet(stylizer, PHOTO, [])
    with pytest.raises(InputError, match="columns is 0"):
        sheet(stylizer, PHOTO, codes, 0)
