"""What refining gains over the network's own picture, and what it costs.

python -m benchmarks.refine PAIRS.tsv [--every N] [--steps 0,20] [--size 512]

Scores are those of `stylize evaluate`, on every N-th pair; seconds and memory are this machine's.
Writes benchmarks/refine.md.
"""

import argparse
import resource
import time
from pathlib import Path

from styletransfer import Stylizer
from styletransfer.evaluation.report import evaluate, means, read_pairs

SHOWN = ("strokes@512", "strokes@256", "strokes@128", "style", "gram", "content", "ssim")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("pairs", type=Path)
    parser.add_argument("--every", type=int, default=6)
    parser.add_argument("--steps", default="0,20")
    parser.add_argument("--size", type=int, default=512)
    given = parser.parse_args()
    pairs = read_pairs(given.pairs)[:: given.every]
    stylizer = Stylizer(device="cpu")
    rows = []
    for steps in map(int, given.steps.split(",")):
        seconds = []

        def stylize(pair, steps=steps, seconds=seconds):
            start = time.perf_counter()
            look = {"size": given.size, "refine": steps}
            painted = stylizer.stylize(pair.content, pair.style, **look)
            seconds.append(time.perf_counter() - start)
            return painted

        scores = means(list(evaluate(pairs, stylize)))
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
        cells = [str(steps), *(f"{scores[name]:.3f}" for name in SHOWN)]
        rows.append([*cells, f"{sorted(seconds)[len(seconds) // 2]:.1f}", f"{peak:.1f}"])
        print(" | ".join(rows[-1]), flush=True)
    head = ["steps", *SHOWN, "seconds (median)", "peak GiB"]
    lines = [head, ["---"] * len(head), *rows]
    table = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    text = (
        f"# Refine\n\nEvery {given.every}th of the open pairs, {given.size} px, `adain-fast`, "
        f"CPU: `python -m benchmarks.refine PAIRS.tsv --every {given.every} --steps {given.steps} "
        f"--size {given.size}`.\n\n{table}\n\nThe peak counts the metrics' own networks and pictures.\n"
    )
    (Path(__file__).parent / "refine.md").write_text(text)


if __name__ == "__main__":
    main()
