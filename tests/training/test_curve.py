"""The losses of a run as a picture."""

import json

import numpy as np
from PIL import Image, ImageColor

from styletransfer.training.curve import COLOURS, MARGIN, SIZE, save_curve


def written(folder, **losses):
    """A run of as many steps as there are numbers."""
    folder.mkdir()
    rows = zip(*losses.values())
    lines = [{"step": n, **dict(zip(losses, values))} for n, values in enumerate(rows, 1)]
    (folder / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return folder


def places(path, color):
    """Columns and rows of a colour, within the axes and left of the names."""
    pixels = np.array(Image.open(path))[MARGIN[1] + 80 : SIZE[1] - MARGIN[3], MARGIN[0] :]
    return np.nonzero((pixels == ImageColor.getrgb(color)).all(axis=2))


def test_a_loss_that_falls_goes_down_from_left_to_right(tmp_path):
    run = written(tmp_path / "run", style=np.linspace(2, 0.2, 120), loss=np.ones(120))
    save_curve(tmp_path / "curve.png", [run])
    assert Image.open(tmp_path / "curve.png").size == SIZE
    rows, columns = places(tmp_path / "curve.png", COLOURS["style"])
    assert len(rows) > 100 and np.corrcoef(rows, columns)[0, 1] > 0.95
    assert len(places(tmp_path / "curve.png", COLOURS["content"])[0]) == 0, "not in the run"


def test_runs_that_followed_each_other_are_one_with_a_bar_between(tmp_path):
    runs = [written(tmp_path / name, content=np.full(100, 0.5)) for name in "ab"]
    save_curve(tmp_path / "one.png", runs[:1])
    save_curve(tmp_path / "two.png", runs)
    assert len(places(tmp_path / "one.png", "#aaaaaa")[0]) == 0
    _, columns = places(tmp_path / "two.png", "#aaaaaa")
    width = SIZE[0] - MARGIN[0] - MARGIN[2]
    assert len(columns) > 50 and np.abs(columns - width / 2).max() < 4
