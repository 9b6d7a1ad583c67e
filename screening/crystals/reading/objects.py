"""Crystals from objects of pymatgen and ASE."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from screening.crystals.reading.parts import UnreadableError
from screening.crystals.reading.periodicity import check_lattice, check_periodic, fractional
from screening.crystals.reading.row_ids import own_id
from screening.crystals.reading.species import atomic_number
from screening.crystals.sites import Occupancy, Sites

if TYPE_CHECKING:
    from ase import Atoms
    from pymatgen.core.structure import Structure


def from_structure(structure: Structure) -> Sites:
    """The crystal of a pymatgen structure, without oxidation states.

    Raises:
        UnreadableError: It is not periodic in three directions, or a site is empty or has a dummy species.
    """
    check_periodic(getattr(structure.lattice, "pbc", (True, True, True)))
    occupancies: list[Occupancy] = []
    for species in structure.species_and_occu:
        site: Occupancy = {}
        for element, amount in species.items():
            number = atomic_number(element.symbol)
            site[number] = site.get(number, 0.0) + float(amount)
        if not site:
            raise UnreadableError("a site without any atom")
        occupancies.append(site)
    identity = own_id(structure.properties or {})
    return Sites.from_occupancies(structure.lattice.matrix.copy(), occupancies, structure.frac_coords.copy(), identity)


def from_atoms(atoms: Atoms) -> Sites:
    """The crystal of ASE atoms.

    Raises:
        UnreadableError: It is a molecule or a slab, or its cell has no volume.
    """
    lattice = np.array(atoms.cell.array, dtype=np.float64)
    check_lattice(lattice)
    check_periodic(atoms.pbc)
    numbers = np.array([atomic_number(int(z)) for z in atoms.numbers], dtype=np.int16)
    frac = fractional(np.array(atoms.positions, dtype=np.float64), lattice)
    return Sites(lattice, numbers, frac, None, own_id(atoms.info))
