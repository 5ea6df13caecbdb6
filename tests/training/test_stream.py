import tarfile
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import torch
from PIL import Image

from styletransfer import InputError
from styletransfer.training.data import Augmentation, Sampler
from styletransfer.training.stream import Stream, find_shards, is_remote

CPU = torch.device("cpu")
SMALL = Augmentation(16, (1.0, 1.0))


@pytest.fixture(scope="module")
def shards(tmp_path_factory):
    """The address of six shards of three pictures, each of one grey that tells which it is."""
    folder = tmp_path_factory.mktemp("shards")
    for shard in range(6):
        with tarfile.open(folder / f"s-{shard:03d}.tar", "w") as tar:
            for i in range(3):
                picture = folder / f"{shard}-{i}.png"
                Image.new("L", (20, 20), 10 * (3 * shard + i)).save(picture)
                tar.add(picture, picture.name)
            broken = folder / f"{shard}-broken.png"
            broken.write_text("no")
            tar.add(broken, broken.name)
    (folder / "cut.tar").write_bytes((folder / "s-000.tar").read_bytes()[:2600])

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=folder))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


def greys(stream, sampler, workers=0):
    """The pictures, by number, of a sampler's batches; and the names of those skipped."""
    found, skipped = [], {}
    batches = stream.batches(sampler, CPU, workers)
    for _, (batch, names) in zip(range(sampler.last - sampler.first), batches):
        found += [round(crop.float().mean().item() / 10) for crop in batch]
        skipped |= names
    return found, skipped


def test_a_stream_gives_every_picture_of_an_epoch_once(shards):
    stream = Stream(find_shards([f"{shards}/s-{{000..005}}.tar"]), SMALL, seed=0)
    epochs, skipped = greys(stream, Sampler(18, 0, 2))
    assert sorted(epochs[:18]) == sorted(epochs[18:]) == list(range(18))
    assert epochs[:18] != epochs[18:] and epochs[:18] != list(range(18))
    assert {name.rpartition("/")[2] for name in skipped} == {f"{i}-broken.png" for i in range(6)}
    assert greys(stream, Sampler(18, 0, 2))[0] == epochs  # the same again
    assert greys(stream, Sampler(18, 1, 2))[0] != epochs[:18]  # another order for a resumed run


@pytest.mark.parametrize("workers", [0, 2])
def test_processes_have_shards_of_their_own(shards, workers):
    stream = Stream(find_shards([f"{shards}/s-{{000..005}}.tar"]), SMALL, seed=0)
    steps = 3 if workers == 0 else 2  # an uneven number of shards for each: one's epoch ends early
    parts = [greys(stream, Sampler(6, 0, steps, rank, 2), workers)[0] for rank in range(2)]
    found = parts[0] + parts[1]
    assert len(set(found)) == len(found) == 6 * steps


def test_take_gives_crops(shards):
    stream = Stream([f"{shards}/s-001.tar"], SMALL, seed=0)
    assert stream.take(7).shape == (7, 3, 16, 16)


def test_a_shard_that_breaks_off_is_named_and_the_rest_goes_on(shards):
    stream = Stream([f"{shards}/cut.tar", f"{shards}/missing.tar", f"{shards}/s-003.tar"], SMALL, 0)
    found, skipped = greys(stream, Sampler(4, 0, 6))
    assert {9, 10, 11} <= set(found)
    broken = {url.rpartition("/")[2] for url in skipped if url.endswith(".tar")}
    assert broken == {"cut.tar", "missing.tar"}


def test_nothing_to_stream_is_one_line(shards):
    with pytest.raises(InputError, match="not one picture"):
        greys(Stream([f"{shards}/missing.tar"], SMALL, 0), Sampler(1, 0, 1))
    with pytest.raises(InputError, match="not one picture") as caught:
        greys(Stream([f"{shards}/missing.tar"], SMALL, 0), Sampler(1, 0, 1), workers=1)
    assert "Traceback" not in str(caught.value)
    with pytest.raises(InputError, match="3 processes need as many shards: there are 1"):
        Stream([f"{shards}/s-000.tar"], SMALL, 0).batches(Sampler(3, 0, 1, 0, 3), CPU, 0)


def test_remote_is_what_is_not_a_path():
    assert is_remote("https://host/a.tar") and is_remote("pipe:cat a.tar") and is_remote("s3://b/a.tar")
    assert not is_remote("a.tar") and not is_remote(str(Path("/data/a.tar")))
