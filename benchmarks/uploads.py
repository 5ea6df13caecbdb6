"""What visitors of the studio send, pictures and others: for `benchmarks.soak_studio`."""

import io
import random
import tempfile
from pathlib import Path

from PIL import Image

from styletransfer.styles.code_file import SUFFIX

from .soak import PHOTOS, bomb


def photo(rng: random.Random) -> tuple[str, bytes]:
    """A part of an example, as a JPEG or PNG."""
    with Image.open(rng.choice(sorted(PHOTOS.glob("*.jpg")))) as image:
        width, height = (rng.randint(160, min(400, side)) for side in image.size)
        left, top = rng.randint(0, image.width - width), rng.randint(0, image.height - height)
        part = image.convert("RGB").crop((left, top, left + width, top + height))
    kind, buffer = rng.choice(("jpeg", "png")), io.BytesIO()
    part.save(buffer, kind)
    return f"photo.{kind}", buffer.getvalue()


def brushed(rng: random.Random) -> tuple[str, bytes]:
    """What was drawn with the brush."""
    image, buffer = Image.new("RGBA", (300, 220)), io.BytesIO()
    left, top = rng.randrange(200), rng.randrange(120)
    image.paste((228, 87, 46, 255), (left, top, left + 80, top + 80))
    image.save(buffer, "png")
    return "layer.png", buffer.getvalue()


def cut(rng: random.Random) -> tuple[str, bytes]:
    name, data = photo(rng)
    return name, data[: rng.randrange(20, len(data) // 2)]


def bombed(rng: random.Random) -> tuple[str, bytes]:
    with tempfile.NamedTemporaryFile() as file:
        bomb(Path(file.name), b"", rng)
        return "bomb.png", file.read()


HOSTILE = [
    cut,
    bombed,
    lambda rng: ("noise.png", rng.randbytes(3000)),
    lambda rng: ("text.jpg", b"not a picture at all"),
    lambda rng: ("zeros.webp", bytes(5000)),
    lambda rng: (f"code{SUFFIX}", b"\x08\0\0\0\0\0\0\0{}      "),
]
WRONG = [
    ("alpha", 7), ("alpha", "much"), ("strokes", "wide"), ("preserve_color", "mauve"), ("feather", -3),
    ("path", "a.png"),
]  # fmt: skip
