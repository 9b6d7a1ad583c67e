"""Distances and energies of points in a cell, against pymatgen and finite differences."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest
from pymatgen.core import Lattice
from pymatgen.util.coord import pbc_shortest_vectors

from screening.chemistry.elements import ATOMIC_NUMBERS
from screening.crystals import Crystal
from screening.materials.electrodes.end_members.images import distances, images_around
from screening.materials.electrodes.end_members.site_energy import Frame, descend, site_energies
from screening.materials.electrodes.end_members.windows import windows


@pytest.mark.parametrize("angles", [(90, 90, 90), (60, 60, 60), (75, 110, 130)])
def test_distances_are_exact_up_to_the_given_length(angles: tuple[float, float, float]) -> None:
    lattice = Lattice.from_parameters(3.1, 4.2, 5.3, *angles)
    rng = np.random.default_rng(1)
    first, second = rng.uniform(-2, 2, size=(20, 3)), rng.uniform(-2, 2, size=(15, 3))
    _, squares = pbc_shortest_vectors(lattice, first % 1, second % 1, return_d2=True)
    expected = np.sqrt(squares)
    found = distances(lattice.matrix, first, second, 2.0)
    assert found[expected < 2.0] == pytest.approx(expected[expected < 2.0])
    assert (found >= expected - 1e-9).all()


def test_all_neighbours_are_among_the_images(known: Callable[[str], Crystal]) -> None:
    crystal = known("LiFePO4")
    positions, owner = images_around(crystal.lattice, crystal.frac, 4.0)
    structure = crystal.to_structure()
    for index, site in enumerate(structure):
        centre = (crystal.frac[index] % 1.0) @ crystal.lattice
        near = np.linalg.norm(positions - centre, axis=1)
        assert ((near > 0.01) & (near < 4.0)).sum() == len(structure.get_neighbors(site, 4.0))
    assert set(owner.tolist()) == set(range(crystal.n_atoms))


def small_frame() -> Frame:
    rng = np.random.default_rng(2)
    positions = rng.uniform(-6, 6, size=(60, 3))
    positions = positions[np.linalg.norm(positions, axis=1) > 1.5]
    return Frame(positions, rng.normal(size=len(positions)), np.full(len(positions), 2.0), 1.0)


def test_the_gradient_is_that_of_the_energy() -> None:
    frame, points = small_frame(), np.random.default_rng(4).uniform(-0.5, 0.5, size=(5, 3))
    _, gradient = site_energies(frame, points)
    step = 1e-5
    for axis in range(3):
        shift = np.eye(3)[axis] * step
        above, below = site_energies(frame, points + shift)[0], site_energies(frame, points - shift)[0]
        assert gradient[:, axis] == pytest.approx((above - below) / (2 * step), rel=1e-4, abs=1e-4)


def test_descent_never_raises_the_energy() -> None:
    frame, points = small_frame(), np.random.default_rng(4).uniform(-0.5, 0.5, size=(8, 3))
    settled, energies = descend(frame, points)
    assert (energies <= site_energies(frame, points)[0] + 1e-12).all()
    assert energies == pytest.approx(site_energies(frame, settled)[0])


def test_windows_grow_with_the_ion_and_the_anion() -> None:
    oxygen, sulphur, iron = (ATOMIC_NUMBERS[symbol] for symbol in ("O", "S", "Fe"))
    ions = [windows(ion, True) for ion in ("Li", "Na", "K")]
    for smaller, larger in pairwise(ions):
        assert smaller.nearest_A[oxygen] < larger.nearest_A[oxygen]
        assert smaller.ion_ion_A < larger.ion_ion_A
    assert ions[0].nearest_A[oxygen] < ions[0].nearest_A[sulphur] < ions[0].bond_A[sulphur]
    assert ions[0].bond_A[iron] == 0  # cations are no neighbours
    assert windows("Li", False).bond_A[6] > 2.34  # Li-C in LiC6
