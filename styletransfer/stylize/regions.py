"""Masks, and region maps whose colours or labels choose the style at each position."""

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

TRANSPARENT = -1  # stands for any fully transparent pixel, whatever its colour


def alpha_map(
    options: StylizeOptions, shape: Sequence[int], map_size: tuple[int, int]
) -> float | Tensor:
    """Alpha times the mask, (1, 1, H, W); a plain number if it is the same everywhere.

    shape: (H, W) at which the content is painted. map_size: (width, height) that the mask must have.
    Raises InputError for a mask that cannot be read or has another size.
    """
    if options.mask is None:
        return options.alpha
    values = torch.from_numpy(read_mask(options.mask, map_size))
    mask = _fitted(values[None, None], shape, options.feather)
    return options.alpha if mask.min() == 1 else options.alpha * mask


def region_maps(
    options: StylizeOptions, default: bool, shape: Sequence[int], map_size: tuple[int, int]
) -> Tensor:
    """The weight of each region at each position, (1, R, H, W), summing to 1 over R.

    default: whether a last region is added for whatever no key names. shape, map_size: as for
    `alpha_map`. Raises InputError as `read_regions` does.
    """
    if options.regions is None or options.region is None:
        raise ValueError("these options have no regions")
    maps = read_regions(options.regions, list(options.region), default, map_size)
    return _fitted(maps, shape, options.feather)


def read_regions(source: Map, keys: Sequence[str], default: bool, size: tuple[int, int]) -> Tensor:
    """Read a map as (1, R, H, W) of 0 and 1: which key each position belongs to.

    keys: all colours ("#ff0000") or all labels ("3": the grey value, or the palette index, in the map's
    file). A transparent pixel matches no colour. default: whether to add a last region for what no key
    names. size: (width, height) that the map must have. Raises InputError for a map of another size, for
    unusable keys, and, without `default`, for pixels that no key names.
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
    """Soften the borders in maps (1, R, H, W) to linear ramps of `radius` pixels to either side."""
    if radius == 0:
        return maps
    for kernel, padding in (
        ((1, 2 * radius + 1), (radius, radius, 0, 0)),
        ((2 * radius + 1, 1), (0, 0, radius, radius)),
    ):
        maps = F.avg_pool2d(F.pad(maps, padding, mode="replicate"), kernel, stride=1)
    return maps


def _fitted(maps: Tensor, shape: Sequence[int], feather: int) -> Tensor:
    """Resize maps to the size at which the content is painted, by area averaging, and feather them."""
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
