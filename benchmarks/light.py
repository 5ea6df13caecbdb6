"""How much of a shadow, a vignette and a dusk the contextual model takes away.

    python -m benchmarks.light [PICTURE.jpg]

Six of the example photos at 384 px, each with its light taken away from a part of it: how far that
part is from what the same model paints of the photo as it was, and by how much of that it is nearer
than adain-fast's. Writes its part of docs/normalization.md; results are kept in
benchmarks/results/light.jsonl, so that the same command goes on. PICTURE gets a photo half in shadow
and what both models paint of it.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from PIL import Image, ImageFilter

from styletransfer import Stylizer
from styletransfer.media.image import read_picture, resize_short_side
from styletransfer.models.bottlenecks.contextual import Contextual
from styletransfer.models.shipped import file_digest, model_path
from styletransfer.styles.encode import Style

from .kept import kept_runs
from .page import table, write_part

EXAMPLES = Path(__file__).parents[1] / "examples"
DONE = Path("benchmarks/results/light.jsonl")
PAGE = Path("docs/normalization.md")
PHOTOS = ("bridge", "citrus", "astronaut", "cat", "coffee", "mountains")
STYLE = EXAMPLES / "style" / "starry_night.jpg"
SIZE = 384
BORDER = 8  # pixels beside the shadow's edge that do not count
WINDOWS = (0.15, 0.5)  # shares of the shorter side, beside the model's own
# In place of what the network predicts, the same everywhere; 0 is AdaIN alone.
CONTEXTS = (0.0, 0.75, 1.0)
TEXT = """
Mean |difference|, of 255, where light is missing, mean of {photos} photos at {size} px; in brackets by
how much it is nearer than `adain-fast`'s. "Spread" is the standard deviation of what is painted of the
photos as they were: a grey picture would be near to itself in any light.

{results}
**half**: the left half at a quarter of its light, a hard edge. **soft**: the same, over half the
width. **vignette**: down to a fifth in the corners. **dusk**: the lower two thirds at a third of their
light and bluish, below a bright sky. They are synthetic: a proxy for light in the world.

**Context c**: the model with its evening-out set by hand at inference, everywhere the same, to windows
of such a share of the picture; 0 is plain AdaIN in the same network. **Evened**: no network at all,
the photo's luminance divided by its own blur before `adain-fast` paints it.
"""


def photo(name: str, size: int) -> np.ndarray:
    picture = read_picture(EXAMPLES / "content" / f"{name}.jpg")
    return np.array(resize_short_side(picture.rgb, size))


def shadowed(pixels: np.ndarray) -> np.ndarray:
    dark = pixels.copy()
    dark[:, : pixels.shape[1] // 2] //= 4
    return dark


def light(case: str, height: int, width: int) -> np.ndarray:
    """What is left of the light, (H, W, 3) in [0, 1]."""
    y, x = np.mgrid[0 : 1 : height * 1j, 0 : 1 : width * 1j]
    one = np.ones(3)
    if case == "half":
        return np.where(np.arange(width) < width // 2, 0.25, 1.0)[None, :, None] * np.ones(
            (height, 1, 3)
        )
    if case == "soft":
        return (0.25 + 0.75 * np.clip(2 * x - 0.5, 0, 1))[..., None] * one
    if case == "vignette":
        return (1 - 0.8 * np.clip(((x - 0.5) ** 2 + (y - 0.5) ** 2) / 0.5, 0, 1))[..., None] * one
    dim = np.clip((y - 0.2) / 0.3, 0, 1)[..., None]
    return 1 - dim * (1 - np.array([0.28, 0.33, 0.45]))


CASES = ("half", "soft", "vignette", "dusk")


def dimmed(pixels: np.ndarray, case: str) -> tuple[np.ndarray, np.ndarray]:
    """The photo in that light, and where it has lost a fifth of it or more, (H, W) bool."""
    left = light(case, *pixels.shape[:2])
    where = left.mean(axis=2) < 0.8
    if case == "half":
        where[:, pixels.shape[1] // 2 - BORDER :] = False
    return (pixels * left).astype(np.uint8), where


def apart(stylizer: Stylizer, pixels: np.ndarray, style: Style) -> float:
    """Mean |difference|, of 255, in the half that lies in shadow."""
    lit, dark = (stylizer.stylize(each, style).astype(float) for each in (pixels, shadowed(pixels)))
    return np.abs(lit - dark)[:, : pixels.shape[1] // 2 - BORDER].mean()


def evened(pixels: np.ndarray) -> np.ndarray:
    """The photo with its luminance divided by that of a wide blur, as bright as before in the mean."""
    bright = np.array(Image.fromarray(pixels).convert("L")).astype(float)
    blur = Image.fromarray(bright.astype(np.uint8)).filter(
        ImageFilter.GaussianBlur(min(bright.shape) / 8)
    )
    gain = bright.mean() / (np.array(blur).astype(float) + 8)
    return np.clip(pixels * gain[..., None], 0, 255).astype(np.uint8)


@contextmanager
def context(stylizer: Stylizer, window: float, share: float | None) -> Iterator[None]:
    """The model with other windows and, if share says so, that context everywhere."""
    layers = [module for module in stylizer.net.modules() if isinstance(module, Contextual)]
    own = [(layer.window, layer.context) for layer in layers]
    for layer in layers:
        layer.window = window
        if share is not None:
            layer.context = lambda _, local: local.mean.new_full(local.mean.shape, share)
    try:
        yield
    finally:
        for layer, (window, predict) in zip(layers, own):
            layer.window, layer.context = window, predict


def measure(paint: Callable[[np.ndarray], np.ndarray]) -> dict:
    """By case, mean |difference| where light is missing, of all photos; and the spread."""
    found: dict[str, list[float]] = {name: [] for name in (*CASES, "spread")}
    for name in PHOTOS:
        pixels = photo(name, SIZE)
        lit = paint(pixels).astype(float)
        found["spread"].append(float(lit.std()))
        for case in CASES:
            dark, where = dimmed(pixels, case)
            found[case].append(float(np.abs(lit - paint(dark))[where].mean()))
    return {key: sum(values) / len(values) for key, values in found.items()}


def main(path: str | None = None) -> None:
    fast, contextual = (
        Stylizer(name, device="cpu", precision="fp32") for name in ("adain-fast", "contextual")
    )
    code, other = fast.style(STYLE), contextual.style(STYLE)

    def one(name: str, window: float, share: float | None) -> dict:
        if name == "contextual":
            with context(contextual, window, share):
                return measure(lambda pixels: contextual.stylize(pixels, other))
        prepare = evened if name == "evened" else np.asarray
        return measure(lambda pixels: fast.stylize(prepare(pixels), code))

    jobs = [("adain-fast", 0.0, None), ("contextual", Contextual.WINDOW, None)]
    jobs += [("contextual", Contextual.WINDOW, share) for share in CONTEXTS]
    jobs += [("contextual", window, 1.0) for window in WINDOWS]
    jobs += [("evened", 0.0, None)]
    models = [file_digest(model_path(name)) for name in ("adain-fast", "contextual")]
    of = {"photos": list(PHOTOS), "size": SIZE, "models": models}
    found = kept_runs(DONE, of, jobs, one)
    base, rows = found[jobs[0]], []
    for (name, window, share), each in found.items():
        title = name if share is None else f"context {share:g}, windows of {window:g}"
        cells = [f"{each[c]:.1f} ({100 * (1 - each[c] / base[c]):.0f} %)" for c in CASES]
        rows.append([title, *cells, f"{each['spread']:.0f}"])
    results = table(("", *CASES, "spread"), rows)
    write_part(PAGE, "light", TEXT.format(results=results, photos=len(PHOTOS), size=SIZE))
    if path:
        row = [shadowed(photo("mountains", 384))]
        row += [s.stylize(row[0], c) for s, c in ((fast, code), (contextual, other))]
        Image.fromarray(np.concatenate(row, axis=1)).save(path, quality=90)


if __name__ == "__main__":
    main(*sys.argv[1:])
