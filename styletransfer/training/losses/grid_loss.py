"""A penalty for the regular grid that a network's strides leave in a picture."""

from torch import Tensor


def weave_distance(x: Tensor, stride: int) -> Tensor:
    """Mean over phases of (100 · (m_ij − m))², averaged over channels; (N,) float32.

    m_ij is the mean of all pixels in rows ≡ i and columns ≡ j modulo the stride, m the mean of all: how
    strong a pattern is that repeats every `stride` pixels, in squared hundredths of the range. x: images
    (N, 3, H, W), about [0, 1], H and W multiples of stride.
    """
    count, channels, height, width = x.shape
    cells = x.float().reshape(count, channels, height // stride, stride, width // stride, stride)
    phases = cells.mean(dim=(2, 4))
    squares = (100 * (phases - phases.mean(dim=(2, 3), keepdim=True))).square()
    return squares.mean(dim=(1, 2, 3))
