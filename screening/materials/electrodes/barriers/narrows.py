"""How narrow the surroundings of an ion are at places along its path."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from screening.array_types import Floats, Mask
from screening.chemistry.elements import ATOMIC_NUMBERS, N_ELEMENTS, SYMBOLS
from screening.materials.electrodes.barriers.rigid_path import PathSurroundings

AT_PLACE = (
    "nearest anion", "3 anions", "4 anions", "6 anions", "anion neighbors", "nearest cation", "nearest ion",
    "bond valence", "cation repulsion",
)  # fmt: skip
"""Of `at_places`. Distances of anions are over contact distances, of cations in Å."""
_FAR = 9.0
_FAR_A = 6.0
_NEIGHBOR, _NEIGHBOR_WIDTH = 1.25, 0.04
_BOND_VALENCE_A = 0.37
"""Brown & Altermatt, Acta Cryst. B 41, 244 (1985)."""
_USUAL_BOND_A = 1.5
"""Length of a bond of valence 1 for elements without a parameter."""
_REPULSION_A = 1.0


def at_places(surroundings: PathSurroundings, ion: str, places: Floats) -> Floats:
    """(k, `AT_PLACE`) descriptors at places, (k, 3)."""
    frame, numbers = surroundings.frame, surroundings.numbers
    anion: Mask = surroundings.charges[numbers] < 0
    own = numbers == ATOMIC_NUMBERS[ion]
    apart = np.linalg.norm(places[:, None] - frame.positions, axis=2)
    relative = np.where(anion, apart / frame.contacts_A, _FAR)
    nearest = np.sort(relative, axis=1)[:, :6]
    neighbors = (1 / (1 + np.exp((relative - _NEIGHBOR) / _NEIGHBOR_WIDTH))).sum(axis=1)
    cation = np.where(~anion & ~own, apart, _FAR)
    valence = np.where(anion & (apart < _FAR_A), np.exp((_bond_lengths(ion)[numbers] - apart) / _BOND_VALENCE_A), 0.0)
    repulsion = np.where(~anion & ~own, frame.charges * np.exp(-apart / _REPULSION_A), 0.0)
    columns = (
        nearest[:, 0],
        *(nearest[:, :count].mean(axis=1) for count in (3, 4, 6)),
        neighbors,
        np.minimum(cation.min(axis=1), _FAR_A),
        np.minimum(np.where(own, apart, _FAR).min(axis=1), _FAR_A),
        np.log(np.maximum(valence.sum(axis=1) / frame.ion_charge, 1e-6)),
        repulsion.sum(axis=1),
    )
    return np.stack(columns, axis=1)


@lru_cache(maxsize=32)
def _bond_lengths(ion: str) -> Floats:
    """Length in Å of a bond of valence 1 between the ion and each element, (119,).

    O'Keeffe & Brese, J. Am. Chem. Soc. 113, 3226 (1991), from pymatgen's table.
    """
    from pymatgen.analysis.bond_valence import BV_PARAMS
    from pymatgen.core.periodic_table import Element

    own = BV_PARAMS[Element(ion)]
    lengths = np.full(N_ELEMENTS, _USUAL_BOND_A)
    for number, symbol in enumerate(SYMBOLS[1:], start=1):
        other = BV_PARAMS.get(Element(symbol))
        if other is not None:
            sizes = own["c"] * own["r"] + other["c"] * other["r"]
            step = (np.sqrt(own["c"]) - np.sqrt(other["c"])) ** 2
            lengths[number] = own["r"] + other["r"] - own["r"] * other["r"] * step / sizes
    return lengths
