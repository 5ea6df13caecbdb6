"""The random style transform for torchvision: pictures in random styles, so that a network learns shapes
instead of textures (Geirhos et al. 2019, 1811.12231; Jackson et al. 2019, 1809.05375)."""

import math
from collections.abc import Sequence
from typing import Any

import torch
from PIL import Image
from torch import Tensor
from torchvision import tv_tensors
from torchvision.transforms import v2
from torchvision.transforms.v2.functional import pil_to_tensor

from ..errors import InputError
from ..options import STYLE_SIZE
from ..styles.names import DEFAULT_MODEL
from .restyler import Restyler, Styles, check_chances


class RandomStyle(v2.Transform):  # type: ignore[misc]
    """Paints pictures in random styles, each with a chance of its own.

        augment = RandomStyle("paintings/", p=0.5, alpha=(0.3, 1.0))
        v2.Compose([v2.RandomResizedCrop(224), augment, v2.ToDtype(torch.float32, scale=True)])

    Takes what torchvision's own transforms take: PIL pictures of mode RGB, tensors (..., 3, H, W) of
    uint8 or of float in [0, 1], `tv_tensors.Image` and `Video` (one style per film), alone or in a
    sample with masks, boxes and labels, which are left alone. Each picture of a batch (N, 3, H, W) gets
    a chance, style and strength of its own. Size, dtype and device are kept; tensors on a GPU are
    painted there. Use it before Normalize.

    styles: a folder of pictures, each a style; one style; several; or None, the paintings that ship with
    the package. They are encoded once, here. p: the probability that a picture is painted. alpha: the
    range from which a strength is drawn uniformly; 0 is the photo, 1 the full style. model: a shipped
    model's name or a file. style_size: short side in pixels at which styles are encoded. Random numbers
    come from torch's global generator, which a DataLoader seeds anew in each worker. Raises InputError
    for styles or numbers that cannot be used.
    """

    _transformed_types = (
        lambda x: isinstance(x, Tensor) and not isinstance(x, tv_tensors.TVTensor),
        Image.Image,
        tv_tensors.Image,
        tv_tensors.Video,
    )

    def __init__(
        self,
        styles: Styles | None = None,
        p: float = 0.5,
        alpha: Sequence[float] = (0.3, 1.0),
        *,
        model: str = DEFAULT_MODEL,
        style_size: int = STYLE_SIZE,
    ):
        super().__init__()
        self.p, self.alpha = p, check_chances(p, alpha)
        self._restyler = Restyler(styles, model, style_size)

    def check_inputs(self, flat_inputs: list[Any]) -> None:
        """Raise InputError for an input that is not a picture of three channels."""
        for item in flat_inputs:
            if isinstance(item, Image.Image) and item.mode != "RGB":
                raise InputError(
                    f"a picture of mode {item.mode}: .convert('RGB') makes it one of colours"
                )

    def make_params(self, flat_inputs: list[Any]) -> dict[str, Any]:
        """Draw what happens to each picture: `use` (N,) bool, `style` (N,) and `alpha` (N,)."""
        count = max(map(_count, flat_inputs), default=0)
        low, high = self.alpha
        return {
            "use": torch.rand(count) < self.p,
            "style": torch.randint(len(self._restyler.codes), (count,)),
            "alpha": low + (high - low) * torch.rand(count),
        }

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        """The input with its pictures painted as `make_params` drew it."""
        use = params["use"][: _count(inpt)]
        if not use.any():
            return inpt
        if isinstance(inpt, Image.Image):
            painted = self._paint(pil_to_tensor(inpt)[None], use, params)
            return Image.fromarray(painted[0].permute(1, 2, 0).numpy())
        _check_tensor(inpt)
        plain = inpt.as_subclass(Tensor)
        painted = self._paint(plain.reshape(-1, *plain.shape[-3:]), use, params).reshape(plain.shape)
        return tv_tensors.wrap(painted, like=inpt) if isinstance(inpt, tv_tensors.TVTensor) else painted

    def _paint(self, images: Tensor, use: Tensor, params: dict[str, Any]) -> Tensor:
        """Paint those of the images (N · frames, 3, H, W) that are to be used."""
        frames = len(images) // len(use)
        which = use.repeat_interleave(frames).nonzero()[:, 0]
        styles, alphas = (
            [params[name][i // frames].item() for i in which] for name in ("style", "alpha")
        )
        out = images.clone()  # a plain tensor: of what inference mode makes, no gradient can be taken
        which = which.to(images.device)
        out[which] = self._restyler.paint(images[which], styles, alphas)
        return out

    def extra_repr(self) -> str:
        return f"{len(self._restyler.codes)} styles, p={self.p}, alpha={self.alpha}"


def _count(item: Any) -> int:
    """The number of pictures; a film counts as one."""
    if isinstance(item, Image.Image):
        return 1
    return math.prod(item.shape[: -4 if isinstance(item, tv_tensors.Video) else -3])


def _check_tensor(x: Tensor) -> None:
    if x.ndim < 3 or x.shape[-3] != 3 or not (x.dtype == torch.uint8 or x.is_floating_point()):
        raise InputError(f"a picture is (..., 3, H, W), uint8 or float, not {x.dtype} {tuple(x.shape)}")
