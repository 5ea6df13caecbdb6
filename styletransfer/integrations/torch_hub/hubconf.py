"""What `torch.hub.load` finds in this folder, which is the package's own.

torch.hub.load("…/styletransfer/integrations/torch_hub", "stylizer", source="local")
"""

from styletransfer import Stylizer as _Stylizer

dependencies = [
    "filelock",
    "numpy",
    "PIL",
    "platformdirs",
    "psutil",
    "safetensors",
    "torch",
    "torchvision",
]


def stylizer(model: str = "adain-fast", device: str = "auto", precision: str = "auto") -> _Stylizer:
    """A Stylizer. model: adain-fast, adain-vgg, bank, contextual, or a file. device: auto, cpu, cuda,
    cuda:N or mps. precision: auto, fp32, bf16 or fp16."""
    return _Stylizer(model, device, precision)
