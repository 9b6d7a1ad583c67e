"""Measured values of magnets in the units of the reference table; those in other units are refused, with a guess.

Much of the literature is in CGS units, where an anisotropy constant is a number ten million times as large. A value in
the wrong unit would pass for a very good or a very bad prediction, so no such number goes on.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from screening.errors import RequestError


@dataclass(frozen=True)
class MeasuredQuantity:
    """A column of measured values.

    Attributes:
        column: Its name, with the unit.
        lowest: Smallest value that any magnet has.
        highest: Largest value that any magnet has.
        usual: Magnitudes of most magnets, from and to.
        units: Other units in use, and how much of the column's unit one of them is.
    """

    column: str
    lowest: float
    highest: float
    usual: tuple[float, float]
    units: Mapping[str, float]

    def guess(self, value: float) -> str:
        """The units in which a value would be a usual one; empty if there is none."""
        low, high = self.usual
        return " or ".join(unit for unit, factor in self.units.items() if low <= abs(value) * factor <= high)


# The largest polarization is that of holmium near 0 K (3.9 T), the largest K1 that of terbium (5e8 erg/cm3) and of
# rare-earth iron garnets and TbFe2 at low temperature; the highest Curie temperature that of cobalt (1390 K).
QUANTITIES = (
    MeasuredQuantity(
        "mu0Ms_T", 0.0, 4.5, (0.1, 2.5), {"kG": 0.1, "kA/m (emu/cm3)": 4e-4 * math.pi, "G": 1e-4, "A/m": 4e-7 * math.pi}
    ),
    MeasuredQuantity(
        "K1_MJ_m3", -150.0, 150.0, (0.02, 30.0), {"erg/cm3": 1e-7, "J/m3": 1e-6, "kJ/m3": 1e-3}
    ),
    MeasuredQuantity("Tc_K", 0.0, 1500.0, (1.0, 1500.0), {"°C": 1.0}),
    MeasuredQuantity("mu0Ha_T", 0.0, 250.0, (0.1, 60.0), {"kOe": 0.1, "kA/m": 4e-4 * math.pi, "Oe": 1e-4}),
    MeasuredQuantity("T_state_K", 0.0, 2000.0, (1.0, 2000.0), {"°C": 1.0}),
)  # fmt: skip
_BY_COLUMN = {quantity.column: quantity for quantity in QUANTITIES}
_STEMS = {"mu0Ms": "mu0Ms_T", "Ms": "mu0Ms_T", "K1": "K1_MJ_m3", "Tc": "Tc_K", "mu0Ha": "mu0Ha_T", "Ha": "mu0Ha_T"}


def measured_number(row: Mapping[str, str], name: str) -> float:
    """A value of a row; NaN where it is empty.

    Raises:
        RequestError: It is not a number, or no magnet has such a value; the message guesses its unit.
    """
    text = (row.get(name) or "").strip()
    if not text:
        return math.nan
    try:
        value = float(text)
    except ValueError:
        raise RequestError(f"{row['name']}: {name}={text}: expected a number or nothing") from None
    quantity = _BY_COLUMN.get(name)
    if quantity is not None and not quantity.lowest <= value <= quantity.highest:
        unit = quantity.guess(value)
        looks = f"it looks like a value in {unit}" if unit else "no magnet has such a value"
        limits = f"{quantity.lowest:g} to {quantity.highest:g}"
        raise RequestError(f"{row['name']}: {name}={text}: expected {limits}; {looks}")
    return value


def check_measured(rows: Sequence[Mapping[str, str]]) -> None:
    """Check the measured values of a table before anything is computed.

    Raises:
        RequestError: A column is in another unit than the known one, a value cannot be in its unit, or a polarization
            was measured above the Curie temperature.
    """
    for column in rows[0] if rows else ():
        wanted = _STEMS.get(column.split("_")[0])
        if wanted is not None and wanted != column:
            raise RequestError(f"column {column}: expected {wanted}, in its unit; convert the values")
    for row in rows:
        found = {quantity.column: measured_number(row, quantity.column) for quantity in QUANTITIES}
        if found["mu0Ms_T"] > 0 and found["T_state_K"] > found["Tc_K"]:
            raise RequestError(
                f"{row['name']}: mu0Ms_T={found['mu0Ms_T']:g} at T_state_K={found['T_state_K']:g}, above its Curie "
                f"temperature Tc_K={found['Tc_K']:g}"
            )
