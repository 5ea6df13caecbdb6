"""What `torch.hub.load` finds in this repository.

torch.hub.load("path/to/styletransfer", "stylizer", source="local").stylize("photo.jpg", "painting.jpg")
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
