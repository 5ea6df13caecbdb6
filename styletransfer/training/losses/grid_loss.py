"""The network's own grid, which no style asks for."""

from torch import Tensor


def weave_distance(x: Tensor, stride: int) -> Tensor:
    """mean over phases of (100 · (m_ij − m))², where m_ij is the mean of every pixel at rows ≡ i and
    columns ≡ j modulo the stride, and m the mean of all; per channel, then its mean; (N,) float32.

    How far what repeats every `stride` pixels is from nothing, as a network's own grid does, in squared
    hundredths of the range. x: images (N, 3, H, W) about [0, 1], H and W multiples of stride.
    """
    count, channels, height, width = x.shape
    cells = x.float().reshape(count, channels, height // stride, stride, width // stride, stride)
    phases = cells.mean(dim=(2, 4))
    squares = (100 * (phases - phases.mean(dim=(2, 3), keepdim=True))).square()
    return squares.mean(dim=(1, 2, 3))
