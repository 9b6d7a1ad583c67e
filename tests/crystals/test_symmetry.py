"""Space groups and axes."""

from __future__ import annotations

import numpy as np
import pytest

from screening.crystals import Crystal
from screening.crystals.symmetry import space_group_axis, space_group_numbers


def crystal(lattice: object, numbers: list[int], frac: object) -> Crystal:
    return Crystal.from_arrays("x", lattice, numbers, frac)  # type: ignore[arg-type]


def test_known_space_groups() -> None:
    iron = crystal(np.eye(3) * 2.87, [26, 26], [[0, 0, 0], [0.5, 0.5, 0.5]])
    caesium_chloride = crystal(np.eye(3) * 4.1, [55, 17], [[0, 0, 0], [0.5, 0.5, 0.5]])
    hexagonal = crystal([[2.5, 0, 0], [-1.25, 2.5 * 3**0.5 / 2, 0], [0, 0, 4.07]], [27, 27],
                        [[1 / 3, 2 / 3, 0.25], [2 / 3, 1 / 3, 0.75]])  # fmt: skip
    assert space_group_numbers([iron, caesium_chloride, hexagonal]) == [229, 221, 194]


def test_the_tolerance_is_a_distance_in_angstrom() -> None:
    shifted = crystal(np.eye(3) * 4.1, [55, 17], [[0, 0, 0], [0.5, 0.5, 0.505]])  # 0.02 Å off
    assert space_group_numbers([shifted], 0.1) == [221]
    assert space_group_numbers([shifted], 1e-3) == [99]


def test_a_crystal_without_symmetry_search_result_is_null() -> None:
    overlapping = crystal(np.eye(3) * 4.1, [55, 55], [[0, 0, 0], [0, 0, 0]])
    assert space_group_numbers([overlapping]) == [None]


def test_the_axis_of_the_standard_cell() -> None:
    rng = np.random.default_rng(0)
    turn, _ = np.linalg.qr(rng.normal(size=(3, 3)))
    tetragonal = np.diag([3.0, 3.0, 4.0])[[2, 0, 1]] @ turn  # c comes first
    number, axis = space_group_axis(tetragonal, np.zeros((1, 3)), [26], 0.1) or (0, np.zeros(3))
    assert number == 123
    assert abs(axis @ tetragonal[0]) == pytest.approx(4.0)
