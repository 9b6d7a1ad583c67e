"""Templates of the pages: their environment, their filters, and plotly."""

from __future__ import annotations

import re
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
    made.filters |= {"chemical": chemical, "embedded": _embedded}
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


@cache
def plotly_script() -> Markup:
    """The source of plotly, so that a page needs no network."""
    from markupsafe import Markup
    from plotly.offline import get_plotlyjs

    return Markup(get_plotlyjs())  # noqa: S704 - the library's own script
