"""The numbers of a training run. No torch here: `stylize train --help` shows them."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Recipe:
    """How to train.

    reconstruct: steps of plain reconstruction at the start, for weights (`init`) that cannot paint
    a photo yet; a fitted decoder needs none. reconstruct_every: one step in so many later on.
    style_weight and gram_weight multiply distances relative to the photo's own (1 = unstylized),
    content_weight one that is 0 for the photo and 1 for an unrelated picture.
    """

    steps: int = 20_000
    batch_size: int = 8
    crop: int = 256
    checkpoint_every: int = 500
    learning_rate: float = 3e-4
    warmup: int = 100
    reconstruct: int = 0
    reconstruct_every: int = 16
    content_weight: float = 2.0
    style_weight: float = 4.0
    gram_weight: float = 1.0
    ema: float = 0.998
    seed: int = 0
