"""The evaluation of a list of pairs."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import NamedTuple

import torch
from PIL import Image
from torch import Tensor
from torchvision.transforms.functional import pil_to_tensor, to_pil_image

from ..errors import InputError
from ..media.image import read_picture, resize_short_side
from ..models.statistics import Statistics
from ..models.vgg import VGGEncoder
from ..models.weights import load_encoder
from . import artifacts, metrics, strokes

SIZE = 384  # short side for style, gram, content and ssim
FULL = strokes.SIZES[0]  # and for the rest, but where they name another
SCORES = (
    "style", "gram", "content", "ssim",
    *(f"strokes@{size}" for size in strokes.SIZES),
    *(f"patch@{size}" for size in strokes.SIZES),
    "halo", "weave",
)  # fmt: skip


Row = dict[str, float | str]
"""The id of a pair, and its scores."""


class Pair(NamedTuple):
    """The files of a content and a style; id names the pair in the table."""

    id: str
    content: Path
    style: Path


def read_pairs(path: Path) -> list[Pair]:
    """Read lines of id, content and style, separated by tabs; paths are relative to the file's
    folder."""
    try:
        lines = path.read_text().splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: cannot be read ({getattr(error, 'strerror', error)})") from None
    pairs = []
    for number, line in enumerate(lines, 1):
        fields = line.split("\t")
        if not line.strip() or line.startswith("#") or fields == ["id", "content", "style"]:
            continue
        if len(fields) != 3:
            raise InputError(f"{path}: line {number} is not id, content, style with tabs between")
        pairs.append(Pair(fields[0], path.parent / fields[1], path.parent / fields[2]))
    if not pairs:
        raise InputError(f"{path}: no pairs in it")
    return pairs


@torch.inference_mode()
def evaluate(pairs: Sequence[Pair], stylize: Callable[[Pair], Image.Image]) -> Iterator[Row]:
    """Yield the id and all `SCORES` of each pair."""
    encoder = load_encoder(normalized=False)
    measured = partial(MeasuredImage.of, encoder)
    styles = {path: measured(read_picture(path).rgb) for path in dict.fromkeys(p.style for p in pairs)}
    deviations = metrics.style_deviations([style.statistics for style in styles.values()])
    if len(styles) == 1:
        raise InputError("the style score needs at least two different styles in the list")
    contents = lru_cache(8)(lambda path: measured(read_picture(path).rgb))
    for pair in pairs:
        content, style = contents(pair.content), styles[pair.style]
        output = measured(stylize(pair).convert("RGB"), content.shapes)
        yield {"id": pair.id, **scores(output, content, style, deviations)}


@torch.inference_mode()
def ceiling(paths: Sequence[Path]) -> dict[str, float]:
    """The scores that one half of a style gets as a copy of the other half: the most that can be
    expected.

    The mean over styles, by stroke and patch score; the next style of the list stands in for the photo.
    """
    encoder = load_encoder(normalized=False)
    found = []
    for path, other in zip(paths, [*paths[1:], *paths[:1]]):
        first, second = strokes.halves(_tensor(resize_short_side(read_picture(path).rgb, FULL)))
        photo = _tensor(resize_short_side(read_picture(other).rgb, FULL))
        one, two, off = (_signatures(encoder, _image(x)) for x in (first, second, photo))
        found.append({name: strokes.signature_score(one[name], off[name], two[name]) for name in one})
    return {name: sum(row[name] for row in found) / len(found) for name in found[0]}


@dataclass
class MeasuredImage:
    """Everything measured of a picture.

    At SIZE: pixels, VGG's relu3_3, statistics and Gram matrices at the style taps. At FULL: pixels. And
    the stroke and patch signatures, by score.
    """

    pixels: Tensor
    content: dict[str, Tensor]
    statistics: dict[str, Statistics]
    grams: dict[str, Tensor]
    full: Tensor
    signatures: dict[str, strokes.Signature]

    @staticmethod
    def of(
        encoder: VGGEncoder, image: Image.Image, shapes: Sequence[tuple[int, int]] | None = None
    ) -> "MeasuredImage":
        """Measure a picture. shapes: width and height at SIZE and FULL, if they must be another
        picture's."""
        small, full = (
            resize_short_side(image, size) if shapes is None else _fitted(image, shapes[i])
            for i, size in enumerate((SIZE, FULL))
        )
        pixels = _tensor(small)
        features = encoder(pixels, metrics.TAPS)
        return MeasuredImage(
            pixels,
            {"relu3_3": features["relu3_3"]},
            metrics.all_statistics(features),
            metrics.gram_matrices(features),
            _tensor(full),
            _signatures(encoder, full),
        )

    @property
    def shapes(self) -> list[tuple[int, int]]:
        return [(x.shape[3], x.shape[2]) for x in (self.pixels, self.full)]


def scores(
    output: MeasuredImage,
    content: MeasuredImage,
    style: MeasuredImage,
    deviations: Mapping[str, Statistics],
) -> dict[str, float]:
    """All `SCORES` of an output. deviations: from `metrics.style_deviations`."""
    return {
        "style": metrics.style_score(
            output.statistics, content.statistics, style.statistics, deviations
        ),
        "gram": metrics.gram_score(output.grams, content.grams, style.grams),
        "content": metrics.content_score(output.content, content.content),
        "ssim": metrics.ssim(output.pixels, content.pixels).item(),
        **{
            name: strokes.signature_score(output.signatures[name], content.signatures[name], signature)
            for name, signature in style.signatures.items()
        },
        "halo": artifacts.halo(output.full, content.full, style.full),
        "weave": artifacts.weave(output.full, content.full, style.full),
    }


def means(rows: Sequence[Row]) -> dict[str, float]:
    """The mean of each score over the pairs."""
    return {score: sum(float(row[score]) for row in rows) / len(rows) for score in SCORES}


def _tensor(image: Image.Image) -> Tensor:
    pixels: Tensor = pil_to_tensor(image)
    return pixels[None].float() / 255


def _signatures(encoder: VGGEncoder, image: Image.Image) -> dict[str, strokes.Signature]:
    """The stroke and patch signatures at each of their sizes, by score."""
    images = {size: _tensor(resize_short_side(image, size)) for size in strokes.SIZES}
    by_network = {f"strokes@{s}": strokes.stroke_signature(encoder, x) for s, x in images.items()}
    return by_network | {f"patch@{s}": strokes.patch_signature(x) for s, x in images.items()}


def _fitted(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    return image if image.size == size else image.resize(size, Image.Resampling.LANCZOS)


def _image(x: Tensor) -> Image.Image:
    image: Image.Image = to_pil_image(x[0])
    return image
