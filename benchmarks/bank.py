"""What the bank's learned styles score beside a model that sees the paintings themselves.

    python -m benchmarks.bank PAINTINGS [--model bank] [--size 384]

PAINTINGS: a folder of the paintings that the model has learned, by their names in it. Prints a table.
"""

import argparse
from pathlib import Path

from styletransfer import Stylizer
from styletransfer.evaluation.report import Pair, evaluate, means

PHOTOS = Path(__file__).parents[1] / "examples" / "content"
USED = ("astronaut", "bridge", "cat", "mountains")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("paintings", type=Path)
    parser.add_argument("--model", default="bank")
    parser.add_argument("--size", type=int, default=384, help="short side at which to stylize")
    given = parser.parse_args()
    paintings = {path.stem: path for path in sorted(given.paintings.iterdir())}
    bank, any_style = Stylizer(given.model), Stylizer("adain-fast")
    pairs = [
        Pair(name, PHOTOS / f"{photo}.jpg", painting)
        for name, painting in paintings.items()
        for photo in USED
    ]
    painters = {
        given.model: lambda pair: bank.stylize(pair.content, f"bank:{pair.id}", size=given.size),
        "adain-fast": lambda pair: any_style.stylize(pair.content, pair.style, size=given.size),
    }
    print("| | style | gram | content | ssim |\n|---|---|---|---|---|")
    for name, paint in painters.items():
        found = means(list(evaluate(pairs, paint)))
        print(f"| {name} | " + " | ".join(f"{score:.3f}" for score in found.values()) + " |")


if __name__ == "__main__":
    main()
