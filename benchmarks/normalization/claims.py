"""What is claimed of normalizations, and the rule by which a measurement settles it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import mean

FEWEST = 3
RULE = f"""A claim is a number for each seed and a bound, fixed before the runs. **Held**: the
number of every seed keeps within the bound. **Not held**: that of none does. **Not measurable
here**: the seeds disagree, or there are fewer than {FEWEST} of them."""


@dataclass(frozen=True)
class Runs:
    """All results by what they are of: main[kind, norm], one for each seed; batch[norm, size],
    likewise; cost, one for each turn."""

    main: dict[tuple[str, str], list[dict]]
    batch: dict[tuple[str, int], list[dict]]
    cost: list[dict]


@dataclass(frozen=True)
class Claim:
    """text: the claim, and who makes it. measured: what the number is. numbers: one for each seed.
    least or most: its bound."""

    text: str
    measured: str
    numbers: Callable[[Runs], list[float]]
    least: float | None = None
    most: float | None = None

    @property
    def bound(self) -> str:
        return f"≤ {self.most:g}" if self.least is None else f"≥ {self.least:g}"

    def verdict(self, numbers: Sequence[float]) -> str:
        within = [n >= self.least if self.most is None else n <= self.most for n in numbers]
        if len(numbers) < FEWEST or any(within) != all(within):
            return "not measurable here"
        return "held" if all(within) else "not held"


def smoothed(curve: Sequence[Sequence[float]]) -> list[float]:
    """Whole training loss, the mean of the last tenth of the run at each step."""
    window = max(1, len(curve) // 10)
    totals = [sum(parts) for parts in curve]
    return [mean(totals[max(0, i + 1 - window) : i + 1]) for i in range(len(totals))]


def final(run: dict) -> float:
    """Loss at the end, on the pairs that are not trained on."""
    return sum(run["held"][-1][1:])


def share_needed(fast: dict, slow: dict) -> float:
    """Share of the steps after which `fast` has the training loss that `slow` ends with; inf: never."""
    goal, reached = smoothed(slow["curve"])[-1], smoothed(fast["curve"])
    return next(((i + 1) / len(reached) for i, loss in enumerate(reached) if loss <= goal), float("inf"))


def ratio(
    kind: str, a: str, b: str, of: Callable[[dict], float] = final
) -> Callable[[Runs], list[float]]:
    return lambda runs: [of(x) / of(y) for x, y in zip(runs.main[kind, a], runs.main[kind, b])]


def by_size(runs: Runs, norm: str) -> list[dict[int, float]]:
    """Held-out loss by batch size, for each seed."""
    sizes = sorted(size for name, size in runs.batch if name == norm)
    return [
        dict(zip(sizes, losses))
        for losses in zip(*([sum(r["held"]) for r in runs.batch[norm, s]] for s in sizes))
    ]


def widest(losses: dict[int, float]) -> float:
    return max(losses.values()) / min(losses.values())


def ends(losses: dict[int, float]) -> float:
    """Mean of the two smallest batches over the mean of the two largest."""
    sizes = sorted(losses)
    return (losses[sizes[0]] + losses[sizes[1]]) / (losses[sizes[-1]] + losses[sizes[-2]])


def quarter_contrast(run: dict) -> float:
    """Grey levels by which the picture changes when the photo's contrast is quartered."""
    return next(change for level, change, _ in run["sensitivity"]["contrast"] if level == 0.25)


def style_error(run: dict) -> float:
    return 1 - run["scores"]["style"]


def slower(a: str, b: str, what: str = "step") -> Callable[[Runs], list[float]]:
    return lambda runs: [turn[a][what] / turn[b][what] for turn in runs.cost]


CLAIMS = (
    Claim(
        "Instance normalization converges faster than batch normalization (Ulyanov 2016, 2017)",
        "one painting: share of the steps after which it has the training loss that batch ends with",
        lambda runs: [
            share_needed(*both)
            for both in zip(runs.main["single", "instance"], runs.main["single", "batch"])
        ],
        most=0.8,
    ),
    Claim(
        "… and faster than no normalization",
        "the same, against none",
        lambda runs: [
            share_needed(*both)
            for both in zip(runs.main["single", "instance"], runs.main["single", "none"])
        ],
        most=0.8,
    ),
    Claim(
        "Instance normalization makes better stylizations than batch normalization (Ulyanov 2016)",
        "one painting: its loss over batch's, on photos not trained on",
        ratio("single", "instance", "batch"),
        most=0.95,
    ),
    Claim(
        "Instance normalization is independent of the batch size",
        "largest loss of any batch size over the smallest, photos not trained on",
        lambda runs: [widest(losses) for losses in by_size(runs, "instance")],
        most=1.02,
    ),
    Claim(
        "Batch normalization degrades at small batches (Wu & He 2018)",
        "loss at 1 and 2 over loss at 32 and 64, photos not trained on",
        lambda runs: [ends(losses) for losses in by_size(runs, "batch")],
        least=1.05,
    ),
    Claim(
        "Instance normalization is robust to the photo's contrast (Ulyanov 2016)",
        "one painting: change of the picture at a quarter of the contrast, over batch's change",
        ratio("single", "instance", "batch", quarter_contrast),
        most=0.5,
    ),
    Claim(
        "Instance normalization in AdaIN's decoder is harmful (Huang & Belongie 2017)",
        "decoder: its loss over that of none, on pairs not trained on",
        ratio("decoder", "instance", "none"),
        least=1.05,
    ),
    Claim(
        "… so is batch normalization",
        "the same, for batch",
        ratio("decoder", "batch", "none"),
        least=1.05,
    ),
    Claim(
        "Instance normalization costs no more than batch normalization",
        "time of a training step over batch's",
        slower("instance", "batch"),
        most=1.05,
    ),
    Claim(
        "Instance normalization costs little",
        "time of a training step over that of none",
        slower("instance", "none"),
        most=1.1,
    ),
)
