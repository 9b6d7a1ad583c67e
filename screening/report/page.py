"""The report of a ranking: one self-contained HTML file, made from the tables and the run's record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import polars as pl

from screening.files import write_text_atomic
from screening.finalists.finalist import Finalist
from screening.report.cards import Card, cards
from screening.report.cells import cells
from screening.report.choices import first_columns, scatter_axes, table_columns
from screening.report.heat_map import heat_map
from screening.report.lists import ranked_lists
from screening.report.plots import POINTS, pareto_scatter
from screening.report.ranked_table import ROWS, table_data
from screening.report.sections import REASONS_SHOWN, asked, explained_flags, funnel, provenance, refusals, stages
from screening.report.series import series
from screening.report.templating import environment, own_script, plotly_script
from screening.report.texts import Catalogue, catalogue
from screening.report.why import why

CARDS = 20
_TABLE, _PICTURES = ("basics.js", "table.js"), ("plots.js", "structures.js", "cards.js")
_NOT_OF_LANDMARKS = ("rank", "rank_in_group", "best_place", "worst_place", "pareto_front")


@dataclass(frozen=True)
class ReportContent:
    """What the page shows.

    Attributes:
        ranking: Sorted by rank, columns as in `ranking.parquet`.
        rejected: Columns `candidate_id, source, stage, reason`.
        landmarks: Known materials, scored like the candidates.
        run: The content of `run.json`.
        task: The task's config; its section `report` may have `title`, `columns` and `scatter` (x and y column).
        finalists: The best rows of the ranking in detail, in its order.
        language: `en` or `ru`.
        files: Whether the finalists' files are beside the page.
    """

    ranking: pl.DataFrame
    rejected: pl.DataFrame
    landmarks: pl.DataFrame
    run: Mapping[str, Any]
    task: Mapping[str, Any]
    finalists: Sequence[Finalist] = ()
    language: str = "en"
    files: bool = True


def write_report(path: Path, content: ReportContent) -> None:
    """Write the page atomically. It takes about 6 MB, most of it plotly, and loads nothing from the network."""
    write_text_atomic(path, render(content))


def render(content: ReportContent) -> str:
    """The page as HTML; everything from files is escaped, in text, attributes and embedded JSON."""
    texts = catalogue(content.language)
    ranking, task = content.ranking, content.task
    top = _top(content)
    best = cards(ranking, content.finalists, top, task, texts)
    best = best if content.files else [replace(card, files=[]) for card in best]
    axes = scatter_axes(task, ranking.columns) if ranking.height else None
    both = pl.concat([ranking, content.landmarks], how="diagonal_relaxed")
    title = str((task.get("report") or {}).get("title") or task.get("name") or texts.text("untitled"))
    solutions = series(ranking, task, texts)
    data = _data(content, axes, best, texts) | {"series": [p["figure"] for each in solutions for p in each["plots"]]}
    context = {
        "language": texts.language,
        "t": texts.text,
        "h": texts.html,
        "integer": texts.integer,
        "title": texts.titles.get(title, title),
        "asked": asked(content.run, task, texts),
        "provenance": provenance(content.run, texts),
        "funnel": funnel(ranking, content.rejected, task, texts),
        "stages": stages(ranking, texts),
        "columns": [texts.column(name) for name in table_columns(task, ranking.columns)],
        "landmarks": _landmarks(content, texts),
        "total": ranking.height,
        "rows": min(ROWS, ranking.height),
        "points": ranking.head(POINTS).drop_nulls(list(axes)).height if axes else 0,
        "top": top,
        "scatter_titles": [texts.column(name) for name in axes] if axes else [],
        "scatter_x": texts.inside(texts.column(axes[0])) if axes else "",
        "elements_named": data["elements"]["named"] if ranking.height else "",
        "cards": best,
        "solutions": solutions,
        "lists": ranked_lists(ranking, task, texts),
        "carded": {card.rank for card in best},
        "flags": explained_flags(both, texts),
        "rejected": content.rejected.height,
        "refusals": refusals(content.rejected, texts),
        "reasons_shown": REASONS_SHOWN,
        "data": data,
        "scripts": [own_script(*_TABLE), plotly_script(), own_script(*_PICTURES)] if ranking.height else [],
    }
    return environment().get_template("report.html").render(context)


def _top(content: ReportContent) -> int:
    """How many candidates get a card."""
    wanted = ((content.run.get("config") or {}).get("report") or {}).get("cards")
    return min(CARDS if wanted is None else int(wanted), content.ranking.height)


def _landmarks(content: ReportContent, texts: Catalogue) -> dict[str, Any]:
    """Known materials in the columns that are visible when the page opens."""
    names = [name for name in first_columns(content.task, content.ranking.columns) if name not in _NOT_OF_LANDMARKS]
    names = [name for name in names if name in content.landmarks.columns]
    known = [row | {"why": why(row, content.task, texts)} for row in content.landmarks.iter_rows(named=True)]
    rows = [cells(row, names, texts) for row in known]
    return {"columns": [texts.column(name) for name in names], "rows": rows}


def _data(
    content: ReportContent, axes: tuple[str, str] | None, best: Sequence[Card], texts: Catalogue
) -> dict[str, Any]:
    """What the page's script needs, as JSON."""
    ranking = content.ranking
    shown = {
        "table": table_data(ranking, content.task, texts),
        "elements": heat_map(ranking, texts),
        "scatter": pareto_scatter(ranking, content.landmarks, axes, len(best), texts) if axes else None,
    }
    return {
        "language": texts.language,
        "decimal": texts.numbers.decimal,
        "group": texts.numbers.group,
        "texts": dict(texts.script),
        "yes": texts.text("yes"),
        "no": texts.text("no"),
        "cards": {str(card.rank): card.pictures for card in best if card.pictures},
        **(shown if ranking.height else {}),
    }
