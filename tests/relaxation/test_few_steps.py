"""A few steps downhill: energies never rise, the order stays, a broken crystal harms no other."""

from __future__ import annotations

import numpy as np
import pytest
from helpers.crystals import cubic, random_crystal, supercell
from helpers.electrodes import Springs

from screening.crystals import Crystal
from screening.crystals.packed import pack
from screening.errors import ScreeningError
from screening.potentials.base import PotentialOutput
from screening.potentials.state import CrystalState
from screening.relaxation.few_steps import ROUGH_STEPS, Known, evaluated, prerelax, prerelax_rough


def crystals(n: int) -> list[Crystal]:
    rng = np.random.default_rng(0)
    return [random_crystal(rng, 2 + i % 5, (3, 8)) for i in range(n)]


def test_without_steps_everything_stands_as_it_was() -> None:
    packed = pack(crystals(9))
    settled = prerelax(Springs(), packed, 0)
    for name in ("lattice", "numbers", "frac", "offsets"):
        np.testing.assert_array_equal(getattr(settled.packed, name), getattr(packed, name))
    np.testing.assert_array_equal(settled.energy_eV, settled.first_energy_eV)
    alone = [prerelax(Springs(), pack([crystal]), 0).energy_eV[0] for crystal in crystals(9)]
    assert settled.energy_eV == pytest.approx(alone)


def test_what_is_known_is_not_evaluated_again(monkeypatch: pytest.MonkeyPatch) -> None:
    given, asked = crystals(6), list[int]()
    evaluate = Springs.evaluate

    def counted(self: Springs, state: CrystalState, forces: bool = True) -> PotentialOutput:
        asked.append(len(state))
        return evaluate(self, state, forces)

    monkeypatch.setattr(Springs, "evaluate", counted)
    known: Known = {}
    evaluated(Springs(), pack(given[:4]), known)
    found = evaluated(Springs(), pack([given[5], *given[2:4], given[5], given[0]]), known)
    assert sum(asked) == 5
    wanted = prerelax(Springs(), found.packed, 0)
    for name in ("first_energy_eV", "energy_eV", "force_eV_per_A", "pressure_eV_per_A3", "site_moment_muB"):
        np.testing.assert_allclose(getattr(found, name), getattr(wanted, name), atol=1e-9)
    assert len(evaluated(Springs(), pack([]), known).energy_eV) == 0


@pytest.mark.parametrize("stiffness", [2.0, 12.0, 400.0])
def test_energies_never_rise_and_belong_to_the_crystals_returned(stiffness: float) -> None:
    potential, packed = Springs(stiffness), pack(crystals(12))
    settled = prerelax(potential, packed, 6)
    assert (settled.energy_eV <= settled.first_energy_eV).all()
    assert (settled.energy_eV < settled.first_energy_eV - 0.01).mean() > 0.8
    again = prerelax(potential, settled.packed, 0)
    for name in ("energy_eV", "force_eV_per_A", "pressure_eV_per_A3"):
        np.testing.assert_allclose(getattr(again, name), getattr(settled, name), atol=1e-9)


def test_a_batch_gives_what_each_crystal_gives() -> None:
    together = prerelax(Springs(), pack(crystals(8)), 4)
    for row, crystal in enumerate(crystals(8)):
        alone = prerelax(Springs(), pack([crystal]), 4)
        assert together.energy_eV[row] == pytest.approx(alone.energy_eV[0], abs=1e-9)
        np.testing.assert_allclose(together.packed.frac[together.packed.atoms(row)], alone.packed.frac, atol=1e-9)


def test_a_crystal_without_a_finite_energy_harms_no_other() -> None:
    good = crystals(4)
    broken = Crystal.from_arrays("broken", np.eye(3) * 3, [2], [[0, 0, 0]])
    settled = prerelax(Springs(), pack([*good[:2], broken, *good[2:]]), 5)
    assert np.isnan(settled.energy_eV).tolist() == [False, False, True, False, False]
    np.testing.assert_allclose(np.delete(settled.energy_eV, 2), prerelax(Springs(), pack(good), 5).energy_eV)


def test_it_stops_after_the_steps_and_moves_no_atom_far() -> None:
    potential, packed = Springs(1e4), pack(crystals(3))
    settled = prerelax(potential, packed, 3)
    assert potential.calls == 4
    moved = np.einsum("ni,nij->nj", settled.packed.frac, np.repeat(packed.lattice, packed.n_atoms, axis=0)) - np.einsum(
        "ni,nij->nj", packed.frac, np.repeat(packed.lattice, packed.n_atoms, axis=0)
    )
    assert np.linalg.norm(moved, axis=1).max() < 0.15 * 3 * 1.2
    strain = settled.packed.lattice @ np.linalg.inv(packed.lattice)
    assert np.abs(np.linalg.det(strain) - 1).max() < 1.16**3 - 1


def test_unknown_elements_and_no_crystals() -> None:
    with pytest.raises(ScreeningError, match="springs does not know U"):
        prerelax(Springs(), pack([cubic(92, 3.0, "P")]), 1)
    assert len(prerelax(Springs(), pack([]), 2).energy_eV) == 0
    assert len(prerelax(Springs(), pack([supercell(cubic(8, 2.5, "P"), (2, 2, 2))]), 1).site_moment_muB) == 8


def test_only_crystals_far_from_a_minimum_are_brought_near_it() -> None:
    """A lattice of whole places at 16 Å³ an atom is the springs' minimum; the other crystals are rough."""
    calm = Crystal.from_arrays("calm", np.diag([2.0, 2.0, 4.0]), [8], [[0, 0, 0]])
    rough = random_crystal(np.random.default_rng(0), 4, (8,))
    packed = pack([rough, calm, rough])
    potential = Springs()
    found = prerelax_rough(potential, packed, {})
    assert potential.calls <= 2 + ROUGH_STEPS
    np.testing.assert_array_equal(found.frac[found.atoms(1)], calm.frac)
    np.testing.assert_array_equal(found.lattice[1], calm.lattice)
    before, after = prerelax(Springs(), packed, 0), prerelax(Springs(), found, 0)
    assert (after.energy_eV[[0, 2]] < before.energy_eV[[0, 2]] - 0.1).all()
    assert after.energy_eV[0] == pytest.approx(after.energy_eV[2])
    still = prerelax_rough(Springs(), pack([calm]), {})
    np.testing.assert_array_equal(still.lattice, pack([calm]).lattice)
