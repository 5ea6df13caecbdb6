import pytest
from PIL import Image

from styletransfer.server.limits import Limits, Refused
from styletransfer.server.uploads import KINDS, check_picture, decoded, is_safetensors, opened_map

from ..conftest import noise
from .conftest import PHOTO, as_file


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "TIFF", "BMP", "GIF", "PPM"])
def test_types_and_sizes_are_told_by_the_header(kind):
    data = as_file(noise(20, 10), kind)
    assert check_picture(data, "it", Limits()) == (kind, (20, 10))
    if kind != "WEBP":  # of which Pillow asks for all
        assert check_picture(data[:-20], "it", Limits()) == (kind, (20, 10))


def test_what_would_start_another_program_is_of_no_known_type():
    assert not {"EPS", "WMF", "FPX", "PDF"} & set(KINDS)
    image = Image.new("RGB", (4, 4))
    for kind in ("EPS", "TGA", "PCX"):
        with pytest.raises(Refused, match="it is not a picture of a type") as caught:
            check_picture(as_file(image, kind), "it", Limits())
        assert caught.value.status == 415


def test_maps_keep_their_values():
    labels = Image.new("P", (3, 2))
    labels.putdata([0, 1, 2, 3, 4, 5])
    labels.putpalette([9] * 768)
    image = opened_map(as_file(labels), "it", Limits())
    assert image.mode == "P" and image.tobytes() == bytes(range(6))


def test_what_is_broken_is_named():
    with pytest.raises(Refused, match="it is broken"):
        decoded(PHOTO[:-300], "it")
    with pytest.raises(Refused, match="it is empty"):
        check_picture(b"", "it", Limits())


def test_safetensors_are_told_from_pictures():
    assert is_safetensors(b"\2\0\0\0\0\0\0\0{}") and is_safetensors(b"\2\0\0\0\0\0\0\0{}more")
    assert not any(map(is_safetensors, (PHOTO, b"", b"\3\0\0\0\0\0\0\0{}", b"12345678{}")))
