import numpy as np
import pytest
from PIL import Image

from benchmarks import objects
from styletransfer.errors import InputError


def test_iou():
    a = np.array([True, True, False, False])
    assert objects.iou(a, a) == 1 and objects.iou(a, ~a) == 0
    assert objects.iou(a, np.array([True, True, True, True])) == 0.5


def test_what_is_not_there_is_said(tmp_path):
    with pytest.raises(InputError, match="pip install ai-edge-litert|no such file"):
        objects.segmenter(tmp_path / "none.tflite")


def test_people_are_looked_for_on_what_is_painted(monkeypatch):
    class Painted:
        def __init__(self, model, device): ...

        def style(self, style):
            return style

        def stylize(self, photo, style, alpha):
            return photo if alpha == 0 else Image.new("RGB", photo.size)

    monkeypatch.setattr(objects, "Stylizer", Painted)
    photo = Image.new("RGB", (8, 8))
    photo.paste("white", (0, 0, 4, 8))
    segment = lambda picture: np.array(picture)[..., 0] > 128  # noqa: E731
    assert objects.kept(segment, [photo], [segment(photo)], "m", 0.0) == {"iou": [1.0]}
    assert objects.kept(segment, [photo], [segment(photo)], "m", 1.0) == {"iou": [0.0]}
    assert objects.person("x:PACS/photo/person/1.jpg") and not objects.person("x:PACS/photo/dog/1.jpg")
