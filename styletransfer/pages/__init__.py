"""What our pages share: how they look, and the parts that both have."""

from pathlib import Path

PARTS = Path(__file__).parent
"""Where the files are: a style sheet and scripts, and this."""
SUFFIXES = (".css", ".js", ".html")


def page_files(*folders: Path) -> dict[str, Path]:
    """The files of a page by their names: the shared ones, and those of its own folder."""
    found = (path for folder in (PARTS, *folders) for path in sorted(folder.iterdir()))
    return {path.name: path for path in found if path.suffix in SUFFIXES}
