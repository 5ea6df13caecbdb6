"""What the page sends is looked at, and refused in words."""

import numpy as np
import pytest
from PIL import Image

from styletransfer.errors import InputError
from styletransfer.media.masks import read_mask
from styletransfer.server.limits import Limits, Refused
from styletransfer.web.sent_files import SentFile, open_still, read_sent, stem_of, write_shown

from ..conftest import noise
from .conftest import png

LIMITS = Limits(3, 0.1)


def sent(folder, role, data, name="a.png", photo=None) -> SentFile:
    path = folder / "sent"
    path.write_bytes(data)
    return read_sent(path, "id", role, name, LIMITS, photo)


@pytest.fixture
def photo(tmp_path) -> SentFile:
    folder = tmp_path / "photo"
    folder.mkdir()
    return sent(folder, "photo", png(noise(50, 37)), "C:\\pictures\\my photo.PNG")


def test_a_photo_is_kept_as_it_came_with_a_copy_to_be_shown(photo, tmp_path):
    assert photo.name == "my photo.PNG" and photo.stem == "my-photo" and photo.size == (50, 37)
    assert Image.open(photo.shown).size == (50, 37)
    assert np.array_equal(open_still(photo).rgb, noise(50, 37))
    photo.path.unlink()
    with pytest.raises(Refused, match="no longer here"):
        open_still(photo)


@pytest.mark.parametrize(
    "data,line",
    [
        (b"", "a.png is empty"),
        (b"no picture at all", "a.png is not a picture"),
        (png(noise(40, 30))[:-300], "a.png is broken"),
        (png(Image.new("L", (500, 300))), "a.png has 0.1 megapixels: at most 0.1"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "a.png is not a picture"),
    ],
)
@pytest.mark.parametrize("role", ["photo", "style"])
def test_what_is_no_picture_is_refused_by_its_name(role, data, line, tmp_path):
    with pytest.raises((Refused, InputError), match=line):
        sent(tmp_path, role, data)


def test_a_style_code_is_a_style(codes, tmp_path):
    codes[0].save(tmp_path / "code")
    file = sent(tmp_path, "style", (tmp_path / "code").read_bytes(), "mine.style.safetensors")
    assert file.size is None and file.stem == "mine" and file.path.name == "style.style.safetensors"
    with pytest.raises((Refused, InputError), match=r"^bad: .*style code"):
        sent(tmp_path, "style", b"\x08\0\0\0\0\0\0\0{}      ", "bad")


def test_what_is_brushed_is_a_mask_of_the_photo_s_size(photo, tmp_path):
    layer = np.zeros((19, 25, 4), np.uint8)
    layer[:, :12] = (200, 40, 40, 255)
    mask = sent(tmp_path, "mask", png(Image.fromarray(layer)), photo=photo)
    values = read_mask(mask.path, (50, 37))
    assert (values[:, :20] == 1).all() and (values[:, 30:] == 0).all()
    with pytest.raises(InputError, match="Nothing is brushed"):
        sent(tmp_path, "mask", png(Image.new("RGBA", (5, 5))), photo=photo)


def test_a_map_says_its_colours(photo, tmp_path):
    map = Image.new("RGB", (50, 37), "#ff0000")
    map.paste("#00ff00", (0, 0, 10, 37))
    assert sent(tmp_path, "regions", png(map), photo=photo).colors == ("#ff0000", "#00ff00")
    with pytest.raises(InputError, match="the map is 10×10, the photo 50×37"):
        sent(tmp_path, "regions", png(map.resize((10, 10))), photo=photo)
    with pytest.raises(InputError, match="colours: a map has one for each style"):
        sent(tmp_path, "regions", png(noise(50, 37)), photo=photo)


def test_a_film_shows_its_first_frame(tmp_path):
    frames = [Image.new("RGB", (20, 10), color) for color in ("red", "blue")]
    data = png(frames[0], "GIF", save_all=True, append_images=frames[1:], duration=500)
    film = sent(tmp_path, "film", data, "cat.gif")
    assert film.size == (20, 10) and film.seconds == 1 and film.path.suffix == ".gif"
    assert open_still(film).rgb.getpixel((5, 5)) == (255, 0, 0)
    with pytest.raises(InputError, match="^photo.gif: is a single picture"):
        sent(tmp_path, "film", png(noise(9, 9)), "photo.gif")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n",
        b"ffconcat version 1.0\nfile secret.mp4\n",
        b"v=0\n",
    ],
)
def test_a_playlist_is_no_film(data, tmp_path):
    with pytest.raises(Refused, match="clip.mp4 is not a film"):
        sent(tmp_path, "film", data, "clip.mp4")


def test_what_is_shown_is_small_and_keeps_what_is_transparent(tmp_path):
    assert Image.open(write_shown(tmp_path / "a.jpg", Image.new("RGB", (2800, 100)))).size == (1400, 50)
    path = write_shown(tmp_path / "b.jpg", Image.new("RGB", (9, 9)), Image.new("L", (9, 9)))
    assert path.suffix == ".png" and Image.open(path).mode == "RGBA"


def test_names_of_files_are_made_plain():
    assert stem_of("a b/..$c.jpg", "x") == "c" and stem_of("....", "x") == "x"
    assert stem_of("sommer-größe.style.safetensors", "x") == "sommer-größe"
