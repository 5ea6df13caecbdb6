"""How broad the strokes are that --strokes asks for, in pixels of the picture.

    python -m benchmarks.strokes [--model adain-fast]

A grey photo with a little noise, 768 by 768, is painted in every example style: all that is in it then
is the style's texture. Its breadth is twice the distance at which the autocorrelation of its luminance
has fallen to a half, the mean over directions; a table of the means over the styles goes to standard
output. A wave of period p measures p / 3.
"""

import argparse
from pathlib import Path

import torch

from styletransfer import Stylizer
from styletransfer.evaluation.metrics import luminance

STYLES = Path(__file__).parents[1] / "examples" / "style"
SIDE, ASKED = 768, (0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 4.0)


def breadth(picture: torch.Tensor) -> float:
    """Of the texture of a picture (1, 3, H, W), in pixels."""
    luma = luminance(picture)[0, 0]
    spectrum = torch.fft.fft2(luma - luma.mean()).abs().square()
    falling = torch.fft.ifft2(spectrum).real
    falling = falling / falling[0, 0]
    y, x = (torch.fft.fftfreq(side, 1 / side) for side in luma.shape)
    distance = (y[:, None].square() + x.square()).sqrt().round().long().flatten()
    means = torch.zeros(200).index_add_(0, distance.clamp(max=199), falling.flatten())
    means = means / torch.bincount(distance.clamp(max=199), minlength=200)
    below = int((means < 0.5).nonzero()[0])
    share = (means[below - 1] - 0.5) / (means[below - 1] - means[below])
    return 2 * (below - 1 + share.item())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="adain-fast")
    stylizer = Stylizer(parser.parse_args().model, "cpu")
    noise = torch.randn(1, 3, SIDE, SIDE, generator=torch.manual_seed(0))
    photo = (0.5 + 0.02 * noise).clamp(0, 1)
    codes = [stylizer.style(path) for path in sorted(STYLES.glob("*.jpg"))]
    print("| --strokes | " + " | ".join(f"{s:g}" for s in ASKED) + " |")
    print("|---" * (len(ASKED) + 1) + "|")
    found = []
    for strokes in ASKED:
        painted = [breadth(stylizer.stylize(photo, code, strokes=strokes)) for code in codes]
        found.append(sum(painted) / len(painted))
    print("| pixels | " + " | ".join(f"{value:.1f}" for value in found) + " |")


if __name__ == "__main__":
    main()
