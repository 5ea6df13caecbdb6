"""What the manifest says of a run's settings: lines of earlier versions must still be found the same."""

from hashlib import sha256

import pytest

from styletransfer.batch.settings import BatchSettings
from styletransfer.errors import InputError
from styletransfer.options import StylizeOptions

DIGEST = "0123456789abcdef" * 4
PLAIN = (
    '{"alpha": 0.7, "color_strength": 1.0, "crop": false, "feather": 0, "model": "0123456789abcdef", '
    '"precision": "auto", "preserve_color": "luminance", "quality": 95, "size": 32, "stats": "exact", '
    '"style_crop": 1.0, "style_size": 512}'
)
MAPPED = (
    '{"alpha": 1.0, "color_strength": 1.0, "crop": true, "feather": 3, "mask": "%s", "model": '
    '"0123456789abcdef", "precision": "fp32", "preserve_color": "none", "quality": 80, "region": '
    '{"#ff0000": {"%s": 0.5, "bank:lion": 0.5}}, "regions": "%s", "stats": "thumbnail", '
    '"strokes": 2.0, "style_crop": 0.5, "style_size": 64}'
)


def test_the_manifest_has_what_a_result_depends_on():
    options = StylizeOptions(alpha=0.7, preserve_color="luminance", size=32, tile=512)
    settings = BatchSettings("dst", options, device="cpu", seed=7).for_model(DIGEST)
    assert settings.recorded == settings.former == PLAIN


def test_files_are_recorded_by_what_is_in_them(tmp_path):
    hashes = []
    for name in ("mask.png", "map.png"):
        (tmp_path / name).write_text(name)
        hashes.append(sha256(name.encode()).hexdigest()[:16])
    (tmp_path / "works").mkdir()
    (tmp_path / "works/a.jpg").write_text("painting")
    options = StylizeOptions(
        mask=str(tmp_path / "mask.png"), regions=str(tmp_path / "map.png"), feather=3,
        region={"#ff0000": {str(tmp_path / "works"): 0.5, "bank:lion": 0.5}},
        stats="thumbnail", strokes=2.0, style_crop=0.5, style_size=64,
    )  # fmt: skip
    settings = BatchSettings("dst", options, crop=True, quality=80, precision="fp32").for_model(DIGEST)
    now = sha256(f"a {sha256(b'painting').hexdigest()[:16]}".encode()).hexdigest()[:16]
    before = sha256(b"a 8 bytes").hexdigest()[:16]  # of a folder's files the sizes counted
    assert settings.recorded == MAPPED % (hashes[0], now, hashes[1])
    assert settings.former == MAPPED % (hashes[0], before, hashes[1])


def test_a_map_that_is_not_there_is_told_of():
    with pytest.raises(InputError, match="nowhere.png: cannot be read"):
        BatchSettings("dst", StylizeOptions(mask="nowhere.png")).for_model(DIGEST)
