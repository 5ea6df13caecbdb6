"""The scores over a list of pairs."""

from pathlib import Path

import pytest
import torch
from PIL import Image

from styletransfer.errors import InputError
from styletransfer.evaluation import report
from styletransfer.evaluation.report import Pair

from ..conftest import noise


def test_pairs_are_read_beside_their_file(tmp_path):
    path = tmp_path / "pairs.tsv"
    path.write_text("id\tcontent\tstyle\n# two of them\n\n0\ta.jpg\tb.jpg\nx\td/a.jpg\t/b.jpg\n")
    assert report.read_pairs(path) == [
        Pair("0", tmp_path / "a.jpg", tmp_path / "b.jpg"),
        Pair("x", tmp_path / "d/a.jpg", Path("/b.jpg")),
    ]


@pytest.mark.parametrize(
    "text, says",
    [
        ("0\ta.jpg\n", "line 1 is not id, content, style"),
        ("# nothing\n", "no pairs in it"),
        (None, "cannot be read"),
    ],
)
def test_lists_that_are_none(tmp_path, text, says):
    path = tmp_path / "pairs.tsv"
    if text is not None:
        path.write_text(text)
    with pytest.raises(InputError, match=says):
        report.read_pairs(path)
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(InputError, match="cannot be read"):
        report.read_pairs(path)


def test_means_are_over_the_pairs():
    rows = [{"id": str(n), **dict.fromkeys(report.SCORES, float(n))} for n in (1, 2, 6)]
    assert report.means(rows) == dict.fromkeys(report.SCORES, 3.0)


@pytest.fixture
def looked_at(monkeypatch):
    """At which short sides a picture is looked at; in the end it is at a sixteenth of them."""
    sizes, resize = [], report.resize_short_side

    def small(image, size):
        sizes.append(size)
        return resize(image, size // 4)

    monkeypatch.setattr(report, "resize_short_side", small)
    return sizes


def test_a_picture_is_looked_at_in_the_sizes_that_scores_are_named_after(looked_at):
    encoder = report.load_encoder(normalized=False)
    with torch.inference_mode():
        seen = report.MeasuredImage.of(encoder, noise(200, 150))
        assert looked_at == [384, 512, 512, 256, 128]
        assert seen.shapes == [(128, 96), (171, 128)]
        other = report.MeasuredImage.of(encoder, noise(150, 200), seen.shapes)
    assert other.shapes == seen.shapes, "in the photo's own shape"
    assert list(seen.signatures) == [name for name in report.SCORES if "@" in name]
    deviations = report.metrics.style_deviations([seen.statistics, other.statistics])
    found = report.scores(seen, seen, other, deviations)
    assert tuple(found) == report.SCORES and found["ssim"] == pytest.approx(1)


def test_one_style_alone_has_no_scale(tmp_path, looked_at):
    noise(40, 40).save(tmp_path / "a.png")
    pair = Pair("0", tmp_path / "a.png", tmp_path / "a.png")
    with pytest.raises(InputError, match="at least two different styles"):
        list(report.evaluate([pair], lambda pair: Image.open(pair.content)))


def test_halves_of_a_style_are_nearly_copies_of_each_other(tmp_path, looked_at):
    for seed in range(2):
        grain = Image.effect_noise((256, 128), 40 + 60 * seed).convert("RGB")
        grain.save(tmp_path / f"{seed}.png")
    found = report.ceiling([tmp_path / "0.png", tmp_path / "1.png"])
    assert list(found) == [name for name in report.SCORES if "@" in name]
    assert min(found.values()) > 0.3 and max(found.values()) <= 1
