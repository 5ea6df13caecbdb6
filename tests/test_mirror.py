"""A test is where its module is: that of styletransfer/media/film.py is tests/media/test_film.py."""

import ast
from collections import Counter
from pathlib import Path

from .conftest import TOGETHER

ROOT = Path(__file__).parents[1]


def test_every_module_has_a_test_of_its_name_in_its_place():
    modules = (ROOT / "styletransfer").rglob("*.py")
    names = [path.relative_to(ROOT / "styletransfer") for path in modules if path.name != "__init__.py"]
    missing = [n for n in names if not (ROOT / "tests" / n.with_name(f"test_{n.name}")).exists()]
    assert len(names) > 80 and missing == []


def test_what_runs_together_is_there():
    paths = [path.relative_to(ROOT).as_posix() for path in ROOT.glob("tests/**/test_*.py")]
    for place in (place for places in TOGETHER for place in places):
        name, _, test = place.partition("::")
        assert any(p.startswith(name) and f"def {test}" in (ROOT / p).read_text() for p in paths)


def test_no_two_rooms_hold_modules_or_classes_of_one_name():
    """Those of the command line have the names of their verbs, as what they call may have."""
    files = [path for path in (ROOT / "styletransfer").rglob("*.py") if path.name != "__init__.py"]
    modules = Counter(path.stem for path in files if path.parent.name != "cli")
    nodes = (node for path in files for node in ast.walk(ast.parse(path.read_text())))
    classes = Counter(n.name for n in nodes if isinstance(n, ast.ClassDef) and n.name[0] != "_")
    assert [name for found in (modules, classes) for name, count in found.items() if count > 1] == []
