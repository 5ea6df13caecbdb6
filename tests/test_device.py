import pytest
import torch

from styletransfer import InputError
from styletransfer.device import can_compile, enough_memory, pick_device


def test_the_processor_is_always_there_and_nonsense_never():
    assert pick_device("cpu").type == "cpu" and not can_compile(torch.device("cpu"))
    with pytest.raises(InputError, match="no device 'abacus'"):
        pick_device("abacus")


def test_out_of_memory_names_a_remedy():
    said = pytest.raises(InputError, match="out of memory on cpu: give a smaller picture")
    with said, enough_memory(torch.device("cpu"), "a smaller picture"):
        raise torch.OutOfMemoryError
