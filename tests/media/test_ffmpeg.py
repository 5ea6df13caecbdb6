"""What reading and writing films have in common."""

from pathlib import Path

from styletransfer.media import ffmpeg
from styletransfer.media.video_reader import open_clip

from ..films import av, panned, write_film


def test_names_that_look_like_addresses_and_titles_in_any_encoding(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    film = write_film("a.mp4", panned(5), sound=True)
    with av.open(film) as source, av.open("b.mp4", "w") as file:
        file.metadata["title"] = "Xtitle"
        copy = file.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.dts is not None:
                packet.stream = copy
                file.mux(packet)
    (tmp_path / "12:30.mp4").write_bytes(
        (tmp_path / "b.mp4").read_bytes().replace(b"Xtitle", b"\xfctitl")
    )
    assert len(list(open_clip("12:30.mp4").frames(0))) == 5


class Broken:
    """A file in which some packets cannot be read."""

    def __init__(self, *parts):
        self.parts = list(parts)

    def demux(self, streams):
        while self.parts:
            part = self.parts.pop(0)
            if isinstance(part, Exception):
                raise part
            yield part


def test_it_goes_on_behind_the_damage():
    damage = ffmpeg.FFmpegError(1, "damage")
    broken = []
    assert list(ffmpeg.packets_of(Broken(1, damage, 2, 3), [], broken)) == [1, 2, 3]
    assert broken == [damage]
    endless = Broken(*[damage] * 5000)
    broken.clear()
    assert list(ffmpeg.packets_of(endless, [], broken)) == [] and len(broken) == 1000


def test_a_reason_is_one_line():
    assert ffmpeg.reason(ffmpeg.FFmpegError(1, "no\nmore")) == "no"
    assert ffmpeg.reason(ValueError("it is\nbroken")) == "it is"
    assert ffmpeg.reason(ValueError()) == "ValueError"


def test_a_film_is_written_and_read_whatever_it_is_called(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = Path("12:30.mkv")
    with ffmpeg.create_film(path, "matroska", {}) as file:
        stream = file.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 80, 48, "yuv420p"
        for rgb in panned(3):
            file.mux(stream.encode(ffmpeg.VideoFrame.from_ndarray(rgb, format="rgb24")))
        file.mux(stream.encode())
    assert path.is_file()
    with ffmpeg.open_film(path) as file:
        assert len([p for p in ffmpeg.packets_of(file, file.streams.video, []) if p.size]) == 3
