"""A model's graphs, made as `make graphs` makes them; the export itself is `test_onnx`'s."""

import shutil
import sys

import numpy as np
import pytest
import torch

from styletransfer.models import make_graphs, shipped
from styletransfer.models.config import Config
from styletransfer.models.network import StylizerNet
from styletransfer.models.onnx import ExportedStylizer, flattened

onnxruntime = pytest.importorskip("onnxruntime")


def test_with_a_map_is_exported_what_torch_paints(monkeypatch):
    """While torch exports it takes other ways to the same: here it only believes that it does."""
    torch.manual_seed(0)
    taps = ("pixels", "relu3_1")
    config = Config(encoder="slim", taps=taps, joint=taps, channels=(4, 6), scale=(5, 4), drafts=1)
    net = StylizerNet(config).requires_grad_(False)
    style = flattened(net.code(torch.rand(1, 3, 32, 32)))
    for height, width in ((16, 40), (75, 101), (32, 32)):
        content, alpha = torch.rand(1, 3, height, width), torch.rand(1, 1, height, width)
        module = ExportedStylizer(net)
        expected = module(content, style, alpha)
        with monkeypatch.context() as patch:
            patch.setattr(torch.compiler, "is_compiling", lambda: True)
            torch.testing.assert_close(module(content, style, alpha), expected, atol=1e-4, rtol=0)
        for strength in (0.6, 1.0):
            one, everywhere = torch.tensor([strength]), torch.full_like(alpha, strength)
            torch.testing.assert_close(
                module(content, style, everywhere), module(content, style, one), atol=1e-5, rtol=0
            )


def test_both_files_are_written_beside_the_weights(tmp_path, monkeypatch, capsys):
    paths = shipped.graph_paths("adain-fast")
    assert paths

    def export(net, path, name, digest, with_maps):
        assert with_maps and digest == net.digest == shipped.file_digest(shipped.model_path(name))
        return [shutil.copy(each, path.with_name(each.name)) for each in paths]

    monkeypatch.setattr(make_graphs, "export", lambda *a, **k: map(type(tmp_path), export(*a, **k)))
    monkeypatch.setattr(make_graphs, "WEIGHTS", tmp_path)
    monkeypatch.setattr(sys, "argv", ["make_graphs", "adain-fast"])
    make_graphs.main()
    written = [tmp_path / path.name for path in paths]
    assert capsys.readouterr().out.split() == [str(path) for path in written]
    before, after = (onnxruntime.InferenceSession(each) for each in (paths[1], written[1]))
    assert before.get_modelmeta().custom_metadata_map == after.get_modelmeta().custom_metadata_map
    picture = {"picture": np.random.default_rng(0).random((1, 3, 40, 30), dtype=np.float32)}
    np.testing.assert_allclose(after.run(None, picture)[0], before.run(None, picture)[0], atol=1e-4)
