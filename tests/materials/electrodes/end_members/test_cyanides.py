"""Prussian blues: charges of cyanide, metals that keep their charge at nitrogen, and cavities without neighbors."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from screening.chemistry.elements import ATOMIC_NUMBERS
from screening.crystals import Crystal
from screening.crystals.standard_cell import standard_cell
from screening.materials.electrodes.end_members.pair import ElectrodePair
from screening.materials.electrodes.end_members.pair_search import find_pair

FACES = np.array([[0, 0, 0], [0, 0.5, 0.5], [0.5, 0, 0.5], [0.5, 0.5, 0]])

WATER = np.array([[0.75, 0.75, 0.75], [0.8, 0.75, 0.75], [0.75, 0.8, 0.75]])


def prussian(at_nitrogen: str, at_carbon: str, ion: str, ions: int) -> Crystal:
    """A[M Fe(CN)6] in its primitive cell with 0, 1 or 2 ions."""
    sites = [(at_carbon, [0, 0, 0]), (at_nitrogen, [0.5, 0, 0])]
    for axis, sign in product(range(3), (1, -1)):
        for symbol, step in (("C", 0.185), ("N", 0.295)):
            place = [0.0, 0.0, 0.0]
            place[axis] = sign * step
            sites.append((symbol, place))
    sites += [(ion, place) for place in ([0.25] * 3, [0.75] * 3)[:ions]]
    frac = np.concatenate([np.array(place) + FACES for _, place in sites])
    numbers = np.repeat([ATOMIC_NUMBERS[symbol] for symbol, _ in sites], len(FACES))
    return standard_cell(Crystal.from_arrays("x", np.eye(3) * 10.3, numbers, frac))


@pytest.mark.parametrize(
    ("metal", "ion", "redox", "practical"),
    [
        ("Mn", "Na", 2, 2),
        ("Fe", "Na", 2, 2),
        ("Fe", "K", 2, 2),
        ("Ni", "Na", 2, 1),
        ("Cu", "K", 1, 1),
        ("Zn", "K", 1, 1),
    ],
)
def test_ions_that_leave_a_prussian_white(metal: str, ion: str, redox: int, practical: int) -> None:
    pair = find_pair(prussian(metal, "Fe", ion, 2))
    assert isinstance(pair, ElectrodePair)
    assert (pair.n_ions_removed, pair.n_ions_extractable, pair.n_ions_practical) == (2, redox, practical)


@pytest.mark.parametrize(("metal", "ions"), [("Fe", 2), ("Mn", 2)])
def test_ions_that_enter_the_cavities(metal: str, ions: int) -> None:
    pair = find_pair(prussian(metal, "Fe", "Na", 0), "Na")
    assert isinstance(pair, ElectrodePair)
    assert pair.n_ions_practical == ions
    assert "host_without_ion" in pair.flags


def test_what_is_not_known_of_a_prussian_blue_is_flagged() -> None:
    dry = prussian("Mn", "Fe", "Na", 1)
    wet = replace(dry, numbers=np.append(dry.numbers, [8, 1, 1]), frac=np.vstack([dry.frac, WATER]))
    for crystal, expected in ((dry, {"hull_says_little"}), (wet, {"hull_says_little", "water_in_cavities"})):
        pair = find_pair(crystal)
        assert isinstance(pair, ElectrodePair)
        assert expected <= set(pair.flags) and ("water_in_cavities" in pair.flags) == ("water_in_cavities" in expected)
