"""Every kind of style as a code."""

from dataclasses import replace

import pytest
import torch

from styletransfer import InputError, StyleCode
from styletransfer.styles.encode import parts_of, stacked

from ..codes import STYLES, same


def test_a_folder_is_the_mean_of_its_pictures(stylizer, tmp_path):
    (tmp_path / "artist" / "late").mkdir(parents=True)
    paths = [tmp_path / "artist" / "1.png", tmp_path / "artist" / "late" / "2.png"]
    for path, style in zip(paths, STYLES):
        style.save(path)
    (tmp_path / "artist" / "notes.txt").write_text("b. 1853")
    same(stylizer.style(tmp_path / "artist", 32), stylizer.blend(paths, size=32))
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="no pictures"):
        stylizer.style(tmp_path / "empty")


def test_crop_looks_at_the_middle(stylizer):
    middle = STYLES[0].crop((10, 8, 30, 24))
    same(stylizer.style(STYLES[0], 32, crop=0.5), stylizer.style(middle, 32))


def test_blend_by_path(stylizer, paintings):
    mapped = stylizer.blend({paintings[0]: 0.7, paintings[1]: 0.3}, size=32)
    listed = stylizer.blend(paintings, [0.7, 0.3], size=32)
    for tap in mapped.statistics:
        assert torch.equal(mapped.statistics[tap].mean, listed.statistics[tap].mean)


def test_a_code_of_another_model_is_refused(stylizer, tmp_path):
    code = StyleCode(stylizer.style(STYLES[0], 32).statistics, "another")
    code.save(tmp_path / "a.style.safetensors")
    with pytest.raises(InputError, match="another model"):
        stylizer.style(tmp_path / "a.style.safetensors")


def test_codes_one_below_the_other(codes):
    rows = stacked(codes, torch.device("cpu"))
    assert rows["relu4_1"].mean.shape == (3, 8)
    for number, code in enumerate(codes):
        assert torch.equal(rows["relu3_1"].std[number], code.statistics["relu3_1"].std[0])


def test_what_a_blend_and_a_folder_are_made_of(tmp_path):
    for name in ("a.png", "b.png"):
        STYLES[0].save(tmp_path / name)
    assert parts_of(tmp_path) == {tmp_path / "a.png": 1.0, tmp_path / "b.png": 1.0}
    assert parts_of("a.jpg:3,b.jpg") == {"a.jpg": 3.0, "b.jpg": 1.0} and parts_of({"a": 2}) == {"a": 2}
    assert parts_of(tmp_path / "a.png") is None and parts_of(STYLES[0]) is None


def test_a_broken_code_is_told_from_one_of_another_model(stylizer, codes):
    encoder = stylizer.style_encoder
    encoder.check(codes[0])
    with pytest.raises(InputError, match="made with another model, x, than"):
        encoder.check(replace(codes[0], digest="else", model="x"))
    less = {"relu3_1": codes[0].statistics["relu3_1"]}
    with pytest.raises(InputError, match="of another shape"):
        encoder.check(replace(codes[0], statistics=less))
    with pytest.raises(InputError, match="no style given"):
        encoder.empty_code()
