"""Partly charged states: lowest Coulomb energy first, each once, against brute force with pymatgen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from pymatgen.analysis.ewald import EwaldSummation
from pymatgen.analysis.structure_matcher import StructureMatcher

from screening.crystals import Crystal
from screening.materials.electrodes.end_members.insertion import enlarged
from screening.materials.electrodes.end_members.orderings import _exchanged, _lowest, _total, partly_charged
from screening.materials.electrodes.end_members.pair import ElectrodePair
from screening.materials.electrodes.end_members.pair_search import find_pair

Known = Callable[[str], Crystal]


def pair_of(crystal: Crystal) -> ElectrodePair:
    pair = find_pair(crystal)
    assert isinstance(pair, ElectrodePair)
    return pair


def brute_force(crystal: Crystal, n_removed: int, charges: dict[str, float]) -> list[float]:
    """Ewald energies of all arrangements, lowest first."""
    full = crystal.to_structure()
    ions = [i for i, site in enumerate(full) if site.specie.symbol == "Li"]
    energies = []
    for gone in combinations(ions, n_removed):
        state = full.copy()
        state.remove_sites(gone)
        state.add_oxidation_state_by_element(charges)
        energies.append(EwaldSummation(state).total_energy)
    return sorted(energies)


def ewald(state: Crystal, charges: dict[str, float]) -> float:
    structure = state.to_structure()
    structure.add_oxidation_state_by_element(charges)
    return float(EwaldSummation(structure).total_energy)


@pytest.mark.parametrize(("name", "cells", "n_removed"), [("LiFePO4", 1, 2), ("LiFePO4", 1, 1), ("LiCoO2", 4, 2)])
def test_the_lowest_state_is_the_lowest_of_all(known: Known, name: str, cells: int, n_removed: int) -> None:
    crystal = enlarged(known(name), cells)
    left = cells * 4 - n_removed if name == "LiFePO4" else cells - n_removed
    metals = 4 if name == "LiFePO4" else cells
    oxidised = (3 if name == "LiCoO2" else 2) + n_removed / metals
    charges = {"Li": 1, "Fe": oxidised, "Co": oxidised, "P": 5, "O": -2}
    charges = {symbol: charge for symbol, charge in charges.items() if symbol in crystal.formula}
    states = partly_charged(pair_of(crystal), n_removed, 20)
    assert all((state.numbers == 3).sum() == left for state in states)
    energies = [ewald(state, charges) for state in states]
    assert energies == sorted(energies) or np.allclose(energies, sorted(energies), atol=1e-3)
    assert energies[0] == pytest.approx(brute_force(crystal, n_removed, charges)[0], abs=1e-3)


def test_states_are_distinct(known: Known) -> None:
    crystal = enlarged(known("LiCoO2"), 4)
    states = partly_charged(pair_of(crystal), 2, 50)
    assert 1 < len(states) < 6
    matcher = StructureMatcher(primitive_cell=False)
    for one, other in combinations(states, 2):
        assert not matcher.fit(one.to_structure(), other.to_structure())


def test_a_fraction_makes_a_supercell(known: Known) -> None:
    pair = pair_of(known("LiCoO2"))
    (half,) = partly_charged(pair, 0.5)
    assert half.formula == "LiCo2O4"
    (third,) = partly_charged(pair, 2 / 3)
    assert third.formula == "LiCo3O6"
    assert partly_charged(pair, 0.123) == []
    assert partly_charged(pair, 0) == []
    assert partly_charged(pair, 1.5) == []


def test_all_of_it_is_the_charged_end(known: Known) -> None:
    pair = pair_of(known("LiFePO4"))
    (empty,) = partly_charged(pair, 4)
    assert empty.formula == pair.charged.formula


def test_a_cell_that_is_too_large_has_no_states(known: Known) -> None:
    pair = pair_of(enlarged(known("LiFePO4"), 5))
    assert partly_charged(pair, 10) == []


def test_a_given_pair_has_no_states_in_between(known: Known) -> None:
    pair = pair_of(known("LiFePO4"))
    given = pair_of(replace(pair.discharged, charged=pair.charged))
    assert partly_charged(given, 2) == []


def test_the_search_by_exchanges_finds_what_enumeration_does() -> None:
    rng = np.random.default_rng(5)
    points = rng.uniform(size=(14, 3)) * 10
    energies = 14.4 / (np.linalg.norm(points[:, None] - points[None], axis=2) + np.eye(14))
    np.fill_diagonal(energies, rng.normal(size=14))
    best = min(_total(energies, np.array(kept)) for kept in combinations(range(14), 6))
    starts = [np.sort(rng.permutation(14)[:6]) for _ in range(6)]
    found = [_total(energies, _exchanged(energies, start)) for start in starts]
    assert min(found) == pytest.approx(best)
    identity = np.arange(14)[None, :]
    assert _total(energies, _lowest(energies, 6, 1, identity)[0]) == pytest.approx(best)


def test_many_ions_take_bounded_time_and_keep_their_number(known: Known) -> None:
    pair = pair_of(enlarged(known("LiCoO2"), 24))
    (state,) = partly_charged(pair, 12)
    assert (state.numbers == 3).sum() == 12
