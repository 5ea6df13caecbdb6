"""Pictures of a terminal: what was typed, and what was said."""

import io
import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright
from rich.console import Console
from rich.terminal_theme import DIMMED_MONOKAI
from rich.text import Text

COLUMNS, WIDTH = 112, 1180  # characters, pixels
COLORS = 32  # of the picture


def draw(typed: Sequence[tuple[str, str]], path: Path, title: str = "stylize") -> None:
    """Write a PNG of commands and their answers. Needs chromium and playwright."""
    with sync_playwright() as playwright:
        program = os.environ.get("CHROMIUM") or shutil.which("chromium")
        chromium = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        page = chromium.new_page(viewport={"width": WIDTH, "height": 2000})
        page.set_content(f"<style>body {{ margin: 0 }}</style>{window(typed, title)}")
        data = page.locator("svg").screenshot(omit_background=True)
    with Image.open(io.BytesIO(data)) as shot:
        shot.quantize(COLORS).save(path, optimize=True)


def window(typed: Sequence[tuple[str, str]], title: str) -> str:
    """An SVG of a terminal's window; it loads nothing."""
    console = Console(record=True, width=COLUMNS, file=io.StringIO())
    for command, answer in typed:
        console.print(Text("$ ", "bold green") + Text(command, "bold"))
        if answer:
            console.print(Text(answer))
    console.print()  # the last line is cut at its foot
    svg = console.export_svg(title=title, theme=DIMMED_MONOKAI)
    begin = svg.index("@font-face")
    end = svg.index(".terminal-", begin)
    svg = svg[:begin] + svg[end:].replace("Fira Code", "DejaVu Sans Mono")
    return svg.replace("<svg ", f'<svg width="{WIDTH}" ', 1)
