import pytest
import torch

from styletransfer.errors import out_of_memory


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        torch.OutOfMemoryError("CUDA out of memory"),
        RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory"),
        ImportError("libtorch.so: failed to map segment from shared object"),
        RuntimeError("can't start new thread"),
    ],
)
def test_memory_runs_out_in_several_words(error):
    assert out_of_memory(error)


def test_other_errors_are_not_of_memory():
    assert not out_of_memory(RuntimeError("shapes do not match"))
