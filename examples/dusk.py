"""Day to dusk, or summer to autumn: a folder of photos as the style, and how far it is reached.

python examples/dusk.py examples/content/mountains.jpg --domain DUSK -o dusk.jpg

DUSK is a folder of photos; one in three is held out, and only measures. Writes one picture, a row
for each photo: the photo, then stronger and stronger. Prints a table: how far the style statistics
of all these are from those of the held-out photos, and what is left of the photo.
"""

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from styletransfer import InputError, Stylizer
from styletransfer.evaluation import metrics
from styletransfer.media.image import pictures_in, read_picture, resize_short_side, write_picture
from styletransfer.models.statistics import Statistics
from styletransfer.models.vgg import STYLE_TAPS
from styletransfer.models.weights import load_encoder

SIZE = 384  # short side at which all is measured
SHOWN = 200  # and at which it is shown
ALPHAS = (0.25, 0.5, 0.75, 1.0)
Measured = Mapping[str, Statistics]


def tensor(picture: Image.Image) -> Tensor:
    return torch.from_numpy(np.array(picture)).permute(2, 0, 1)[None].float() / 255


def middle(pictures: Sequence[Measured]) -> Measured:
    """The mean statistics of several pictures."""
    return {
        tap: Statistics(*(torch.stack(part).mean(dim=0) for part in zip(*(p[tap] for p in pictures))))
        for tap in STYLE_TAPS
    }


def distance(a: Measured, b: Measured, deviations: Measured) -> float:
    """Σ over taps of the mean squared difference of μ and of σ, in units of their deviations."""
    return sum(
        ((x - y) / (d + 1e-8)).square().mean().item()
        for tap in STYLE_TAPS
        for x, y, d in zip(a[tap], b[tap], deviations[tap])
    )


@torch.inference_mode()
def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("photos", nargs="+", type=Path, help="Photos to carry over.")
    parser.add_argument("--domain", type=Path, required=True, help="A folder of photos of the target.")
    parser.add_argument("--model", default="adain-vgg")
    parser.add_argument("-o", "--out", type=Path, default=Path("dusk.jpg"))
    options = parser.parse_args()
    try:
        run(options)
    except InputError as error:
        sys.exit(f"error: {error}")


def run(options: argparse.Namespace) -> None:
    pictures = pictures_in(options.domain)
    if len(pictures) < 4:
        raise InputError(f"{options.domain}: four photos at least are wanted")
    stylizer = Stylizer(options.model)
    code = stylizer.blend([p for i, p in enumerate(pictures) if i % 3])  # the mean of their style codes
    judge = load_encoder(normalized=False)

    def measure(picture: Image.Image) -> Measured:
        return metrics.all_statistics(judge(tensor(picture), metrics.TAPS))

    every = [measure(resize_short_side(read_picture(path).rgb, SIZE)) for path in pictures]
    domain, held = [m for i, m in enumerate(every) if i % 3], every[::3]
    deviations, goal = metrics.style_deviations(every), middle(held)

    rows, found = [], {name: [] for name in ("the photo", *ALPHAS)}
    for path in options.photos:
        photo = resize_short_side(read_picture(path).rgb, SIZE)
        row = [photo, *(stylizer.stylize(photo, code, alpha) for alpha in ALPHAS)]
        rows.append(np.hstack([np.array(resize_short_side(picture, SHOWN)) for picture in row]))
        before = judge(tensor(photo), metrics.TAPS)
        for name, picture in zip(found, row):
            after = judge(tensor(picture), metrics.TAPS)
            found[name].append((
                distance(metrics.all_statistics(after), goal, deviations),
                metrics.content_score(after, before),
                metrics.ssim(tensor(picture), tensor(photo)).item(),
            ))  # fmt: skip

    print("| | distance | content | ssim |\n|---|---|---|---|")
    for name, values in found.items():
        label = name if isinstance(name, str) else f"--alpha {name:g}"
        print(f"| {label} | " + " | ".join(f"{mean:.2f}" for mean in np.mean(values, axis=0)) + " |")
    own = [distance(picture, goal, deviations) for picture in domain]
    others = [
        distance(picture, middle(held[:i] + held[i + 1 :]), deviations) for i, picture in enumerate(held)
    ]
    print(f"| a photo of the domain | {np.mean(own):.2f} | | |")
    print(f"| a held-out photo of it, from the others | {np.mean(others):.2f} | | |")

    width = max(row.shape[1] for row in rows)
    padded = [np.pad(r, ((0, 8), (0, width - r.shape[1]), (0, 0)), constant_values=255) for r in rows]
    write_picture(options.out, Image.fromarray(np.vstack(padded)))


if __name__ == "__main__":
    main()
