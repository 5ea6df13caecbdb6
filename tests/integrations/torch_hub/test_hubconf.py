"""The folder that torch.hub loads from."""

from pathlib import Path

import pytest
import torch

from styletransfer import InputError, integrations

HUB = str(Path(integrations.__file__).parent / "torch_hub")


def test_a_stylizer_is_loaded_with_what_it_is_given(tiny_model):
    found = torch.hub.load(HUB, "stylizer", tiny_model, source="local", device="cpu")
    assert found.model == tiny_model and found.device == torch.device("cpu")
    with pytest.raises(InputError, match="no model"):
        torch.hub.load(HUB, "stylizer", "none", source="local")
