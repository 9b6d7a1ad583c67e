"""Crystals whose ion is known to move or not to move."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from pymatgen.core import Lattice, Structure

from screening.crystals import Crystal

# Calculated geometry of the Materials Project (CC BY 4.0): mp-19226, mvc-10878, mvc-12645.
_CELLS = {
    "maricite NaFePO4": (62, (9.114, 6.934, 5.116), "Na Fe P O O O", [
        [0.849, 0.75, 0.469], [0.5, 0.5, 0.5], [0.675, 0.75, 0.964],
        [0.616, 0.75, 0.25], [0.848, 0.75, 0.955], [0.379, 0.432, 0.182],
    ]),
    "marokite CaMn2O4": (57, (3.208, 10.182, 9.834), "Ca Mn O O O", [
        [0.321, 0.851, 0.75], [0.796, 0.611, 0.569], [0.2, 0.473, 0.891], [0.416, 0.75, 0.0], [0.815, 0.813, 0.25],
    ]),
    "post-spinel CaV2O4": (62, (9.274, 3.095, 10.822), "Ca V V O O O O", [
        [0.243, 0.25, 0.847], [0.418, 0.75, 0.605], [0.565, 0.25, 0.887], [0.918, 0.75, 0.572],
        [0.025, 0.75, 0.218], [0.617, 0.75, 0.525], [0.793, 0.25, 0.335],
    ]),
}  # fmt: skip


@pytest.fixture(scope="session")
def drawn() -> Callable[[str], Crystal]:
    """A crystal of this name."""

    def make(name: str) -> Crystal:
        group, (a, b, c), species, sites = _CELLS[name]
        lattice = Lattice.orthorhombic(a, b, c)
        return Crystal.from_structure(Structure.from_spacegroup(group, lattice, species.split(), sites), name)

    return make
