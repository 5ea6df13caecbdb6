"""Pack folders of pictures into WebDataset shards of small JPEGs. No torch here: many processes run
it."""

import io
import json
import re
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

from ..errors import InputError
from ..media.files import write_atomically
from ..media.image import resize_short_side
from .entries import Entry, Skipped, decode_large_enough, save_skipped


def write_shards(
    entries: Sequence[Entry],
    out: Path,
    size: int,
    per_shard: int,
    workers: int,
    progress: Callable[[int], None] = lambda count: None,
) -> Skipped:
    """Write OUT/shard-000000.tar, …: JPEGs of at most `size` pixels short side, upright, sRGB.

    Each shard appears whole or not at all. OUT/shards.json records which are written and which pictures
    were skipped, so the same call again continues after the last. progress: called with the number of
    pictures done. Returns the pictures that could not be used and why, which OUT/skipped.tsv lists too.
    Raises InputError if OUT holds shards of other pictures or settings.
    """
    names = "\n".join(entry.name for entry in entries).encode(errors="surrogateescape")
    made_of = {"pictures": sha256(names).hexdigest(), "size": size, "per_shard": per_shard}
    done: dict[str, Skipped] = {}
    index = out / "shards.json"
    if index.exists():
        found = _read_index(index)
        if found["made_of"] != made_of:
            raise InputError(f"{out}: holds shards of other pictures or settings; take another folder")
        done = found["shards"]
    with ProcessPoolExecutor(workers) as pool:
        for start in range(0, len(entries), per_shard):
            part = entries[start : start + per_shard]
            name = f"shard-{start // per_shard:06d}.tar"
            if name in done and (out / name).exists():
                progress(start + len(part))
                continue
            skipped: Skipped = {}
            encoded = pool.map(partial(_encode, size=size), part, chunksize=8)
            samples = _samples(part, encoded, start, skipped, progress)
            write_atomically(out / name, partial(_write_tar, samples=samples))
            done[name] = skipped
            write_atomically(index, partial(_write_index, made_of=made_of, shards=done))
            progress(start + len(part))
    every = {name: why for part in done.values() for name, why in part.items()}
    save_skipped(out / "skipped.tsv", {"picture": every})
    return every


def _samples(
    entries: Sequence[Entry],
    encoded: Iterator[bytes | str],
    first: int,
    skipped: Skipped,
    progress: Callable[[int], None],
) -> Iterator[dict[str, Any]]:
    """Yield the members of a shard, whose first picture is number `first`; unusable ones go to
    skipped."""
    for number, (entry, data) in enumerate(zip(entries, encoded), first):
        progress(number)
        if isinstance(data, str):
            skipped[entry.name] = data
        else:
            yield {"__key__": _key(number, entry), "jpg": data}


def _write_index(path: Path, made_of: dict[str, Any], shards: dict[str, Skipped]) -> None:
    path.write_text(json.dumps({"made_of": made_of, "shards": shards}, indent=1))


def _read_index(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text())
        return {"made_of": dict(found["made_of"]), "shards": dict(found["shards"])}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"{path}: cannot be read ({error})") from None


def _key(number: int, entry: Entry) -> str:
    # A dot ends a sample's key in the format, a slash makes folders: neither may come from a name.
    stem = Path(entry.member or entry.path).stem
    return f"{number:08d}-{re.sub(r'[^0-9A-Za-z_-]+', '_', stem)[:60]}"


def _encode(entry: Entry, size: int) -> bytes | str:
    """The picture as a small JPEG, or why it cannot be."""
    try:
        picture = decode_large_enough(entry.read(), size)
    except (InputError, OSError) as error:
        return str(error)
    if min(picture.size) > size:
        picture = resize_short_side(picture, size)
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=95)
    return buffer.getvalue()


def _write_tar(path: Path, samples: Iterator[dict[str, Any]]) -> None:
    from webdataset import TarWriter

    with open(path, "wb") as file, TarWriter(file, mtime=0) as tar:
        for sample in samples:
            tar.write(sample)
