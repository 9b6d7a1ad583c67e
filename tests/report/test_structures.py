"""Crystals as lists of atoms, bonds and edges."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from report.conftest import salt

from screening.crystals.crystal import Crystal
from screening.report.structures import colour, structure_data


def test_atoms_on_the_boundary_are_shown_on_every_side() -> None:
    cell = replace(salt(), lattice=7 * np.eye(3))  # long enough to be shown once
    lithium, fluorine = structure_data(cell)["elements"]
    # Corners and faces: 8 + 6 as in a textbook; edges and the middle: 12 + 1.
    assert (lithium["symbol"], len(lithium["atoms"])) == ("Li", 14)
    assert (fluorine["symbol"], len(fluorine["atoms"])) == ("F", 13)
    assert len({tuple(place) for place in lithium["atoms"]}) == 14
    assert np.ptp(lithium["atoms"], axis=0).tolist() == [7.0, 7.0, 7.0]


def doubled() -> Crystal:
    """A cell long enough to be shown once."""
    cell = salt()
    places = [row + shift for row in cell.frac for shift in np.ndindex(2, 2, 2)]
    return Crystal.from_arrays("doubled", 2 * cell.lattice, np.repeat(cell.numbers, 8), np.array(places) / 2)


def test_a_small_cell_is_shown_several_times_and_outlined_once() -> None:
    small, large = structure_data(salt()), structure_data(doubled())
    for one, other in zip(small["elements"], large["elements"], strict=True):
        assert sorted(one["atoms"]) == sorted(other["atoms"])
    assert np.ptp(small["cell"], axis=0).tolist() == [4.02] * 3 and np.ptp(large["cell"], axis=0).tolist() == [8.04] * 3


def test_bonds_and_edges() -> None:
    shown = structure_data(salt())
    atoms = np.array([place for element in shown["elements"] for place in element["atoms"]])
    first, second = np.array(shown["bonds"]).T
    lengths = np.linalg.norm(atoms[first] - atoms[second], axis=1)
    assert len(lengths) == 300 and np.allclose(lengths, 2.01, atol=0.01)  # 3 directions of 25 lines of 4 bonds
    edges = np.array(shown["cell"]).reshape(-1, 2, 3)
    assert len(edges) == 12 and np.allclose(np.linalg.norm(edges[:, 0] - edges[:, 1], axis=1), 4.02)


def test_no_bonds_between_metals() -> None:
    iron = Crystal.from_arrays("iron", 7 * np.eye(3), [26, 26], [[0, 0, 0], [0.5, 0.5, 0.5]])
    shown = structure_data(iron)
    assert shown["bonds"] == [] and len(shown["elements"][0]["atoms"]) == 9


def test_places_outside_the_cell_come_inside() -> None:
    moved = Crystal.from_arrays("moved", 8 * np.eye(3), [26], [[1.5, -0.5, 2.9999999]])
    (iron,) = structure_data(moved)["elements"]
    assert sorted(iron["atoms"]) == [[4.0, 4.0, 0.0], [4.0, 4.0, 8.0]]


def test_colours_are_those_that_chemists_know() -> None:
    assert [colour(z) for z in (8, 27)] == ["#fe0300", "#0000af"]
    assert all(len(colour(z)) == 7 for z in range(1, 119))
