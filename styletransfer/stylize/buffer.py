"""Image buffers: pictures that are read and written in windows, in memory or on disk."""

from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from ..media.files import reserve, reserved
from ..media.large_tiff import create_tiff
from .feature_maps import FeatureMaps


class ImageBuffer:
    """Pictures (N, 3, H, W) in memory: float in [0, 1], or uint8."""

    def __init__(self, pixels: Tensor):
        self._pixels = pixels

    @property
    def pixels(self) -> Tensor:
        """All pixels, (N, 3, H, W)."""
        return self._pixels

    @property
    def shape(self) -> tuple[int, int, int]:
        """The number of pictures, their height and their width: (N, H, W)."""
        return self.pixels.shape[0], self.pixels.shape[2], self.pixels.shape[3]

    def read(self, rows: slice, columns: slice) -> Tensor:
        """A window as float32 (N, 3, h, w) in [0, 1]."""
        part = self.pixels[:, :, rows, columns]
        return part.float() / 255 if part.dtype == torch.uint8 else part.float()

    def write(self, rows: slice, columns: slice, part: Tensor) -> None:
        """Write a window, as `read` gives it; uint8 buffers round it."""
        if self.pixels.dtype == torch.uint8:
            part = part.mul(255).round()
        self.pixels[:, :, rows, columns] = part.to(self.pixels.device, self.pixels.dtype)

    def blank(self) -> "ImageBuffer":
        """A new buffer of the same kind, size and dtype; its pixels are undefined."""
        return ImageBuffer(torch.empty_like(self.pixels))

    def scratch(self, height: int, width: int) -> "ImageBuffer":
        """A new float buffer of this size for intermediate results, on the same device or disk."""
        shape = len(self.pixels), 3, height, width
        return ImageBuffer(torch.empty(shape, dtype=torch.float32, device=self.pixels.device))

    def feature_maps(self, device: torch.device) -> FeatureMaps:
        """Empty maps for the features of these pictures, in memory or on disk as their pixels are.

        device: that computes them. What a GPU does stays in its own memory, which is faster.
        """
        return FeatureMaps(*self.shape[1:])


class DiskImageBuffer(ImageBuffer):
    """One picture in a file of raw RGB, uint8 or float16; only the window in use is in memory.

    header: the number of bytes before the first pixel.
    """

    def __init__(self, path: Path, height: int, width: int, header: int = 0, dtype: type = np.uint8):
        self.path, self.height, self.width, self.header = path, height, width, header
        self.dtype = dtype

    @property
    def shape(self) -> tuple[int, int, int]:
        return 1, self.height, self.width

    @property
    def pixels(self) -> Tensor:  # mapped anew each time, so that memory of past reads is freed
        shape = (self.height, self.width, 3)
        array = np.memmap(self.path, self.dtype, "r+", offset=self.header, shape=shape)
        return torch.from_numpy(array).permute(2, 0, 1)[None]

    def blank(self) -> "DiskImageBuffer":
        """A new TIFF beside this file, which `media.large_tiff.pack` reads."""
        path = self.path.with_name(f"{self.path.name}-painted.tif")
        header = create_tiff(path, self.height, self.width)
        with open(path, "r+b") as file:
            reserve(file.fileno(), header + self.height * self.width * 3)
        return DiskImageBuffer(path, self.height, self.width, header)

    def scratch(self, height: int, width: int) -> "DiskImageBuffer":
        """A new file beside this one in half precision, exact to an eighth of a grey level."""
        path = reserved(self.path.parent, f"{self.path.name}-", height * width * 3 * 2)
        return DiskImageBuffer(path, height, width, dtype=np.float16)

    def feature_maps(self, device: torch.device) -> FeatureMaps:
        folder = self.path.parent if device.type == "cpu" else None
        return FeatureMaps(self.height, self.width, folder)
