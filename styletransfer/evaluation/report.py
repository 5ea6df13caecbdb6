"""The four scores over a list of pairs."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import torch
from PIL import Image
from torch import Tensor
from torchvision.transforms.functional import pil_to_tensor

from ..errors import InputError
from ..io.image import read_picture, resize_short_side
from ..io.weights import load_encoder
from . import metrics

SIZE = 384
SCORES = ("style", "gram", "content", "ssim")


class Pair(NamedTuple):
    id: str
    content: Path
    style: Path


def read_pairs(path: Path) -> list[Pair]:
    """Lines of id, content, style with tabs between; paths relative to the file's folder."""
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
def evaluate(
    pairs: Sequence[Pair], stylize: Callable[[Pair], Image.Image]
) -> Iterator[dict[str, float | str]]:
    """Yield id, style, gram, content and ssim of each pair, measured at 384 px short side."""
    encoder = load_encoder(normalized=False)

    def features(picture: Tensor) -> dict[str, Tensor]:
        return encoder(picture, metrics.TAPS)

    grams, styles = {}, {}
    for path in dict.fromkeys(pair.style for pair in pairs):
        found = features(_tensor(resize_short_side(read_picture(path).rgb, SIZE)))
        grams[path], styles[path] = metrics.gram_matrices(found), metrics.all_statistics(found)
    deviations = metrics.style_deviations(list(styles.values()))
    if len(styles) == 1:
        raise InputError("the style score needs at least two different styles in the list")

    for pair in pairs:
        photo = _tensor(resize_short_side(read_picture(pair.content).rgb, SIZE))
        painted = stylize(pair).convert("RGB")
        size = (photo.shape[3], photo.shape[2])
        if painted.size != size:
            painted = painted.resize(size, Image.Resampling.LANCZOS)
        painted = _tensor(painted)
        before, after = features(photo), features(painted)
        yield {
            "id": pair.id,
            "style": metrics.style_score(
                metrics.all_statistics(after),
                metrics.all_statistics(before),
                styles[pair.style],
                deviations,
            ),
            "gram": metrics.gram_score(
                metrics.gram_matrices(after), metrics.gram_matrices(before), grams[pair.style]
            ),
            "content": metrics.content_score(after, before),
            "ssim": metrics.ssim(painted, photo).item(),
        }


def means(rows: Sequence[dict]) -> dict[str, float]:
    """The mean of each score over the pairs."""
    return {score: sum(row[score] for row in rows) / len(rows) for score in SCORES}


def _tensor(image: Image.Image) -> Tensor:
    return pil_to_tensor(image)[None].float() / 255
