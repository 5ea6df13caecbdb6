"""Artefacts: halos beside the photo's edges, and a weave in flat areas."""

import math
from collections.abc import Iterable

import torch
from torch import Tensor
from torch.nn import functional as F

from .metrics import luminance

NEAR, FAR = (2.0, 3.0, 4.0, 5.0), (9.0, 10.0, 11.0, 12.0)  # pixels beside an edge
EDGES = 4096  # the strongest, of each picture
WINDOW = 64  # pixels; the periods below are whole fractions of it
PERIODS = (64 / 40, 2.0, 64 / 20, 4.0, 64 / 10, 8.0, 64 / 5, 16.0)
"""Pixels after which the grids of decoders repeat: of strides up to 16, and of pictures a quarter larger
inside."""

LINES = {
    (k * i % WINDOW, k * j % WINDOW): (i, j)
    for k in {min(n, WINDOW - n) for n in (round(WINDOW / period) for period in PERIODS)}
    for i, j in ((1, 0), (0, 1), (1, 1), (1, -1))
}
"""Frequencies of those grids, in waves of a window, and the direction of each."""

CLEAR = 6.0
"""A line counts from so many times the rest on: without a grid it is as strong once in e⁶ = 400."""

RING = [(i, j) for i in range(-4, 5) for j in range(-4, 5) if max(abs(i), abs(j)) > 2]
STRONG = 0.3  # of the strength of a picture's strongest edges; below is texture


def rims(picture: Tensor, edges: Tensor | None = None) -> float:
    """How much an edge overshoots: how much brighter its bright side, and darker its dark side, is right
    beside the edge than farther away; the mean over edges, in grey levels of 255. 0 is none, below 0
    edges are soft.

    picture: (1, 3, H, W) in [0, 1]. edges: `strong_edges` of the photo it was made of; its own by
    default. Texture has both signs and cancels out in the mean.
    """
    luma = _blurred(luminance(picture), 1.0)
    if edges is None:
        edges = strong_edges(picture)
    y, x, dy, dx = edges
    height, width = luma.shape[2:]

    def side(distances: tuple[float, ...], sign: float) -> Tensor:
        total = torch.zeros(())
        for distance in distances:
            at = torch.stack([x + sign * distance * dx, y + sign * distance * dy], dim=-1)
            at = (2 * at + 1) / torch.tensor([width, height]) - 1
            total = total + F.grid_sample(luma, at[None, None], align_corners=False)[0, 0, 0]
        return total / len(distances)

    near_up, far_up, near_down, far_down = (
        side(d, sign) for sign, d in ((1, NEAR), (1, FAR), (-1, NEAR), (-1, FAR))
    )
    # A painted edge may have its bright side where the photo's is dark.
    polarity = (far_up - far_down).sign()
    over = polarity * ((near_up - far_up) - (near_down - far_down)) / 2
    return float(255 * over.mean())


def strong_edges(picture: Tensor) -> Tensor:
    """The strongest edges of a picture, (4, EDGES): y, x, and the unit gradient's y, x; at least `FAR`
    from the border."""
    luma = _blurred(luminance(picture), 1.5)
    dy = luma[:, :, 2:, 1:-1] - luma[:, :, :-2, 1:-1]
    dx = luma[:, :, 1:-1, 2:] - luma[:, :, 1:-1, :-2]
    strength = (dy.square() + dx.square()).sqrt()[0, 0]
    thick = F.max_pool2d(strength[None, None], 3, 1, 1)[0, 0]
    border = int(FAR[-1]) + 1
    inside = torch.zeros_like(strength, dtype=torch.bool)
    inside[border:-border, border:-border] = True
    ridge = torch.where((strength == thick) & inside, strength, 0.0)
    best = ridge.flatten().topk(min(EDGES, ridge.numel())).indices
    found = ridge.flatten()[best]
    best = best[found > STRONG * found[:100].mean()]
    y, x = best // strength.shape[1], best % strength.shape[1]
    length = strength[y, x]
    return torch.stack([y + 1.0, x + 1.0, dy[0, 0, y, x] / length, dx[0, 0, y, x] / length])


def halo(output: Tensor, content: Tensor, style: Tensor) -> float:
    """How far the `rims` at the photo's strong edges exceed those of the photo and of the style; in grey
    levels of 255, 0 or more. All pictures (1, 3, H, W) in [0, 1], output of the content's size."""
    return max(0.0, rims(output, strong_edges(content)) - max(0.0, rims(content), rims(style)))


def weave(output: Tensor, content: Tensor, style: Tensor) -> float:
    """How strong a pattern with the decoder's period is in flat areas, beyond the style's own; in grey
    levels of 255, 0 or more.

    A grid shows as lines in the spectrum, at `PERIODS` across, down and both, with the same phase in
    every window, unlike strokes. The score is the amplitude of the windows' mean spectrum there, less
    what chance and edges leave, as the root of the sum of squares. Pictures as for `halo`. The windows
    are the quarter in which the photo varies least; for the style, in which it varies least itself.
    """
    return max(0.0, _grid(output, like=content) - _grid(style, like=style))


def _grid(picture: Tensor, like: Tensor) -> float:
    """`lines` of those windows of a picture where another one of its size varies least."""
    windows, places = _windows(luminance(picture))
    flattest = _windows(luminance(like))[0].std(dim=(1, 2)).argsort()[: max(1, len(windows) // 4)]
    return lines(windows[flattest], places[flattest])


def lines(windows: Tensor, places: Tensor) -> float:
    """The strength of a grid's lines in the mean spectrum of windows (N, WINDOW, WINDOW) of one picture,
    in grey levels of 255. places: (N, 2) int64, their rows and columns, in halves of a window.

    A line is a wave of one amplitude A and one phase everywhere, A cos(2π k·x / WINDOW + φ), at an
    integer frequency k: A² = 4 |mean X_w e^(−iπ k·p_w)|² − rest, X_w being the spectrum of window w over
    the sum of its taper, p_w its place. The rest is what waves of any phase leave in a mean of as many
    independent windows, 4 mean |X_w|² / N'; or, if that is more, what is found at the frequencies
    around, as of edges, which run on along their direction. A line that is not `CLEAR` times the rest
    counts nothing.
    """
    hann = torch.hann_window(WINDOW, periodic=True)
    hann = hann[:, None] * hann
    tapered = (windows - windows.mean(dim=(1, 2), keepdim=True)) * hann
    spectra = torch.fft.fft2(tapered) / hann.sum()
    k = torch.arange(WINDOW)
    row, column = places.T[..., None, None]
    flips = 1 - 2 * ((k[:, None] * row + k * column) % 2)  # e^(−iπ k·p) of whole k and p
    power = (spectra * flips).mean(dim=0).abs().square()
    chance = spectra.abs().square().mean(dim=0) / _independent(places)

    def typical(at: tuple[int, int], steps: Iterable[tuple[int, int]]) -> Tensor:
        around = [power[(at[0] + i) % WINDOW, (at[1] + j) % WINDOW] for i, j in steps]
        return torch.stack(around).median()

    total = 0.0
    for line, toward in LINES.items():
        along = [(d * toward[0], d * toward[1]) for d in (-4, -3, -2, 2, 3, 4)]
        rest = max(chance[line], typical(line, along), typical(line, RING))
        if power[line] > CLEAR * rest:
            # A wave has two lines, k and −k, unless they are the same.
            waves = 1 if all(2 * i % WINDOW == 0 for i in line) else 4
            total += waves * (power[line] - rest).item()
    return 255 * math.sqrt(total)


def _independent(places: Tensor) -> float:
    """The number of independent windows that these half overlapping ones are worth, by the variance of a
    mean of noise. places: (N, 2)."""
    apart = (places[:, None] - places).abs()
    # Two Hann windows that overlap by half correlate by a sixth, Σ h(n) h(n + WINDOW/2) / Σ h(n)².
    correlation = torch.tensor([1.0, 1 / 6, 0.0])[apart.clamp(max=2)].prod(dim=2)
    return (len(places) ** 2 / correlation.sum()).item()


def _windows(luma: Tensor) -> tuple[Tensor, Tensor]:
    """Half overlapping windows of (1, 1, H, W): (N, WINDOW, WINDOW), and their places, (N, 2) int64, row
    and column in halves of a window."""
    half = WINDOW // 2
    windows = F.unfold(luma, WINDOW, stride=half)[0].T.reshape(-1, WINDOW, WINDOW)
    rows, columns = ((side - WINDOW) // half + 1 for side in luma.shape[2:])
    places = torch.cartesian_prod(torch.arange(rows), torch.arange(columns))
    return windows, places.reshape(-1, 2)


def _blurred(x: Tensor, sigma: float) -> Tensor:
    reach = int(3 * sigma + 0.5)
    kernel = torch.exp(-0.5 * (torch.arange(-reach, reach + 1) / sigma).square())
    kernel = kernel / kernel.sum()
    x = F.pad(x, (reach,) * 4, mode="reflect")
    return F.conv2d(F.conv2d(x, kernel.view(1, 1, 1, -1)), kernel.view(1, 1, -1, 1))
