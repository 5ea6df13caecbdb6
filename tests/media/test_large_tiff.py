"""Pictures that are not read into memory, made small by making the limit small."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms

from styletransfer.errors import InputError
from styletransfer.media import image as pictures
from styletransfer.media.large_tiff import create_tiff, pack, unpack

pytest.importorskip("pyvips")


def noisy(width, height, mode="RGB"):
    coarse = np.random.default_rng(0).integers(0, 256, (5, 5, 3), dtype=np.uint8)
    return Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC).convert(mode)


def fill(path: Path, begin: int, pixels: bytes) -> None:
    """Write raw pixels to where a TIFF has them."""
    assert path.stat().st_size == begin + len(pixels)
    with open(path, "r+b") as file:
        file.seek(begin)
        file.write(pixels)


def unpacked(path, tmp_path, **options):
    height, width = unpack(path, tmp_path / "raw", **options)
    return np.fromfile(tmp_path / "raw", np.uint8).reshape(height, width, 3)


@pytest.mark.parametrize(
    "mode,name", [("RGB", "a.png"), ("RGB", "a.tif"), ("L", "a.png"), ("RGB", "a.jpg")]
)
def test_unpacks_what_read_picture_reads(tmp_path, mode, name):
    noisy(50, 31, mode).save(tmp_path / name)
    expected = np.asarray(pictures.read_picture(tmp_path / name).rgb)
    assert np.abs(unpacked(tmp_path / name, tmp_path).astype(int) - expected).max() <= 1


def test_turned_and_profiled_pictures_come_upright_and_in_srgb(tmp_path):
    exif = Image.Exif()
    exif[274] = 6
    noisy(50, 31).save(tmp_path / "a.png", exif=exif)
    expected = np.asarray(pictures.read_picture(tmp_path / "a.png").rgb)
    assert np.array_equal(unpacked(tmp_path / "a.png", tmp_path), expected)
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    noisy(50, 31).save(tmp_path / "b.png", icc_profile=profile)
    expected = np.asarray(pictures.read_picture(tmp_path / "b.png").rgb)
    assert np.abs(unpacked(tmp_path / "b.png", tmp_path).astype(int) - expected).max() <= 2


def test_sixteen_bits_become_eight(tmp_path):
    values = np.linspace(0, 65535, 40 * 20).reshape(20, 40).astype(np.uint16)
    Image.fromarray(values).save(tmp_path / "a.png")
    found = unpacked(tmp_path / "a.png", tmp_path)[..., 0]
    assert np.abs(found.astype(int) - values // 257).max() <= 1


@pytest.mark.parametrize("name", ["out.png", "out.tif", "out.jpg"])
def test_packs_with_the_alpha_of_the_source(tmp_path, name):
    picture = noisy(40, 30)
    picture.putalpha(Image.new("L", (40, 30), 128))
    picture.save(tmp_path / "a.png")
    height, width = unpack(tmp_path / "a.png", tmp_path / "raw")
    painted = tmp_path / "painted.tif"
    fill(painted, create_tiff(painted, height, width, 4), (tmp_path / "raw").read_bytes())
    pack(painted, tmp_path / name, tmp_path / "a.png")
    out = Image.open(tmp_path / name)
    assert out.size == (40, 30)
    if name != "out.jpg":
        assert out.mode == "RGBA" and out.getchannel("A").getextrema() == (128, 128)
        assert np.array_equal(np.asarray(out)[..., :3], np.asarray(picture)[..., :3])


def test_a_tiff_is_moved_to_its_place_with_the_usual_permissions(tmp_path):
    picture = noisy(40, 30)
    picture.save(tmp_path / "a.png")
    painted, out = tmp_path / "painted.tif", tmp_path / "out.tiff"
    fill(painted, create_tiff(painted, 30, 40), picture.tobytes())
    out.write_bytes(b"what was there")
    pack(painted, out, tmp_path / "a.png")
    assert np.array_equal(np.asarray(Image.open(out)), np.asarray(picture))
    assert not painted.exists() and sorted(p.name for p in tmp_path.iterdir()) == ["a.png", "out.tiff"]
    (tmp_path / "plain").touch()
    assert out.stat().st_mode == (tmp_path / "plain").stat().st_mode


@pytest.mark.parametrize("content", [b"", b"not a picture", "truncated"])
def test_broken_files_are_named(tmp_path, content):
    if content == "truncated":
        noisy(200, 200).save(tmp_path / "whole.png")
        content = (tmp_path / "whole.png").read_bytes()[:900]
    (tmp_path / "a.png").write_bytes(content)
    with pytest.raises(InputError, match="a.png"):
        unpack(tmp_path / "a.png", tmp_path / "raw")


@pytest.mark.parametrize("height,width", [(1, 1), (16, 5), (17, 3), (300, 7)])
def test_the_scratch_file_is_a_tiff_that_anyone_reads(tmp_path, height, width):
    pixels = np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)
    fill(tmp_path / "a.tif", create_tiff(tmp_path / "a.tif", height, width), pixels.tobytes())
    assert np.array_equal(np.asarray(Image.open(tmp_path / "a.tif")), pixels)
    assert np.array_equal(unpacked(tmp_path / "a.tif", tmp_path), pixels)


def test_a_full_disk_is_not_the_pictures_fault(tmp_path):
    noisy(200, 200).save(tmp_path / "a.png")
    with pytest.raises(OSError, match="No space left"):
        unpack(tmp_path / "a.png", Path("/dev/full"))
