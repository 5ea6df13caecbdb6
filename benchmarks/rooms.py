"""What reads files, each with good ones of its kind: for `benchmarks.hostile`."""

import io
import os
import shutil
import tarfile
import tempfile
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

import numpy as np
import torch
from PIL import Image, ImageCms

from styletransfer import InputError, Stylizer
from styletransfer.cli import run
from styletransfer.media.image import read_picture
from styletransfer.media.masks import read_mask
from styletransfer.models.config import Config
from styletransfer.models.network import StylizerNet
from styletransfer.models.weights import save_model
from styletransfer.styles.cache import VARIABLE
from styletransfer.stylize.regions import read_regions

SIZE = 48, 40
MODEL = Config(channels=(4, 6, 8, 8), taps=("pixels", "relu3_1", "relu4_1"))
FRAMES = 40  # of a film that are looked at


@dataclass
class Room:
    """Good files, by name, and what reads a broken one; it raises InputError, or has a picture."""

    files: dict[str, bytes]
    read: Callable[[Path], object]


def command(*arguments: str) -> None:
    """Run `stylize`; InputError with its last line if it says that something is wrong."""
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        code = run(list(arguments))
    said = err.getvalue().splitlines()
    if code:
        named = [line for line in said if line.startswith("stylize ") or "failures.jsonl" in line]
        assert len(named) == 1 and "Traceback" not in err.getvalue(), f"{code}: {err.getvalue()}"
        raise InputError(named[0])


def picture(seed: int = 0, mode: str = "RGB", size: tuple[int, int] = SIZE) -> Image.Image:
    coarse = np.random.default_rng(seed).integers(0, 256, (5, 6, 4), dtype=np.uint8)
    image = Image.fromarray(coarse).resize(size, Image.Resampling.BICUBIC)
    if mode in ("I;16", "I", "F"):
        values = np.asarray(image.convert("L")).astype(np.float32)
        return (
            Image.fromarray((values * 257).astype(np.uint16))
            if mode == "I;16"
            else Image.fromarray(values)
        )
    return image if mode == "RGBA" else image.convert("RGB").convert(mode)


def saved(image: Image.Image, kind: str, **options) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def a_model(folder: Path) -> Path:
    torch.manual_seed(0)
    save_model(folder / "tiny.safetensors", StylizerNet(MODEL))
    return folder / "tiny.safetensors"


def pictures(folder: Path) -> Room:
    stylizer = Stylizer(a_model(folder), "cpu", "fp32")
    exif = Image.Exif()
    exif[0x0112] = 6
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    rgb, files = picture(), {}
    for mode in ("1", "L", "LA", "P", "RGB", "RGBA", "I;16"):
        files[f"{mode.replace(';', '')}.png"] = saved(picture(mode=mode), "PNG")
    for mode in ("L", "RGB", "CMYK"):
        files[f"{mode}.jpg"] = saved(picture(mode=mode), "JPEG", exif=exif, icc_profile=profile)
        files[f"{mode}.tif"] = saved(picture(mode=mode), "TIFF", icc_profile=profile)
    for compression in ("tiff_lzw", "tiff_deflate", "jpeg", "packbits"):
        files[f"{compression}.tif"] = saved(rgb, "TIFF", compression=compression)
    files["large.png"] = saved(Image.new("P", (2000, 1500)), "PNG")
    files["float.tif"] = saved(picture(mode="F"), "TIFF")
    files["progressive.jpg"] = saved(rgb, "JPEG", progressive=True)
    for kind in ("webp", "bmp", "gif", "ppm", "tga", "ico", "jp2", "avif", "dds", "pcx", "sgi"):
        with_alpha = picture(mode="RGBA") if kind in ("webp", "ico") else rgb
        try:
            files[f"a.{kind}"] = saved(
                with_alpha, {"tga": "TGA", "jp2": "JPEG2000"}.get(kind, kind.upper())
            )
        except (OSError, KeyError):  # this Pillow does not write it
            pass

    def read(path: Path) -> None:
        read_picture(path)
        stylizer.style(path, 32)

    return Room(files, read)


def masks(folder: Path) -> Room:
    modes = ("1", "L", "LA", "P", "RGB", "RGBA", "I;16")
    files = {f"{mode.replace(';', '')}.png": saved(picture(mode=mode), "PNG") for mode in modes}
    return Room(files, lambda path: read_mask(path, SIZE))


def maps(folder: Path) -> Room:
    labels = Image.fromarray(np.arange(SIZE[0] * SIZE[1], dtype=np.uint8).reshape(SIZE[::-1]) % 4)
    files = {"L.png": saved(labels, "PNG"), "P.png": saved(picture(mode="P"), "PNG")}
    files |= {"RGBA.png": saved(picture(mode="RGBA"), "PNG"), "P.gif": saved(picture(mode="P"), "GIF")}
    files["I16.png"] = saved(picture(mode="I;16"), "PNG")

    def read(path: Path) -> None:
        read_regions(path, ["#ff0000", "#00ff00"], True, SIZE)
        if "RGBA" not in path.name:  # which has no labels
            read_regions(path, ["1", "2"], True, SIZE)

    return Room(files, read)


def codes(folder: Path) -> Room:
    stylizer, photo = Stylizer(a_model(folder), "cpu", "fp32"), np.asarray(picture(1))
    path = folder / "good.style.safetensors"
    stylizer.style(picture(2), 32).save(path)
    stylizer.blend([picture(2), picture(3)]).save(folder / "blend.style.safetensors")
    files = {p.name: p.read_bytes() for p in (path, folder / "blend.style.safetensors")}
    return Room(files, lambda path: stylizer.stylize(photo, [str(path), picture(4)], style_size=32))


def caches(folder: Path) -> Room:
    """What was kept is looked at again; broken, it is made anew, and is the same."""
    own = patch.dict(os.environ, {VARIABLE: str(folder / "cache")})
    stylizer = Stylizer(a_model(folder), "cpu", "fp32")
    with own:
        good = stylizer.style(picture(2), 32)
    (kept,) = (folder / "cache").iterdir()

    def read(path: Path) -> None:
        shutil.copy(path, kept)
        with own:
            found = stylizer.style(picture(2), 32)
        for tap, pair in good.statistics.items():
            assert all(a.shape == b.shape for a, b in zip(pair, found.statistics[tap])), "another code"
        stylizer.stylize(np.asarray(picture(1)), found)

    return Room({kept.name: kept.read_bytes()}, read)


def models(folder: Path) -> Room:
    path = a_model(folder)
    conditional = Config(
        channels=MODEL.channels, taps=MODEL.taps, bottleneck="conditional", styles=("a", "b")
    )
    save_model(folder / "bank.safetensors", StylizerNet(conditional))
    photo = np.full((32, 32, 3), 99, np.uint8)

    def read(path: Path) -> None:
        stylizer = Stylizer(path, "cpu", "fp32")
        stylizer.stylize(photo, "bank:a" if stylizer.styles else picture(2), style_size=32)

    files = {"tiny.safetensors": path.read_bytes()}
    return Room(files | {"bank.safetensors": (folder / "bank.safetensors").read_bytes()}, read)


def a_run(folder: Path) -> Path:
    """A training run of one step."""
    for number in range(2):
        picture(number).save(folder / f"{number}.png")
    out, numbers = (
        folder / "run",
        ["--steps", "1", "--batch-size", "1", "--crop", "16", "--device", "cpu"],
    )
    command(
        "train", "--content", str(folder / "0.png"), "--style", str(folder / "1.png"),
        "--init", str(a_model(folder)), "--out", str(out), *numbers,
    )  # fmt: skip
    return out


def states(folder: Path, name: str = "state.safetensors") -> Room:
    good = a_run(folder)

    def read(path: Path) -> None:
        shutil.rmtree(folder / "again", ignore_errors=True)
        shutil.copytree(good, folder / "again")
        shutil.copy(path, folder / "again" / name)
        command("train", "--resume", str(folder / "again"), "--steps", "2", "--device", "cpu")

    return Room({name: (good / name).read_bytes()}, read)


def runs(folder: Path) -> Room:
    return states(folder, "run.json")


def recipes(folder: Path) -> Room:
    from styletransfer.models.config import Config
    from styletransfer.training.recipe import RECIPES, read_recipe

    def read(path: Path) -> None:
        network, _ = read_recipe(str(path))
        try:
            StylizerNet(Config(**network))
        except (ValueError, TypeError) as error:  # as a session takes it
            raise InputError(str(error)) from None

    return Room({path.name: path.read_bytes() for path in RECIPES.glob("*.toml")}, read)


def pairs(folder: Path) -> Room:
    for number in range(3):
        picture(number, size=(32, 32)).save(folder / f"{number}.png")
    table = "id\tcontent\tstyle\n" + "".join(f"{n}\t{n}.png\t{2 - n}.png\n" for n in range(3))

    def read(path: Path) -> None:
        from styletransfer.evaluation.report import read_pairs

        shutil.copy(path, folder / "pairs.tsv")
        for pair in read_pairs(folder / "pairs.tsv"):
            read_picture(pair.content), read_picture(pair.style)

    return Room({"pairs.tsv": table.encode()}, read)


def clip(path: Path) -> None:
    from styletransfer.media.video_reader import open_clip

    found = open_clip(path)
    for number, frame in enumerate(found.frames(found.begin)):
        assert frame.rgb.ndim == 3 and frame.duration > 0
        if number == FRAMES:
            break


def animations(folder: Path) -> Room:
    frames, files = [picture(n) for n in range(6)], {}
    for kind, suffix in (("GIF", "gif"), ("WEBP", "webp"), ("PNG", "apng.png")):
        files[f"a.{suffix}"] = saved(
            frames[0], kind, save_all=True, append_images=frames[1:], duration=40
        )
    return Room(files, clip)


def films(folder: Path) -> Room:
    import av

    av.logging.set_level(av.logging.PANIC)
    files = {}
    for suffix, codec in (
        ("mp4", "libx264"),
        ("mov", "mpeg4"),
        ("mkv", "libx264"),
        ("webm", "libvpx-vp9"),
    ):
        path = folder / f"good.{suffix}"
        with av.open(str(path), "w") as file:
            stream = file.add_stream(codec, rate=25)
            stream.width, stream.height, stream.pix_fmt = *SIZE, "yuv420p"
            for number in range(30):
                file.mux(stream.encode(av.VideoFrame.from_image(picture(number // 10))))
            file.mux(stream.encode())
        files[path.name] = path.read_bytes()
    return Room(files, clip)


def batch(
    folder: Path, source: Callable[[Path], Path], out: Path | None = None
) -> Callable[[Path], None]:
    """`stylize batch` of what source makes of a broken file; out: a destination that is there."""
    picture(9).save(folder / "style.png")
    look = ["--style", str(folder / "style.png"), "--style-size", "32", "--model", str(a_model(folder))]

    def read(path: Path) -> None:
        with tempfile.TemporaryDirectory(dir=folder) as fresh:
            command("batch", str(source(path)), str(out or Path(fresh, "out")), *look)

    return read


def manifests(folder: Path) -> Room:
    """A batch that is done, and whose manifest is another when it is given again."""
    photos, done = folder / "photos", folder / "done"
    photos.mkdir()
    for number in range(3):
        picture(number).save(photos / f"{number}.png")
    given = photos / "none"

    def source(path: Path) -> Path:
        if path != given:
            shutil.copy(path, done / "manifest.jsonl")
        return photos

    read = batch(folder, source, done)
    read(given)
    return Room({"manifest.jsonl": (done / "manifest.jsonl").read_bytes()}, read)


def tars(folder: Path) -> Room:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for name, data in (
            ("a.png", saved(picture(1), "PNG")),
            ("a.cls", b"3"),
            ("b/c.jpg", saved(picture(2), "JPEG")),
        ):
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))

    return Room({"a.tar": buffer.getvalue()}, batch(folder, lambda path: path))


def lists(folder: Path) -> Room:
    (folder / "photos").mkdir()
    for number in range(3):
        picture(number).save(folder / "photos" / f"{number}.png")
    names = "\n".join(f"{number}.png" for number in range(3))

    def source(path: Path) -> Path:
        return Path(shutil.copy(path, folder / "photos"))

    return Room({"list.txt": names.encode()}, batch(folder, source))


ROOMS = {
    "pictures": (pictures, 24), "masks": (masks, 8), "region maps": (maps, 8), "style codes": (codes, 9),
    "cached codes": (caches, 4), "models": (models, 8), "training states": (states, 2),
    "run.json": (runs, 2), "recipes": (recipes, 5), "pairs.tsv": (pairs, 4), "films": (films, 10),
    "animations": (animations, 8), "batch manifests": (manifests, 3), "tar files": (tars, 2),
    "lists of files": (lists, 2),
}  # fmt: skip
"""Each kind, and its share of a hundred inputs."""
