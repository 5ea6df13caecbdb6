"""Broken files: each is a picture or one clear line. More of them: `python -m benchmarks.hostile`."""

import json
import random
import time
from functools import cache

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from benchmarks.damage import damaged
from benchmarks.hostile import OUTCOMES, attempt, broken, table
from benchmarks.rooms import ROOMS, Room
from styletransfer import InputError, Stylizer
from styletransfer.batch.ledger import Done, read_manifest
from styletransfer.cli import run
from styletransfer.media.video_reader import open_clip
from styletransfer.models.weights import load_model, read_safetensors, write_safetensors
from styletransfer.styles.cache import VARIABLE
from styletransfer.styles.code import StyleCode

from ..conftest import noise

SLOW = ("training states", "run.json", "batch manifests", "tar files", "lists of files", "films")
CALM = settings(deadline=None, derandomize=True, suppress_health_check=list(HealthCheck), database=None)
QUICK = [kind for kind in ROOMS if kind not in SLOW]


@pytest.fixture(scope="module")
def rooms(tmp_path_factory):
    """Each room, furnished when it is first asked for."""

    @cache
    def enter(kind: str) -> Room:
        return ROOMS[kind][0](tmp_path_factory.mktemp("room"))

    return enter


@pytest.mark.parametrize("kind", ROOMS)
def test_good_files_are_pictures_and_broken_ones_a_line(kind, rooms, tmp_path):
    if kind == "films":
        pytest.importorskip("av")
    room = rooms(kind)
    for name, data in room.files.items():
        (tmp_path / name).write_bytes(data)
        assert attempt(room, tmp_path / name) == ("picture", ""), name
    for number in range(12 if kind in SLOW else 25):
        path = broken(room, tmp_path, kind, number, seed=1)
        outcome, text = attempt(room, path)
        assert outcome in ("picture", "clear line"), f"{kind}:{number}\n{text}"


@pytest.mark.parametrize("kind", QUICK)
@settings(CALM, max_examples=25)
@given(draw=st.data())
def test_whatever_is_changed_or_cut(kind, rooms, tmp_path, draw):
    """Any bytes in the place of any others, and any end."""
    room = rooms(kind)
    name = draw.draw(st.sampled_from(sorted(room.files)))
    data = bytearray(room.files[name])
    for place, value in draw.draw(
        st.dictionaries(st.integers(0, len(data) - 1), st.integers(0, 255))
    ).items():
        data[place] = value
    path = tmp_path / name
    path.write_bytes(bytes(data[: draw.draw(st.integers(0, len(data)))]))
    outcome, text = attempt(room, path)
    assert outcome in ("picture", "clear line"), text


@settings(CALM, max_examples=80)
@given(data=st.binary(max_size=300) | st.text(max_size=200).map(str.encode))
def test_any_bytes_at_all(data, rooms, tmp_path):
    for kind in QUICK:
        room = rooms(kind)
        path = tmp_path / sorted(room.files)[0]
        path.write_bytes(data)
        outcome, text = attempt(room, path)
        assert outcome in ("picture", "clear line"), f"{kind}: {text}"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner, max_size=4),
)


@settings(CALM, max_examples=60)
@given(value=JSON, key=st.sampled_from(["styles", "config"]))
def test_any_metadata(value, key, rooms, tmp_path):
    """Of style codes and of models."""
    room = rooms("style codes" if key == "styles" else "models")
    name = "good.style.safetensors" if key == "styles" else "tiny.safetensors"
    (tmp_path / name).write_bytes(room.files[name])
    tensors, metadata = read_safetensors(tmp_path / name)
    write_safetensors(tmp_path / name, tensors, metadata | {key: json.dumps(value)})
    outcome, text = attempt(room, tmp_path / name)
    assert outcome in ("picture", "clear line"), text


def changed(path, out, metadata=None, **tensors):
    """A safetensors file with other metadata or tensors."""
    known, about = read_safetensors(path)
    write_safetensors(out, known | tensors, about | (metadata or {}))
    return out


@pytest.fixture
def code(tiny_model, paintings, tmp_path):
    path = tmp_path / "a.style.safetensors"
    Stylizer(tiny_model).style(paintings[0], 32).save(path)
    return path


def test_style_codes_of_another_shape(code, tiny_model, photo, tmp_path):
    """Found: a code with the right digest and wrong tensors was a RuntimeError deep in the network."""
    out, stylizer = tmp_path / "b.style.safetensors", Stylizer(tiny_model)
    tensors = StyleCode.load(code).statistics
    mean, std = tensors["relu3_1"]
    for wrong in (
        {"relu3_1.mean": mean[:, :3].clone()},
        {"pixels.std": std},
        {"relu9.mean": mean, "relu9.std": std},
    ):
        with pytest.raises(InputError, match="of another shape"):
            stylizer.stylize(photo, changed(code, out, **wrong))
    for wrong in (mean * float("nan"), mean / 0, mean.half(), mean.int()):
        with pytest.raises(InputError, match="some of its numbers are none"):
            stylizer.stylize(photo, changed(code, out, **{"relu3_1.mean": wrong}))
    for styles in ("[]", "3", '{"a": "b"}', '{"a": null}', "null"):
        with pytest.raises(InputError, match="is not a whole style code"):
            stylizer.stylize(photo, changed(code, out, {"styles": styles}))


def test_a_cached_code_of_another_shape_is_made_anew(tiny_model, paintings, tmp_path, monkeypatch):
    monkeypatch.setenv(VARIABLE, str(tmp_path / "cache"))
    stylizer = Stylizer(tiny_model)
    good = stylizer.style(paintings[0], 32)
    (kept,) = (tmp_path / "cache").iterdir()
    changed(kept, kept, **{"relu3_1.mean": good.statistics["relu4_1"].mean[:, :2].clone()})
    again = stylizer.style(paintings[0], 32)
    assert np.array_equal(again.statistics["relu3_1"].mean, good.statistics["relu3_1"].mean)
    assert read_safetensors(kept)[0]["relu3_1.mean"].shape == good.statistics["relu3_1"].mean.shape


@pytest.mark.parametrize(
    "config",
    [
        {"convolutions": [10**9, 1, 1, 1]},
        {"convolutions": [16] * 4},
        {"channels": [10**6] * 4},
        {"channels": [1000] * 4},
        {"bottleneck": "conditional", "styles": [str(number) for number in range(200)]},
    ],
)
def test_models_that_would_not_fit_are_never_built(config, tiny_model, tmp_path):
    """Found: a config of a few bytes could ask for all memory, or for a network without end."""
    _, about = read_safetensors(tiny_model)
    config = json.dumps(json.loads(about["config"]) | config)
    start = time.monotonic()
    with pytest.raises(InputError, match="it is of a larger network|numbers from 1 to"):
        load_model(changed(tiny_model, tmp_path / "x.safetensors", {"config": config}))
    assert time.monotonic() - start < 10


@pytest.mark.parametrize(
    "sources",
    [
        '{"content": 5, "style": []}',
        '{"content": [5], "style": ["a"]}',
        "[]",
        '{"content": null}',
        '"x"',
        "7",
    ],
)
def test_runs_without_sources(sources, rooms, tmp_path, capsys):
    """Found: a run.json whose sources are no texts was a TypeError."""
    room = rooms("run.json")
    (tmp_path / "run.json").write_text(sources)
    outcome, text = attempt(room, tmp_path / "run.json")
    assert outcome == "clear line" and "run.json cannot be read" in text


@pytest.mark.parametrize("skipped", ["[]", "3", "{}", '{"content": 3, "style": {}}', "null"])
def test_training_states_without_a_list_of_what_was_skipped(skipped, rooms, tmp_path):
    """Found: whatever else was there was a TypeError at the first picture."""
    room, path = rooms("training states"), tmp_path / "state.safetensors"
    path.write_bytes(room.files["state.safetensors"])
    outcome, text = attempt(room, changed(path, path, {"skipped": skipped}))
    assert outcome == "clear line" and "not the state of a run" in text, text


def test_training_states_of_another_shape(rooms, tmp_path):
    """Found: moments and spreads of another shape were RuntimeErrors in the first step."""
    room, path = rooms("training states"), tmp_path / "state.safetensors"
    path.write_bytes(room.files["state.safetensors"])
    tensors, _ = read_safetensors(path)
    for key in ("spread.relu3_1.mean", "adam.0.exp_avg", "adam.0.step"):
        path.write_bytes(room.files["state.safetensors"])
        changed(path, path, **{key: tensors[key].reshape(-1)[None].repeat(2, 3)})
        outcome, text = attempt(room, path)
        assert outcome == "clear line" and f"{key} is (2, " in text, text
    path.write_bytes(room.files["state.safetensors"])
    changed(path, path, **{"adam.0.other": tensors["adam.0.step"].clone()})
    assert "adam.0.other is unknown" in attempt(room, path)[1]


@pytest.mark.parametrize("key", ["output", "hash", "stamp", "input", "output_hash"])
def test_manifest_lines_that_cannot_be_are_passed_over(key, tmp_path):
    """Found: a line whose names are no texts was a TypeError."""
    done = Done("a.png", "", "a.png", "1", "2", "s", "3", "{}", 5, "4", 0.1)
    for value in (["x"], 5, None, {}):
        wrong = json.dumps(json.loads(done.line()) | {"output": "b.png"} | {key: value}).encode()
        (tmp_path / "manifest.jsonl").write_bytes(done.line() + wrong + b"\n")
        assert read_manifest(tmp_path) == {"a.png": done}


def test_an_animation_that_begins_and_does_not_go_on(tmp_path):
    """Found: Pillow's GIF reader answers some of them with an IndexError."""
    frames = [noise(48, 40, seed=n) for n in range(3)]
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:])
    data = (tmp_path / "a.gif").read_bytes()
    for end in range(20, len(data), 97):
        for tail in (b"", b"\x21", b"\x21\xf9", b"\x2c\0\0"):
            (tmp_path / "b.gif").write_bytes(data[:end] + tail)
            try:
                clip = open_clip(tmp_path / "b.gif")
                assert all(frame.rgb.shape[2] == 3 for frame in clip.frames(clip.begin))
            except InputError as error:
                assert len(str(error).splitlines()) == 1


def test_a_film_whose_title_is_no_text(tmp_path, tiny_model, paintings):
    """Found: a title in another encoding than UTF-8 was a UnicodeDecodeError; now it is a film."""
    av = pytest.importorskip("av")
    path = tmp_path / "a.mkv"
    with av.open(str(path), "w") as file:
        file.metadata["title"] = "Zürich"
        stream = file.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 48, 40, "yuv420p"
        file.mux(stream.encode(av.VideoFrame.from_image(noise(48, 40))))
        file.mux(stream.encode())
    path.write_bytes(path.read_bytes().replace("Zürich".encode(), b"Z\xfc\xfcrich"))
    clip = open_clip(path)
    assert len(list(clip.frames(clip.begin))) == 1
    out = str(tmp_path / "b.mkv")
    assert run(["video", str(path), paintings[0], "-o", out, "--model", tiny_model]) == 0


def test_the_table_counts_every_outcome():
    results = [(n, outcome, "", n) for n, outcome in enumerate(OUTCOMES)]
    assert table({"a": results, "b": results[:1]}).splitlines()[2:] == [
        "| a | 4 | 1 | 1 | 1 | 1 | 3 |",
        "| b | 1 | 1 | 0 | 0 | 0 | 0 |",
        "| all | 5 | 2 | 1 | 1 | 1 | 3 |",
    ]


def test_what_is_read_without_a_line_is_found(tmp_path):
    """The judge itself: an exception, a message of two lines and an empty one are not clear lines."""

    def fails(error):
        def read(path):
            raise error

        return Room({}, read)

    for error in (ValueError("x"), InputError("two\nlines"), InputError(""), KeyboardInterrupt()):
        assert attempt(fails(error), tmp_path)[0] == "traceback"
    assert attempt(fails(InputError("a: is broken")), tmp_path) == ("clear line", "a: is broken")
    assert len({damaged(b"abc" * 50, "a.png", [b"x"], random.Random(n)) for n in range(40)}) > 20
