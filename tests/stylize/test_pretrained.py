import json
import shutil
from unittest import mock

import pytest
import torch

from styletransfer import InputError, Stylizer
from styletransfer.models.weights import file_digest

huggingface_hub = pytest.importorskip("huggingface_hub")


@pytest.fixture(scope="module")
def stylizer(tiny_model):
    return Stylizer(tiny_model, "cpu", "fp32")


def test_a_saved_model_is_the_same_model(stylizer, tmp_path):
    assert stylizer.save_pretrained(tmp_path / "mine") is None
    names = {path.name for path in (tmp_path / "mine").iterdir()}
    assert names == {"model.safetensors", "config.json", "README.md"}
    again = Stylizer.from_pretrained(tmp_path / "mine", device="cpu", precision="fp32")
    x = torch.rand(1, 3, 32, 32)
    code = stylizer.style(torch.rand(1, 3, 32, 32))
    assert torch.equal(again.stylize(x, code), stylizer.stylize(x, code)), "codes stay good"
    config = json.loads((tmp_path / "mine" / "config.json").read_text())
    assert config["sha256"] == again.digest and config["channels"] == list(again.net.config.channels)


def test_a_card_that_is_there_stays_and_one_may_save_in_place(stylizer, tmp_path):
    stylizer.save_pretrained(tmp_path)
    (tmp_path / "README.md").write_text("mine")
    Stylizer.from_pretrained(tmp_path, device="cpu").save_pretrained(tmp_path)
    assert (tmp_path / "README.md").read_text() == "mine"
    assert file_digest(tmp_path / "model.safetensors") == stylizer.digest


def test_what_was_loaded_must_still_be_there(tiny_model, tmp_path):
    shutil.copy(tiny_model, tmp_path / "m.safetensors")
    stylizer = Stylizer(tmp_path / "m.safetensors", "cpu")
    with open(tmp_path / "m.safetensors", "ab") as file:
        file.write(b"more")
    with pytest.raises(InputError, match="is not the file any more"):
        stylizer.save_pretrained(tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_from_the_hub(stylizer, tmp_path, monkeypatch):
    stylizer.save_pretrained(tmp_path)
    download = mock.create_autospec(
        huggingface_hub.hf_hub_download, return_value=str(tmp_path / "model.safetensors")
    )
    monkeypatch.setattr(huggingface_hub, "hf_hub_download", download)
    found = Stylizer.from_pretrained("me/mine", revision="v1", device="cpu")
    assert found.digest == stylizer.digest
    assert download.call_args.args == ("me/mine", "model.safetensors")
    assert download.call_args.kwargs["revision"] == "v1"


def test_what_is_not_on_the_hub_is_one_line(tmp_path):
    with pytest.raises(InputError, match="me/none: neither a folder nor to be had from the Hub"):
        Stylizer.from_pretrained("me/none", local_files_only=True, cache_dir=tmp_path)
    with pytest.raises(InputError, match="neither a folder"):
        Stylizer.from_pretrained("no such/name/at/all", cache_dir=tmp_path)
    with pytest.raises(InputError, match="no model"):
        Stylizer.from_pretrained(tmp_path)


def test_what_is_pushed_is_what_is_saved(stylizer, tmp_path, monkeypatch):
    """To a Hub that is a folder, called as the real one is to be called."""

    def upload(self, *, folder_path, **about):
        assert about["repo_id"] == "me/mine" and about["revision"] == "dev" and about["create_pr"]
        shutil.copytree(folder_path, tmp_path / "hub")
        return mock.Mock(commit_url="https://hub/commit")

    api = mock.create_autospec(huggingface_hub.HfApi)
    api.return_value.create_repo.return_value = mock.Mock(repo_id="me/mine")
    api.return_value.upload_folder.side_effect = lambda **given: upload(api, **given)
    monkeypatch.setattr(huggingface_hub, "HfApi", api)
    url = stylizer.push_to_hub("mine", branch="dev", create_pr=True, private=True, token="t")
    assert url == "https://hub/commit" and api.call_args.kwargs == {"token": "t"}
    assert api.return_value.create_repo.call_args.kwargs["private"]
    assert Stylizer.from_pretrained(tmp_path / "hub", device="cpu").digest == stylizer.digest
    assert 'from_pretrained("me/mine")' in (tmp_path / "hub" / "README.md").read_text()
    shutil.rmtree(tmp_path / "hub")
    options = {"repo_id": "mine", "push_to_hub": True, "branch": "dev", "create_pr": True}
    assert stylizer.save_pretrained(tmp_path / "out", **options) == "https://hub/commit"
    api.return_value.upload_folder.side_effect = OSError("401 Unauthorized")
    with pytest.raises(InputError, match="mine: cannot be uploaded"):
        stylizer.push_to_hub("mine")


def test_without_huggingface_hub_folders_still_do(stylizer, tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "huggingface_hub", None)
    stylizer.save_pretrained(tmp_path)
    assert Stylizer.from_pretrained(tmp_path, device="cpu").digest == stylizer.digest
    for call in (Stylizer.from_pretrained, stylizer.push_to_hub):
        with pytest.raises(InputError, match=r"styletransfer\[hub\]"):
            call("me/mine")
