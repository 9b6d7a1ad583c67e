"""The picture of who imports whom, drawn from the imports: all squares lie left of the diagonal, or the build fails."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from graphlib import TopologicalSorter
from html import escape
from pathlib import Path

GROUND, TOP = "ground floor", {"api", "cli", "__main__"}
_ON_GROUND = {"chemistry", "columns"}
_BY_NAME = {"cli": "commands"}
"""Imported when a command is typed, by its name."""
_SIZE, _LABEL = 20, 130


def steps(package: Path) -> dict[str, set[str]]:
    """Step -> the steps that it imports, in an order in which each imports only earlier ones.

    Raises:
        graphlib.CycleError: There is no such order.
    """
    found: dict[str, set[str]] = defaultdict(set)
    for path in package.rglob("*.py"):
        own = path.relative_to(package).parts
        if own != ("__init__.py",):
            step = _step(package, own[0].removesuffix(".py"))
            found[step] |= {_step(package, name) for name in _imported(path)} - {step}
    for step, other in _BY_NAME.items():
        found[step].add(other)
    order = TopologicalSorter({step: sorted(found[step]) for step in sorted(found)}).static_order()
    return {step: found[step] for step in order}


def _step(package: Path, name: str) -> str:
    alone = not (package / name).is_dir() and name not in TOP
    return GROUND if alone or name in _ON_GROUND else name


def _imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom) and node.module == "screening":
            names = [f"screening.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module or ""]
        yield from (name.split(".")[1] for name in names if name.startswith("screening."))


def draw(package: Path) -> str:
    """An SVG with a row for each step and a square under each step that it imports."""
    imports = steps(package)
    place = {step: number for number, step in enumerate(imports)}
    side = _LABEL + _SIZE * len(place)
    shapes = []
    for step, row in place.items():
        y = _LABEL + _SIZE * row
        shapes.append(f'<text x="{_LABEL - 8}" y="{y + 14}" text-anchor="end">{escape(step)}</text>')
        turned = f"translate({_LABEL + _SIZE * row + 14} {_LABEL - 8}) rotate(-90)"
        shapes.append(f'<text transform="{turned}">{escape(step)}</text>')
        for other, opacity in [(step, 0.15), *((name, 0.8) for name in sorted(imports[step]))]:
            x = _LABEL + _SIZE * place[other]
            title = escape(step if other == step else f"{step} imports {other}")
            shapes.append(
                f'<rect x="{x + 1}" y="{y + 1}" width="{_SIZE - 2}" height="{_SIZE - 2}" opacity="{opacity}">'
                f"<title>{title}</title></rect>"
            )
    return (
        f'<svg viewBox="0 0 {side} {side}" role="img" aria-label="Who imports whom" font-size="13" fill="currentColor">'
        f"{''.join(shapes)}</svg>"
    )
