"""Ions and metal atoms with their radii."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from functools import lru_cache

from screening.chemistry.elements import ATOMIC_NUMBERS
from screening.errors import RequestError
from screening.resources import resource

_ION = re.compile(r"([A-Z][a-z]?)(?:(\d*)([+-]))?")


@dataclass(frozen=True, order=True)
class Ion:
    """An ion such as `Fe3+`; with charge 0, an atom of a metal."""

    symbol: str
    charge: int = 0

    @classmethod
    def parse(cls, text: object) -> Ion:
        """Parse `Fe`, `Fe3+`, `O2-` or `K+`.

        Raises:
            ValueError: The text is anything else.
        """
        match = _ION.fullmatch(str(text).strip())
        if match is None or match[1] not in ATOMIC_NUMBERS:
            raise ValueError(f"'{text}' is not an element such as Fe, or an ion such as Fe3+")
        if match[3] is None:
            return cls(match[1])
        return cls(match[1], int(f"{match[3]}{match[2] or 1}"))

    @property
    def number(self) -> int:
        """Atomic number."""
        return ATOMIC_NUMBERS[self.symbol]

    def __str__(self) -> str:
        size = str(abs(self.charge)) if abs(self.charge) > 1 else ""
        return f"{self.symbol}{size}{'+' if self.charge > 0 else '-'}" if self.charge else self.symbol


def metallic_radius(ion: Ion) -> float:
    """Metallic radius in Å for twelve neighbours, from datasets/elements/metallic_radii.csv.

    Raises:
        RequestError: The file has no radius for this element.
    """
    try:
        return _metallic_radii()[ion.symbol]
    except KeyError:
        raise RequestError(
            f"{ion.symbol}: datasets/elements/metallic_radii.csv has no radius for it, so no cell can be made"
        ) from None


@lru_cache(maxsize=1024)
def ionic_radius(ion: Ion, coordination: str) -> float:
    """Effective ionic radius in Å (Shannon, Acta Cryst. A 32, 751 (1976), from pymatgen's table).

    It is that of the high-spin ion if there are two. Without an entry for this coordination it is that for six
    neighbours, or else the first in the table.

    Args:
        ion: The ion.
        coordination: Roman numeral.

    Raises:
        RequestError: The table does not have this ion.
    """
    from pymatgen.core.periodic_table import Element

    radii = Element(ion.symbol).data.get("Shannon radii", {}).get(str(ion.charge), {})
    by_neighbours = radii.get(coordination) or radii.get("VI") or next(iter(radii.values()), None)
    if not by_neighbours:
        raise RequestError(f"{ion}: Shannon's table has no radius for this ion, so no cell can be made")
    spin = next(name for name in ("High Spin", "", *by_neighbours) if name in by_neighbours)
    return float(by_neighbours[spin]["ionic_radius"])


@lru_cache(maxsize=1)
def _metallic_radii() -> dict[str, float]:
    path = resource("datasets") / "elements" / "metallic_radii.csv"
    with path.open(newline="", encoding="utf-8") as stream:
        return {row["element"]: float(row["metallic_radius_A"]) for row in csv.DictReader(stream)}
