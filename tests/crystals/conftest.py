"""One crystal with nothing special about it: a distorted, skewed cell of four elements."""

from __future__ import annotations

import pytest
from pymatgen.core import Lattice, Structure


@pytest.fixture
def structure() -> Structure:
    lattice = Lattice.from_parameters(5.123456, 6.2345, 7.3456, 81.5, 95.25, 101.75)
    species = ["Li", "Fe", "P", "O", "O"]
    frac = [[0.01, 0.02, 0.03], [0.52, 0.49, 0.48], [0.25, 0.75, 0.3], [0.3, 0.2, 0.7], [0.8, 0.6, 0.15]]
    return Structure(lattice, species, frac)
