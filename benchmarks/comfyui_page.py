"""ComfyUI's own page with our nodes, before a host as small as can be; it runs the example workflow.

Needs `pip install comfyui-frontend-package`, the page that ComfyUI installs too. What the page asks of a
server is answered here, by Playwright: there is no server, and no network.
"""

import io
import json
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from PIL import Image

from styletransfer.integrations import comfyui

ADDRESS = "http://comfyui.localhost"
WORKFLOW = Path(comfyui.__file__).parent / "workflow.json"
STATIC = files("comfyui_frontend_package") / "static"
SETTINGS = {
    "Comfy.TutorialCompleted": True, "Comfy.ColorPalette": "light",
    "Comfy.Minimap.Visible": False, "Comfy.Graph.CanvasInfo": False,
    "LiteGraph.Canvas.MinFontSizeForLOD": 0,
}  # fmt: skip
SYSTEM = {
    "system": {"os": "linux", "comfyui_version": "0.3", "python_version": "3", "argv": []},
    "devices": [],
}
ANSWERS: dict[str, Any] = {
    "users": {"storage": "server", "migrated": True},
    "settings": SETTINGS,
    "system_stats": SYSTEM,
    "queue": {"queue_running": [], "queue_pending": []},
    "features": {},
    "i18n": {},
    "extensions": [],
    "userdata": [],
    "history": {},
    "jobs": {"jobs": [], "pagination": {"offset": 0, "limit": 200, "total": 0, "has_more": False}},
    "embeddings": [],
}


class LoadImage:
    """ComfyUI's own, of the one photo that there is."""

    CATEGORY, FUNCTION = "image", "load"
    RETURN_TYPES = ("IMAGE", "MASK")
    pictures: ClassVar[dict[str, Image.Image]] = {}

    @classmethod
    def INPUT_TYPES(cls) -> dict[str, Any]:
        return {"required": {"image": (sorted(cls.pictures), {"image_upload": True})}}

    def load(self, image: str) -> tuple[torch.Tensor, torch.Tensor]:
        pixels = torch.from_numpy(np.array(self.pictures[image])).float() / 255
        return pixels[None], torch.zeros(1, 64, 64)


class SaveImage:
    """ComfyUI's own, which keeps what it is given."""

    CATEGORY, FUNCTION, OUTPUT_NODE = "image", "save", True
    RETURN_TYPES: tuple[str, ...] = ()

    @classmethod
    def INPUT_TYPES(cls) -> dict[str, Any]:
        return {"required": {"images": ("IMAGE",), "filename_prefix": ("STRING", {})}}

    def save(self, images: torch.Tensor, filename_prefix: str) -> tuple[()]:
        pixels = (images[0] * 255).round().byte().numpy()
        LoadImage.pictures[f"{filename_prefix}.png"] = Image.fromarray(pixels)
        return ()


NODES: dict[str, Any] = {
    "LoadImage": LoadImage,
    "SaveImage": SaveImage,
    **comfyui.NODE_CLASS_MAPPINGS,
}
NAMES = {"LoadImage": "Load Image", "SaveImage": "Save Image", **comfyui.NODE_DISPLAY_NAME_MAPPINGS}


def object_info() -> dict[str, Any]:
    """What ComfyUI's server says of its nodes."""
    found = {}
    for name, node in NODES.items():
        inputs, outputs = node.INPUT_TYPES(), list(node.RETURN_TYPES)
        found[name] = {
            "name": name, "display_name": NAMES[name], "description": "", "category": node.CATEGORY,
            "python_module": "nodes" if node.CATEGORY == "image" else "custom_nodes.styletransfer",
            "input": inputs,
            "input_order": {kind: list(each) for kind, each in inputs.items()},
            "output": outputs, "output_name": list(getattr(node, "RETURN_NAMES", outputs)),
            "output_is_list": [False] * len(outputs),
            "output_node": getattr(node, "OUTPUT_NODE", False),
        }  # fmt: skip
    return found


def run(prompt: dict[str, Any]) -> None:
    """Run what the page sends when one presses Run: {id: {"class_type": …, "inputs": …}}."""
    done: dict[str, Any] = {}

    def output(id: str) -> Any:
        if id not in done:
            node = NODES[prompt[id]["class_type"]]
            given = {
                name: output(value[0])[value[1]] if isinstance(value, list) else value
                for name, value in prompt[id]["inputs"].items()
            }
            done[id] = getattr(node(), node.FUNCTION)(**given)
        return done[id]

    with torch.inference_mode():
        for id in prompt:
            output(id)


class Host:
    """Answers a page of Playwright's as ComfyUI's server would. prompt: what it has sent to be run."""

    say: Callable[[str], None]
    prompt: dict[str, Any]

    def __init__(self, page: Any, photo: Image.Image):
        LoadImage.pictures = {"photo.jpg": photo}
        page.route("**/*", lambda route: route.abort())  # of other hosts
        page.route(f"{ADDRESS}/**", self._answer)
        page.route_web_socket("**/ws**", self._listen)

    def run(self) -> None:
        """Run what was sent, and tell the page how it goes."""
        run(self.prompt)
        (node,) = (id for id, each in self.prompt.items() if each["class_type"] == "SaveImage")
        saved = [{"filename": "stylized.png", "subfolder": "", "type": "output"}]
        self._tell("execution_start")
        self._tell("executing", node=node, display_node=node)
        self._tell("executed", node=node, display_node=node, output={"images": saved})
        self._tell("execution_success")

    def _listen(self, socket: Any) -> None:
        self.say = socket.send
        status = {"status": {"exec_info": {"queue_remaining": 0}}, "sid": "a"}
        self.say(json.dumps({"type": "status", "data": status}))

    def _tell(self, kind: str, **about: Any) -> None:
        self.say(json.dumps({"type": kind, "data": {"prompt_id": "a", "timestamp": 0, **about}}))

    def _answer(self, route: Any) -> None:
        path, _, query = route.request.url.removeprefix(f"{ADDRESS}/").partition("?")
        name = path.removeprefix("api/").partition("/")[0]
        if not path.startswith("api/"):
            file = STATIC / (path or "index.html")
            route.fulfill(path=str(file)) if file.is_file() else route.fulfill(status=404)
        elif name == "object_info":
            route.fulfill(json=object_info())
        elif name == "view":
            buffer = io.BytesIO()
            LoadImage.pictures["photo.jpg" if "photo.jpg" in query else "stylized.png"].save(
                buffer, "png"
            )
            route.fulfill(body=buffer.getvalue(), content_type="image/png")
        elif name == "prompt" and route.request.method == "POST":
            self.prompt = route.request.post_data_json["prompt"]
            route.fulfill(json={"prompt_id": "a", "number": 1, "node_errors": {}})
        elif path.count("/") == 1 and name in ANSWERS:
            route.fulfill(json=ANSWERS[name])
        else:
            route.fulfill(status=404 if route.request.method == "GET" else 200, json={})


def open_workflow(page: Any, photo: Image.Image) -> Host:
    """Open the example workflow in ComfyUI's page, and run it there."""
    host = Host(page, photo)
    page.goto(ADDRESS)
    page.get_by_role("button", name="Run", exact=True).wait_for()
    page.evaluate("w => window.app.loadGraphData(w)", json.loads(WORKFLOW.read_text()))
    page.wait_for_function("window.app.graph._nodes.length === 7")
    page.evaluate("window.app.queuePrompt(0)")
    host.run()
    page.wait_for_function(
        "window.app.graph._nodes.every(n => n.type !== 'SaveImage' || n.imgs?.length)"
    )
    return host
