"""Crystals as lists of atoms, bonds and edges."""

from __future__ import annotations

import numpy as np
from report.conftest import salt

from screening.crystals.crystal import Crystal
from screening.report.structures import structure_data


def test_atoms_on_the_boundary_are_shown_on_every_side() -> None:
    shown = structure_data(salt())
    lithium, fluorine = shown["elements"]
    # Corners and faces: 8 + 6 as in a textbook; edges and the middle: 12 + 1.
    assert (lithium["symbol"], len(lithium["atoms"])) == ("Li", 14)
    assert (fluorine["symbol"], len(fluorine["atoms"])) == ("F", 13)
    assert len({tuple(place) for place in lithium["atoms"]}) == 14
    assert np.ptp(lithium["atoms"], axis=0).tolist() == [4.02, 4.02, 4.02]


def test_bonds_and_edges() -> None:
    shown = structure_data(salt())
    bonds = np.array(shown["bonds"]).reshape(-1, 2, 3)
    lengths = np.linalg.norm(bonds[:, 0] - bonds[:, 1], axis=1)
    assert len(bonds) == 54 and np.allclose(lengths, 2.01, atol=0.01)  # three a lattice direction, 9 lines of 2 bonds
    edges = np.array(shown["cell"]).reshape(-1, 2, 3)
    assert len(edges) == 12 and np.allclose(np.linalg.norm(edges[:, 0] - edges[:, 1], axis=1), 4.02)


def test_no_bonds_between_metals() -> None:
    iron = Crystal.from_arrays("iron", 2.87 * np.eye(3), [26, 26], [[0, 0, 0], [0.5, 0.5, 0.5]])
    shown = structure_data(iron)
    assert shown["bonds"] == [] and len(shown["elements"][0]["atoms"]) == 9


def test_places_outside_the_cell_come_inside() -> None:
    moved = Crystal.from_arrays("moved", 3 * np.eye(3), [26], [[1.5, -0.5, 2.9999999]])
    (iron,) = structure_data(moved)["elements"]
    assert sorted(iron["atoms"]) == [[1.5, 1.5, 0.0], [1.5, 1.5, 3.0]]
