"""The trained part of a network."""

from torch import Tensor, nn

from ..models.network import StylizerNet
from ..models.statistics import Code, Statistics
from .losses.pairing import roll_rows, tile_rows


def trainable_parameters(net: nn.Module) -> list[Tensor]:
    """The parameters that the optimizer changes and the moving average follows."""
    return [p for p in net.parameters() if p.requires_grad]


class TrainableNet(nn.Module):
    """All of a network that is trained, as one call, which several processes synchronise."""

    def __init__(self, net: StylizerNet):
        super().__init__()
        parts = net.named_children()
        self.parts = nn.ModuleList(
            p for name, p in parts if name != "encoder" or trainable_parameters(p)
        )
        self._net = [net]  # in a list, or a frozen encoder would be one of its parts

    def forward(
        self,
        content: Tensor,
        style: Tensor | None = None,
        code: Code | None = None,
        pairings: int = 1,
        region_maps: Tensor | None = None,
        labels: Tensor | None = None,
        corner: tuple[int, int] = (0, 0),
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """The outputs (N, 3, H, W), about [0, 1], and the features that were decoded, by tap;
        reconstructions if there is no style.

        content, style: (B, 3, H, W) in [0, 1]. code: the styles' code, if it is known. pairings: the
        number of styles that each content image is painted in, N = B · pairings. region_maps, labels: as
        in `Batch`. corner: as for `StylizerNet.painted`.
        """
        net = self._net[0]
        if labels is not None:
            code = net.learned(labels)
        elif style is not None and net.bottleneck.takes_style:
            code = code or net.code(style)
        if code is not None:
            code = {t: Statistics(*(roll_rows(part, pairings) for part in code[t])) for t in code}
        alpha = 0.0 if style is None else 1.0
        return net.painted(tile_rows(content, pairings), code, alpha, region_maps, corner)
