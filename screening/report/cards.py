"""Cards of the best candidates, as plain data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from screening.columns import gate_name, is_gate
from screening.finalists.finalist import Finalist, KnownMaterial, folder_name
from screening.ranking import best_of_groups
from screening.report.cells import TableCell, cells
from screening.report.choices import figure_columns, first_columns, table_columns
from screening.report.plots import curve_figure
from screening.report.structures import structure_data
from screening.report.texts import Catalogue
from screening.report.why import why

FOLDER = "finalists"
_SHOWN_ELSEWHERE = (
    "rank",
    "rank_group",
    "rank_in_group",
    "candidate_id",
    "formula",
    "score",
    "limiting_gate",
    "why",
    "flags",
)
_NEARLY_CERTAIN = 99.5


@dataclass(frozen=True)
class Figure:
    """A figure of the candidate beside that of the nearest known material.

    Attributes:
        cell: The candidate's value and interval.
        measured: The known material's value as text; empty if unknown.
    """

    cell: TableCell
    measured: str


@dataclass(frozen=True)
class Gate:
    """How likely a candidate passes a gate.

    Attributes:
        name: The gate in words.
        text: The probability as text.
        percent: The probability in percent.
    """

    name: str
    text: str
    percent: float


@dataclass(frozen=True)
class Nearest:
    """The nearest known material in words."""

    formula: str
    name: str
    distance: str
    source: str


@dataclass(frozen=True)
class Card:
    """The card of one candidate.

    Attributes:
        highlights: Figures of the short table.
        figures: Figures of the ranked table, numbers first.
        more_figures: All other figures.
        limiting: The gate with the lowest probability; None if that is nearly certain to be passed.
        flags: Each flag with its meaning.
        atoms: Atoms in the cell.
        pictures: What the page's script draws (`structures`, `curves`); empty without a finalist.
        files: Labels and addresses relative to the page.
    """

    rank: int
    candidate_id: str
    formula: str
    source: str
    score: str
    why: str
    highlights: list[TableCell]
    figures: list[Figure]
    more_figures: list[Figure]
    gates: list[Gate]
    limiting: Gate | None
    flags: list[tuple[str, str]]
    remarks: list[str]
    nearest: Nearest | None
    atoms: int
    pictures: dict[str, Any]
    curve_titles: list[str]
    files: list[tuple[str, str]]


def cards(
    ranking: pl.DataFrame, finalists: Sequence[Finalist], top: int, task: Mapping[str, Any], texts: Catalogue
) -> list[Card]:
    """Cards of the best `top` candidates; those that are no finalists have no pictures, files or known material."""
    known = {finalist.candidate_id: finalist for finalist in finalists}
    rows = best_of_groups(ranking, top).iter_rows(named=True)
    return [card(row, known.get(row["candidate_id"]), task, texts) for row in rows]


def card(row: Mapping[str, Any], finalist: Finalist | None, task: Mapping[str, Any], texts: Catalogue) -> Card:
    """The card of one row of the ranking."""
    gates = [_gate(name, row[name], texts) for name in row if is_gate(name) and row[name] is not None]
    limiting = min(gates, key=lambda gate: gate.percent, default=None)
    flags = [flag for flag in (row.get("flags") or "").split(";") if flag]
    short = [name for name in first_columns(task, list(row)) if name not in _SHOWN_ELSEWHERE]
    nearest = finalist.nearest if finalist else None
    curves = finalist.look.curves if finalist else ()
    chosen = [name for name in table_columns(task, list(row)) if name in figure_columns(list(row))]
    others = [name for name in figure_columns(list(row)) if name not in chosen]
    main, more = (_figures(row, names, nearest, texts) for names in (chosen, others))
    return Card(
        rank=row["rank"],
        candidate_id=row["candidate_id"],
        formula=row["formula"],
        source=row.get("source") or "",
        score=texts.shown(texts.column("score"), row["score"]),
        why=why(row, task, texts),
        highlights=[cell for cell in cells(row, short, texts) if cell.value is not None],
        figures=main,
        more_figures=more,
        gates=gates,
        limiting=limiting if limiting is not None and limiting.percent < _NEARLY_CERTAIN else None,
        flags=[(flag, texts.flag(flag)) for flag in flags],
        remarks=[texts.remarks.get(remark, remark) for remark in (finalist.look.remarks if finalist else ())],
        nearest=_nearest(nearest, texts) if nearest else None,
        atoms=finalist.crystal.n_atoms if finalist else 0,
        pictures=_pictures(finalist, texts) if finalist else {},
        curve_titles=[texts.named(f"curve_{curve.kind}", curve.kind) for curve in curves],
        files=_files(row, finalist),
    )


def _figures(
    row: Mapping[str, Any], names: Sequence[str], nearest: KnownMaterial | None, texts: Catalogue
) -> list[Figure]:
    """The figures that the row has, numbers before text."""
    known = [cell for cell in cells(row, names, texts) if cell.value is not None]
    known.sort(key=lambda cell: cell.column.kind != "number")
    return [Figure(cell, _measured(cell, nearest, texts)) for cell in known]


def _measured(cell: TableCell, nearest: KnownMaterial | None, texts: Catalogue) -> str:
    value = nearest.figures.get(cell.column.name) if nearest else None
    return "" if value is None else texts.shown(cell.column, value)


def _nearest(known: KnownMaterial, texts: Catalogue) -> Nearest:
    distance = (
        texts.text("nearest_same")
        if known.distance == 0
        else texts.text("nearest_distance", percent=texts.percent(known.distance))
    )
    return Nearest(known.formula, known.name if known.name != known.formula else "", distance, known.source)


def _gate(name: str, probability: float, texts: Catalogue) -> Gate:
    return Gate(texts.gate(gate_name(name)), texts.percent(probability), 100.0 * probability)


def _pictures(finalist: Finalist, texts: Catalogue) -> dict[str, Any]:
    crystals = {"scored": finalist.crystal, **finalist.look.crystals}
    structures = [
        {"label": texts.named(f"structure_{name}", name), **structure_data(crystal)}
        for name, crystal in crystals.items()
    ]
    return {"structures": structures, "curves": [curve_figure(curve, texts) for curve in finalist.look.curves]}


def _files(row: Mapping[str, Any], finalist: Finalist | None) -> list[tuple[str, str]]:
    if finalist is None:
        return []
    folder = f"{FOLDER}/{folder_name(row['rank'], row['formula'])}"
    return [(name, f"{folder}/{name}") for name in (*crystal_files(finalist), *finalist.look.files)]


def crystal_files(finalist: Finalist) -> dict[str, Any]:
    """The crystals that a finalist's folder holds, by file name."""
    others = {f"{name}.cif": crystal for name, crystal in finalist.look.crystals.items()}
    return {"crystal.cif": finalist.crystal, **others}
