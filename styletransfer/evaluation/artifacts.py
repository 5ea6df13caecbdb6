"""What no style asks for: rims beside the photo's edges, and a weave where the photo is flat."""

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

RING = [(i, j) for i in range(-4, 5) for j in range(-4, 5) if max(abs(i), abs(j)) > 2]
STRONG = 0.3  # of the strength of a picture's strongest edges; below is texture


def rims(picture: Tensor, edges: Tensor | None = None) -> float:
    """How much brighter the bright side of an edge is right beside it than farther off, and darker the
    dark side; the mean over edges, in grey levels of 255. 0: none; below it, edges are soft.

    picture: (1, 3, H, W) in [0, 1]. edges: `strong_edges` of the photo it was made of; its own if not
    given. What texture does is not of one sign, and goes from the mean.
    """
    luma = _blurred(luminance(picture), 1.0)
    if edges is None:
        edges = strong_edges(picture)
    y, x, dy, dx = edges
    height, width = luma.shape[2:]

    def side(distances: tuple[float, ...], sign: float) -> Tensor:
        total = 0.0
        for distance in distances:
            at = torch.stack([x + sign * distance * dx, y + sign * distance * dy], dim=-1)
            at = (2 * at + 1) / torch.tensor([width, height]) - 1
            total = total + F.grid_sample(luma, at[None, None], align_corners=False)[0, 0, 0]
        return total / len(distances)

    near_up, far_up, near_down, far_down = (
        side(d, sign) for sign, d in ((1, NEAR), (1, FAR), (-1, NEAR), (-1, FAR))
    )
    polarity = (
        far_up - far_down
    ).sign()  # a painted edge may have its bright side where the photo's is dark
    over = polarity * ((near_up - far_up) - (near_down - far_down)) / 2
    return 255 * over.mean().item()


def strong_edges(picture: Tensor) -> Tensor:
    """Where a picture's brightness changes most, and the direction it grows in: (4, EDGES), rows of y, x
    and the unit vector's y, x; no nearer to the border than `FAR` reaches."""
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
    """How far the `rims` beside the photo's strong edges exceed the photo's own and the style's own; in
    grey levels of 255, 0 or more. All pictures (1, 3, H, W) in [0, 1], output of content's size."""
    return max(0.0, rims(output, strong_edges(content)) - max(0.0, rims(content), rims(style)))


def weave(output: Tensor, content: Tensor, style: Tensor) -> float:
    """How strong what repeats with a decoder's grid is where the photo is flat, beyond the style's own;
    in grey levels of 255, 0 or more.

    Grids show as lines in the spectrum, at `PERIODS` across, down and both: the amplitude there, less
    that of the frequencies around it, the root of the sum of squares. Pictures as for `halo`; of the
    output the quarter of windows where the photo varies least, of the style where it does itself.
    """
    where = _flattest(content)
    own = lines(_windows(luminance(style))[_flattest(style)])
    return max(0.0, lines(_windows(luminance(output))[where]) - own)


def _flattest(picture: Tensor) -> Tensor:
    """The quarter of a picture's windows where it varies least."""
    spread = _windows(luminance(picture)).std(dim=(1, 2))
    return spread.argsort()[: max(1, len(spread) // 4)]


def lines(windows: Tensor) -> float:
    """The strength of a grid's lines in the mean spectrum of windows (N, WINDOW, WINDOW).

    A line stands alone; what edges have runs on along its direction, what noise has is all around.
    """
    hann = torch.hann_window(WINDOW, periodic=True)
    hann = hann[:, None] * hann
    seen = (windows - windows.mean(dim=(1, 2), keepdim=True)) * hann
    power = torch.fft.fft2(seen).abs().square().mean(dim=0) * 4 / hann.sum().square()

    def typical(at: tuple[int, int], steps: Iterable[tuple[int, int]]) -> Tensor:
        return torch.stack(
            [power[(at[0] + i) % WINDOW, (at[1] + j) % WINDOW] for i, j in steps]
        ).median()

    total = 0.0
    for k in {min(n, WINDOW - n) for n in (round(WINDOW / period) for period in PERIODS)}:
        for toward in ((1, 0), (0, 1), (1, 1), (1, -1)):
            line = k * toward[0], k * toward[1]
            along = [(d * toward[0], d * toward[1]) for d in (-4, -3, -2, 2, 3, 4)]
            own = max(typical(line, along), typical(line, RING))
            total += max(0.0, (power[line] - 2 * own).item())
    return 255 * total**0.5


def _windows(luma: Tensor) -> Tensor:
    """Half overlapping windows of (1, 1, H, W), (N, WINDOW, WINDOW)."""
    found = F.unfold(luma, WINDOW, stride=WINDOW // 2)[0].T
    return found.reshape(-1, WINDOW, WINDOW)


def _blurred(x: Tensor, sigma: float) -> Tensor:
    reach = int(3 * sigma + 0.5)
    kernel = torch.exp(-0.5 * (torch.arange(-reach, reach + 1) / sigma).square())
    kernel = kernel / kernel.sum()
    x = F.pad(x, (reach,) * 4, mode="reflect")
    return F.conv2d(F.conv2d(x, kernel.view(1, 1, 1, -1)), kernel.view(1, 1, -1, 1))
