import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from styletransfer.models.padding import MULTIPLE, pad_to_multiple


@settings(max_examples=50, deadline=None)
@given(length=st.integers(2, 60))
def test_padding_is_numpys_reflection(length):
    x = torch.rand(1, 1, length, length)
    padded = pad_to_multiple(x)
    more = padded.shape[2] - length
    assert padded.shape[2] % MULTIPLE == 0
    expected = np.pad(x[0, 0].numpy(), ((0, more), (0, more)), mode="reflect")
    assert np.array_equal(padded[0, 0].numpy(), expected)
