"""torchvision's encoders, through torchvision's own loading code and a file in its cache folder."""

import pytest
import torch
from PIL import Image
from torchvision.models import VGG16_Weights, VGG19_Weights, vgg16, vgg19

from styletransfer import InputError
from styletransfer.models.config import Config
from styletransfer.models.weights import load_model
from styletransfer.training.convert_encoders import (
    IMAGENET_MEAN,
    IMAGENET_STD,
    build_encoder,
    load_torchvision,
)
from styletransfer.training.data import Augmentation, Crops
from styletransfer.training.distributed import ProcessGroup
from styletransfer.training.entries import find_pictures
from styletransfer.training.loop import train
from styletransfer.training.recipe import read_recipe
from styletransfer.training.session import Session

NETWORKS = {"vgg16": (vgg16, VGG16_Weights, 18), "vgg19": (vgg19, VGG19_Weights, 20)}


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    folder = tmp_path / "hub" / "checkpoints"
    folder.mkdir(parents=True)
    return folder


def save_random(name, cache):
    """Random weights under the name that torchvision looks for, and torchvision's own features."""
    build, weights, last = NETWORKS[name]
    torch.manual_seed(0)
    with torch.device("meta"):
        features = build().features[: last + 1]
    features = features.to_empty(device="cpu")
    for layer in features:
        if isinstance(layer, torch.nn.Conv2d):
            torch.nn.init.kaiming_normal_(layer.weight)
            torch.nn.init.uniform_(layer.bias, -0.5, 0.5)
            layer.padding_mode, layer._reversed_padding_repeated_twice = "reflect", [1, 1, 1, 1]
    state = {f"features.{key}": value for key, value in features.state_dict().items()}
    torch.save(state, cache / weights.IMAGENET1K_V1.url.rsplit("/", 1)[1])
    return features


@pytest.mark.parametrize("name", ["vgg16", "vgg19"])
def test_features_are_torchvision_s(name, cache):
    features = save_random(name, cache)
    x = torch.rand(1, 3, 32, 32)
    mean, std = (torch.tensor(v).view(1, 3, 1, 1) for v in (IMAGENET_MEAN, IMAGENET_STD))
    with torch.no_grad():
        expected = features((x - mean) / std)
        found = load_torchvision(name)(x, ["relu4_1"])["relu4_1"]
    torch.testing.assert_close(found, expected, atol=1e-3, rtol=1e-3)


def test_a_file_that_is_no_weights_is_one_line(cache):
    (cache / VGG19_Weights.IMAGENET1K_V1.url.rsplit("/", 1)[1]).write_bytes(b"\x80\x04oops")
    with pytest.raises(InputError, match="vgg19") as caught:
        load_torchvision("vgg19")
    assert "\n" not in str(caught.value)


def test_a_model_trained_on_torchvision_s_encoder_needs_no_download(cache, tmp_path, monkeypatch):
    save_random("vgg16", cache)
    pixels = torch.randint(0, 256, (40, 40, 3), dtype=torch.uint8).numpy()
    Image.fromarray(pixels).save(tmp_path / "x.png")
    pictures = find_pictures([tmp_path / "x.png"])
    _, recipe = read_recipe("default", {"steps": 1, "batch_size": 1, "crop": 16, "fit": False})
    session = Session(tmp_path, Config(encoder="vgg16"), recipe, pictures, pictures)
    train(session, ProcessGroup(torch.device("cpu")))

    crops = [Crops(pictures, Augmentation(16, recipe.zoom), seed).take(64) for seed in (0, 1)]
    expected = build_encoder("vgg16", torch.cat(crops)).requires_grad_(False)
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "empty"))
    net = load_model(tmp_path / "checkpoint-000001.safetensors")
    x = torch.rand(1, 3, 32, 32)
    torch.testing.assert_close(net.encode(x)["relu4_1"], expected(x)["relu4_1"], atol=0.1, rtol=0.02)
