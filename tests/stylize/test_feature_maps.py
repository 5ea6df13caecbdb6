"""Features of a whole, put together from parts."""

import pytest
import torch

from styletransfer.stylize.feature_maps import FeatureMaps


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("on_disk", [False, True])
def test_what_was_put_in_parts_is_found_as_a_whole_and_in_other_parts(on_disk, dtype, tmp_path):
    maps = FeatureMaps(60, 90, tmp_path if on_disk else None)  # 64 and 96 as the network sees it
    taps = {
        "relu3_1": torch.rand(2, 5, 20, 30).to(dtype),
        "relu4_1": torch.rand(2, 7, 8, 12).to(dtype),
    }
    for tap, whole in taps.items():
        unit = whole.shape[2] / 64
        for rows in (slice(0, 48), slice(48, 64)):
            for columns in (slice(0, 32), slice(32, 96)):
                down, right = (
                    slice(int(at.start * unit), int(at.stop * unit)) for at in (rows, columns)
                )
                maps.put(tap, whole[:, :, down, right], rows, columns)
    found = maps.window(slice(0, 64), slice(0, 96))
    assert found.keys() == taps.keys()
    assert all(torch.equal(found[tap], taps[tap]) for tap in taps)
    part = maps.window(slice(16, 64), slice(48, 80))
    assert torch.equal(part["relu3_1"], taps["relu3_1"][:, :, 5:20, 15:25])
    assert torch.equal(part["relu4_1"], taps["relu4_1"][:, :, 2:8, 6:10])
    values = sum(whole.numel() * whole.element_size() for whole in taps.values())
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) == (values if on_disk else 0)
