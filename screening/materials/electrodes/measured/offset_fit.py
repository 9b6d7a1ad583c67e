"""Learning offsets from calculated voltages over the measured ranges, and their errors on classes left out."""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from screening.array_types import Floats, Mask
from screening.crystals import Crystal, ReadSettings, read_crystals
from screening.crystals.standard_cell import standard_cell
from screening.errors import RequestError
from screening.files import atomic_path
from screening.materials.electrodes.end_members.pair import NoPair
from screening.materials.electrodes.measured.measured_pairs import measured_pair
from screening.materials.electrodes.measured.measured_table import PRACTICAL, MeasuredVoltage
from screening.materials.electrodes.measured.mixed_model import WeightedRows, likeliest_variances
from screening.materials.electrodes.measured.offset_model import NORMAL_80, OffsetModel, measured_interval
from screening.materials.electrodes.measured.offset_terms import TERMS, OffsetInputs
from screening.materials.electrodes.voltage.voltage import VoltagePredictor
from screening.materials.reference import composition_baseline, error_statistics, spearman

CALCULATED = "calculated.csv"
_COLUMNS = ("name", "value", "lo", "hi", "why_not")
_FEWEST = 10
_NO_COUPLE = "none"


@dataclass(frozen=True)
class CalculatedRows:
    """N measured electrodes with their calculated voltages.

    Attributes:
        measured: The rows of the table.
        voltage: Calculated over the measured range, with 80 % interval, in V, (N, 3).
    """

    measured: tuple[MeasuredVoltage, ...]
    voltage: Floats

    @property
    def target(self) -> Floats:
        """Measured voltages, (N,)."""
        return np.array([row.voltage_V for row in self.measured])

    @property
    def inputs(self) -> OffsetInputs:
        """What the offsets depend on."""
        discharged = np.array([row.discharged for row in self.measured])
        charged = np.array([row.charged for row in self.measured])
        return OffsetInputs.of(discharged, charged, [row.ion for row in self.measured], self.voltage[:, 0])

    @property
    def systems(self) -> tuple[str, ...]:
        """Chemical systems of the discharged ends."""
        return tuple(row.system for row in self.measured)


def calculate(
    table: Sequence[MeasuredVoltage],
    crystals: Path,
    predictor: VoltagePredictor,
    kept: Path,
    progress: Callable[[str], object],
) -> CalculatedRows:
    """Calculate the voltages of the measured electrodes whose crystals are given.

    Args:
        table: What was measured.
        crystals: Crystals in any form that `candidates=` takes; their ids are the names of rows.
        predictor: Of the voltages to correct.
        kept: File of finished rows, with which a stopped run continues.
        progress: Reports rows that cannot be calculated.

    Raises:
        RequestError: Fewer than ten rows can be calculated.
    """
    by_name = {row.name: row for row in table}
    done = _read(kept) if kept.is_file() else {}
    for crystal in read_crystals(crystals, ReadSettings(workers=0)):
        name = crystal.candidate_id
        if not isinstance(crystal, Crystal) or name not in by_name:
            progress(
                f"{name}: {'no row of this name was measured' if isinstance(crystal, Crystal) else crystal.reason}"
            )
        elif name not in done:
            done[name] = _calculated(standard_cell(crystal), by_name[name], predictor)
            _write(kept, done)
            if done[name]["why_not"]:
                progress(f"{name}: {done[name]['why_not']}")
    usable = [row for row in table if not done.get(row.name, {"why_not": "-"})["why_not"]]
    if len(usable) < _FEWEST:
        raise RequestError(
            f"structures={crystals}: {len(usable)} measured rows can be calculated; expected {_FEWEST} at least"
        )
    voltage = np.array([[float(done[row.name][key]) for key in ("value", "lo", "hi")] for row in usable])
    return CalculatedRows(tuple(usable), voltage)


def _calculated(crystal: Crystal, row: MeasuredVoltage, predictor: VoltagePredictor) -> dict[str, str]:
    pair = measured_pair(crystal, row)
    if isinstance(pair, NoPair):
        return dict.fromkeys(_COLUMNS, "") | {"name": row.name, "why_not": pair.reason}
    found = {series.name: series[0] for series in predictor.columns([pair])}
    values = [found[f"{PRACTICAL}{end}"] for end in ("", "_lo", "_hi")]
    if None in values:
        return dict.fromkeys(_COLUMNS, "") | {"name": row.name, "why_not": "the release predicts no voltage"}
    return dict(zip(_COLUMNS, (row.name, *(f"{value:.4f}" for value in values), ""), strict=True))


def fit_offsets(rows: CalculatedRows) -> OffsetModel:
    """Learn the offsets of all rows."""
    return _model(rows, np.arange(len(rows.measured)))


def offset_errors(rows: CalculatedRows) -> dict[str, dict[str, Any]]:
    """Errors of measured voltages: as calculated, and with offsets learned from other systems or other couples.

    With the other systems go two baselines: trees on the composition and a constant, learned from those as well.
    """
    inputs, target = rows.inputs, rows.target
    couples = [inputs.couples(row) for row in range(len(inputs))]
    main = [max(found, key=found.__getitem__) if found else _NO_COUPLE for found in couples]
    report = {"calculated": _scores(target, rows.voltage)}
    for name, groups in (("systems", rows.systems), ("couples", tuple(main))):
        predicted = np.full((len(inputs), 3), np.nan)
        for group in sorted(set(groups)):
            held = np.array([other == group for other in groups], dtype=bool)
            offsets = _model(rows, np.flatnonzero(~held)).predict(inputs.take(np.flatnonzero(held).tolist()))
            predicted[held] = measured_interval(rows.voltage[held], offsets.mean, offsets.deviation)
        report[f"unseen {name}"] = _scores(target, predicted) | {"held_out": len(set(groups))}
    report["unseen systems"] |= _baselines(rows)
    return report


def _baselines(rows: CalculatedRows) -> dict[str, float]:
    """Mean absolute errors in V, each system predicted from the others."""
    target, everywhere = rows.target, np.ones(len(rows.measured), dtype=bool)
    counts = np.array([row.discharged for row in rows.measured])
    trees = composition_baseline(counts, rows.systems, target, everywhere)
    others = np.array([[own != other for other in rows.systems] for own in rows.systems], dtype=bool)
    constant = np.array([np.median(target[row]) for row in others])
    return {
        "composition": float(np.abs(trees - target).mean()),
        "constant": float(np.abs(constant - target).mean()),
    }


def _model(rows: CalculatedRows, chosen: np.ndarray[Any, np.dtype[np.int64]]) -> OffsetModel:
    inputs = rows.inputs.take(chosen.tolist())
    found = [inputs.levels(row) for row in range(len(inputs))]
    levels = tuple(sorted({level for row in found for level in row}))
    weights = np.array([[row.get(level, 0.0) for level in levels] for row in found])
    uncertainty = np.array([rows.measured[row].uncertainty_V for row in chosen])
    # half the 80 % interval over its width in standard deviations
    calculated = (rows.voltage[chosen, 2] - rows.voltage[chosen, 1]) / (2 * NORMAL_80)
    known = uncertainty**2 + calculated**2
    measured = WeightedRows(levels, weights, (rows.target - rows.voltage[:, 0])[chosen], known)
    return OffsetModel(measured, likeliest_variances(measured, TERMS), tuple(rows.systems[row] for row in chosen))


def _scores(target: Floats, predicted: Floats) -> dict[str, Any]:
    everywhere: Mask = np.ones(len(target), dtype=bool)
    scores = error_statistics(target, predicted[:, 0], everywhere, predicted[:, 1], predicted[:, 2])
    width = float(np.mean(predicted[:, 2] - predicted[:, 1]))
    return scores | {"spearman": spearman(target, predicted[:, 0], everywhere), "interval_V": width}


def _read(file: Path) -> dict[str, Mapping[str, str]]:
    with file.open(encoding="utf-8", newline="") as stream:
        return {row["name"]: row for row in csv.DictReader(stream)}


def _write(file: Path, rows: Mapping[str, Mapping[str, str]]) -> None:
    with atomic_path(file) as part, part.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, _COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows.values())
