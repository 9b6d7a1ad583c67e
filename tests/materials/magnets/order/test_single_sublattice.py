"""A single magnetic sublattice, and what it means for the magnetic order."""

from __future__ import annotations

import numpy as np
import pytest
from helpers.crystals import cubic, supercell

from screening.crystals import Crystal
from screening.crystals.packed import pack
from screening.materials.magnets.order.order import NET, OPPOSED, class_probabilities, without_ferrimagnets
from screening.materials.magnets.order.single_sublattice import single_sublattice

CORNERS = [[0, 0, 0], [0.5, 0.5, 0.5]]


def of(symbols: list[int], frac: list[list[float]], a_A: float = 3.0) -> Crystal:
    return Crystal.from_arrays("x", a_A * np.eye(3), symbols, frac)


@pytest.mark.parametrize(
    ("crystal", "expected"),
    [
        (cubic(26, 2.87, "P"), True),
        (cubic(26, 2.87, "I"), True),
        (supercell(cubic(26, 2.87, "I"), (2, 2, 1)), True),
        (cubic(28, 3.52, "F"), True),
        (of([26, 13], CORNERS), True),  # one magnetic element among others
        (of([26, 27], CORNERS), False),  # two elements
        (of([26, 64], CORNERS), False),
        (of([13, 29], CORNERS), True),
        (of([13, 14], CORNERS), False),  # no magnetic element
        (of([25, 25, 31], [[0, 0, 0], [0.5, 0.5, 0.5], [0.5, 0.5, 0]], 3.9), False),  # unlike surroundings
    ],
)
def test_atoms_of_one_element_with_the_same_surroundings_are_one_sublattice(crystal: Crystal, expected: bool) -> None:
    packed = pack([cubic(79, 4.0, "F"), crystal, cubic(26, 2.87, "I")])
    assert single_sublattice(packed, packed.element_counts()).tolist() == [False, expected, True]


def test_a_single_sublattice_is_no_ferrimagnet() -> None:
    answers = np.tile([0.99, 0.8, 0.6], (3, 1))
    counts = np.zeros((3, 119))
    counts[:, 26] = 1
    counts[1, 8] = 1  # an oxide
    found = without_ferrimagnets(answers, np.array([True, True, False]), counts)
    assert found[:2, OPPOSED].tolist() == [0.0, 0.0]
    assert found[0, NET] == 0.8
    assert found[1, NET] == pytest.approx(0.32 / 0.52)
    np.testing.assert_array_equal(found[2], answers[2])
    np.testing.assert_allclose(class_probabilities(found).sum(axis=1), 1.0)
