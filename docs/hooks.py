"""Hooks of mkdocs: the site shows pictures, cards, measurements and help texts from where they are."""

import re
from importlib import import_module
from pathlib import Path

import typer
from mkdocs.structure.files import File

SHOWN = (
    "examples/*.jpg", "examples/*.md", "weights/*.md", "weights/*.png", "weights/*.jpg",
    "benchmarks/*.md", "benchmarks/*.svg", "benchmarks/*.jpg",
)  # fmt: skip


def on_files(files, config):
    """Adds files from beside docs/, under their own names."""
    root = Path(config.config_file_path).parent
    for path in sorted(path for pattern in SHOWN for path in root.glob(pattern)):
        name = path.relative_to(root).as_posix()
        files.append(File.generated(config, name, abs_src_path=str(path)))
    return files


def on_page_markdown(markdown, page, **_):
    """Links as the site has them, lists as Python-Markdown indents them, and `stylize VERB --help`."""
    if page.file.generated_by is None:  # a page in docs/, which links to what is beside that folder
        markdown = markdown.replace("](../", "](")
    markdown = re.sub(r"^ {3}(?=\S| {4}\S)", "    ", markdown, flags=re.MULTILINE)
    markdown = re.sub(r"^(<!--.*-->)\n(?=\|)", r"\1\n\n", markdown, flags=re.MULTILINE)
    return re.sub(r"<!-- help: ([\w ]+) -->", _help, markdown)


def _help(found: re.Match) -> str:
    verb, *words = found[1].split()
    command = typer.main.get_command(import_module(f"styletransfer.cli.{verb}").app)
    context = typer.Context(command, info_name=" ".join(["stylize", verb][: 1 + (verb != "picture")]))
    for word in words:
        command = command.commands[word]
        context = typer.Context(command, context, word)
    text = f"```text\n{command.get_help(context)}\n```"
    return '??? note "All options"\n\n' + re.sub("^(?=.)", "    ", text, flags=re.MULTILINE)
