import io

import pytest
from PIL import Image

from styletransfer.media.image import encode_picture
from styletransfer.media.metadata import kept_metadata

from ..conftest import noise


def file(kind="JPEG", **options) -> bytes:
    buffer = io.BytesIO()
    noise(20, 10).save(buffer, kind, **options)
    return buffer.getvalue()


def exif() -> Image.Exif:
    found = Image.Exif()
    found[271], found[274], found[315] = "A camera", 6, "An author"  # 274: the orientation
    found[0x8769] = {0x9003: "2024:05:06 07:08:09", 0xA002: 4000, 0xA001: 65535}  # when; width; no sRGB
    found[0x8825] = {1: "N", 2: (48.0, 51.0, 29.0)}
    return found


@pytest.mark.parametrize("source", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "BMP"])
def test_camera_date_place_and_author_go_from_type_to_type(source, kind):
    kept = kept_metadata(file(source, exif=exif().tobytes()))
    image = Image.open(io.BytesIO(encode_picture(noise(9, 9), kind, metadata=kept)))
    assert image.size == (9, 9)
    if kind == "BMP":  # which has no place for it
        return
    found = image.getexif()
    assert (found[271], found[315]) == ("A camera", "An author") and 274 not in found
    inner = found.get_ifd(0x8769)
    assert inner[0x9003] == "2024:05:06 07:08:09" and 0xA002 not in inner and inner[0xA001] == 1
    assert found.get_ifd(0x8825)[1] == "N"


def test_resolution_stays():
    kept = kept_metadata(file("JPEG", dpi=(300, 300)))
    assert set(kept) == {"dpi"}
    assert Image.open(io.BytesIO(encode_picture(noise(9, 9), "JPEG", metadata=kept))).info["dpi"] == (
        300,
        300,
    )


def test_what_cannot_be_read_or_written_is_none():
    assert kept_metadata(b"no picture") == {} and kept_metadata(file("PNG")) == {}
    assert kept_metadata(file("PNG", exif=b"Exif\0\0broken")) == {}
    large = Image.Exif()
    large[270] = "x" * 70_000
    assert "exif" not in kept_metadata(file("PNG", exif=large))
