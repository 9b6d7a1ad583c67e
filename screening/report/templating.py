"""Templates of the pages: their environment, their filters, and plotly."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

_TEMPLATES = Path(__file__).with_name("templates")


@cache
def environment() -> Environment:
    """The templates in `templates/` with their filters."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    made = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {"chemical": chemical, "embedded": _embedded, "policy": _policy}
    return made


def chemical(formula: str) -> Markup:
    """A formula with its numbers as subscripts; all else is escaped."""
    from markupsafe import Markup, escape

    pieces = re.split(r"(?<=[A-Za-z)\]])(\d+(?:\.\d+)?)", formula)
    return Markup("").join(
        Markup("<sub>{}</sub>").format(piece) if i % 2 else escape(piece) for i, piece in enumerate(pieces)
    )


def _embedded(value: Any) -> Markup:
    """JSON that is safe inside a script element: it cannot contain `</script>` or `<!--`."""
    from markupsafe import Markup

    return Markup(orjson.dumps(value).decode().replace("<", "\\u003c"))  # noqa: S704 - escaped here


def _policy(scripts: Sequence[str]) -> str:
    """What a browser may load and run in a page: its own scripts, told by their hashes, and nothing from elsewhere.

    Should text from a file ever get into a page as markup, its script does not run. Plotly makes style elements.
    """
    hashes = [_source_hash(str(script)) for script in scripts]
    run = " ".join(f"'sha256-{digest}'" for digest in hashes) or "'none'"
    return (
        f"default-src 'none'; script-src {run}; style-src 'unsafe-inline'; img-src data: blob:; font-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


@cache
def _source_hash(script: str) -> str:
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()


@cache
def own_script(*names: str) -> Markup:
    """The source of scripts in `templates/`, joined."""
    from markupsafe import Markup

    return Markup("\n".join((_TEMPLATES / name).read_text(encoding="utf-8") for name in names))  # noqa: S704 - our own


@cache
def plotly_script() -> Markup:
    """The source of plotly, so that a page needs no network."""
    from markupsafe import Markup
    from plotly.offline import get_plotlyjs

    return Markup(get_plotlyjs())  # noqa: S704 - the library's own script
