"""A test is where its module is: that of styletransfer/media/film.py is tests/media/test_film.py."""

from pathlib import Path

from .conftest import ALONE

ROOT = Path(__file__).parents[1]

# What is tested beside something else as yet. Only ever to become shorter.
ELSEWHERE = """
__main__.py
batch/destination.py batch/ledger.py batch/outputs.py batch/run.py batch/sources.py
batch/tar_files.py batch/worker.py
cli/batch.py cli/batch_progress.py cli/common.py cli/data.py cli/evaluate.py cli/export.py
cli/grid.py cli/models.py cli/morph.py cli/picture.py cli/sheet.py cli/style.py cli/train.py
cli/video.py cli/web.py
evaluation/report.py
gallery/contact_sheet.py gallery/grid.py gallery/layout.py gallery/morph.py
media/clip.py media/film.py media/gif_apng.py media/tensors.py media/truncation.py
media/video_reader.py media/video_writer.py
models/bottlenecks/adain.py models/bottlenecks/conditional.py models/bottlenecks/contextual.py
models/bottlenecks/layer_instance.py models/bottlenecks/norm.py models/bottlenecks/spade.py
models/config.py models/decoder.py models/memory.py models/padding.py
options.py
styles/code.py styles/encode.py styles/interpolate.py styles/names.py
stylize/buffer.py stylize/color.py stylize/large_image.py stylize/paint.py stylize/regions.py
training/checkpoint.py training/curve.py training/entries.py training/estimate.py training/log.py
training/resident.py training/samples.py training/session.py training/synthetic.py
video/frame_painter.py video/job.py video/motion.py video/pipeline.py video/selection.py
video/sinks.py
web/replies.py web/security.py web/session_files.py web/studio.py web/theme.py
"""


def test_every_module_has_a_test_of_its_name_in_its_place():
    modules = (ROOT / "styletransfer").rglob("*.py")
    names = [path.relative_to(ROOT / "styletransfer") for path in modules if path.name != "__init__.py"]
    missing = {
        n.as_posix() for n in names if not (ROOT / "tests" / n.with_name(f"test_{n.name}")).exists()
    }
    assert len(names) > 80
    assert sorted(missing - set(ELSEWHERE.split())) == []
    assert sorted(set(ELSEWHERE.split()) - missing) == [], "has a test now, or is gone: out of the list"


def test_what_runs_alone_is_there():
    names = [path.relative_to(ROOT).as_posix() for path in ROOT.glob("tests/**/test_*.py")]
    assert all(any(name.startswith(place) for name in names) for place in ALONE)
