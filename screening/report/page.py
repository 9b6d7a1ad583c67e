"""The page a chemist reads: one self-contained HTML file, made from the tables and the run's record."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
import polars as pl

from screening.columns import column, gate_name, is_gate
from screening.finalists.finalist import Finalist
from screening.report.atomic import write_text_atomic
from screening.report.choices import scatter_axes, table_columns
from screening.report.pictures import POINTS, pareto_scatter
from screening.report.sections import REASONS_SHOWN, cards, cells, explained_flags, funnel, refusals

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

TABLE_ROWS = 200
CARDS = 20
_TEMPLATES = Path(__file__).with_name("templates")
_LISTED_VERSIONS = ("screening", "python", "torch", "pymatgen", "mlflow")


@dataclass(frozen=True)
class ReportContent:
    """What the page shows.

    ranking: sorted by rank, columns as in `ranking.parquet`. rejected: `candidate_id, source, stage, reason`.
    landmarks: known materials, scored along. run: the content of `run.json`. task: the task's config; its section
    `report` may name `title`, `columns` (list) and `scatter` (x and y column). finalists: the first of the ranking, in
    its order, which get a card each. language: `en` or `ru`.
    """

    ranking: pl.DataFrame
    rejected: pl.DataFrame
    landmarks: pl.DataFrame
    run: Mapping[str, Any]
    task: Mapping[str, Any]
    finalists: Sequence[Finalist] = ()
    language: str = "en"


def write_report(path: Path, content: ReportContent) -> None:
    """Write the page atomically; it loads nothing from the network (about 5 MB, nearly all of it plotly)."""
    write_text_atomic(path, render(content))


def render(content: ReportContent) -> str:
    """The page as HTML. Whatever comes from files is escaped: HTML text, attributes and embedded JSON alike."""
    ranking, choices = content.ranking, content.task.get("report") or {}
    top = int(choices.get("cards") or CARDS)
    axes = scatter_axes(content.task, ranking.columns) if ranking.height else None
    names = table_columns(content.task, ranking.columns)
    known = [name for name in names if name not in ("rank", "pareto_front")]
    shown = ranking.head(TABLE_ROWS)
    best = cards(ranking, top)
    context = {
        "title": str(choices.get("title") or content.task.get("name") or "Candidates"),
        "asked": _asked(content),
        "versions": _versions(content.run),
        "timing": (content.run.get("timing_s") or {}),
        "funnel": funnel(ranking, content.rejected, content.task),
        "columns": [column(name) for name in names],
        "rows": [cells(row, names) for row in shown.iter_rows(named=True)],
        "landmark_columns": [column(name) for name in known],
        "landmarks": [cells(row, known) for row in content.landmarks.iter_rows(named=True)],
        "total": ranking.height,
        "points": min(POINTS, ranking.height),
        "scatter_titles": [column(name) for name in axes] if axes else [],
        "figure": pareto_scatter(ranking, content.landmarks, axes, top) if axes else None,
        "cards": best,
        "gates": [gate_name(name) for name in ranking.columns if is_gate(name)],
        "flags": explained_flags(pl.concat([ranking, content.landmarks], how="diagonal_relaxed")),
        "rejected": content.rejected.height,
        "refusals": refusals(content.rejected),
        "reasons_shown": REASONS_SHOWN,
        "plotly": plotly_script() if axes else "",
    }
    return environment().get_template("report.html").render(context)


def _asked(content: ReportContent) -> list[tuple[str, str]]:
    """The question in words: what, from where, by which model, when."""
    run = content.run
    config = run.get("config") or {}
    seeds = ", ".join(f"{name} {value}" for name, value in (run.get("seeds") or {}).items())
    answers = {
        "Task": content.task.get("name"),
        "Candidates": config.get("candidates"),
        "Working ion": config.get("working_ion"),
        "Model": config.get("model"),
        "Finished": str(run.get("finished") or "").replace("T", " "),
        "Seeds": seeds or config.get("seed"),
        "Output": config.get("output_dir"),
        "MLflow run": (run.get("mlflow") or {}).get("run_id"),
        "Commit": run.get("git_commit"),
    }
    hashes = {f"SHA-256 of {name}": value for name, value in (run.get("sha256") or {}).items()}
    return [(name, str(value)) for name, value in {**answers, **hashes}.items() if value not in (None, "")]


def _versions(run: Mapping[str, Any]) -> list[tuple[str, str]]:
    versions = run.get("versions") or {}
    first = [(name, versions[name]) for name in _LISTED_VERSIONS if name in versions]
    return first + [(name, value) for name, value in versions.items() if name not in _LISTED_VERSIONS]


@cache
def environment() -> Environment:
    """The templates of this folder with their filters."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    made = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {"chemical": _chemical, "embedded": _embedded}
    return made


def _chemical(formula: str) -> Markup:
    """A formula with its numbers as subscripts; everything else escaped."""
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
    """Plotly itself, so that a page needs no network."""
    from markupsafe import Markup
    from plotly.offline import get_plotlyjs

    return Markup(get_plotlyjs())  # noqa: S704 - a library's own script
