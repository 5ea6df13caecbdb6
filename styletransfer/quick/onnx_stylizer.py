"""`Stylizer` for plain pictures, of a shipped model's graphs. No torch here."""

import json
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from ..errors import InputError
from ..media.image import Picture, read_picture, resize_short_side, style_image
from ..models.shipped import file_digest, graph_paths, model_path
from ..options import StylizeOptions
from ..styles.cache import remembered
from ..styles.code_file import (
    FORMAT,
    NO_PICTURE,
    SUFFIX,
    CodeFile,
    Shapes,
    check_code,
    normalised,
)
from ..styles.names import DEFAULT_MODEL, parts_of
from ..system.host import check_free, cores
from ..system.onnxruntime import onnxruntime
from ..version import __version__
from .choice import BYTES
from .pixels import alpha_map, keep_luminance, match_colors, planes, to_image

QuickStyle = Picture | str | os.PathLike[str]
"""A painting, its file, a code's file, a folder of them, or a blend, "a.jpg:0.7,b.jpg:0.3"."""


class OnnxStylizer:
    """A shipped model, ready to repaint pictures on a CPU, in float32.

        OnnxStylizer().stylize("photo.jpg", ["starry.jpg"]).save("out.png")

    model: a shipped name with ONNX files beside its weights; InputError for others.
    """

    device = "cpu"

    def __init__(self, model: str = DEFAULT_MODEL):
        if (paths := graph_paths(model)) is None:
            raise InputError(f"model {model!r} has no ONNX files")
        self.model, self.digest = model, file_digest(model_path(model))
        painter, self._encoder_path = paths
        _runtime()
        # Meanwhile styles are looked at.
        self._loading = ThreadPoolExecutor(1).submit(self._session, painter)

    def stylize(
        self,
        content: Picture | str | os.PathLike[str],
        styles: Sequence[QuickStyle],
        options: StylizeOptions = StylizeOptions(),
    ) -> Image.Image:
        """What `Stylizer.stylize` gives of a photo and styles; of the options those that
        `quick.choice.beyond_onnx` knows nothing against."""
        picture = content if isinstance(content, Picture) else read_picture(content)
        rgb, transparency = picture.rgb, picture.alpha
        if options.size is not None:
            transparency = transparency and resize_short_side(transparency, options.size)
            rgb = resize_short_side(rgb, options.size)
        photo = planes(rgb)
        alpha = alpha_map(options, photo.shape[2:], picture.rgb.size)
        code = self._blended(styles, options.weights, photo, options)
        painted = photo
        if alpha.any():
            inputs = {"content": photo, "style": code, "alpha": alpha}
            (painted,) = self._painter.run(None, inputs)
        if options.preserve_color == "luminance":
            painted = keep_luminance(photo, painted, options.color_strength)
        image = to_image(painted)
        if transparency is not None:
            image.putalpha(transparency)
        return image

    def _blended(
        self,
        styles: Sequence[QuickStyle],
        weights: Sequence[float] | None,
        photo: np.ndarray,
        options: StylizeOptions,
    ) -> np.ndarray:
        """The weighted mean of styles' codes, (1, L): AdaIN is affine in them (`styles.code.blend`)."""
        rows = [self._row(style, photo, options) for style in styles]
        used = [(row, w) for row, w in zip(rows, normalised(weights, len(rows))) if w > 0]
        if len(used) == 1:
            return used[0][0]
        return sum((np.float32(w) * row for row, w in used), start=np.zeros_like(used[0][0]))

    def _row(self, style: QuickStyle, photo: np.ndarray, options: StylizeOptions) -> np.ndarray:
        """A style's code as the graphs have it, (1, L): mean and deviation (or root) of each tap in
        turn."""
        if (parts := parts_of(style)) is not None:
            return self._blended(list(parts), list(parts.values()), photo, options)
        if str(style).endswith(SUFFIX):
            if options.preserve_color == "histogram":
                raise InputError(NO_PICTURE)
            code = CodeFile.load(Path(str(style)))
            self._check(code)
        else:
            code = self._encoded(style, photo, options)
        parts_of_row = [part for tap in self._shapes for part in code.statistics[tap]]
        return np.concatenate([part.reshape(1, -1) for part in parts_of_row], axis=1)

    def _encoded(self, style: QuickStyle, photo: np.ndarray, options: StylizeOptions) -> CodeFile:
        """The code of a painting, perhaps from the cache."""
        rgb = style.rgb if isinstance(style, Picture) else read_picture(style).rgb
        picture = planes(style_image(rgb, options.style_size, options.style_crop))
        height, width = picture.shape[2:]
        check_free(BYTES * height * width, f"a style of {width}×{height}", "give a smaller --style-size")
        if options.preserve_color == "histogram":
            picture = match_colors(picture, photo, options.color_strength)
        name = "a picture" if isinstance(style, Picture) else Path(style).name

        def encoded() -> CodeFile:
            (row,) = self._session(self._encoder_path).run(None, {"picture": picture})
            return CodeFile(self._unflattened(row), self.digest, self.model, styles={name: 1.0})

        about = f"{FORMAT} {__version__} {self.digest} {self.model} onnx"
        return remembered(picture, about, name, encoded, CodeFile.load, self._check)

    def _unflattened(self, row: np.ndarray) -> dict[str, tuple[np.ndarray, np.ndarray]]:
        """The statistics that a row (1, L) is made of."""
        found, start = {}, 0
        for tap, shapes in self._shapes.items():
            parts = []
            for shape in shapes:
                stop = start + int(np.prod(shape))
                parts.append(row[:, start:stop].reshape(shape))
                start = stop
            found[tap] = (parts[0], parts[1])
        return found

    def _check(self, code: CodeFile) -> None:
        check_code(code, self.model, self.digest, self._shapes)

    @property
    def _painter(self) -> Any:
        return self._loading.result()

    @cached_property
    def _shapes(self) -> Shapes:
        layout = json.loads(self._painter.get_modelmeta().custom_metadata_map["style"])
        return {tap: [(1, *shape) for shape in pair] for tap, pair in layout.items()}

    def _session(self, path: Path) -> Any:
        """A graph, ready to run. InputError for one of other weights than there are."""
        runtime = _runtime()
        options = runtime.SessionOptions()
        options.intra_op_num_threads = int(os.environ.get("OMP_NUM_THREADS") or cores())
        options.log_severity_level = 3
        options.add_session_config_entry("session.use_env_allocators", "1")
        session = runtime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        if session.get_modelmeta().custom_metadata_map["digest"] != self.digest:
            raise InputError(f"{path}: was made of other weights than are there (make graphs)")
        return session


@cache
def _runtime() -> Any:
    """onnxruntime, in which all graphs take their memory from one place: what the first has had, the
    next one need not ask the system for."""
    runtime = onnxruntime()
    kind, use = runtime.OrtAllocatorType.ORT_ARENA_ALLOCATOR, runtime.OrtMemType.DEFAULT
    runtime.create_and_register_allocator(runtime.OrtMemoryInfo("Cpu", kind, 0, use), None)
    return runtime
