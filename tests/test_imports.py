"""Which module imports which: never in a circle, and never from a room above its own."""

import ast
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import styletransfer

ROOT = Path(styletransfer.__file__).parent

ROOMS = (
    # "" is styletransfer/__init__.py itself.
    ("", "errors", "version", "options", "preset", "system", "device"),
    ("media", "pages"),
    ("models",),
    ("styles",),
    ("stylize", "quick"),
    ("gallery",),
    ("evaluation",),
    ("training", "batch", "video", "server", "site", "transforms", "integrations"),
    ("web",),
    ("cli",),
    ("__main__",),
)
"""Lowest first. A room imports from those before its row, and the first row also from each other."""

KNOWN: set[tuple[str, str]] = set()
"""Arrows upward that are still there. No others may come, and these are to go."""


def modules(root: Path) -> dict[str, Path]:
    """Files by their module's name in the package, that of the package itself being empty."""
    found = {}
    for file in root.rglob("*.py"):
        parts = file.relative_to(root).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = file
    return found


def import_nodes(tree: ast.AST) -> Iterator[ast.Import | ast.ImportFrom]:
    """Every import of a file, also those in functions; but not those for type checkers alone."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            yield node
        elif isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            for other in node.orelse:
                yield from import_nodes(other)
        else:
            yield from import_nodes(node)


def imported(module: str, file: Path, known: dict[str, Path], package: str) -> set[str]:
    """The modules of the package that a module imports."""
    here = module.split(".") if module else []
    if file.name != "__init__.py":
        here = here[:-1]
    found = set()
    for node in import_nodes(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names = [alias.name.split(".") for alias in node.names]
            found |= {".".join(name[1:]) for name in names if name[0] == package}
            continue
        base = (node.module or "").split(".") if node.module else []
        if node.level:
            base = here[: len(here) - node.level + 1] + base
        elif base[0] == package:
            base = base[1:]
        else:
            continue
        for alias in node.names:
            name = ".".join([*base, alias.name])  # a module of a package, or a name in a module
            found.add(name if name in known else ".".join(base))
    return found - {module}


def graph_of(root: Path) -> dict[str, set[str]]:
    known = modules(root)
    return {name: imported(name, file, known, root.name) for name, file in known.items()}


def cycle_in(graph: dict[str, set[str]]) -> list[str]:
    """Modules that import each other in a circle; none if there is no circle."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return error.args[1]
    return []


def upward(graph: dict[str, set[str]]) -> set[tuple[str, str]]:
    """Imports from a room that does not come before one's own."""
    rows = {room: number for number, row in enumerate(ROOMS) for room in row}
    found = set()
    for module, others in graph.items():
        for other in others:
            one, two = module.partition(".")[0], other.partition(".")[0]
            if one != two and rows[two] >= max(rows[one], 1):
                found.add((module, other))
    return found


def test_no_modules_import_each_other_in_a_circle():
    assert cycle_in(graph_of(ROOT)) == []


def test_no_room_imports_from_one_above_it():
    graph = graph_of(ROOT)
    assert len(graph) > 80
    assert upward(graph) <= KNOWN


@pytest.fixture
def package(tmp_path):
    """A small package with a circle of two modules, one of whose arrows is in a function."""
    for folder in ("", "media", "video"):
        (tmp_path / "small" / folder).mkdir()
        (tmp_path / "small" / folder / "__init__.py").touch()
    for name, text in {
        "errors": "",
        "media/clip": "from ..errors import InputError\ndef f():\n    from . import film\n",
        "media/film": "import numpy\nfrom .clip import Clip\nfrom .. import errors\n",
        "media/tensors": "def f():\n    if True:\n        from ..video.job import PIECE\n",
        "video/job": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from ..cli import app\n"
        "import small.media.clip as clip\nfrom small.errors import InputError\n",
    }.items():
        (tmp_path / "small" / f"{name}.py").write_text(text)
    return tmp_path / "small"


def test_the_graph_is_that_of_the_source(package):
    graph = graph_of(package)
    assert graph["media.clip"] == {"errors", "media.film"}
    assert graph["media.film"] == {"errors", "media.clip"}
    assert graph["media.tensors"] == {"video.job"}
    assert graph["video.job"] == {"errors", "media.clip"}
    assert sorted(set(cycle_in(graph))) == ["media.clip", "media.film"]
    assert upward(graph) == {("media.tensors", "video.job")}
