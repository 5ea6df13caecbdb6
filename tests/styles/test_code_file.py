"""A code's file is the same to arrays and to tensors."""

import numpy as np
import pytest
import torch
from safetensors.numpy import save_file

from styletransfer import InputError, StyleCode
from styletransfer.models.statistics import Statistics
from styletransfer.styles.code_file import FORMAT, CodeFile, check_code, normalised, shapes_of

MEAN, ROOT = (np.random.default_rng(0).random(s, dtype=np.float32) for s in ((1, 3), (1, 3, 3)))


def test_arrays_and_tensors_read_what_the_other_wrote(tmp_path):
    about = "digest", "model", "1.2.3", {"a.jpg": 1.0}
    CodeFile({"pixels": (MEAN, ROOT)}, *about).save(tmp_path / "a")
    tensors = Statistics(torch.tensor(MEAN), torch.tensor(ROOT))
    StyleCode({"pixels": tensors}, *about).save(tmp_path / "b")
    one, other = CodeFile.load(tmp_path / "b"), StyleCode.load(tmp_path / "a")
    assert (one.digest, one.model, one.version, one.styles) == about
    assert (other.digest, other.model, other.version, other.styles) == about
    assert np.array_equal(one.statistics["pixels"][1], ROOT)
    assert torch.equal(other.statistics["pixels"].std, tensors.std)


def test_what_is_no_code(tmp_path):
    path = tmp_path / "x.style.safetensors"
    with pytest.raises(InputError, match="no such file"):
        CodeFile.load(path)
    path.write_bytes(b"no")
    with pytest.raises(InputError, match="not a readable safetensors file"):
        CodeFile.load(path)
    save_file({"pixels.mean": MEAN}, path)
    with pytest.raises(InputError, match="is not a style code"):
        CodeFile.load(path)
    save_file({"pixels.mean": MEAN}, path, {"format": FORMAT})
    with pytest.raises(InputError, match="lacks 'pixels.std'"):
        CodeFile.load(path)
    from safetensors.torch import save_file as save_tensors

    save_tensors({"pixels.mean": torch.zeros(1, 3, dtype=torch.bfloat16)}, path, {"format": FORMAT})
    with pytest.raises(InputError, match=r"x\.style\.safetensors: "):
        CodeFile.load(path)


def test_whose_code_it_is():
    code = CodeFile({"pixels": (MEAN, ROOT)}, "digest", "theirs")
    shapes = shapes_of(code.statistics)
    check_code(code, "mine", "digest", shapes)
    with pytest.raises(InputError, match="with another model, theirs, than mine"):
        check_code(code, "mine", "other", shapes)
    with pytest.raises(InputError, match="is broken"):
        check_code(code, "mine", "digest", {})


def test_weights_sum_to_one():
    assert normalised([3, 1], 2) == [0.75, 0.25] and normalised(None, 2) == [0.5, 0.5]
    with pytest.raises(InputError, match="1 weights for 2 styles"):
        normalised([1], 2)
