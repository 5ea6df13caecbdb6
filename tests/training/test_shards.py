import io
import tarfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from styletransfer import InputError
from styletransfer.training.entries import find_pictures
from styletransfer.training.shards import write_shards


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "in" / "deep").mkdir(parents=True)
    for i in range(7):
        pixels = np.random.default_rng(i).integers(0, 256, (40 + i, 90, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(tmp_path / "in" / ("deep" if i % 2 else "") / f"a.b {i}.png")
    (tmp_path / "in" / "broken.jpg").write_text("no")
    return tmp_path / "in"


def members(out):
    found = {}
    for shard in sorted(Path(out).glob("*.tar")):
        with tarfile.open(shard) as tar:
            found[shard.name] = {m.name: tar.extractfile(m).read() for m in tar}
    return found


def test_shards_hold_every_picture_small_and_once(folder, tmp_path):
    entries = find_pictures([folder])
    (tmp_path / "out").mkdir()
    seen = []
    skipped = write_shards(entries, tmp_path / "out", 24, 3, 2, seen.append)
    assert list(skipped) == [str(folder / "broken.jpg")]
    found = members(tmp_path / "out")
    assert list(found) == [f"shard-{i:06d}.tar" for i in range(3)]
    pictures = [data for shard in found.values() for data in shard.values()]
    assert len(pictures) == 7
    assert all(min(Image.open(io.BytesIO(data)).size) == 24 for data in pictures)
    assert seen == sorted(seen) and seen[-1] == 8
    assert len(find_pictures([tmp_path / "out"])) == 7
    names = [name for shard in found.values() for name in shard]
    assert all(name.count(".") == 1 and "/" not in name for name in names)  # keys of the format


def test_small_pictures_keep_their_size(folder, tmp_path):
    (tmp_path / "out").mkdir()
    write_shards(find_pictures([folder]), tmp_path / "out", 1000, 100, 1)
    (pictures,) = members(tmp_path / "out").values()
    heights = sorted(Image.open(io.BytesIO(data)).height for data in pictures.values())
    assert heights == list(range(40, 47))


def test_a_stopped_run_goes_on_where_it_was(folder, tmp_path):
    entries = find_pictures([folder])
    for name in ("whole", "parts"):
        (tmp_path / name).mkdir()
    write_shards(entries, tmp_path / "whole", 24, 3, 1)

    def stop(count):
        if count == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_shards(entries, tmp_path / "parts", 24, 3, 1, stop)
    assert sorted(p.name for p in (tmp_path / "parts").iterdir()) == ["shard-000000.tar", "shards.json"]
    first = (tmp_path / "parts" / "shard-000000.tar").stat().st_mtime_ns
    skipped = write_shards(entries, tmp_path / "parts", 24, 3, 1)
    assert (tmp_path / "parts" / "shard-000000.tar").stat().st_mtime_ns == first
    assert members(tmp_path / "parts") == members(tmp_path / "whole")
    assert len(skipped) == 1  # although it was found before the stop

    with pytest.raises(InputError, match="other pictures or settings"):
        write_shards(entries, tmp_path / "parts", 32, 3, 1)
    (tmp_path / "parts" / "shards.json").write_text("{")
    with pytest.raises(InputError, match="cannot be read"):
        write_shards(entries, tmp_path / "parts", 24, 3, 1)
