"""The kinds of bottleneck, by the name that a config has for them."""

from .adain import AdaINBottleneck
from .base import Bottleneck
from .conditional import ConditionalBottleneck
from .contextual import ContextualBottleneck
from .instance import InstanceBottleneck
from .layer_instance import LayerInstanceBottleneck
from .spade import SpadeBottleneck

BOTTLENECKS: dict[str, type[Bottleneck]] = {
    "adain": AdaINBottleneck,
    "instance": InstanceBottleneck,
    "conditional": ConditionalBottleneck,
    "spade": SpadeBottleneck,
    "contextual": ContextualBottleneck,
    "layer-instance": LayerInstanceBottleneck,
}
