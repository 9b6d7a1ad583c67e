"""Quantities shown in scores: each target in its own unit, and magnetization also as µ0M in tesla."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from screening.chemistry.constants import TESLA_PER_MUB_PER_A3
from screening.data.targets import TARGETS


@dataclass(frozen=True)
class Quantity:
    """A quantity shown in scores.

    Attributes:
        name: Its name in tables, with the unit.
        target: The label column it comes from.
        label: Its name in words.
        unit: Its unit in words.
        factor: Factor from the label to this unit.
    """

    name: str
    target: str
    label: str
    unit: str
    factor: float = 1.0


_QUANTITIES = (
    Quantity("formation_energy_eV_per_atom", "formation_energy_eV_per_atom", "formation energy", "eV/atom"),
    Quantity("energy_above_hull_eV_per_atom", "energy_above_hull_eV_per_atom", "energy above hull", "eV/atom"),
    Quantity("band_gap_eV", "band_gap_eV", "PBE band gap", "eV"),
    Quantity("magnetization_muB_per_A3", "magnetization_muB_per_A3", "magnetization, ferromagnetic", "µB/Å³"),
    Quantity("mu0_M_T", "magnetization_muB_per_A3", "µ0M, ferromagnetic", "T", TESLA_PER_MUB_PER_A3),
)


def quantities(targets: Sequence[str]) -> list[Quantity]:
    """All quantities of these targets in order: each target, then those derived from it."""
    derived = {target: [q for q in _QUANTITIES if q.target == target] for target in targets}
    return [q for target in targets for q in derived[target] or [Quantity(target, target, TARGETS[target].label, "")]]


def reader_quantities(targets: Sequence[str]) -> list[Quantity]:
    """One quantity for each target, in the unit that readers expect: the last one derived from it."""
    return list({quantity.target: quantity for quantity in quantities(targets)}.values())
