"""A ranking of the reference electrodes compared with their measured voltages and capacities."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl

from screening.array_types import Floats, Mask
from screening.chemistry.compositions import count_matrix, formula_counts
from screening.chemistry.elements import ATOMIC_NUMBERS
from screening.errors import RequestError
from screening.materials.arrays import floats, names_with_interval, number_column
from screening.materials.electrodes.measured.anion_classes import anion_class
from screening.materials.electrodes.measured.measured_sentences import electrode_sentences
from screening.materials.electrodes.measured.measured_table import PRACTICAL
from screening.materials.reference import (
    Comparison,
    composition_baseline,
    constant_baseline,
    error_statistics,
    spearman,
)

CAPACITY_TOLERANCE = 0.02
RANKED, LEFT_OUT = "voltage_V", "voltage_left_out_V"
_MEASURED_V, _MEASURED_CAPACITY = "V_avg_exp_V", "cap_theo_discharged_basis_mAh_g"
_CAPACITY = "capacity_practical_mAh_per_g"
_KEPT = (
    "rank", "candidate_id", "formula", "chemical_system", "working_ion", "score", "limiting_gate", "why",
    *names_with_interval(RANKED), *names_with_interval(LEFT_OUT), *names_with_interval(PRACTICAL),
    "voltage_offset_V", "voltage_offset_class", _CAPACITY, "practical_limit", "electrode_kind", "flags",
)  # fmt: skip


def compare_electrodes(ranked: pl.DataFrame, rows: Sequence[Mapping[str, str]]) -> Comparison:
    """Compare a ranking with measurements, see `MaterialClass.compare`.

    An electrode of a chemical system that the offsets learned from is judged by the prediction without that system
    (`voltage_left_out_V`), and marked. The baselines learn from the other rows of the same table: extra trees on
    composition with one chemical system held out at a time, and the median.

    Raises:
        RequestError: A measured value is not a number.
    """
    by_name = {row["name"]: row for row in rows}
    found = [by_name[name] for name in ranked["candidate_id"]]
    voltage, capacity = (_numbers(found, name) for name in (_MEASURED_V, _MEASURED_CAPACITY))
    usable = np.array([row.get("usable_electrode", "yes") == "yes" for row in found], dtype=bool)
    honest, seen = _honest(ranked)
    statistics = {
        "rows": ranked.height,
        "seen": int((seen & usable & np.isfinite(voltage)).sum()),
        "voltage_V": _errors(ranked, honest, voltage, usable),
        "as_ranked": _scores(_interval(ranked, RANKED), voltage, usable),
        "calculated": _scores(_interval(ranked, PRACTICAL), voltage, usable),
        "by_class": _by_class(found, honest, voltage, usable),
        "outside_and_not_flagged": _outside(ranked, honest, voltage, usable),
        "capacity": _capacity(ranked, capacity, usable),
    }
    beside = [
        *(ranked[name] for name in _KEPT if name in ranked.columns),
        pl.Series("offset_saw_system", seen),
        number_column(f"{RANKED}_measured", np.where(usable, voltage, np.nan)),
        number_column(f"{_CAPACITY}_measured", np.where(usable, capacity, np.nan)),
    ]
    shown = _short(ranked, honest, seen, np.where(usable, voltage, np.nan))
    return Comparison(pl.DataFrame(beside), statistics, electrode_sentences(statistics), shown)


def _honest(ranked: pl.DataFrame) -> tuple[Floats, Mask]:
    """Predicted voltages, (B, 3), by other chemical systems alone, and where that makes a difference, (B,)."""
    left_out = _interval(ranked, LEFT_OUT)
    seen = np.isfinite(left_out[:, 0])
    return np.where(seen[:, None], left_out, _interval(ranked, RANKED)), seen


def _interval(ranked: pl.DataFrame, name: str) -> Floats:
    return np.stack([floats(ranked, column) for column in names_with_interval(name)], axis=1)


def _scores(predicted: Floats, measured: Floats, rows: Mask) -> dict[str, Any]:
    scores = error_statistics(measured, predicted[:, 0], rows, predicted[:, 1], predicted[:, 2])
    return scores | {"spearman": spearman(measured, predicted[:, 0], rows)}


def _errors(ranked: pl.DataFrame, predicted: Floats, measured: Floats, rows: Mask) -> dict[str, Any]:
    """The scores, with those of the baselines on the same rows."""
    counts = count_matrix(ranked["cell_formula"].to_list())
    composition = composition_baseline(counts, ranked["chemical_system"].to_list(), measured, rows)
    both = rows & np.isfinite(predicted[:, 0])
    scores = _scores(predicted, measured, rows)
    for name, values in (("composition", composition), ("constant", constant_baseline(measured, rows))):
        scores[f"mae_{name}"] = error_statistics(measured, values, both, values, values)["mae"]
    return scores


def _by_class(
    found: Sequence[Mapping[str, str]], predicted: Floats, measured: Floats, rows: Mask
) -> dict[str, dict[str, Any]]:
    """Scores by the anion class of the frame, largest class first."""
    frames = formula_counts([row["formula_charged"] for row in found])
    for frame, row in zip(frames, found, strict=True):
        frame[ATOMIC_NUMBERS.get(row["ion"], 0)] = 0.0
    classes = np.array([anion_class(frame) for frame in frames])
    known = rows & np.isfinite(measured)
    names = sorted(set(classes[known].tolist()), key=lambda name: (-int((classes[known] == name).sum()), name))
    return {name: _scores(predicted, measured, known & (classes == name)) for name in names}


def _outside(ranked: pl.DataFrame, predicted: Floats, measured: Floats, rows: Mask) -> list[str]:
    """Electrodes whose measured voltage is outside the interval and that no flag on voltages marks."""
    outside = (measured < predicted[:, 1]) | (measured > predicted[:, 2])
    silent = ["offset_unknown" not in (flags or "").split(";") for flags in ranked["flags"]]
    return [
        name for name, wrong in zip(ranked["candidate_id"], outside & rows & np.array(silent), strict=True) if wrong
    ]


def _capacity(ranked: pl.DataFrame, measured: Floats, rows: Mask) -> dict[str, Any]:
    predicted = floats(ranked, _CAPACITY)
    known = rows & np.isfinite(measured) & np.isfinite(predicted)
    within = np.abs(predicted - measured) <= CAPACITY_TOLERANCE * measured
    missing = rows & np.isfinite(measured) & ~np.isfinite(predicted)
    return {"n": int(known.sum()), "within_2_percent": int((within & known).sum()), "not_predicted": int(missing.sum())}


def _short(ranked: pl.DataFrame, predicted: Floats, seen: Mask, measured: Floats) -> pl.DataFrame:
    """Rank, name, voltages with interval beside measured ones, the class, and whether the offsets saw the system."""
    intervals = [
        "-" if np.isnan(value) else f"{value:.2f} ({low:.2f} to {high:.2f})" for value, low, high in predicted.tolist()
    ]
    texts = ["-" if np.isnan(value) else f"{value:.2f}" for value in measured.tolist()]
    classes = ranked["voltage_offset_class"] if "voltage_offset_class" in ranked.columns else [None] * ranked.height
    return pl.DataFrame(
        [
            ranked["rank"],
            ranked["candidate_id"].alias("name"),
            pl.Series("voltage (V)", intervals),
            pl.Series("measured (V)", texts),
            pl.Series("offset", [words or "-" for words in classes]),
            pl.Series("left out", ["yes" if own else "" for own in seen.tolist()]),
        ]
    )


def _numbers(rows: Sequence[Mapping[str, str]], name: str) -> Floats:
    """A column of the reference table, (B,); NaN where it is empty."""
    values = []
    for row in rows:
        text = row.get(name, "").strip()
        try:
            values.append(float(text) if text else np.nan)
        except ValueError:
            raise RequestError(f"{row['name']}: {name}={text}: expected a number or nothing") from None
    return np.array(values, dtype=np.float64)
