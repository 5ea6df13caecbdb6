import re
from types import SimpleNamespace

import pytest

from styletransfer.server.app import StylizeServer, build_app
from styletransfer.server.docs_page import docs_page
from styletransfer.server.fields import OPTIONS
from styletransfer.server.limits import Limits


@pytest.fixture(scope="module")
def api():
    """The description alone needs no network."""
    nothing = SimpleNamespace
    server = nothing(limits=Limits(), counters=None, stylizer=nothing(model="m"), model="m", store=None)
    for name in ("stylize", "keep_style", "styles", "health", "metrics"):
        setattr(server, name, getattr(StylizeServer, name).__get__(server))
    return build_app(server).openapi()


def test_the_description_names_paths_fields_and_answers(api):
    assert set(api["paths"]) == {"/stylize", "/styles", "/health", "/metrics"}
    post = api["paths"]["/stylize"]["post"]
    form = post["requestBody"]["content"]["multipart/form-data"]["schema"]
    assert set(OPTIONS) < set(form["properties"]) and form["required"] == ["photo"]
    assert {"200", "413", "415", "422", "429", "503", "504"} <= set(post["responses"])
    assert "image/jpeg" in post["responses"]["200"]["content"]


def test_the_page_has_a_form_of_every_field_and_loads_nothing(api):
    page = docs_page(api, ["lion", "<b>"])
    for name in ("photo", "style", "format", *OPTIONS):
        assert f'name="{name}"' in page
    assert "<option>lion</option>" in page and "<b>" not in page and "&lt;b&gt;" in page
    assert not re.search(r"<script|<img|<link|(?:src|href)=\"?(?:https?:)?//|@import|url\(", page)
