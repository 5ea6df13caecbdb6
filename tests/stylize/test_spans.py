"""Cutting a picture into tiles."""

import pytest

from styletransfer.models.padding import MULTIPLE, padded
from styletransfer.stylize.spans import spans, tiles_of


@pytest.mark.parametrize("side", [1, 7, 16, 250, 256, 300, 411, 1000])
@pytest.mark.parametrize("halo", [0, 32, 64])
def test_spans_cover_a_side_once_and_see_as_far_as_they_must(side, halo):
    side, window = padded(side), 256
    found = list(spans(side, window, halo))
    assert [s.start for s in found] == [0, *(s.stop for s in found[:-1])] and found[-1].stop == side
    for s in found:
        assert s.window.start <= max(0, s.start - halo) and s.window.stop >= min(side, s.stop + halo)
        assert s.window.stop - s.window.start <= window
        assert not s.start % MULTIPLE and not s.window.start % MULTIPLE
    least = 1 if side <= window else -(-(side - 2 * halo) // (window - 2 * halo))
    assert len(found) == least


@pytest.mark.parametrize("side", [16, 96, 128])
def test_what_is_seen_at_once_is_not_cut_however_small_it_is(side):
    assert list(spans(side, 128, 64)) == [(0, side, slice(0, side))]


@pytest.mark.parametrize("at_once", [1, 2, 3, 4, 8])
@pytest.mark.parametrize("height,width", [(2048, 2048), (1600, 3000), (700, 5000)])
def test_no_worker_is_left_without_a_tile(height, width, at_once):
    tiles = tiles_of(height, width, 1024, 32, at_once)
    least = len(tiles_of(height, width, 1024, 32))
    assert least <= len(tiles) <= least + 3 * at_once
    assert -len(tiles) % at_once <= (-least) % at_once
    assert all(s.window.stop - s.window.start <= 1024 for tile in tiles for s in tile)
    area = sum((r.stop - r.start) * (c.stop - c.start) for r, c in tiles)
    assert area == padded(height) * padded(width)
