"""Bridges, contacts and electron counts: textbook crystals and what must not change them."""

from __future__ import annotations

import numpy as np
import pytest
from pymatgen.core import Lattice, Structure

from screening.crystals import Crystal
from screening.crystals.packed import pack
from screening.materials.magnets.order.exchange_features import EXCHANGE_FEATURES, exchange_features


def features(*structures: Structure) -> list[dict[str, float]]:
    packed = pack([Crystal.from_structure(s, str(i)) for i, s in enumerate(structures)])
    values = exchange_features(packed, packed.element_counts())
    return [dict(zip(EXCHANGE_FEATURES, row, strict=True)) for row in values.tolist()]


@pytest.fixture(scope="module")
def nio() -> Structure:
    return Structure.from_spacegroup(225, Lattice.cubic(4.177), ["Ni", "O"], [[0, 0, 0], [0.5, 0.5, 0.5]])


def test_rock_salt(nio: Structure) -> None:
    """Each anion joins six metals: twelve pairs at a right angle, three straight ones."""
    (found,) = features(nio)
    assert found["bridges_per_d_atom"] == pytest.approx(15)
    assert found["bridge_cos"] == pytest.approx(-3 / 15)
    assert found["bridge_straight_share"] == pytest.approx(3 / 15)
    assert found["bridge_right_angle_share"] == pytest.approx(12 / 15)
    assert found["bridge_length_A"] == pytest.approx(4.177 / 2)
    assert found["d_anion_contacts"] == pytest.approx(6)
    assert (found["d_oxidation"], found["d_electrons"]) == pytest.approx((2, 8))


def test_perovskite_and_its_unlike_neighbours() -> None:
    sites = [[0.5, 0.5, 0.5], [0, 0, 0], [0.5, 0, 0]]
    perovskite = Structure.from_spacegroup(221, Lattice.cubic(3.9), ["La", "Fe", "O"], sites)
    double = perovskite.copy()
    double.make_supercell([[0, 1, 1], [1, 0, 1], [1, 1, 0]])
    irons = [i for i, s in enumerate(double) if s.specie.symbol == "Fe"]
    double.replace(irons[0], "Co")
    plain, mixed = features(perovskite, double)
    assert plain["bridge_straight_share"] == pytest.approx(1)
    assert plain["bridge_cos"] == pytest.approx(-1)
    assert (plain["d_oxidation"], plain["d_electrons"]) == pytest.approx((3, 5))
    assert (plain["bridge_unlike_share"], mixed["bridge_unlike_share"]) == pytest.approx((0, 1))


def test_metals_have_contacts_and_no_bridges() -> None:
    iron = Structure.from_spacegroup(229, Lattice.cubic(2.8665), ["Fe"], [[0, 0, 0]])
    copper_free = Structure.from_spacegroup(225, Lattice.cubic(4.05), ["Al"], [[0, 0, 0]])
    found, nothing = features(iron, copper_free)
    assert found["d_d_contact_share"] == pytest.approx(1)
    assert 2.4 < found["d_d_distance_A"] < 2.9
    assert found["bridges_per_d_atom"] == 0
    assert (nothing["d_share"], nothing["d_d_contact_share"], nothing["d_oxidation"]) == (0, 0, 0)
    assert all(np.isfinite(list(nothing.values())))


def test_a_supercell_a_rotation_a_shift_and_neighbours_in_the_batch_change_nothing(nio: Structure) -> None:
    cell = Structure.from_spacegroup(136, Lattice.tetragonal(4.421, 2.916), ["Cr", "O"], [[0, 0, 0], [0.303, 0.303, 0]])
    turned = cell.copy()
    turned.make_supercell([[1, 1, 0], [0, 2, 0], [0, 0, 1]])
    turned.translate_sites(range(len(turned)), [0.31, -1.7, 0.12])
    rotation, _ = np.linalg.qr(np.random.default_rng(0).normal(size=(3, 3)))
    turned = Structure(turned.lattice.matrix @ rotation, turned.species, turned.frac_coords, to_unit_cell=False)
    (alone,), (_, in_batch, same) = features(cell), features(nio, cell, turned)
    assert list(in_batch.values()) == pytest.approx(list(alone.values()))
    assert list(same.values()) == pytest.approx(list(alone.values()), abs=1e-6)
