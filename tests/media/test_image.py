import io
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image, ImageCms

from styletransfer import InputError
from styletransfer.media.image import check_output, read_picture, resize_short_side, write_picture


def save(tmp_path, image, name="x.png", **options):
    image.save(tmp_path / name, **options)
    return tmp_path / name


def gradient(mode="RGB", size=(20, 10)):
    values = np.linspace(0, 255, size[0] * size[1]).reshape(size[1], size[0]).astype(np.uint8)
    return Image.fromarray(values).convert(mode)


def test_exif_orientation_is_applied(tmp_path):
    exif = Image.Exif()
    exif[274] = 6  # rotated by 90°
    path = save(tmp_path, gradient(), "x.jpg", exif=exif)
    assert read_picture(path).rgb.size == (10, 20)


def test_alpha_is_kept_and_invisible_pixels_have_no_say(tmp_path):
    pixels = np.zeros((4, 4, 4), np.uint8)
    pixels[:2] = (200, 100, 50, 255)
    pixels[2:] = (0, 255, 0, 0)
    picture = read_picture(save(tmp_path, Image.fromarray(pixels)))
    assert picture.alpha.getextrema() == (0, 255)
    assert np.array(picture.rgb)[3, 3].tolist() == [200, 100, 50]


def test_palette_with_transparency(tmp_path):
    image = Image.new("P", (4, 4), 1)
    image.putpalette([0, 0, 0, 255, 0, 0])
    image.putpixel((0, 0), 0)
    picture = read_picture(save(tmp_path, image, transparency=0))
    assert picture.rgb.getpixel((2, 2)) == (255, 0, 0)
    assert picture.alpha.getpixel((0, 0)) == 0 and picture.alpha.getpixel((2, 2)) == 255


def test_sixteen_bit_grey_keeps_its_brightness(tmp_path):
    values = np.array([[0, 32768, 65535]], np.uint16)
    picture = read_picture(save(tmp_path, Image.fromarray(values)))
    assert [p[0] for p in np.array(picture.rgb)[0]] == [0, 128, 255]


def test_float_tiff(tmp_path):
    path = save(tmp_path, Image.fromarray(np.array([[0, 0.5, 1]], np.float32)), "x.tif")
    assert np.array(read_picture(path).rgb)[0, :, 0].tolist() == [0, 128, 255]


@pytest.mark.parametrize("mode", ["L", "1", "LA", "P", "CMYK", "YCbCr", "HSV", "LAB"])
def test_every_mode_becomes_rgb(tmp_path, mode):
    name = {"CMYK": "x.tif", "LAB": "x.tif", "YCbCr": "x.jpg"}.get(mode, "x.png")
    image = gradient("RGB").convert("L").convert(mode) if mode != "LAB" else gradient("L")
    if mode == "HSV":
        image = image.convert("RGB")
    picture = read_picture(save(tmp_path, image, name))
    assert picture.rgb.mode == "RGB" and picture.rgb.size == (20, 10)


def test_animation_gives_its_first_frame(tmp_path):
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue")]
    path = save(tmp_path, frames[0], "x.gif", save_all=True, append_images=frames[1:])
    assert read_picture(path).rgb.getpixel((4, 4)) == (255, 0, 0)


def test_icc_profile_is_converted_to_srgb(tmp_path):
    # A profile of CIE Lab: the pixels mean nothing without it.
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB"))
    srgb = ImageCms.createProfile("sRGB")
    original = gradient("RGB")
    coded = ImageCms.profileToProfile(original, srgb, lab, outputMode="LAB")
    path = save(tmp_path, coded, "x.tif", icc_profile=lab.tobytes())
    back = np.array(read_picture(path).rgb).astype(int)
    assert np.abs(back - np.array(original)).max() <= 4


def test_broken_profile_is_ignored(tmp_path):
    path = save(tmp_path, gradient("RGB"), icc_profile=b"not a profile")
    assert np.array_equal(np.array(read_picture(path).rgb), np.array(gradient("RGB")))


def png_header(width, height):
    buffer = io.BytesIO()
    Image.new("L", (1, 1)).save(buffer, "PNG")
    data = bytearray(buffer.getvalue())
    data[16:24] = width.to_bytes(4, "big") + height.to_bytes(4, "big")
    import zlib

    data[29:33] = zlib.crc32(bytes(data[12:29])).to_bytes(4, "big")
    return bytes(data)


@pytest.mark.parametrize(
    "content, says",
    [
        (b"", "is empty"),
        (b"hello, I am text", "is not a picture"),
        (png_header(20_000, 20_000), "larger than"),
        (None, "no such file"),
    ],
)
def test_bad_files_are_named_in_one_line(tmp_path, content, says):
    path = tmp_path / "bad.png"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError, match=says) as caught:
        read_picture(path)
    assert "bad.png" in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["x.jpg", "x.png", "x.webp", "x.tif"])
def test_truncated_files_are_broken(tmp_path, name):
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    path = save(tmp_path, Image.fromarray(noise), name)
    path.write_bytes(path.read_bytes()[:-2000])
    with pytest.raises(InputError, match="broken|not a picture"):
        read_picture(path)


def test_folder_is_not_a_picture(tmp_path):
    with pytest.raises(InputError, match="folder"):
        read_picture(tmp_path)


def test_resize_short_side():
    assert resize_short_side(gradient(size=(20, 10)), 5).size == (10, 5)
    assert resize_short_side(gradient(size=(1, 900)), 1).size == (1, 900)


def test_outputs_are_checked_before_the_work(tmp_path):
    there = save(tmp_path, gradient())
    for path, says in [
        (there, "already there"),
        (tmp_path, "format|folder"),
        (tmp_path / "no" / "x.png", "no folder"),
        (tmp_path / "x.xyz", "format"),
    ]:
        with pytest.raises(InputError, match=says):
            check_output(path, force=False)
    check_output(there, force=True)
    check_output(tmp_path / "new.png", force=False)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["x.png"]


def test_alpha_on_jpeg_becomes_white(tmp_path):
    write_picture(tmp_path / "x.jpg", Image.new("RGBA", (8, 8), (255, 0, 0, 0)))
    assert Image.open(tmp_path / "x.jpg").getpixel((4, 4)) == (255, 255, 255)


def test_a_picture_too_long_for_its_format_is_one_line(tmp_path):
    with pytest.raises(InputError, match="WEBP"):
        write_picture(tmp_path / "x.webp", Image.new("RGB", (20_000, 1)))
    assert list(tmp_path.iterdir()) == []


def test_threads_leave_the_warnings_filters_alone(tmp_path, monkeypatch):
    Image.new("RGB", (9, 9)).save(tmp_path / "a.png")
    monkeypatch.setattr("warnings.catch_warnings", lambda: pytest.fail("filters are the process's"))
    assert read_picture(tmp_path / "a.png").rgb.size == (9, 9)


def test_nobody_is_warned_of_large_pictures(tmp_path):
    Image.new("RGB", (99, 99)).save(tmp_path / "a.png")
    code = (
        "import sys; from PIL import Image; from styletransfer.media.image import read_picture\n"
        "Image.MAX_IMAGE_PIXELS = 5000; print(read_picture(sys.argv[1]).rgb.size)"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "a.png")]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.stdout == "(99, 99)\n" and not done.stderr
