"""Files that the page sends: looked at, said what is wrong with them, and put away."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from PIL import Image

from ..errors import InputError
from ..media.image import FILMS, Picture, decode, write_picture
from ..media.masks import check_map_size
from ..server.limits import Limits, Refused
from ..server.style_store import read_style
from ..server.uploads import check_picture, decoded, is_safetensors, opened_map
from ..styles.code_file import SUFFIX

SHOWN = 1400  # long side of what the page shows; downloads have all pixels
MOST_COLORS = 12  # of a map
FILM_KINDS = (  # where a film has what, and the suffixes of such
    (4, b"ftyp", (".mp4", ".mov", ".m4v")),
    (0, b"\x1aE\xdf\xa3", (".mkv", ".webm")),
    (0, b"GIF8", (".gif",)),
    (8, b"WEBP", (".webp",)),
    (0, b"\x89PNG", (".apng", ".png")),
)
ROLES = ("photo", "style", "mask", "regions", "film")
NewPath = Callable[[str], Path]


@dataclass(frozen=True)
class SentFile:
    """id: the page's own name for it. name: that of the file where it came from; nothing is opened by
    it. size: width and height; None of a style code. shown: a JPEG for the page. colors: of a map, the
    most frequent first. seconds: of a film."""

    id: str
    role: str
    name: str
    path: Path
    size: tuple[int, int] | None = None
    shown: Path | None = None
    colors: tuple[str, ...] = ()
    seconds: float = 0.0

    @property
    def stem(self) -> str:
        """What files made of it are called by."""
        return stem_of(self.name, self.role)

    @property
    def still(self) -> Path:
        """The picture that one tries styles on: of a film its first frame."""
        return self.path.with_name("still.png") if self.role == "film" else self.path


def read_sent(
    path: Path, id: str, role: str, name: str, limits: Limits, photo: SentFile | None
) -> SentFile:
    """What was sent, at `path`, as one of ROLES; Refused or InputError says why it is not taken.

    photo: that a mask or a map is for.
    """
    name = _plain(name) or role
    if role == "film":
        return _film(path, id, name, limits)
    data = path.read_bytes()
    if role == "style" and is_safetensors(data):
        read_style(data, name, limits)
        code = path.rename(path.with_name(f"style{SUFFIX}"))
        return SentFile(id, role, name, code)
    if role in ("mask", "regions"):
        assert photo is not None and photo.size is not None
        image = opened_map(data, name, limits)
        if role == "mask":
            return _mask(path, id, name, image, photo.size)
        return _regions(path, id, name, image, photo.size)
    _, _ = check_picture(data, name, limits)
    picture = decoded(data, name)
    shown = write_shown(path.with_name("shown.jpg"), picture.rgb, picture.alpha)
    return SentFile(id, role, name, path, picture.rgb.size, shown)


def stem_of(name: str, otherwise: str) -> str:
    """A file's name without its suffix and without what is awkward in another's; otherwise: if nothing
    is left."""
    stem = Path(name.removesuffix(SUFFIX)).stem
    return re.sub(r"[^\w.+-]+", "-", stem).strip("-.") or otherwise


def open_still(file: SentFile) -> Picture:
    """A photo, or the first frame of a film, decoded."""
    try:
        return decode(file.still.read_bytes())
    except OSError:
        raise Refused(410, "That file is no longer here.") from None


def write_shown(path: Path, image: Image.Image, alpha: Image.Image | None = None) -> Path:
    """A smaller copy for the page: a JPEG, or a PNG if some of it is transparent; gives its path."""
    image = image.copy()
    if alpha is not None:
        image.putalpha(alpha)
    image.thumbnail((SHOWN, SHOWN), Image.Resampling.LANCZOS)
    path = path.with_suffix(".png" if image.mode == "RGBA" else ".jpg")
    write_picture(path, image, quality=92)
    return path


def _mask(path: Path, id: str, name: str, drawn: Image.Image, size: tuple[int, int]) -> SentFile:
    """What was brushed, grey or with an alpha channel, at the photo's size: white is painted."""
    grey = drawn.getchannel("A") if "A" in drawn.getbands() else drawn.convert("L")
    if not grey.getbbox():
        raise InputError("Nothing is brushed yet: the whole picture is painted.")
    target = path.with_name("mask.png")
    write_picture(target, grey.resize(size, Image.Resampling.BILINEAR))
    return SentFile(id, "mask", name, target, size)


def _regions(path: Path, id: str, name: str, map: Image.Image, size: tuple[int, int]) -> SentFile:
    check_map_size("map", map.size, size)
    pixels = np.asarray(map.convert("RGB")).reshape(-1, 3)
    found, counts = np.unique(pixels, axis=0, return_counts=True)
    if len(found) > MOST_COLORS:
        raise InputError(
            f"{name} has {len(found):,} colours: a map has one for each style, {MOST_COLORS} at most"
        )
    order = np.argsort(-counts)
    colors = tuple("#{:02x}{:02x}{:02x}".format(*found[i]) for i in order)
    target = path.with_name("map.png")
    write_picture(target, map.convert("RGB"))
    return SentFile(id, "regions", name, target, map.size, colors=colors)


def _film(path: Path, id: str, name: str, limits: Limits) -> SentFile:
    """A film whose first frame stands for it."""
    suffix = _film_suffix(path, name)
    if suffix in FILMS and find_spec("av") is None:
        raise InputError("films need PyAV here: pip install 'styletransfer[video]'")
    from fractions import Fraction

    from ..media.video_reader import open_clip

    path = path.rename(path.with_name(f"film{suffix}"))
    try:
        clip = open_clip(path)
        limits.check_pixels(name, clip.size)
        frame = next(clip.frames(clip.begin), None)
    except InputError as error:
        raise InputError(str(error).replace(str(path), name)) from None
    if frame is None:
        raise InputError(f"{name}: there are no frames in it")
    still = Image.fromarray(frame.rgb)
    write_picture(path.with_name("still.png"), still)
    shown = write_shown(path.with_name("shown.jpg"), still)
    seconds = float(clip.length or Fraction(0)) or float(clip.count / clip.rate)
    return SentFile(id, "film", name, path, clip.size, shown, seconds=seconds)


def _film_suffix(path: Path, name: str) -> str:
    """Of a film by its first bytes; Refused if they are of another kind. FFmpeg would read them all, and
    among them are playlists, which name other files."""
    with path.open("rb") as file:
        begin = file.read(16)
    for at, mark, suffixes in FILM_KINDS:
        if begin[at : at + len(mark)] == mark:
            own = Path(name).suffix.lower()
            return own if own in suffixes else suffixes[0]
    raise Refused(415, f"{name} is not a film of a type that is read here")


def _plain(name: str) -> str:
    """A name without folders and without what no name has."""
    name = re.split(r"[\\/]", name)[-1]
    return "".join(each for each in name if each.isprintable())[:120].strip()
