"""Reading moving pictures: films (PyAV), GIF, WebP and APNG (Pillow), and folders of frames."""

from pathlib import Path

from PIL import Image

from ..errors import InputError
from .clip import Clip, FolderClip, PictureClip


def open_clip(path: str | Path) -> Clip:
    """Open a film, an animation or a folder of frames. Raises InputError with the reason if it
    cannot."""
    path = Path(path)
    if path.is_dir():
        return FolderClip.open(path)
    if not path.exists():
        raise InputError(f"{path}: no such file")
    if not path.is_file():
        raise InputError(f"{path}: is neither a file nor a folder")
    try:
        with Image.open(path) as image:
            if getattr(image, "is_animated", False):
                return PictureClip.open(path, image)
            raise InputError(f"{path}: is a single picture: leave out `video`")
    except InputError:
        raise
    except Exception:  # Pillow's readers raise nearly anything on what is not theirs, or broken
        pass
    from .film import FilmClip

    return FilmClip.open(path)
