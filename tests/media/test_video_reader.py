"""Moving pictures of every kind; and what is none."""

import os
from pathlib import Path

import pytest
from PIL import Image

from styletransfer.errors import InputError
from styletransfer.media.clip import FolderClip, PictureClip
from styletransfer.media.film import FilmClip
from styletransfer.media.video_reader import open_clip

from ..films import panned, write_film


def test_what_is_no_file_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe.mp4")
    for path in (tmp_path / "pipe.mp4", "/dev/zero"):
        with pytest.raises(InputError, match="neither a file nor a folder"):
            open_clip(path)


def test_what_is_no_film(tmp_path):
    (tmp_path / "text.mp4").write_text("no film" * 100)
    (tmp_path / "empty.mp4").write_bytes(b"")
    with pytest.raises(InputError, match="is not a film"):
        open_clip(tmp_path / "text.mp4")
    with pytest.raises(InputError, match="empty.mp4"):
        open_clip(tmp_path / "empty.mp4")
    with pytest.raises(InputError, match="no such file"):
        open_clip(tmp_path / "nothing.mp4")


@pytest.mark.parametrize(
    "make, kind",
    [
        (lambda path: write_film(f"{path}.mp4", panned(3)), FilmClip),
        (lambda path: moving(f"{path}.gif"), PictureClip),
        (lambda path: still(path), FolderClip),
    ],
    ids=["film", "animation", "folder"],
)
def test_each_kind_is_told_by_what_is_in_it_and_not_by_its_name(make, kind, tmp_path):
    made = Path(make(tmp_path / "a"))
    if made.is_file():
        made = made.rename(tmp_path / "b.jpg")
    clip = open_clip(made)
    assert type(clip) is kind and clip.size == (80, 48) and len(list(clip.frames(clip.begin))) == 3


def moving(path):
    frames = [Image.fromarray(frame) for frame in panned(3)]
    frames[0].save(path, save_all=True, append_images=frames[1:])
    return path


def still(folder):
    folder.mkdir()
    for number, frame in enumerate(panned(3)):
        Image.fromarray(frame).save(folder / f"{number}.png")
    return folder


def test_a_photo_is_told_from_a_film(tmp_path):
    Image.new("RGB", (9, 9)).save(tmp_path / "a.png")
    with pytest.raises(InputError, match="a.png: is a single picture: leave out `video`"):
        open_clip(tmp_path / "a.png")
