"""Graphite: its sheets separate and shift when ions enter, so a search for voids does not find the sites."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from screening.array_types import Floats
from screening.chemistry.elements import ATOMIC_NUMBERS
from screening.crystals.crystal import Crystal
from screening.materials.electrodes.end_members.images import images_around
from screening.materials.electrodes.end_members.pair import ElectrodePair, NoPair

CARBON = 6
_LONGEST_BOND_A = 1.6
_FLAT_A = 0.1


@dataclass(frozen=True)
class _Compound:
    """The stage-one compound with most ions.

    Attributes:
        repeat: Edges of its cell in terms of those of a graphite sheet.
        n_carbon: Carbon atoms per ion.
        gap_A: Distance of the sheets.
    """

    repeat: Floats
    n_carbon: int
    gap_A: float


# LiC6: Guérard and Hérold, Carbon 13, 337 (1975). KC8: Rüdorff and Schulze, Z. Anorg. Allg. Chem. 277, 156 (1954); in
# KC8 the gaps take turns among four positions of the potassium, of which this cell has one.
_COMPOUNDS = {
    "Li": _Compound(np.array([[2.0, 1.0], [-1.0, 1.0]]), 6, 3.70),
    "K": _Compound(np.array([[2.0, 0.0], [0.0, 2.0]]), 8, 5.35),
}


def bond_length(crystal: Crystal) -> float | None:
    """Mean C-C distance in Å of a crystal of flat carbon sheets; None for all other crystals."""
    if (crystal.numbers != CARBON).any():
        return None
    positions, _ = images_around(crystal.lattice, crystal.frac, _LONGEST_BOND_A)
    atoms = (crystal.frac - np.floor(crystal.frac)) @ crystal.lattice
    bonds = positions[None, :, :] - atoms[:, None, :]
    lengths = np.linalg.norm(bonds, axis=2)
    bonded = (lengths > _FLAT_A) & (lengths < _LONGEST_BOND_A)
    if (bonded.sum(axis=1) != 3).any():
        return None
    normal = np.cross(*bonds[0][bonded[0]][:2])
    normal /= np.linalg.norm(normal)
    flat = np.abs(bonds[bonded] @ normal).max() < _FLAT_A
    return float(lengths[bonded].mean()) if flat else None


def intercalated(crystal: Crystal, ion: str, bond_A: float, flags: tuple[str, ...]) -> ElectrodePair | NoPair:
    """The pair of graphite and its compound with the ion, with aligned sheets and ions between hexagons.

    Args:
        crystal: Graphite.
        ion: The working ion.
        bond_A: C-C distance of the sheets.
        flags: Of the pair.
    """
    compound = _COMPOUNDS.get(ion)
    if compound is None:
        reason = f"graphite takes up no {ion} between its sheets, only {' and '.join(_COMPOUNDS)}"
        return NoPair(reason, ("not_an_electrode",))
    edge = np.sqrt(3) * bond_A
    sheet = edge * np.array([[1.0, 0.0], [-0.5, np.sqrt(3) / 2]])
    lattice = np.zeros((3, 3))
    lattice[:2, :2] = compound.repeat @ sheet
    lattice[2, 2] = compound.gap_A
    carbon = _sheet(compound.repeat)
    frac = np.concatenate([np.column_stack([carbon, np.full(len(carbon), 0.5)]), np.zeros((1, 3))])
    numbers = np.array([CARBON] * len(carbon) + [ATOMIC_NUMBERS[ion]], dtype=crystal.numbers.dtype)
    discharged = replace(crystal, lattice=lattice, numbers=numbers, frac=frac)
    return ElectrodePair(
        discharged, crystal, ion, 1.0, "inserted", flags, 1.0, charged_cells=compound.n_carbon / crystal.n_atoms
    )


def _sheet(repeat: Floats) -> Floats:
    """Fractional positions of the carbon atoms in the repeated cell of a sheet, with the origin inside a hexagon."""
    span = np.arange(-3, 4)
    cells = np.stack(np.meshgrid(span, span, indexing="ij"), axis=-1).reshape(-1, 1, 2)
    atoms = (cells + np.array([[1 / 3, 2 / 3], [2 / 3, 1 / 3]])).reshape(-1, 2) @ np.linalg.inv(repeat)
    return np.asarray(atoms[((atoms > -1e-6) & (atoms < 1 - 1e-6)).all(axis=1)])
