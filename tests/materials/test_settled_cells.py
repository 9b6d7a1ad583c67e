"""Ionic crystals are brought to the potential's volume before their stability is predicted; metals are left alone."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import torch
from helpers.models import tiny_config, tiny_model

from screening.chemistry.compositions import count_matrix
from screening.crystals import Crystal
from screening.errors import RequestError
from screening.materials.settled_cells import (
    CHANGE,
    FAR,
    FAR_PERCENT,
    FARTHEST_PERCENT,
    CellsAsGiven,
    SettledCells,
    ionic,
)
from screening.networks.predictor import Predictor
from screening.potentials.base import Potential, PotentialOutput
from screening.potentials.state import CrystalState

ENERGY, HULL = "formation_energy_eV_per_atom", "energy_above_hull_eV_per_atom"


class Spring(Potential):
    """Every crystal wants a certain volume per atom; atoms feel no forces."""

    name, batch_atoms = "spring", 1000
    device = torch.device("cpu")
    elements = frozenset(range(1, 90))

    def __init__(self, volume_A3: float, stiffness: float = 2.0) -> None:
        self.volume_A3, self.stiffness = volume_A3, stiffness

    def evaluate(self, state: CrystalState, *, forces: bool = True) -> PotentialOutput:
        strain = state.volume_A3 / state.n_atoms / self.volume_A3 - 1
        energy = 0.5 * self.stiffness * state.n_atoms * strain**2
        pressure = self.stiffness * strain / self.volume_A3
        stress = pressure[:, None, None] * torch.eye(3, dtype=torch.float64)
        moments = torch.zeros(len(state.frac), dtype=torch.float64)
        return PotentialOutput(energy, torch.zeros_like(state.frac), stress, moments)


def rock_salt(anion: int, metal: int = 25, edge: float = 4.4, repeats: int = 1) -> Crystal:
    frac = np.array([[0, 0, 0], [0.5, 0.5, 0], [0.5, 0, 0.5], [0, 0.5, 0.5]])
    both = np.concatenate([frac, (frac + np.array([0.5, 0, 0])) % 1])
    numbers = np.repeat([metal, anion], 4)
    shifts = np.arange(repeats)[:, None] * [1.0, 0, 0]
    moved = ((both[None] + shifts[:, None]) / [repeats, 1, 1]).reshape(-1, 3)
    name, lattice = f"{metal}-{anion}-{repeats}", np.diag([edge * repeats, edge, edge])
    return Crystal.from_arrays(name, lattice, np.tile(numbers, repeats), moved, source="x")


@pytest.fixture(scope="module")
def network() -> Predictor:
    return Predictor(tiny_model(), replace(tiny_config(), elements=tuple(range(1, 95))), Path("tiny"), "cpu", "32")


def described(cells: SettledCells | CellsAsGiven, network: Predictor, crystals: list[Crystal]) -> pl.DataFrame:
    return pl.DataFrame(cells.describe_with(network, crystals, network.predict(crystals)).columns)


def test_oxides_and_halides_are_ionic_and_sulfides_are_not() -> None:
    formulas = ["BaFe12O19", "MnF2", "CrBr3", "FeS", "Fe7Se8", "Sm2Fe17N3", "Nd2Fe14B", "MnBi"]
    assert ionic(count_matrix(formulas)).tolist() == [True] * 3 + [False] * 5


def test_the_energy_is_that_of_the_larger_cell_and_of_metals_that_of_the_cell_as_given(network: Predictor) -> None:
    oxide, metal = rock_salt(8), rock_salt(83)
    wanted = oxide.volume_A3 / 8 * 1.04
    found = described(SettledCells("ionic", Spring(wanted)), network, [metal, oxide])
    assert found[CHANGE].to_list()[0] is None
    assert found[CHANGE][1] == pytest.approx(4.0, abs=0.3)
    assert found["flags"].to_list() == ["", ""]
    given = network.predict([metal, oxide])
    assert found[ENERGY][0] == given[ENERGY][0]
    larger = replace(oxide, lattice=oxide.lattice * (1 + found[CHANGE][1] / 100) ** (1 / 3))
    assert found[ENERGY][1] == pytest.approx(network.predict([larger])[ENERGY][0], abs=1e-5)


def test_all_crystals_take_the_steps_if_asked(network: Predictor) -> None:
    metal = rock_salt(83)
    found = described(SettledCells("all", Spring(metal.volume_A3 / 8 * 0.97)), network, [metal])
    assert found[CHANGE][0] == pytest.approx(-3.0, abs=0.3)


def test_a_supercell_takes_the_steps_of_its_cell(network: Predictor) -> None:
    cells = [rock_salt(8), rock_salt(8, repeats=3)]
    found = described(SettledCells("ionic", Spring(cells[0].volume_A3 / 8 * 1.05)), network, cells)
    assert found[CHANGE][0] == pytest.approx(found[CHANGE][1], abs=1e-6)
    assert found[ENERGY][0] == pytest.approx(found[ENERGY][1], abs=1e-5)


@pytest.mark.parametrize(("wanted", "taken"), [(1.08, True), (1.6, False)])
def test_cells_far_from_the_potential_are_flagged_and_the_farthest_stay(
    network: Predictor, wanted: float, taken: bool
) -> None:
    oxide = rock_salt(8)
    found = described(SettledCells("ionic", Spring(oxide.volume_A3 / 8 * wanted, 20.0)), network, [oxide])
    assert found["flags"][0] == FAR
    assert found[CHANGE][0] > (FAR_PERCENT if taken else FARTHEST_PERCENT)
    assert (found[ENERGY][0] != network.predict([oxide])[ENERGY][0]) == taken


def test_elements_that_the_potential_does_not_know_leave_the_crystal_as_it_is(network: Predictor) -> None:
    unknown = rock_salt(8, metal=92)
    found = described(SettledCells("ionic", Spring(10.0)), network, [unknown])
    assert found[CHANGE].to_list() == [None]
    assert found[ENERGY][0] == network.predict([unknown])[ENERGY][0]


def test_the_first_stage_allows_for_what_the_steps_may_gain(network: Predictor) -> None:
    crystals = [rock_salt(8), rock_salt(83)]
    quick = CellsAsGiven("ionic")
    given, found = network.predict(crystals), described(quick, network, crystals)
    assert found[HULL].to_list() == given[HULL].to_list()
    low = f"{HULL}_lo"
    assert found[low][0] == pytest.approx(max(given[low][0] - 0.12, 0)) and found[low][1] == given[low][1]
    assert quick.settled(given).tolist() == [False, True]
    assert CellsAsGiven("all").settled(given).tolist() == [False, False]


def test_columns_are_the_same_with_and_without_crystals(network: Predictor) -> None:
    cells = SettledCells("ionic", Spring(10.0))
    names = set(described(cells, network, [rock_salt(8)]).columns)
    assert names - {"flags"} == {column.name for column in cells.describe([]).columns}


def test_a_wrong_choice_is_refused_by_name() -> None:
    for kind in (SettledCells, CellsAsGiven):
        with pytest.raises(RequestError, match="cells=some: expected ionic, all or none"):
            kind.load("some")
        assert kind.load("none") is None


def test_the_first_stage_follows_the_choice_of_the_second() -> None:
    quick = CellsAsGiven.load("ionic", {"cells": "all"})
    assert quick is not None and quick.choice == "all"
    assert CellsAsGiven.load("ionic", {"cells": "none"}) is None
