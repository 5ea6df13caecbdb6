"""What the page is told: of models, styles and presets."""

import io
import json
from types import SimpleNamespace

from PIL import Image

from styletransfer.media.image import example_styles
from styletransfer.preset import read_preset
from styletransfer.server.limits import Limits
from styletransfer.web.about import THUMBNAIL, about, thumbnail


def test_the_page_is_told_all_it_needs(service, tiny_model):
    told = json.loads(json.dumps(about(service, Limits(3, 4))))
    assert told["limits"] == {"megabytes": 3, "megapixels": 4}
    assert told["presets"]["poster"] == read_preset("poster")
    assert told["defaults"]["alpha"] == 1 and "mask" not in told["defaults"]
    models = {model["name"]: model for model in told["models"]}
    assert next(iter(models)) == tiny_model and models["adain-fast"]["own"]
    stems = {style["key"] for style in models["adain-fast"]["styles"]}
    assert stems == {path.stem for path in example_styles()}
    assert all(style["title"] and style["artist"] for style in models["adain-fast"]["styles"])
    bank = models["bank"]
    assert not bank["own"] and all(style["key"].startswith("bank:") for style in bank["styles"])


def test_a_model_of_one_s_own_has_the_styles_it_has_learned():
    first = SimpleNamespace(model="mine.safetensors", styles={"night_sky": None})
    service = SimpleNamespace(models=["mine.safetensors"], first=first)
    (model,) = about(service, Limits())["models"]
    assert model["styles"] == [{"key": "bank:night_sky", "title": "Night sky", "artist": "learned"}]


def test_shipped_styles_have_thumbnails_and_others_none():
    assert Image.open(io.BytesIO(thumbnail("lion"))).size == THUMBNAIL
    assert thumbnail("../../etc/passwd") is None
