"""Predictions of labelled crystals, exactly as users get them: values, intervals, flags."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from screening.array_types import Floats
from screening.crystals.crystal import Crystal
from screening.crystals.packed import PackedCrystals
from screening.data.collapsed import MAGNETIZATION, without_moments
from screening.data.store import Store
from screening.errors import RequestError
from screening.networks.predictor import Predictor
from screening.networks.streaming import stream

OUT_OF_DOMAIN = "out_of_domain"
"""Flag of crystals unlike the training data."""


@dataclass(frozen=True)
class Measured:
    """Labels and predictions of B crystals and T targets.

    Attributes:
        targets: The T targets.
        rows: (B,) rows of the store.
        labels: (B, T) labels, NaN if missing.
        values: (B, T) predictions.
        low: (B, T) lower bounds of the 80 % interval.
        high: (B, T) upper bounds.
        out_of_domain: (B,) flags; None if no crystal is flagged.
        left_out: Number of crystals with an unknown element or without finite predictions.
        structures_per_s: Speed on this machine, including graphs and tables.
        without_moments: (B,) crystals rich in iron and cobalt whose calculation has no moments
            (`screening.data.collapsed`), judged apart in their magnetization; None if there is none.
    """

    targets: tuple[str, ...]
    rows: NDArray[np.int64]
    labels: Floats
    values: Floats
    low: Floats
    high: Floats
    out_of_domain: NDArray[np.bool_] | None
    left_out: int
    structures_per_s: float
    without_moments: NDArray[np.bool_] | None = None

    def __len__(self) -> int:
        return len(self.rows)


def measure(predictor: Predictor, store: Store, rows: NDArray[np.int64], batch_atoms: int | None = None) -> Measured:
    """Predict these rows of a store.

    Raises:
        RequestError: If the store has none of the model's targets, or the model can score none of the rows.
    """
    targets = tuple(target for target in predictor.config.targets if target in store.index.columns)
    if not targets:
        raise RequestError(
            f"{store.path}: no labels for any of the targets of {predictor.config.name} "
            f"({', '.join(predictor.config.targets)})"
        )
    known = rows[_of_known_elements(store.crystals.take(rows), predictor.elements)]
    started = time.perf_counter()
    tables = [table for _, table, _ in stream(predictor, _numbered(store, known), batch_atoms)]
    rate = len(known) / max(time.perf_counter() - started, 1e-9)
    if not any(table.height for table in tables):
        raise RequestError(f"{predictor.config.name} cannot score any of the {len(rows)} crystals of {store.path}")
    table = pl.concat(tables)
    scored = table["candidate_id"].cast(pl.Int64).to_numpy()
    values, low, high = (_columns(table, targets, end) for end in ("", "_lo", "_hi"))
    flagged = table["flags"].str.split(";").list.contains(OUT_OF_DOMAIN).to_numpy()
    labels = store.labels(targets)[scored].astype(np.float64)
    outside = flagged if flagged.any() else None
    lost = _without_moments(store.crystals.take(scored), targets, labels)
    return Measured(targets, scored, labels, values, low, high, outside, len(rows) - len(scored), rate, lost)


def predictions_table(store: Store, measured: Measured) -> pl.DataFrame:
    """A row for each crystal: id, formula, chemical system, and for each target `_label`, value, `_lo` and `_hi`."""
    table = store.index[measured.rows.tolist()].select("crystal_id", "formula", "chemical_system", "n_atoms")
    columns: dict[str, NDArray[np.float64]] = {}
    for i, target in enumerate(measured.targets):
        parts = {"_label": measured.labels, "": measured.values, "_lo": measured.low, "_hi": measured.high}
        columns |= {f"{target}{end}": array[:, i] for end, array in parts.items()}
    table = table.with_columns(pl.Series(name, values).fill_nan(None) for name, values in columns.items())
    if measured.out_of_domain is None:
        return table
    return table.with_columns(pl.Series(OUT_OF_DOMAIN, measured.out_of_domain))


def _numbered(store: Store, rows: NDArray[np.int64]) -> Iterator[Crystal]:
    """Crystals named by their row, because ids of a store need not be unique."""
    return (replace(store.crystal(int(row)), candidate_id=str(row)) for row in rows)


def _of_known_elements(crystals: PackedCrystals, elements: frozenset[int]) -> NDArray[np.bool_]:
    if not len(crystals):
        return np.zeros(0, dtype=bool)
    known = np.isin(crystals.numbers, list(elements))
    return np.asarray(np.logical_and.reduceat(known, crystals.offsets[:-1]))


def _without_moments(crystals: PackedCrystals, targets: Sequence[str], labels: Floats) -> NDArray[np.bool_] | None:
    if MAGNETIZATION not in targets:
        return None
    moments = labels[:, targets.index(MAGNETIZATION)] * crystals.volume_A3
    lost = without_moments(crystals.element_counts(), moments)
    return lost if lost.any() else None


def _columns(table: pl.DataFrame, targets: Sequence[str], end: str) -> Floats:
    return table.select(f"{target}{end}" for target in targets).to_numpy().astype(np.float64)
