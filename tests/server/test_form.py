import io
import os

import pytest
from PIL import Image
from starlette.datastructures import FormData, UploadFile

from styletransfer.errors import InputError
from styletransfer.server.form import read_form
from styletransfer.server.limits import Limits
from styletransfer.server.style_store import StyleStore

from .conftest import PHOTO, STYLE, as_file


@pytest.fixture(scope="module")
def store(stylizer):
    return StyleStore(stylizer, Limits())


def read(store, *items):
    """items: names and values, bytes being files."""
    values = [
        (
            name,
            UploadFile(io.BytesIO(value), filename="x" if value else "")
            if isinstance(value, bytes)
            else value,
        )
        for name, value in items
    ]
    return read_form(FormData(values), store, Limits())


def named(blend) -> dict[str, float]:
    return {style.name: round(weight, 6) for style, weight in blend.items()}


def test_what_a_browser_leaves_empty_is_not_given(store):
    found = read(
        store,
        ("photo", PHOTO),
        ("style", b""),
        ("style", "lion"),
        ("mask", b""),
        ("alpha", ""),
        ("size", " "),
    )
    assert found.options.changed() == [] and named(found.style) == {"lion": 1}
    assert found.kind == "PNG" and found.size == (50, 37)


def test_weights_are_those_of_the_styles_in_their_order(store):
    found = read(
        store,
        ("photo", PHOTO),
        ("style", "lion:1,spring:3"),
        ("style", STYLE),
        ("style", "lion"),
        ("weights", "4,2,1"),
    )
    assert named(found.style) == {"lion": 2, "spring": 3, "style": 2}


def test_regions_hold_blends_and_maps_keep_their_values(store):
    labels = Image.new("L", (50, 37), 3)
    found = read(
        store,
        ("photo", PHOTO),
        ("regions", as_file(labels)),
        ("region", "3=lion:0.5,sky:1.5"),
        ("sky", STYLE),
    )
    assert found.style is None and named(found.options.region["3"]) == {"lion": 0.5, "sky": 1.5}
    assert found.options.regions.getextrema() == (3, 3)


def test_the_size_of_the_result_is_known(store):
    assert read(store, ("photo", PHOTO), ("style", "lion"), ("size", "20")).size == (27, 20)


def test_a_field_s_name_is_no_style(store):
    for name in ("photo", "style", "mask"):
        with pytest.raises(Exception, match="no style"):
            read(store, ("photo", PHOTO), ("style", name))
    with pytest.raises(InputError, match="sky is given 2 times"):
        read(store, ("photo", PHOTO), ("style", "sky"), ("sky", STYLE), ("sky", STYLE))


def test_nothing_is_looked_for_on_disk(store, monkeypatch, tmp_path):
    (tmp_path / "lion").write_bytes(STYLE)
    monkeypatch.chdir(tmp_path)
    asked, exists = [], os.path.exists
    monkeypatch.setattr(os.path, "exists", lambda path: asked.append(path) or exists(path))
    region = ("regions", as_file(Image.new("L", (50, 37), 3))), ("region", "3=lion:1,spring:2")
    found = read(store, ("photo", PHOTO), ("style", "lion:3"), *region)
    assert list(found.style) == [store.shipped["lion"]] and not asked
