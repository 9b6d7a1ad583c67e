"""The table of measured voltages, `datasets/measured/electrodes.csv`, or one with the same columns."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from screening.array_types import Floats
from screening.chemistry.compositions import chemical_system, formula_counts
from screening.chemistry.elements import ATOMIC_NUMBERS
from screening.errors import RequestError
from screening.materials.electrodes.working_ions import CHARGES
from screening.resources import resource

PRACTICAL = "voltage_calculated_practical_V"
"""The column of calculated voltages that compare with measured ones."""
UNCERTAINTY_V = {"high": 0.05, "med": 0.1, "low": 0.2}
"""Standard deviation of a measured average by its confidence, as the table's README says."""
NOT_INSERTION = ("carbon", "alloy")
"""Anion classes of rows that are no insertion into an ionic frame."""
_NEEDED = ("name", "formula_discharged", "formula_charged", "ion", "voltage_V", "anion_class", "confidence")


@dataclass(frozen=True)
class MeasuredVoltage:
    """One row of the table.

    Attributes:
        name: Of the row.
        ion: Symbol of the working ion.
        voltage_V: Average over the measured range against the ion's metal.
        discharged: Atoms of each element in the discharged formula, (119,).
        charged: The same for the charged formula, (119,).
        anion_class: Of the frame.
        uncertainty_V: Standard deviation of the measured value.
    """

    name: str
    ion: str
    voltage_V: float
    discharged: Floats
    charged: Floats
    anion_class: str
    uncertainty_V: float

    @property
    def frame(self) -> Floats:
        """Atoms of each element besides the ion, (119,)."""
        frame = self.discharged.copy()
        frame[ATOMIC_NUMBERS[self.ion]] = 0.0
        return frame

    @property
    def ions(self) -> tuple[float, float]:
        """Ions per formula when discharged and when charged."""
        number = ATOMIC_NUMBERS[self.ion]
        return float(self.discharged[number]), float(self.charged[number])

    @property
    def system(self) -> str:
        """Chemical system of the discharged formula."""
        return chemical_system(self.discharged)


def measured_file() -> Path:
    """The table that comes with the package."""
    return resource("datasets") / "measured" / "electrodes.csv"


def read_measured(file: Path) -> list[MeasuredVoltage]:
    """Read the rows of insertion electrodes.

    Raises:
        RequestError: The file cannot be read, lacks a column, or a value is not what it must be.
    """
    try:
        with file.open(encoding="utf-8", newline="") as stream:
            rows = list(csv.DictReader(stream))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise RequestError(f"measured={file}: not readable as a CSV file ({error})") from None
    missing = [name for name in _NEEDED if not rows or name not in rows[0]]
    if missing:
        raise RequestError(f"measured={file}: expected rows with the columns {', '.join(missing)}")
    return [_row(row, file) for row in rows if row["anion_class"] not in NOT_INSERTION]


def _row(row: dict[str, str], file: Path) -> MeasuredVoltage:
    where = f"measured={file}: {row['name']}"
    if row["ion"] not in CHARGES:
        raise RequestError(f"{where}: ion={row['ion']}: expected one of {', '.join(CHARGES)}")
    if row["confidence"] not in UNCERTAINTY_V:
        raise RequestError(f"{where}: confidence={row['confidence']}: expected one of {', '.join(UNCERTAINTY_V)}")
    try:
        voltage = float(row["voltage_V"])
    except ValueError:
        raise RequestError(f"{where}: voltage_V={row['voltage_V']}: expected a number in V") from None
    discharged, charged = formula_counts([row["formula_discharged"], row["formula_charged"]])
    found = MeasuredVoltage(
        row["name"], row["ion"], voltage, discharged, charged, row["anion_class"], UNCERTAINTY_V[row["confidence"]]
    )
    change = discharged - charged
    number = ATOMIC_NUMBERS[row["ion"]]
    if not change[number] > 0 or not np.allclose(np.delete(change, number), 0.0, atol=1e-6):
        raise RequestError(
            f"{where}: expected two formulas with the same frame, the discharged one with more {row['ion']}"
        )
    return found
