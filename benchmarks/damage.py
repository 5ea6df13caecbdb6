"""Ways to break a file, drawn at random: for `benchmarks.hostile`."""

import json
import random
import struct
import zlib

VALUES = (
    None, True, -1, 0, 1, 10**30, 1e308, float("nan"), "", "x" * 3000, "\0", "../../x", [], {}, [[]],
    [None], {"a": None}, "nan", "[]", "{}", "null", "-1", 2**63, [1] * 5000, "relu4_1", 0.5,
)  # fmt: skip


def damaged(data: bytes, name: str, others: list[bytes], rng: random.Random) -> bytes:
    """A file's bytes, broken in one way or in two. name: says what it is. others: to splice with."""
    for _ in range(rng.choice((1, 1, 2))):
        data = rng.choice([*_STRUCTURED.get(name.rpartition(".")[2], ()), *_ANY])(data, others, rng)
    if name.endswith("png") and rng.random() < 0.7:
        data = _with_checksums(data)
    return data


def _cut(data: bytes, others: list[bytes], rng: random.Random) -> bytes:
    return data[: int(len(data) * rng.random() ** 0.5)]


def _flip(data: bytes, others: list[bytes], rng: random.Random) -> bytes:
    broken = bytearray(data)
    for _ in range(rng.choice((1, 1, 4, 40)) if data else 0):
        broken[rng.randrange(len(broken))] ^= 1 << rng.randrange(8)
    return bytes(broken)


def _overwrite(data: bytes, others: list[bytes], rng: random.Random) -> bytes:
    """Numbers at their ends, most often near the beginning, where sizes and counts are."""
    number = rng.choice((b"\0", b"\xff", b"\x7f")) * rng.choice((1, 2, 4, 8))
    reach = rng.choice((32, 200, len(data)))
    place = rng.randrange(max(1, min(reach, len(data))))
    return data[:place] + number + data[place + len(number) :]


def _noise(data: bytes, others: list[bytes], rng: random.Random) -> bytes:
    place, length = rng.randrange(len(data) + 1), rng.choice((1, 16, 500, 20_000))
    return data[:place] + rng.randbytes(length) + data[place + rng.choice((0, length)) :]


def _drop(data: bytes, others: list[bytes], rng: random.Random) -> bytes:
    place = rng.randrange(len(data) + 1)
    return data[:place] + data[place + rng.choice((1, 7, 300)) :]


def _splice(data: bytes, others: list[bytes], rng: random.Random) -> bytes:
    other = rng.choice(others)
    return data[: rng.randrange(len(data) + 1)] + other[rng.randrange(len(other) + 1) :]


def _other(data: bytes, others: list[bytes], rng: random.Random) -> bytes:
    return rng.choice([*others, b"", b"\0" * 4000, rng.randbytes(2000), b"I am text\n" * 9])


_ANY = [_cut, _cut, _flip, _flip, _flip, _overwrite, _overwrite, _noise, _drop, _splice, _other]


def changed(value: object, rng: random.Random) -> object:
    """A JSON value with something in it that is not what it should be."""
    inside = list(value if isinstance(value, dict) else range(len(value))) if _nested(value) else []
    if not inside or rng.random() < 0.1:
        if isinstance(value, str) and rng.random() < 0.7:  # JSON in JSON, as metadata has it
            try:
                return json.dumps(changed(json.loads(value), rng))
            except ValueError:
                pass
        return rng.choice(VALUES)
    key = rng.choice(inside)
    copy = dict(value) if isinstance(value, dict) else list(value)
    if isinstance(copy, dict) and rng.random() < 0.2:
        del copy[key]
    else:
        copy[key] = changed(copy[key], rng)
    return copy


def _nested(value: object) -> bool:
    return isinstance(value, dict | list)


def _json(data: bytes, others: list[bytes], rng: random.Random) -> bytes:
    try:
        return json.dumps(changed(json.loads(data), rng)).encode()
    except ValueError:
        return data


def _lines(data: bytes, others: list[bytes], rng: random.Random) -> bytes:
    """One line of JSON, of a table or of TOML with another value, twice, or gone."""
    lines = data.split(b"\n")
    number = rng.randrange(len(lines))
    line = lines[number]
    value = rng.choice(VALUES)
    if line.startswith(b"{"):
        new = [_json(line, others, rng)]
    elif b"=" in line:
        text = json.dumps(value) if rng.random() < 0.8 else str(value)
        new = [line.partition(b"=")[0] + b"= " + text.encode()]
    else:
        parts = line.split(b"\t")
        parts[rng.randrange(len(parts))] = str(value).encode()
        new = [b"\t".join(parts)]
    lines[number : number + 1] = rng.choice((new, new, new, [line, line], []))
    return b"\n".join(lines)


def _tensors(data: bytes, others: list[bytes], rng: random.Random) -> bytes:
    """A safetensors file with another header of the right length, or with numbers that are none."""
    try:
        length = struct.unpack("<Q", data[:8])[0]
        header, body = dict(json.loads(data[8 : 8 + length])), data[8 + length :]
    except (ValueError, TypeError, struct.error):
        return data
    if rng.random() < 0.2:
        return data[: 8 + length] + rng.choice((b"\xff", b"\0\x7c", b"\0\xfc")) * (len(body) // 2)
    about = header.get("__metadata__")
    if about and rng.random() < 0.6:
        about = changed(about, rng)
        if isinstance(about, dict):  # the format knows texts only
            about = {k: v if isinstance(v, str) else json.dumps(v) for k, v in about.items()}
        header["__metadata__"] = about
    elif rng.random() < 0.3 and len(header) > 3:  # tensors that have changed places
        one, two = rng.sample([key for key in header if key != "__metadata__"], 2)
        header[one], header[two] = header[two], header[one]
    else:
        header = changed(header, rng)
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + body


_STRUCTURED = {
    "json": [_json] * 9,
    "jsonl": [_lines] * 9,
    "toml": [_lines] * 9,
    "tsv": [_lines] * 9,
    "txt": [_lines] * 9,
    "safetensors": [_tensors] * 9,
}


def _with_checksums(data: bytes) -> bytes:
    """A PNG whose sums are right again, so that what is broken is looked at."""
    out, place = data[:8], 8
    while place + 12 <= len(data):
        length = struct.unpack(">I", data[place : place + 4])[0]
        chunk = data[place + 4 : place + 8 + length]
        if len(chunk) < 4 + length:
            break
        out += data[place : place + 4] + chunk + struct.pack(">I", zlib.crc32(chunk))
        place += 12 + length
    return out + data[place:]
