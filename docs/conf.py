"""Settings of the documentation: `make docs` writes build/docs, which opens from disk and needs no network."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from docutils import nodes
from docutils.parsers.rst import Directive
from docutils.utils.math.latex2mathml import tex2mathml

import screening

sys.path.insert(0, str(Path(__file__).parent))
from imports import draw

if TYPE_CHECKING:
    from sphinx.application import Sphinx

project = "screening"
author = "the authors of screening"
version = release = screening.__version__
extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["results/*.json"]

html_theme = "furo"
html_title = "screening"
html_static_path = ["_static"]
html_css_files = ["wide.css"]
html_copy_source = False
html_show_sphinx = False
html_math_renderer = "mathml"

myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 3
nb_execution_mode = "force"
nb_execution_in_temp = True
nb_execution_raise_on_error = True
nb_execution_timeout = 600

default_role = "code"
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
napoleon_numpy_docstring = False
napoleon_use_ivar = True
nitpicky = True
# Without a network there are no inventories of other packages. Types of inner rooms are shown without a link.
_INNER = r"configuration|crystals\.prototypes|finalists|learning|materials\.predictors|report\.\w*page|tracking"
nitpick_ignore_regex = [("py:.*", r"(?!screening\.).*"), ("py:.*", rf"screening\.({_INNER})\..*")]


def _inline(translator: Any, node: nodes.math) -> None:
    translator.body.append(tex2mathml(node.astext()))
    raise nodes.SkipNode


def _block(translator: Any, node: nodes.math_block) -> None:
    translator.body.append(f'<div class="math">{tex2mathml(node.astext(), as_block=True)}</div>')
    raise nodes.SkipNode


class Imports(Directive):
    """Puts the picture of the imports into a page."""

    def run(self) -> list[nodes.Node]:
        return [nodes.raw("", draw(Path(screening.__file__).parent), format="html")]


def setup(app: Sphinx) -> None:
    """Formulas as MathML, which browsers set without a script; the directive `imports`."""
    app.add_directive("imports", Imports)
    app.add_html_math_renderer("mathml", inline_renderers=(_inline, None), block_renderers=(_block, None))
