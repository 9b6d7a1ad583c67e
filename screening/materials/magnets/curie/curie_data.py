"""Measured Curie temperatures: collections, cleaned and merged into one example per composition."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from screening.array_types import Floats
from screening.chemistry.compositions import chemical_system, formula_counts
from screening.chemistry.elements import indicator
from screening.chemistry.families import OPEN_4F
from screening.data.raw_tables import read_csv
from screening.materials.exclusions import of_excluded
from screening.materials.magnets.carriers import MAGNETIC_METALS, may_be_magnetic

LITERATURE, EXPERIMENTAL, NEMAD, NEEL = range(4)
FILES = ("curie_literature.csv", "curie_experimental.csv", "nemad.csv")

HIGHEST_K = 1400.0
"""Just above the highest Curie temperature known, that of cobalt, 1388 K."""

_VOTES = np.array([8.0, 3.0, 1.0, 0.0])
_SPREAD_K = 100.0  # reports that differ by this much halve an example's weight
_SAME = 0.03  # a Curie point this close to a reported Néel point is likely that point
_ROOM_K = 300.0
_DILUTE = 0.1
_CELSIUS_K, _CELSIUS_TOLERANCE_K = 273.15, 3.0


@dataclass(frozen=True)
class CurieExamples:
    """R compositions with a Curie temperature.

    Attributes:
        counts: Atoms of each element, (R, 119).
        temperature_K: Curie temperature, (R,).
        weight: (R,); 0 for compositions that are not in the literature collection.
        literature: Whether the literature collection has the composition, (R,).
        systems: Chemical system, (R,).
        dropped: Number of rows and compositions left out, by reason.
    """

    counts: Floats
    temperature_K: Floats
    weight: Floats
    literature: NDArray[np.bool_]
    systems: NDArray[np.str_]
    dropped: dict[str, int]

    def __len__(self) -> int:
        return len(self.temperature_K)


@dataclass(frozen=True)
class _Reports:
    """N rows of the raw tables: counts (N, 119), temperature (N,) in K, source (N,)."""

    counts: Floats
    temperature_K: Floats
    source: NDArray[np.int64]

    def take(self, rows: NDArray[np.bool_] | NDArray[np.int64]) -> _Reports:
        return _Reports(self.counts[rows], self.temperature_K[rows], self.source[rows])


def curie_examples(folder: Path, excluded: Sequence[str] = ()) -> CurieExamples:
    """Examples from `curie_literature.csv`, `curie_experimental.csv` and `nemad.csv` in a folder.

    Compositions of the first two tables are examples. NEMAD, which was extracted by machine, supports them: its reports
    count in the weighted median, and the spread of all reports lowers the weight. Left out are text that is no formula,
    compounds without a magnetic element, values above `HIGHEST_K`, and calculated values in NEMAD. Of compositions that
    are not in the literature table, these are left out too: points that NEMAD has only as Néel points, exactly 300 K in
    dilute compounds (room temperature), and values that another report shows to be in °C.

    Args:
        folder: With the tables.
        excluded: Formulas of compounds to leave out.

    Raises:
        RequestError: A file is missing or cannot be read.
    """
    dropped: Counter[str] = Counter()
    reports = _usable(_read(folder), dropped)
    reports = reports.take(~of_excluded(reports.counts, excluded))
    members: defaultdict[bytes, list[int]] = defaultdict(list)
    fractions = reports.counts / reports.counts.sum(axis=1, keepdims=True)
    for row, composition in enumerate(np.round(fractions, 3).astype(np.float32)):
        members[composition.tobytes()].append(row)
    first, values = [], []
    for group in members.values():
        merged = _merged(reports.take(np.array(group)), dropped)
        if merged is not None:
            first.append(group[0])
            values.append(merged)
    counts = reports.counts[first]
    temperature, weight, literature = (np.array(column) for column in zip(*values, strict=True))
    systems = np.array([chemical_system(row) for row in counts])
    return CurieExamples(counts, temperature, weight, literature.astype(bool), systems, dict(dropped))


def _read(folder: Path) -> _Reports:
    nemad = read_csv(folder / FILES[NEMAD], ["formula", "curie_K", "neel_K", "experimental"])
    nemad = nemad.filter(pl.col("experimental").fill_null("").str.to_lowercase() == "true")
    columns = ["formula", "curie_temperature_K"]
    tables = [read_csv(folder / FILES[source], columns) for source in (LITERATURE, EXPERIMENTAL)]
    tables += [nemad.select("formula", pl.col(name).alias(columns[1])) for name in ("curie_K", "neel_K")]
    table = pl.concat([t.with_columns(pl.lit(source).alias("source")) for source, t in enumerate(tables)])
    table = table.with_columns(pl.col(columns[1]).cast(pl.Float64, strict=False)).drop_nulls(columns)
    counts = formula_counts(table["formula"].to_list())
    return _Reports(counts, table[columns[1]].to_numpy(), table["source"].to_numpy().astype(np.int64))


def _usable(reports: _Reports, dropped: Counter[str]) -> _Reports:
    curie = reports.source != NEEL
    known = np.isfinite(reports.counts).all(axis=1)
    magnetic = known & may_be_magnetic(np.nan_to_num(reports.counts))
    possible = (reports.temperature_K > 0) & (reports.temperature_K <= HIGHEST_K)
    dropped["no formula"] = int((curie & ~known).sum())
    dropped["no magnetic element"] = int((curie & known & ~magnetic).sum())
    dropped["impossible temperature"] = int((curie & magnetic & ~possible).sum())
    return reports.take(magnetic & possible)


def _merged(reports: _Reports, dropped: Counter[str]) -> tuple[float, float, bool] | None:
    """Curie temperature in K, weight, and whether it is in the literature collection; None if it is left out."""
    curie = reports.take(reports.source != NEEL)
    literature = bool((curie.source == LITERATURE).any())
    if not literature and not (curie.source == EXPERIMENTAL).any():
        return None
    values, votes = curie.temperature_K, _VOTES[curie.source]
    if not literature:
        gaps = np.abs(values[:, None] - values[None] + _CELSIUS_K) < _CELSIUS_TOLERANCE_K
        celsius = gaps.any(axis=1) & ~gaps.any(axis=0)
        dropped["value in °C"] += int(celsius.sum())
        values, votes = values[~celsius], votes[~celsius]
    order = np.argsort(values)
    total = np.cumsum(votes[order])
    temperature = float(values[order][np.searchsorted(total, total[-1] / 2)])
    if not literature:
        reason = _suspicion(reports, temperature)
        if reason:
            dropped[reason] += 1
            return None
    weight = 1 / (1 + float(np.ptp(values)) / _SPREAD_K) if literature else 0.0
    return temperature, weight, literature


def _suspicion(reports: _Reports, temperature: float) -> str:
    neel = reports.temperature_K[reports.source == NEEL]
    if not (reports.source == NEMAD).any() and (np.abs(neel - temperature) <= _SAME * temperature).any():
        return "Néel point"
    counts = reports.counts[0]
    carriers = counts @ indicator((*MAGNETIC_METALS, *OPEN_4F)) / counts.sum()
    return "room temperature of a dilute compound" if temperature == _ROOM_K and carriers < _DILUTE else ""
