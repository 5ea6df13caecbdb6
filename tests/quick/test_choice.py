"""Which engine paints what."""

import json

import pytest
from safetensors import safe_open

from styletransfer import InputError, StylizeOptions
from styletransfer.models.shipped import WEIGHTS
from styletransfer.quick import choice
from styletransfer.quick.choice import EngineName, choose_engine

BEYOND = {
    "--model adain-vgg": dict(model="adain-vgg"),
    "--device cuda": dict(device="cuda"),
    "--precision bf16": dict(precision="bf16"),
    "--regions": dict(options=StylizeOptions(regions="map.png", region={"#ff0000": "a.jpg"})),
    "--strokes 2": dict(options=StylizeOptions(strokes=2)),
    "--refine 20": dict(options=StylizeOptions(refine=20)),
    "--tile 512": dict(options=StylizeOptions(tile=512)),
    "--stats thumbnail": dict(options=StylizeOptions(stats="thumbnail")),
    "a photo this large": dict(shape=None),
    "a photo of fewer than 64 pixels": dict(shape=(600, 63)),
}


@pytest.fixture(autouse=True)
def machine(monkeypatch):
    """A machine of a certain kind, whatever the tests run on."""

    def set_up(gpu=False, packages=("torch", "onnxruntime"), memory=8e9):
        monkeypatch.setattr(choice, "has_gpu", lambda: gpu)
        monkeypatch.setattr(choice, "installed", packages.__contains__)
        monkeypatch.setattr(choice, "free_memory", lambda: memory)

    set_up()
    return set_up


def chosen(wanted="auto", **other) -> str:
    usual = dict(model="adain-fast", options=StylizeOptions(), shape=(512, 512), device="auto")
    return choose_engine(EngineName(wanted), **(usual | {"precision": "auto"} | other)).value


def test_a_plain_picture_on_a_cpu_is_onnxruntimes(machine):
    options = StylizeOptions(
        alpha=0.5, weights=[1, 2], mask="m.png", size=600, preserve_color="histogram", tile="off"
    )
    assert chosen(options=options) == chosen(device="cpu", precision="fp32") == "onnx"
    machine(gpu=True)
    assert chosen() == "torch" and chosen(device="cpu") == chosen("onnx") == "onnx"


@pytest.mark.parametrize("what", BEYOND)
def test_what_the_graphs_cannot_do_is_torchs(what, machine):
    asked = BEYOND[what]
    assert chosen(**asked) == chosen("torch", **asked) == "torch"
    with pytest.raises(InputError, match=f"--engine onnx does not do {what}.*: leave it at auto"):
        chosen("onnx", **asked)
    machine(packages=("onnxruntime",))
    with pytest.raises(InputError, match=f"{what}.* needs torch, which is not installed"):
        chosen(**asked)


def test_large_pictures_are_torchs_if_it_is_there_or_memory_ends(machine):
    large = (2000, 2000)
    assert chosen(shape=large) == "torch" and chosen("onnx", shape=large) == "onnx"
    machine(packages=("onnxruntime",))
    assert chosen(shape=large) == "onnx"
    machine(memory=1e9)
    with pytest.raises(InputError, match="does not do a photo this large"):
        chosen("onnx", shape=large)


def test_an_engine_that_is_not_installed(machine):
    machine(packages=("torch",))
    assert chosen() == "torch"
    with pytest.raises(InputError, match="without onnxruntime"):
        chosen("onnx")
    machine(packages=("onnxruntime",))
    assert chosen() == "onnx"
    with pytest.raises(InputError, match="--engine torch: torch is not installed"):
        chosen("torch")


def test_no_smaller_picture_has_a_draft():
    from styletransfer.stylize.paint import SMALLEST

    with safe_open(WEIGHTS / "adain-fast.safetensors", "numpy") as file:
        config = json.loads(file.metadata()["config"])
    assert SMALLEST * 2 ** config["drafts"] == choice.LEAST_SIDE
