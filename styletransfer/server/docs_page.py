"""The API's description as a page to read, with a form to try it; it loads nothing. No torch here."""

import re
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from .fields import OPTIONS, PHOTO, PICTURE, REGIONS, STYLE

POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src 'self'; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'"
)
_CSS = """
:root { color-scheme: light dark }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 56rem; margin: 2rem auto; padding: 0 1rem;
       accent-color: #b8431d }
h1 { margin: 0 0 .5rem }
h2 { margin: 2rem 0 .5rem }
a { color: inherit; text-decoration-color: #b8431d }
table { border-collapse: collapse; width: 100% }
td:first-child { white-space: nowrap }
td, th { text-align: left; vertical-align: top; padding: .35rem .75rem .35rem 0;
         border-bottom: 1px solid #8884 }
code, pre, input, select { font: .9em ui-monospace, monospace }
pre { overflow: auto; padding: .75rem; background: #8882; border-radius: .4rem }
input, select { max-width: 100% }
button { font: inherit; font-weight: 600; padding: .5rem 1.5rem; border: 0; border-radius: .4rem;
         background: #b8431d; color: #fff; cursor: pointer }
"""


def docs_page(api: Mapping[str, Any], styles: Sequence[str]) -> str:
    """HTML. api: the OpenAPI description. styles: names that may be given."""
    body = api["paths"]["/stylize"]["post"]["requestBody"]["content"]["multipart/form-data"]["schema"]
    fields = "".join(_field(name, about, styles) for name, about in body["properties"].items())
    paths = "".join(
        f"<tr><td><code>{method.upper()} {escape(path)}</code></td>"
        f"<td>{_prose(about.get('description', ''))}</td></tr>"
        for path, methods in api["paths"].items()
        for method, about in methods.items()
    )
    errors = "".join(
        f"<tr><td>{status}</td><td>{escape(about['description'])}</td></tr>"
        for status, about in sorted(api["paths"]["/stylize"]["post"]["responses"].items())
    )
    name = escape(styles[0]) if styles else "starry"
    given = f"{STYLE}={name}" if styles else f"{STYLE}=@{name}.jpg"
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{escape(api["info"]["title"])}</title>
<meta name="viewport" content="width=device-width"><style>{_CSS}</style></head><body>
<h1>{escape(api["info"]["title"])} {escape(api["info"]["version"])}</h1>
<p>Any photo in any painting’s style. For programs: <a href="openapi.json">openapi.json</a>.</p>
<pre>curl -F {PHOTO}=@photo.jpg -F {given} …/stylize -o painted.jpg</pre>
<table>{paths}</table>
<h2>POST /stylize</h2>
<form action="stylize" method="post" enctype="multipart/form-data"><table>{fields}</table>
<p><button>Paint</button></p></form>
<h2>Answers</h2><table>{errors}</table>
<p>Errors are JSON, <code>{{"error": "one line"}}</code>.</p>
</body></html>
"""


def _prose(text: str) -> str:
    """Text of a docstring, with its `code`."""
    return re.sub(r"`([^`]*)`", r"<code>\1</code>", escape(text))


def _field(name: str, about: Mapping[str, Any], styles: Sequence[str]) -> str:
    """A row of the table: a field, where to fill it in, what it is for."""
    if name == PHOTO or OPTIONS.get(name) is PICTURE:
        control = f'<input type="file" name="{name}"{" required" if name == PHOTO else ""}>'
    elif name == STYLE:
        control = f'<input type="file" name="{name}" multiple><br>{_choice(name, styles)}'
    elif "enum" in about:
        control = _choice(name, about["enum"])
    else:
        hint = "#ff0000=NAME" if OPTIONS.get(name) is REGIONS else str(about.get("default", ""))
        control = f'<input name="{name}" size="12" placeholder="{escape(hint)}">'
    said = escape(about["description"])
    return f"<tr><th><code>{name}</code></th><td>{control}</td><td>{said}</td></tr>"


def _choice(name: str, values: Sequence[str]) -> str:
    options = "".join(f"<option>{escape(value)}</option>" for value in ["", *values])
    return f'<select name="{name}">{options}</select>'
