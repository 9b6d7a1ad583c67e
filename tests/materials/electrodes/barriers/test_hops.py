"""Hops in known electrodes: how far they lead, and that their description does not depend on the cell."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from screening.crystals import Crystal
from screening.crystals.sanity import plane_spacings
from screening.materials.electrodes.barriers.hop_cells import LEAST_SPACING_A, as_path
from screening.materials.electrodes.barriers.hops import HopNetwork, find_hops
from screening.materials.electrodes.barriers.migration_path import check_path
from screening.materials.electrodes.barriers.percolation import network_dimensions
from screening.materials.electrodes.end_members.images import distances

Make = Callable[[str], Crystal]


def below(network: HopNetwork, energy_eV: float) -> int:
    """Directions in which hops below a bond-valence energy continue."""
    return network_dimensions(network.hops, network.open & (network.energies_eV <= energy_eV))


@pytest.mark.parametrize(
    ("name", "ion", "dimensions"),
    [("LiCoO2", "Li", 2), ("LiMn2O4", "Li", 3), ("LiTiS2", "Li", 2), ("NaFeO2", "Na", 2), ("MgTi2S4", "Mg", 3)],
)
def test_directions_in_layers_and_spinels(known: Make, name: str, ion: str, dimensions: int) -> None:
    network = find_hops(known(name), ion)
    assert below(network, 15.0) == below(network, network.crossing_eV) == dimensions


@pytest.mark.ci
@pytest.mark.parametrize("name", ["LiFePO4", "LiMnPO4"])
def test_olivines_have_channels_along_one_axis(known: Make, name: str) -> None:
    network = find_hops(known(name), "Li")
    assert below(network, 15.0) == 1
    easiest = network.first_of(int(np.argmin(network.energies_eV)))
    step = np.abs(np.subtract(*network.ends(easiest)) @ network.crystal.lattice)
    assert step.max() == pytest.approx(np.sort(np.linalg.norm(network.crystal.lattice, axis=1))[1] / 2, rel=0.1)


@pytest.mark.ci
def test_nasicon_continues_in_three_directions(known: Make) -> None:
    network = find_hops(known("Na3V2(PO4)3"), "Na")
    assert below(network, 15.0) == 3


@pytest.mark.ci
def test_blocked_crystals_need_more_energy_than_their_siblings(drawn: Make) -> None:
    assert find_hops(drawn("maricite NaFePO4"), "Na").crossing_eV > 30
    assert find_hops(drawn("marokite CaMn2O4"), "Ca").crossing_eV > 20
    assert find_hops(drawn("post-spinel CaV2O4"), "Ca").crossing_eV < 15


@pytest.mark.parametrize("name", ["LiCoO2", "LiMn2O4"])
def test_the_choice_of_cell_does_not_matter(known: Make, name: str) -> None:
    crystal = known(name)
    whole = find_hops(crystal, "Li")
    for changed in (_turned(crystal), _moved(crystal), _doubled(crystal)):
        found = find_hops(changed, "Li")
        assert found.crossing_eV == pytest.approx(whole.crossing_eV, rel=1e-3)
        assert np.sort(found.energies_eV[found.open])[0] == pytest.approx(np.sort(whole.energies_eV[whole.open])[0])
        assert below(found, found.crossing_eV) == below(whole, whole.crossing_eV)


def test_no_ion_no_hops(known: Make) -> None:
    network = find_hops(known("LiCoO2"), "Na")
    assert (network.n_own, len(network.hops), network.crossing_eV) == (0, 0, float("inf"))


@pytest.mark.parametrize(("name", "ion"), [("LiCoO2", "Li"), ("LiMn2O4", "Li"), ("NaTiS2", "Na")])
def test_a_hop_in_a_cell_of_its_own(known: Make, name: str, ion: str) -> None:
    """Both ends are vacant, all other ions are there, and the path fits into a cell of the least size."""
    network = find_hops(known(name), ion)
    hop = network.first_of(int(np.argmin(network.energies_eV)))
    path = as_path(network, hop, "hop")
    assert check_path(path) is None
    assert plane_spacings(path.lattice).min() >= LEAST_SPACING_A - 1e-6
    cells = abs(np.linalg.det(path.lattice) / np.linalg.det(network.crystal.lattice))
    assert len(path.numbers) == pytest.approx(cells * network.crystal.n_atoms - 2)
    length = float(np.linalg.norm(np.subtract(*network.ends(hop)) @ network.crystal.lattice))
    assert path.length_A == pytest.approx(length)
    assert distances(path.lattice, path.path_frac, path.frac, 3.0).min() > 1.0


def _turned(crystal: Crystal) -> Crystal:
    rotation = np.linalg.qr(np.random.default_rng(0).normal(size=(3, 3)))[0]
    return replace(crystal, lattice=crystal.lattice @ rotation)


def _moved(crystal: Crystal) -> Crystal:
    order = np.random.default_rng(1).permutation(crystal.n_atoms)
    return replace(crystal, numbers=crystal.numbers[order], frac=crystal.frac[order] + [0.13, 0.71, 0.29])


def _doubled(crystal: Crystal) -> Crystal:
    lattice = crystal.lattice * np.array([[2.0], [1.0], [1.0]])
    frac = np.vstack([(crystal.frac + np.array([shift, 0, 0])) / [2, 1, 1] for shift in (0, 1)])
    return replace(crystal, lattice=lattice, numbers=np.tile(crystal.numbers, 2), frac=frac)
