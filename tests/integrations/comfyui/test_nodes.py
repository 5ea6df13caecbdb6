"""The nodes in a small host that loads, validates and runs them by ComfyUI's own rules."""

import importlib.util
import inspect
import json
import shutil
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch
from PIL import Image

from styletransfer import InputError, Stylizer
from styletransfer.integrations import comfyui
from styletransfer.integrations.comfyui.nodes import NODE_CLASS_MAPPINGS

FOLDER = Path(comfyui.__file__).parent
WORKFLOW = json.loads((FOLDER / "workflow.json").read_text())


class Host:
    """nodes.load_custom_node, execution.validate_inputs and the executor of ComfyUI, as small as they
    can be: a prompt is {id: {"class_type": …, "inputs": {name: value or [id, slot]}}}."""

    def __init__(self, folder: Path):
        self.saved, host = [], self

        class LoadImage:
            RETURN_TYPES, FUNCTION, CATEGORY = ("IMAGE", "MASK"), "load", "image"

            @classmethod
            def INPUT_TYPES(cls):
                return {"required": {"image": (["photo.jpg"], {"image_upload": True})}}

            def load(self, image):
                pixels = torch.from_numpy(np.array(Image.open(folder / image))).float() / 255
                return pixels[None], torch.zeros(1, 64, 64)

        class SaveImage:
            RETURN_TYPES, FUNCTION, CATEGORY, OUTPUT_NODE = (), "save", "image", True

            @classmethod
            def INPUT_TYPES(cls):
                return {"required": {"images": ("IMAGE",), "filename_prefix": ("STRING", {})}}

            def save(self, images, filename_prefix):
                host.saved.append(images)
                return {"ui": {"images": []}}

        self.nodes = {"LoadImage": LoadImage, "SaveImage": SaveImage}

    def load(self, path: Path) -> None:
        """A folder of custom_nodes: a module by its file, under a name that is no package's."""
        name = str(path).replace(".", "_x_")
        spec = importlib.util.spec_from_file_location(name, path / "__init__.py")
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)
        del sys.modules[name]
        assert module.NODE_DISPLAY_NAME_MAPPINGS.keys() == module.NODE_CLASS_MAPPINGS.keys()
        self.nodes |= module.NODE_CLASS_MAPPINGS

    def prompt(self, workflow: dict) -> dict:
        """What the page makes of a workflow: widgets are the values in order, sockets the links."""
        links = {link[0]: link for link in workflow["links"]}
        found = {}
        for node in workflow["nodes"]:
            kinds = self.nodes[node["type"]].INPUT_TYPES()
            values, inputs = list(node["widgets_values"]), {}
            for name, spec in {**kinds["required"], **kinds.get("optional", {})}.items():
                if isinstance(spec[0], list) or spec[0] in ("INT", "FLOAT", "STRING"):
                    inputs[name] = values.pop(0)
                    if spec[1:] and spec[1].get("image_upload"):
                        values.pop(0)  # of the button
            assert not values, "as many values as widgets"
            for slot, socket in enumerate(node.get("inputs", [])):
                if socket["link"] is not None:
                    _, source, output, target, at, kind = links[socket["link"]]
                    assert (target, at, kind) == (node["id"], slot, socket["type"])
                    inputs[socket["name"]] = [str(source), output]
            found[str(node["id"])] = {"class_type": node["type"], "inputs": inputs}
        return found

    def errors(self, prompt: dict) -> list[str]:
        """What execution.validate_inputs refuses."""
        found = []
        for id, node in prompt.items():
            kinds = self.nodes[node["class_type"]].INPUT_TYPES()
            for name in kinds["required"].keys() - node["inputs"].keys():
                found.append(f"{id}: required input is missing: {name}")
            for name, (kind, *more) in {**kinds["required"], **kinds.get("optional", {})}.items():
                value = node["inputs"].get(name)
                if isinstance(value, list):
                    given = self.nodes[prompt[value[0]]["class_type"]].RETURN_TYPES[value[1]]
                    if given != kind:
                        found.append(f"{id}: return type mismatch: {name}, {given} != {kind}")
                elif name in node["inputs"]:
                    about = more[0] if more else {}
                    if "min" in about and value < about["min"]:
                        found.append(f"{id}: value smaller than min: {name}")
                    if "max" in about and value > about["max"]:
                        found.append(f"{id}: value bigger than max: {name}")
                    if isinstance(kind, list) and value not in kind:
                        found.append(f"{id}: value not in list: {name}")
        return found

    def run(self, prompt: dict) -> dict:
        """Every node's outputs; the nodes that give first."""
        outputs: dict = {}

        def output(id: str):
            if id not in outputs:
                node = prompt[id]
                inputs = {
                    name: output(value[0])[value[1]] if isinstance(value, list) else value
                    for name, value in node["inputs"].items()
                }
                kind = self.nodes[node["class_type"]]
                outputs[id] = getattr(kind(), kind.FUNCTION)(**inputs)
            return outputs[id]

        with torch.inference_mode():  # as main.py has it
            for id in prompt:
                output(id)
        return outputs


@pytest.fixture(scope="module")
def host(tmp_path_factory):
    folder = tmp_path_factory.mktemp("ComfyUI.x")
    array = np.random.default_rng(0).integers(0, 256, (40, 56, 3), dtype=np.uint8)
    Image.fromarray(array).resize((112, 80)).save(folder / "photo.jpg")
    shutil.copytree(FOLDER, folder / "custom_nodes" / "styletransfer")
    host = Host(folder)
    host.load(folder / "custom_nodes" / "styletransfer")
    return host


@pytest.fixture(scope="module")
def stylizer(tiny_model):
    return Stylizer(tiny_model, "cpu", "fp32")


@pytest.fixture(scope="module")
def style(stylizer):
    image = torch.rand(1, 40, 40, 3)
    return node("Encode", "encode")(stylizer, "from image", 32, 1.0, image)[0]


def node(name, function):
    return getattr(NODE_CLASS_MAPPINGS[f"StyleTransfer{name}"](), function)


def test_the_nodes_are_what_comfyui_loads_and_lists(host):
    assert NODE_CLASS_MAPPINGS.keys() < host.nodes.keys()
    for kind in NODE_CLASS_MAPPINGS.values():
        kinds = kind.INPUT_TYPES()
        json.dumps(kinds)  # as /object_info sends it
        assert kinds.keys() <= {"required", "optional", "hidden"}
        names = [*kinds["required"], *kinds.get("optional", {})]
        assert ["self", *names] == list(inspect.signature(getattr(kind, kind.FUNCTION)).parameters)
        assert isinstance(kind.RETURN_TYPES, tuple) and len(kind.RETURN_NAMES) == len(kind.RETURN_TYPES)
        for spec in [*kinds["required"].values(), *kinds.get("optional", {}).values()]:
            assert isinstance(spec, tuple) and isinstance(spec[0], (str, list))
            if spec[1:] and "min" in spec[1]:
                assert spec[1]["min"] <= spec[1]["default"] <= spec[1]["max"]
            if isinstance(spec[0], list):
                assert spec[1]["default"] in spec[0]


def test_the_example_workflow_runs(host):
    prompt = host.prompt(WORKFLOW)
    assert host.errors(prompt) == []
    outputs = host.run(prompt)
    (saved,) = host.saved
    assert saved.shape == (1, 80, 112, 3) and saved.dtype == torch.float32
    assert saved.min() >= 0 and saved.max() <= 1
    assert (saved - outputs["1"][0]).abs().mean() > 0.05
    (code,) = outputs["5"]
    assert dict(code.styles) == {"starry_night.jpg": 0.7, "great_wave.jpg": 0.3}


@pytest.mark.parametrize(
    "id,name,value,message",
    [
        ("2", "model", "no-such", "value not in list: model"),
        ("6", "strength", 3.0, "value bigger than max: strength"),
        ("6", "strokes", 0.1, "value smaller than min: strokes"),
        ("6", "style", ["1", 0], "return type mismatch: style, IMAGE != STYLE_CODE"),
        ("5", "style_b", None, "required input is missing: style_b"),
    ],
)
def test_what_comfyui_refuses(host, id, name, value, message):
    prompt = host.prompt(WORKFLOW)
    if value is None:
        del prompt[id]["inputs"][name]
    else:
        prompt[id]["inputs"][name] = value
    assert host.errors(prompt) == [f"{id}: {message}"]


def test_a_batch_of_images_and_what_is_not_masked(stylizer, style):
    stylize = node("Stylize", "stylize")
    images = torch.rand(3, 32, 48, 3)
    (painted,) = stylize(stylizer, images, style, 1.0, 1.0, "none")
    assert painted.shape == images.shape and not torch.equal(painted[0], painted[1])
    one = stylizer.stylize(images[1:2].movedim(-1, 1), style).movedim(1, -1)
    torch.testing.assert_close(painted[1:2], one)
    mask = torch.zeros(1, 16, 24)  # of half the size, and for all
    mask[..., :12] = 1
    (half,) = stylize(stylizer, images, style, 1.0, 1.0, "none", mask)
    assert torch.allclose(half[:, :, 30:], images[:, :, 30:], atol=1e-3)
    assert (half[:, :, :18] - images[:, :, :18]).abs().mean() > 0.02
    (each,) = stylize(stylizer, images, style, 1.0, 1.0, "none", torch.zeros(3, 32, 48))
    torch.testing.assert_close(each, images, atol=1e-3, rtol=0)
    with pytest.raises(InputError, match="2 masks for 3 images"):
        stylize(stylizer, images, style, 1.0, 1.0, "none", torch.zeros(2, 32, 48))


def test_transparency_stays(stylizer, style):
    images = torch.rand(1, 32, 32, 4)
    (painted,) = node("Stylize", "stylize")(stylizer, images, style, 1.0, 1.0, "luminance")
    assert torch.equal(painted[..., 3], images[..., 3]) and painted.shape == images.shape


def test_strength_and_strokes_count(stylizer, style):
    stylize = node("Stylize", "stylize")
    image = torch.rand(1, 64, 64, 3)
    (none,) = stylize(stylizer, image, style, 0.0, 1.0, "none")
    torch.testing.assert_close(none, image, atol=1e-5, rtol=0)
    (usual,), (broad,) = (stylize(stylizer, image, style, 1.0, s, "none") for s in (1.0, 2.0))
    assert (usual - broad).abs().mean() > 0.005


def test_styles_of_images_and_by_name(stylizer):
    encode = node("Encode", "encode")
    images = torch.rand(2, 32, 32, 3)
    (both,) = encode(stylizer, "from image", 32, 1.0, images)
    singles = [encode(stylizer, "from image", 32, 1.0, images[i : i + 1])[0] for i in (0, 1)]
    (mean,) = node("Blend", "blend")(stylizer, *singles, 0.5)
    for tap in both.statistics:
        torch.testing.assert_close(both.statistics[tap].mean, mean.statistics[tap].mean)
    (named,) = encode(stylizer, "lion", 32, 1.0)
    assert "lion.jpg" in named.styles
    with pytest.raises(InputError, match="connect an image"):
        encode(stylizer, "from image", 32, 1.0)
    with pytest.raises(InputError, match="has not learned"):
        encode(stylizer, "bank:monet", 32, 1.0)


def test_it_uses_comfyui_s_device_bar_and_stop(stylizer, style, monkeypatch):
    class Stopped(Exception):
        pass

    steps = []

    def stop():
        if len(steps) == 2:
            raise Stopped

    comfy, management, utils = (ModuleType(f"comfy{n}") for n in ("", ".model_management", ".utils"))
    management.get_torch_device = lambda: torch.device("cpu")
    management.throw_exception_if_processing_interrupted = stop
    utils.ProgressBar = lambda total: type("Bar", (), {"update": lambda self, n: steps.append(total)})()
    for module in (comfy, management, utils):
        monkeypatch.setitem(sys.modules, module.__name__, module)
    (loaded,) = node("Load", "load")("adain-fast", "fp32")
    assert loaded.device == torch.device("cpu")
    with pytest.raises(Stopped):
        node("Stylize", "stylize")(stylizer, torch.rand(3, 32, 32, 3), style, 1.0, 1.0, "none")
    assert steps == [3, 3]
