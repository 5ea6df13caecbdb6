"""README, docs/ and CONTRIBUTING say what is so. `python tests/test_docs.py` writes the imports anew."""

import ast
import hashlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from safetensors import safe_open

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "styletransfer"
ARCHITECTURE = ROOT / "docs" / "architecture.md"
CONTRIBUTING = ROOT / ".github" / "CONTRIBUTING.md"
PAGES = (ROOT / "README.md", CONTRIBUTING, *sorted((ROOT / "docs").rglob("*.md")))
TABLE = re.compile(r"(?<=<!-- imports -->\n).*?(?=<!-- /imports -->)", re.DOTALL)


def import_statements(tree: ast.AST) -> Iterator[ast.Import | ast.ImportFrom]:
    """All of a module, also within functions, but those for type checkers alone."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield node
        elif not (isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"):
            yield from import_statements(node)


def import_graph() -> dict[str, set[str]]:
    """Each room of the package, a folder or a module beside them, to those that it imports."""
    modules = [path for path in SOURCE.rglob("*.py") if path.parent != SOURCE or path.stem[0] != "_"]
    graph = {path.relative_to(SOURCE).parts[0]: set() for path in modules}
    for path in modules:
        package = path.relative_to(ROOT).parts[:-1]
        room = path.relative_to(SOURCE).parts[0]
        for node in import_statements(ast.parse(path.read_text())):
            above, module = (), getattr(node, "module", None)
            if getattr(node, "level", 0):
                above = package[: len(package) - node.level + 1]
            for alias in node.names:
                words = [*above, *(module.split(".") if module else ()), *alias.name.split(".")]
                found = {words[1], f"{words[1]}.py"} if words[0] == SOURCE.name and words[1:] else set()
                graph[room] |= found & graph.keys() - {room}
    return graph


def reached(room: str, graph: dict[str, set[str]]) -> set[str]:
    """A room, and all that it imports, directly or not."""
    found, new = set(), {room}
    while new:
        found |= new
        new = set().union(*(graph[each] for each in new)) - found
    return found


def tree() -> dict[str, str]:
    """What the tree in CONTRIBUTING says of each place: its name to its line."""
    lines = re.findall(r"^[│ ]*[├└]── ([\w.]+)/? +(.*)$", CONTRIBUTING.read_text(), re.MULTILINE)
    return dict(lines)


def import_table() -> str:
    """The import graph in Markdown: a room stands above all that it imports."""
    graph, about = import_graph(), tree()
    order = sorted(graph, key=lambda room: (-len(reached(room, graph)), room))
    rows = ["| room | what is in it | imports |", "|---|---|---|"]
    for room in order:
        imports = ", ".join(each for each in order if each in graph[room])
        rows.append(f"| **{room}** | {about.get(room, '')} | {imports} |")
    rings = {frozenset(b for b in reached(a, graph) if a in reached(b, graph)) for a in graph}
    several = sorted(sorted(ring) for ring in rings if len(ring) > 1)
    rows += [f"\nThese import each other, directly or not: {', '.join(ring)}." for ring in several]
    return "\n" + "\n".join(rows) + "\n\n"


def test_the_table_of_imports_is_that_of_the_source():
    (written,) = TABLE.findall(ARCHITECTURE.read_text())
    assert written == import_table(), "write it anew: python tests/test_docs.py"


def test_the_import_graph_sees_what_is_imported_where():
    graph = import_graph()
    assert "errors.py" in graph["media"] and not graph["errors.py"]
    assert {"training", "web", "batch"} <= graph["cli"], "imports within functions count"
    assert "cli" not in reached("models", graph) | reached("stylize", graph)


def test_the_tree_names_every_room():
    about = tree()
    rooms = set(import_graph())
    assert rooms - about.keys() == set()
    beside = {
        "styletransfer",
        "weights",
        "examples",
        "benchmarks",
        "tests",
        "docs",
        "Makefile",
    }
    assert about.keys() == rooms | beside and all((ROOT / name).exists() for name in beside)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_and_names_of_files_lead_somewhere(page):
    text = page.read_text()
    for link in re.findall(r"\]\(([^)#\s]+)[^)]*\)", text):
        assert link.startswith("https://") or (page.parent / link).exists(), link
    for name in re.findall(r"\b(?:styletransfer|tests|benchmarks|examples)/[\w/.-]+\.\w+", text):
        assert list(ROOT.glob(name)), name
    for name in re.findall(r"python -m (benchmarks\.\w+)", text):
        path = ROOT / name.replace(".", "/")
        assert path.is_dir() or path.with_suffix(".py").exists(), name


def test_the_readme_fits_a_screen_and_names_every_verb():
    from styletransfer.cli import VERBS

    text = (ROOT / "README.md").read_text()
    assert text.count("\n") < 75 and text.count("![") == 8  # what it does, refines, and six places
    assert "\n    make demo     # " in text and "\n    make test     # " in text
    rows = re.findall(r"^\| \[?`stylize (\w+)", text, re.MULTILINE)
    assert sorted(rows) == sorted(["PHOTO", *VERBS])


def test_the_command_line_s_page_has_a_section_and_the_help_of_every_verb():
    from styletransfer.cli import VERBS

    text = (ROOT / "docs" / "command-line.md").read_text()
    sections = re.findall(r"^## stylize ?(\w*)$(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    assert sorted(name for name, _ in sections) == sorted(["", *VERBS])
    for name, section in sections:
        assert f"<!-- help: {name or 'picture'}" in section and "```sh\nstylize" in section


def test_the_python_page_has_all_that_is_public():
    import styletransfer

    shown = re.findall(r"^::: [\w.]+\.(\w+)$", (ROOT / "docs" / "python.md").read_text(), re.MULTILINE)
    assert {name for name in styletransfer.__all__ if name[0] != "_"} <= set(shown)


def test_the_changelog_begins_with_this_version():
    from styletransfer import __version__

    headings = re.findall(r"^## (\S+)", (ROOT / "docs" / "changelog.md").read_text(), re.MULTILINE)
    assert headings[0] == __version__


def rows(path: Path) -> list[list[str]]:
    """The rows of a page's tables, cell by cell, without what makes them bold."""
    lines = re.findall(r"^\|(.*)\|$", path.read_text().replace("**", ""), re.MULTILINE)
    return [[cell.strip().removesuffix(", the default") for cell in line.split("|")] for line in lines]


def test_scores_and_costs_are_those_of_cards_and_measurements():
    page = rows(ROOT / "docs" / "evaluation.md")
    usage = [row for row in rows(ROOT / "benchmarks" / "usage.md") if row[0][0] != "-"]
    assert len(usage) > 10 and all(row in page for row in usage)
    for model in ("adain-fast", "adain-vgg"):
        card = rows(ROOT / "weights" / f"{model}.md")
        scores = [row for row in page if row[0] == model]
        assert scores and all(any(c[: len(row)] == row for c in card) for row in scores)


@pytest.mark.slow
def test_the_site_is_built_and_loads_nothing_from_elsewhere(tmp_path):
    pytest.importorskip("mkdocs"), pytest.importorskip("mkdocstrings"), pytest.importorskip("material")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "-d", str(tmp_path)]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    for page in [*tmp_path.rglob("*.html"), *tmp_path.rglob("*.css")]:
        text = page.read_text()
        loaded = r"<(?:script|img|iframe|link)[^>]*(?:src|href)=\"?(?:https?:)?//|@import|url\(\"?http"
        assert not re.search(loaded, text), page.name
        assert 'class="mermaid"' not in text, "which is drawn by a script from elsewhere"
    assert "--preserve-color" in (tmp_path / "command-line.html").read_text()
    assert 'id="styletransfer.Stylizer.stylize"' in (tmp_path / "python.html").read_text()
    for shown in ("examples/gallery.jpg", "weights/adain-fast-samples.jpg", "benchmarks/speed.svg"):
        assert (tmp_path / shown).exists()


@pytest.mark.parametrize("card", sorted((ROOT / "weights").glob("*.md")), ids=lambda card: card.stem)
def test_a_card_tells_of_the_very_file_beside_it(card):
    weights = card.with_suffix(".safetensors")
    said = card.read_text()
    assert hashlib.sha256(weights.read_bytes()).hexdigest() in said
    assert f"{weights.stat().st_size:,} bytes" in said
    with safe_open(weights, "numpy") as file:
        config = (file.metadata() or {}).get("config")
    if found := re.search(r"^\| config \| `(.*)` \|$", said, re.MULTILINE):
        assert json.loads(found[1]) == json.loads(config)


if __name__ == "__main__":
    text = TABLE.sub(lambda _: import_table(), ARCHITECTURE.read_text())
    ARCHITECTURE.write_text(text)
