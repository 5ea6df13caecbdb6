import numpy as np
import pytest
from PIL import Image

from styletransfer import InputError
from styletransfer.media.masks import read_mask


def test_a_mask_is_its_grey_values_where_it_can_be_seen(tmp_path):
    values = np.arange(0, 240, 10, dtype=np.uint8).reshape(4, 6)
    Image.fromarray(values).save(tmp_path / "m.png")
    expected = values / np.float32(255)
    for source in (values, Image.fromarray(values), tmp_path / "m.png"):
        found = read_mask(source, (6, 4))
        assert found.dtype == np.float32 and np.array_equal(found, expected)
    clear = Image.new("LA", (6, 4), (255, 51))
    assert np.allclose(read_mask(clear, (6, 4)), 0.2)


def test_what_is_no_mask():
    with pytest.raises(InputError, match="the mask is 6×4, the photo 4×6"):
        read_mask(np.zeros((4, 6), np.uint8), (4, 6))
    with pytest.raises(InputError, match="must be uint8"):
        read_mask(np.zeros((4, 6), np.float32), (6, 4))
