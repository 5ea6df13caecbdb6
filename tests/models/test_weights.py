import re
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from styletransfer import InputError, load_model
from styletransfer.models.config import Config
from styletransfer.models.network import StylizerNet
from styletransfer.models.shipped import WEIGHTS
from styletransfer.models.weights import load_encoder, save_model


def test_a_saved_model_needs_nothing_else(tiny_net, tiny_model):
    loaded = load_model(tiny_model)
    x = torch.rand(1, 3, 32, 32)
    assert loaded.config == tiny_net.config
    torch.testing.assert_close(loaded(x, None), tiny_net(x, None), atol=2e-2, rtol=1e-2)


def test_the_shipped_encoder_is_referred_to_by_name(tmp_path):
    net = StylizerNet(Config())
    net.encoder.load_state_dict(load_encoder().state_dict())
    save_model(tmp_path / "m.safetensors", net)
    assert (tmp_path / "m.safetensors").stat().st_size < 5.5e6
    x = torch.rand(1, 3, 16, 16)
    torch.testing.assert_close(load_model(tmp_path / "m.safetensors").encode(x), net.encode(x))


def test_every_shipped_file_has_a_card_with_its_checksum():
    from styletransfer.models.shipped import file_digest

    files = sorted(WEIGHTS.glob("*.safetensors"))
    assert {"vgg19-oxford", "adain-vgg"} <= {file.stem for file in files}
    for file in files:
        card = file.with_suffix(".md").read_text()
        assert re.search(r"\b[0-9a-f]{64}\b", card).group() == file_digest(file), file.name


def test_the_encoder_sees_like_vgg():
    # relu4_1 of a picture on the unscaled network, as converted: bounds that garbage would miss.
    features = load_encoder(normalized=False)(torch.full((1, 3, 64, 64), 0.45))["relu1_1"]
    assert 0 < features.mean() < 60
    normal = load_encoder()(torch.rand(2, 3, 64, 64))
    assert all(0.05 < x.mean() < 20 for x in normal.values())


@pytest.mark.parametrize("what", ["missing", "text", "foreign", "misfit"])
def test_bad_weight_files_are_one_line(tmp_path, what, tiny_net):
    path = tmp_path / "bad.safetensors"
    if what == "text":
        path.write_text("not weights")
    elif what == "foreign":
        save_file({"x": torch.zeros(1)}, path)
    elif what == "misfit":
        save_model(path, tiny_net, {"config": '{"channels": [4, 6, 8, 16]}'})
    with pytest.raises(InputError) as caught:
        load_model(path)
    assert "bad.safetensors" in str(caught.value) and "\n" not in str(caught.value)


def test_a_full_disk_is_one_line_and_leaves_nothing(tmp_path, tiny_net):
    if not Path("/dev/full").exists():
        pytest.skip("needs /dev/full")
    from styletransfer.media import files

    with pytest.raises(InputError, match="cannot write"):
        files.write_atomically(tmp_path / "x", lambda _: Path("/dev/full").write_bytes(b"x" * 10))
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(InputError, match="cannot write"):
        save_model(tmp_path / "no" / "m.safetensors", tiny_net)
