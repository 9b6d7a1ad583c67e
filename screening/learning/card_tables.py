"""The tables of a model card, as lines of Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from screening.learning.evaluation import (
    ALL_ROWS,
    EVERYTHING,
    FEWEST,
    FLAGGED,
    NONTRIVIAL,
    UNFLAGGED,
    WITHOUT_MOMENTS,
    Scores,
    find,
    flagged_over_rest,
    strictest,
)
from screening.learning.published import published_results
from screening.learning.quantities import Quantity, quantities, reader_quantities

_POOR_RATIO = 1.5
_POOR_COVERAGE = 0.70


def accuracy_table(scores: Sequence[Scores], targets: Sequence[str]) -> list[str]:
    """Accuracy of the model, the baselines and published models, over all rows and over the non-trivial ones."""
    rows = []
    for quantity in quantities(targets):
        for s in _of(scores, quantity.name, EVERYTHING):
            literature = ", ".join(f"{entry.model} {entry.mae:g}" for entry in published_results(quantity.name, s.rows))
            ours = (f"**{_figure(s.mae)}**", _figure(s.rmse), _fixed(s.r2, 3))
            beside = (_figure(s.mae_constant), _figure(s.mae_composition), literature or "–")
            rows.append((_name(quantity), s.rows, f"{s.n:,}", *ours, *beside))
    return _table(("quantity", "rows", "n", "MAE", "RMSE", "R²", "best constant", "composition", "published MAE"), rows)


def coverage_table(scores: Sequence[Scores], targets: Sequence[str]) -> list[str]:
    """Coverage and mean width, over all rows and over the non-trivial ones."""
    rows = [
        (_name(quantity), s.rows, f"{s.n:,}", _percent(s.coverage), _figure(s.width))
        for quantity in reader_quantities(targets)
        for s in _of(scores, quantity.name, EVERYTHING)
    ]
    return _table(("quantity", "rows", "n", "coverage", "mean width"), rows)


def flagged_table(scores: Sequence[Scores], targets: Sequence[str]) -> list[str]:
    """Scores of crystals flagged as out of domain next to the rest; empty if none is flagged."""
    ratios = flagged_over_rest(scores)
    rows = []
    for quantity in reader_quantities(targets):
        pair = [strictest(scores, quantity.name, group) for group in (FLAGGED, UNFLAGGED)]
        cells = [cell for s in pair if s for cell in (f"{s.n:,}", _figure(s.mae), _percent(s.coverage))]
        if quantity.name in ratios:
            rows.append((_name(quantity), *cells, f"{ratios[quantity.name]:.2f}"))
    if not rows:
        return []
    head = ("quantity", "flagged", "MAE", "coverage", "rest", "MAE", "coverage", "MAE flagged over rest")
    return ["### Flagged as out of domain", "", "Non-trivial rows.", "", *_table(head, rows), ""]


def group_table(scores: Sequence[Scores], targets: Sequence[str]) -> list[str]:
    """Error, coverage and width by chemical group and quantity; groups with few rows show a dash."""
    chosen = reader_quantities(targets)
    rows = []
    for group in chemical_groups(scores):
        found = [strictest(scores, quantity.name, group) for quantity in chosen]
        rows.append((group, *(_group_cell(s) for s in found)))
    return _table(("group", *(_name(quantity) for quantity in chosen)), rows)


def chemical_groups(scores: Sequence[Scores]) -> list[str]:
    """Names of the scored chemical groups, in order."""
    return [g for g in dict.fromkeys(s.group for s in scores) if g not in (EVERYTHING, FLAGGED, UNFLAGGED)]


def failures(scores: Sequence[Scores], targets: Sequence[str]) -> list[str]:
    """Groups whose error is 1.5 times that of all crystals or more, or whose interval covers less than 70 %."""
    lines = []
    for quantity in reader_quantities(targets):
        whole = strictest(scores, quantity.name)
        groups = [group for group in chemical_groups(scores) if group != WITHOUT_MOMENTS]
        found = [strictest(scores, quantity.name, group) for group in groups]
        known = [s for s in found if s is not None and s.n >= FEWEST]
        if whole is None or not known:
            continue
        poor = sorted((s for s in known if s.mae >= _POOR_RATIO * whole.mae), key=lambda s: -s.mae)
        narrow = sorted((s for s in known if s.coverage < _POOR_COVERAGE), key=lambda s: s.coverage)
        worst = max(known, key=lambda s: s.mae)
        about = [f"{s.group} ({_figure(s.mae)} {quantity.unit}, {s.n} rows)" for s in poor or [worst]]
        text = f"- {quantity.label}: error {'at least 1.5 times the mean' if poor else 'largest'} in {', '.join(about)}"
        if narrow:
            text += f"; intervals too narrow in {', '.join(f'{s.group} ({_percent(s.coverage)})' for s in narrow)}"
        lines.append(text + ".")
    return lines or ["- No group has enough rows to tell."]


def _of(scores: Sequence[Scores], target: str, group: str) -> list[Scores]:
    return [s for rows in (ALL_ROWS, NONTRIVIAL) if (s := find(scores, target, group, rows)) is not None]


def _group_cell(s: Scores | None) -> str:
    if s is None or s.n < FEWEST:
        return "–"
    return f"{_figure(s.mae)} · {_percent(s.coverage)} · {_figure(s.width)} (n {s.n:,})"


def _name(quantity: Quantity) -> str:
    return f"{quantity.label}, {quantity.unit}" if quantity.unit else quantity.label


def _figure(value: float) -> str:
    return "–" if value != value else f"{value:.3g}"


def _fixed(value: float, digits: int) -> str:
    return "–" if value != value else f"{value:.{digits}f}"


def _percent(value: float) -> str:
    return f"{100 * value:.1f} %"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    line = "| " + " | ".join(head) + " |"
    return [line, "| " + " | ".join("---" for _ in head) + " |", *("| " + " | ".join(row) + " |" for row in rows)]
