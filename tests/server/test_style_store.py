import pytest

from styletransfer.errors import InputError
from styletransfer.server import style_store
from styletransfer.server.limits import Limits, Refused
from styletransfer.server.style_store import StyleStore, read_style

from ..conftest import noise
from .conftest import STYLE, as_file


def test_shipped_styles_have_names_and_sent_ones_ids(stylizer):
    store = StyleStore(stylizer, Limits())
    assert "great_wave" in store.shipped and store.find("great_wave").size
    style = store.keep(STYLE, "style")
    assert store.find(style.id) is style and style.id == read_style(STYLE, "other", Limits()).id
    assert style.id not in store.shipped, "what others sent is not listed"
    for name in ("great_wave.jpg", "../great_wave", "bank:monet", style.id[:-1]):
        with pytest.raises(Refused, match="no style"):
            store.find(name)


def test_the_oldest_that_were_sent_are_forgotten(stylizer, monkeypatch):
    monkeypatch.setattr(style_store, "KEPT", 2)
    store = StyleStore(stylizer, Limits())
    pictures = [as_file(noise(8, 8, seed)) for seed in range(3)]
    first, second = (store.keep(data, "style") for data in pictures[:2])
    store.find(first.id)
    store.keep(pictures[2], "style")
    assert store.find(first.id) is first
    with pytest.raises(Refused):
        store.find(second.id)
    store.limits = Limits(max_megabytes=len(pictures[2]) / style_store.KEPT_REQUESTS / 1e6 + 1e-6)
    store.keep(pictures[2], "style")
    assert len(store.sent) == 1, "they are of no more bytes than is allowed, either"


def test_a_code_has_no_picture(stylizer, tmp_path):
    stylizer.style(noise(20, 20)).save(tmp_path / "a.style.safetensors")
    style = read_style((tmp_path / "a.style.safetensors").read_bytes(), "mine", Limits())
    with pytest.raises(Refused, match="mine: .*, need a style's picture"):
        style.picture()
    with pytest.raises(Refused, match="^mine: not a readable"):
        read_style(b"\2\0\0\0\0\0\0\0{]", "mine", Limits())


def test_a_model_that_has_learned_its_styles_offers_those(stylizer, monkeypatch):
    code = stylizer.style(noise(20, 20))
    monkeypatch.setattr(stylizer.style_encoder, "learned", {"monet": code})
    assert list(StyleStore(stylizer, Limits()).shipped) == ["bank:monet"]
    monkeypatch.undo()
    monkeypatch.setattr(stylizer.net.bottleneck, "takes_style", False)
    assert not StyleStore(stylizer, Limits()).shipped
    with pytest.raises(InputError):
        stylizer.style(noise(20, 20))
