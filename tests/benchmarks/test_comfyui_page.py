"""The example workflow in ComfyUI's own page, if that is installed (comfyui-frontend-package)."""

import pytest
from PIL import Image

from ..chromium import LONG, launched
from ..conftest import noise
from ..integrations.comfyui.test_nodes import FOLDER, WORKFLOW
from ..integrations.comfyui.test_nodes import Host as SmallHost

pytest.importorskip("comfyui_frontend_package", reason="ComfyUI's page is not installed")


@pytest.mark.slow
def test_comfyui_s_page_knows_our_nodes_and_sends_what_our_host_runs(tmp_path):
    from benchmarks.comfyui_page import LoadImage, open_workflow

    host = SmallHost(tmp_path)
    host.load(FOLDER)
    with launched() as chromium:
        page = chromium.new_page()
        page.set_default_timeout(LONG)
        asked = open_workflow(page, noise(96, 64)).prompt
    sent = {id: {key: node[key] for key in ("class_type", "inputs")} for id, node in asked.items()}
    assert sent == host.prompt(WORKFLOW)
    assert isinstance(LoadImage.pictures["stylized.png"], Image.Image)
    assert LoadImage.pictures["stylized.png"].size == (96, 64)
