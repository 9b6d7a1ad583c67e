"""Net moments of known ferrimagnets from their bridges; invariances; the ground state of all arrangements."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from helpers.crystals import rotated, supercell
from pymatgen.core import Lattice, Structure

from screening.crystals import Crystal, ReadSettings, read_crystals
from screening.crystals.packed import pack
from screening.materials.magnets.moments.sublattices import (
    ground_state,
    high_spin_moments_muB,
    host_of_ions,
    opposed_moments,
    share_columns,
)

GARNET = Structure.from_spacegroup(
    230, Lattice.cubic(12.376), ["Fe", "Fe", "Y", "O"],
    [[0, 0, 0], [3 / 8, 0, 1 / 4], [1 / 8, 0, 1 / 4], [-0.0272, 0.0567, 0.1504]],
)  # fmt: skip
BUNDLED = {crystal.candidate_id: crystal for crystal in read_crystals("magnets", ReadSettings(workers=0))}


@pytest.mark.parametrize(
    ("name", "share"),
    [("BaFe12O19", 1 / 3), ("SrFe12O19", 1 / 3), ("Fe3O4", 1 / 3), ("CoFe2O4", 3 / 13), ("alpha-Fe2O3", None),
     ("NiO", None), ("MnF2", None), ("CrO2", None), ("Nd2Fe14B", None), ("Al", None)],
)  # fmt: skip
def test_net_moments_of_known_compounds(name: str, share: float | None) -> None:
    (found,) = opposed_moments(pack([BUNDLED[name]]))
    assert np.isnan(found).all() if share is None else found[0] == pytest.approx(share)


@pytest.mark.parametrize(
    ("name", "net_muB"), [("BaFe12O19", 20.0), ("SrFe12O19", 20.0), ("Fe3O4", 14 / 3), ("CoFe2O4", 3.0)]
)
def test_net_moments_per_formula_unit(name: str, net_muB: float) -> None:
    crystal = BUNDLED[name]
    ((share, total),) = opposed_moments(pack([crystal]))
    formulas = {"BaFe12O19": 2, "SrFe12O19": 2, "Fe3O4": 2, "CoFe2O4": 2}[name]
    assert share * total * crystal.volume_A3 / formulas == pytest.approx(net_muB)
    value, low, high = host_of_ions(np.array([total]))[0]
    assert low < value == total < high


@pytest.mark.parametrize(
    ("name", "moments"),
    [("NiO", {28: 2.0}), ("CoO", {27: 3.0}), ("alpha-Fe2O3", {26: 5.0}), ("MnF2", {25: 5.0}), ("Al", {}),
     ("CoFe2O4", {26: 5.0, 27: 3.0})],
)  # fmt: skip
def test_high_spin_moments_of_ions(name: str, moments: dict[int, float]) -> None:
    (counts,) = pack([BUNDLED[name]]).element_counts()
    found = high_spin_moments_muB(counts)
    assert {int(z): found[z] for z in np.flatnonzero(found)} == moments


def test_the_garnet_keeps_a_fifth() -> None:
    crystal = Crystal.from_structure(GARNET.get_primitive_structure(), "Y3Fe5O12")
    ((share, total),) = opposed_moments(pack([crystal]))
    assert share == pytest.approx(0.2)
    assert share * total * crystal.volume_A3 / 4 == pytest.approx(5.0)  # per Y3Fe5O12


def test_shares_do_not_depend_on_the_choice_of_cell() -> None:
    rng = np.random.default_rng(0)
    one = BUNDLED["CoFe2O4"]
    order = rng.permutation(one.n_atoms)
    mixed = Crystal.from_arrays("mixed", one.lattice, one.numbers[order], one.frac[order] + 3.0)
    same = opposed_moments(pack([one, supercell(one, (2, 1, 1)), rotated(one, rng), mixed, BUNDLED["Al"]]))
    np.testing.assert_allclose(same[:4, 0], 3 / 13)
    np.testing.assert_allclose(same[:4, 1], same[0, 1])
    assert np.isnan(same[4]).all()


def test_the_ground_state_is_the_best_of_all_arrangements_of_two_sublattices() -> None:
    rng = np.random.default_rng(1)
    for _ in range(20):
        side = rng.random(9) < 0.4
        coupling = rng.uniform(0.5, 1.5, (9, 9)) * (side[:, None] != side[None, :]) + rng.uniform(0, 0.05, (9, 9))
        coupling = coupling + coupling.T
        np.fill_diagonal(coupling, 0.0)
        best = min(np.array(s) @ coupling @ np.array(s) for s in product((-1.0, 1.0), repeat=9))
        signs = ground_state(coupling)
        assert signs @ coupling @ signs == pytest.approx(best)


def test_columns_are_null_without_a_share_and_stay_within_one() -> None:
    share, low, high = share_columns(np.array([np.nan, 0.04, 0.98]))
    assert share.to_list()[0] is None and low.to_list()[0] is None
    assert low[1] == 0.0 and high[2] == 1.0
