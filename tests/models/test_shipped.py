import subprocess
import sys
from pathlib import Path

import pytest

from styletransfer import InputError
from styletransfer.models.shipped import learned_styles, model_path, models


def test_models_lists_what_there_is():
    assert "adain-vgg" in models() and not any(Path(name).suffix for name in models())


def test_a_model_is_found_by_name_and_by_path(tiny_model):
    assert model_path("adain-fast").name == "adain-fast.safetensors"
    assert model_path(tiny_model) == Path(tiny_model)
    with pytest.raises(InputError, match="no model 'x': give one of adain-fast, "):
        model_path("x")


def test_learned_styles_are_those_that_the_network_knows():
    from styletransfer import load_model

    assert learned_styles("bank") == list(load_model("bank").config.styles)
    assert learned_styles("adain-fast") == []


def test_no_torch_is_needed_for_names():
    code = "import sys; from styletransfer.models.shipped import *; models(), learned_styles('bank'); "
    done = subprocess.run([sys.executable, "-c", code + "sys.exit('torch' in sys.modules)"])
    assert done.returncode == 0
