"""Where a style goes: masks, and maps whose colours choose a style at each position."""

import os
from collections.abc import Sequence

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional as F

from ..errors import InputError
from ..media.image import open_map
from ..media.masks import Map, check_map_size, map_image, read_mask
from ..options import StylizeOptions

TRANSPARENT = -1  # in place of the colour that hides behind it


def alpha_map(
    options: StylizeOptions, shape: Sequence[int], map_size: tuple[int, int]
) -> float | Tensor:
    """The strength at each position, (1, 1, H, W); or the one number if it is the same everywhere.

    shape: (H, W) at which the content is painted. map_size: (width, height) that the mask must have.
    """
    if options.mask is None:
        return options.alpha
    values = torch.from_numpy(read_mask(options.mask, map_size))
    mask = _fitted(values[None, None], shape, options.feather)
    return options.alpha if mask.min() == 1 else options.alpha * mask


def region_maps(
    options: StylizeOptions, default: bool, shape: Sequence[int], map_size: tuple[int, int]
) -> Tensor:
    """How much of each region there is at each position, (1, R, H, W), summing to 1. The last region is
    what no key names, if `default`; shape and map_size as for `alpha_map`."""
    if options.regions is None or options.region is None:
        raise ValueError("these options have no regions")
    maps = read_regions(options.regions, list(options.region), default, map_size)
    return _fitted(maps, shape, options.feather)


def read_regions(source: Map, keys: Sequence[str], default: bool, size: tuple[int, int]) -> Tensor:
    """A map as (1, R, H, W) of 0 and 1: which of the keys each position belongs to.

    keys: colours, "#ff0000", or labels, "3", which are the grey values or palette entries of the
    map's file. What is transparent has no colour. default: whether a last region takes what no key
    names; without it, that is an InputError, as is a map of another size than the content's (width,
    height).
    """
    image = (
        map_image(source)
        if isinstance(source, (np.ndarray, Image.Image))
        else open_map(os.fspath(source))
    )
    check_map_size("map", image.size, size)
    by_color = [key.startswith("#") for key in keys]
    if any(by_color) and not all(by_color):
        raise InputError("a map's regions are all colours (#ff0000) or all labels (3), not both")
    if all(by_color):
        pixels = np.array(image.convert("RGB")).astype(np.int32)
        values = pixels[..., 0] << 16 | pixels[..., 1] << 8 | pixels[..., 2]
        if image.has_transparency_data:
            values[np.array(image.convert("RGBA"))[..., 3] == 0] = TRANSPARENT
        wanted = [_color(key) for key in keys]
    else:
        wanted = [_label(key) for key in keys]
        if image.mode not in ("P", "L", "1", "I", "I;16"):
            raise InputError(f"a map of mode {image.mode} has no labels: name its colours, #ff0000")
        values = np.array(image).astype(np.int32)
    if len(set(wanted)) < len(wanted):
        raise InputError("a region of the map is named twice")
    maps = [values == value for value in wanted]
    rest = ~np.any(maps, axis=0)
    if default:
        maps.append(rest)
    elif rest.any():
        raise InputError(_unnamed(values[rest], all(by_color)))
    return torch.from_numpy(np.stack(maps)[None].astype(np.float32))


def soften(maps: Tensor, radius: int) -> Tensor:
    """Maps (1, R, H, W) with their borders softened to ramps of `radius` pixels to either side."""
    if radius == 0:
        return maps
    for kernel, padding in (
        ((1, 2 * radius + 1), (radius, radius, 0, 0)),
        ((2 * radius + 1, 1), (0, 0, radius, radius)),
    ):
        maps = F.avg_pool2d(F.pad(maps, padding, mode="replicate"), kernel, stride=1)
    return maps


def _fitted(maps: Tensor, shape: Sequence[int], feather: int) -> Tensor:
    """Maps of the content's own size at the size it is painted at, feathered."""
    return soften(F.interpolate(maps, size=tuple(shape), mode="area"), feather)


def _color(key: str) -> int:
    try:
        if len(key) == 7:
            return int(key[1:], 16)
    except ValueError:
        pass
    raise InputError(f"{key!r} is not a colour: six hexadecimal digits are, #ff0000")


def _label(key: str) -> int:
    try:
        return int(key)
    except ValueError:
        raise InputError(f"{key!r} is neither a colour (#ff0000) nor a label (3)") from None


def _unnamed(values: np.ndarray, by_color: bool) -> str:
    found, counts = np.unique(values, return_counts=True)
    found = found[np.argsort(-counts)]
    names = [f"#{value:06x}" if by_color else str(value) for value in found[:4]]
    names = ["what is transparent" if by_color and v < 0 else n for v, n in zip(found, names)]
    more = f" and {len(found) - 4} more" if len(found) > 4 else ""
    hint = "; a JPEG has no exact colours, use a PNG" if len(found) > 100 else ""
    return f"no style for {', '.join(names)}{more} of the map (a STYLE takes what is left){hint}"
