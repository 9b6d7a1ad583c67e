"""Batched relaxation: against the package's own optimiser, and with crystals that should not survive."""

from __future__ import annotations

import contextlib
import io
import math
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from helpers.crystals import cubic, random_crystal, supercell

from screening.crystals import Crystal
from screening.crystals.packed import pack
from screening.potentials.base import Potential, PotentialOutput
from screening.potentials.chgnet.chgnet import ChgnetPotential
from screening.potentials.registry import load_potential
from screening.potentials.state import CrystalState
from screening.relaxation.minimiser import Minimiser
from screening.relaxation.relaxation import RelaxationSettings, Relaxed, relax

TIGHT = RelaxationSettings(fmax_eV_per_A=0.01)
EMT = "ase:ase.calculators.emt.EMT"


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def perturbed(crystal: Crystal, seed: int, displacement: float = 0.08, strain: float = 0.02) -> Crystal:
    rng = np.random.default_rng(seed)
    deformation = rng.uniform(-strain, strain, (3, 3))
    lattice = crystal.lattice @ (np.eye(3) + (deformation + deformation.T) / 2)
    moves = rng.normal(scale=displacement / math.sqrt(3), size=crystal.frac.shape)
    return replace(
        crystal, candidate_id=f"{crystal.candidate_id}-{seed}", lattice=lattice,
        frac=crystal.frac + moves @ np.linalg.inv(lattice),
    )  # fmt: skip


def rock_salt(metal: int, anion: int, a_A: float) -> Crystal:
    metals = cubic(metal, a_A, "F")
    frac = np.concatenate([metals.frac, metals.frac + np.array([0.5, 0, 0])])
    return Crystal.from_arrays(f"rs-{metal}-{anion}", metals.lattice, [metal] * 4 + [anion] * 4, frac)


SMALL = [rock_salt(3, 17, 5.15), rock_salt(12, 8, 4.2), supercell(cubic(26, 2.85, "I"), (2, 1, 1))]


def by_id(results: Iterator[Relaxed]) -> dict[str, Relaxed]:
    return {result.crystal.candidate_id: result for result in results}


@pytest.mark.ci
def test_ends_where_the_packages_optimiser_ends(package_network: Any, chgnet: ChgnetPotential) -> None:
    from chgnet.model.dynamics import StructOptimizer

    crystals = [perturbed(crystal, seed) for seed, crystal in enumerate(SMALL[1:])]
    ours = by_id(relax(chgnet, crystals, TIGHT))
    with contextlib.redirect_stdout(io.StringIO()):
        theirs = StructOptimizer(model=package_network, use_device="cpu")
    for crystal in crystals:
        found = ours[crystal.candidate_id]
        expected = theirs.relax(crystal.to_structure(), fmax=0.01, steps=200, verbose=False)
        energy = float(expected["trajectory"].energies[-1])
        assert found.converged
        assert found.max_force_eV_per_A < 0.01
        assert abs(found.energy_eV - energy) / crystal.n_atoms < 5e-4
        assert found.crystal.volume_A3 == pytest.approx(expected["final_structure"].volume, rel=5e-3)
        assert found.n_steps < len(expected["trajectory"])


def test_a_perturbed_crystal_returns(chgnet: ChgnetPotential) -> None:
    rest = next(relax(chgnet, [SMALL[1]], TIGHT)).crystal
    away = [perturbed(rest, seed) for seed in range(3)]
    back = list(relax(chgnet, away, TIGHT))
    assert len(back) == 3
    for result in back:
        assert result.converged
        assert result.energy_eV < result.start_energy_eV
        assert result.crystal.volume_A3 == pytest.approx(rest.volume_A3, rel=2e-3)
        assert result.energy_eV / 8 == pytest.approx(chgnet.energies(pack([rest])).energy_eV[0] / 8, abs=2e-4)


def test_the_energy_and_force_reported_are_those_of_the_crystal(chgnet: ChgnetPotential) -> None:
    result = next(relax(chgnet, [perturbed(SMALL[0], 5)]))
    again = chgnet.energies(pack([result.crystal]))
    assert again.forces_eV_per_A is not None
    assert again.energy_eV[0] == pytest.approx(result.energy_eV, abs=1e-3)
    assert np.linalg.norm(again.forces_eV_per_A, axis=1).max() <= result.max_force_eV_per_A + 1e-3
    assert result.volume_change_percent == pytest.approx(
        100 * (result.crystal.volume_A3 / perturbed(SMALL[0], 5).volume_A3 - 1)
    )


@pytest.mark.ci
def test_the_batch_does_not_matter(chgnet: ChgnetPotential) -> None:
    crystals = [perturbed(crystal, 10 + seed) for seed, crystal in enumerate(SMALL * 2)]
    together = by_id(relax(chgnet, crystals, TIGHT))
    streamed = by_id(relax(chgnet, iter(crystals), replace(TIGHT, batch_atoms=9)))
    assert together.keys() == streamed.keys() == {crystal.candidate_id for crystal in crystals}
    for key, result in together.items():
        assert result.energy_eV == pytest.approx(streamed[key].energy_eV, abs=5e-3)


@pytest.mark.ci
def test_a_batch_on_every_core(chgnet: ChgnetPotential) -> None:
    crystals = [perturbed(crystal, 20 + seed) for seed, crystal in enumerate(SMALL * 2)]
    torch.set_num_threads(2)
    found = by_id(relax(chgnet, crystals, TIGHT))
    assert found.keys() == {crystal.candidate_id for crystal in crystals}
    assert all(result.converged for result in found.values())
    assert torch.get_num_threads() == 2


def test_fixed_cells_stay(chgnet: ChgnetPotential) -> None:
    crystal = perturbed(SMALL[0], 3)
    result = next(relax(chgnet, [crystal], replace(TIGHT, relax_cell=False)))
    assert result.converged
    np.testing.assert_array_equal(result.crystal.lattice, crystal.lattice)


def test_hostile_crystals_end_with_a_reason_and_leave_the_others(chgnet: ChgnetPotential) -> None:
    good = perturbed(SMALL[1], 1)
    hostile = [
        Crystal.from_arrays("overlap", np.eye(3) * 4, [8, 8], [[0, 0, 0], [0.02, 0, 0]]),
        Crystal.from_arrays("huge", np.eye(3) * 60, [3, 9], [[0, 0, 0], [0.5, 0.5, 0.5]]),
        Crystal.from_arrays("lone", np.eye(3) * 15, [3], [[0, 0, 0]]),
        Crystal.from_arrays("americium", np.eye(3) * 3, [95], [[0, 0, 0]]),
        Crystal.from_arrays("nan", np.eye(3) * 3, [3], [[np.nan, 0, 0]]),
    ]
    found = by_id(relax(chgnet, [*hostile[:3], good, *hostile[3:]], RelaxationSettings(max_steps=30)))
    reasons = {key: result.failure for key, result in found.items()}
    assert "overlapping atoms" in reasons["overlap"]
    assert "volume per atom" in reasons["huge"]
    assert "volume per atom" in reasons["lone"]
    assert reasons["americium"] == "chgnet does not know Am"
    assert "NaN" in reasons["nan"]
    assert reasons[good.candidate_id] == ""
    assert found[good.candidate_id].converged
    assert all(math.isnan(found[c.candidate_id].energy_eV) for c in hostile)


def test_atoms_that_start_very_close_are_pushed_apart_in_bounded_steps(chgnet: ChgnetPotential) -> None:
    close = random_crystal(np.random.default_rng(0), 4, (3, 8))
    result = next(relax(chgnet, [close], RelaxationSettings(max_steps=40)))
    assert result.n_steps <= 40
    assert result.failure or result.energy_eV < result.start_energy_eV


def test_no_step_left_is_not_converged_but_no_failure(chgnet: ChgnetPotential) -> None:
    result = next(relax(chgnet, [perturbed(SMALL[1], 4)], RelaxationSettings(fmax_eV_per_A=1e-4, max_steps=2)))
    assert (result.converged, result.failure, result.n_steps) == (False, "", 2)
    assert result.energy_eV < result.start_energy_eV


class Model(Potential):
    """An energy of the cell alone, given as a function of the volume per atom; for the ways to go wrong."""

    name = "model"
    device = torch.device("cpu")
    batch_atoms = 64

    def __init__(self, slope: float = 0.0, broken_above: float = math.inf) -> None:
        self.slope, self.broken_above, self.calls = slope, broken_above, 0

    def evaluate(self, state: CrystalState, forces: bool = True) -> PotentialOutput:
        self.calls += 1
        volume = state.volume_A3
        energy = self.slope * volume
        energy = torch.where(volume / state.n_atoms > self.broken_above, torch.nan, energy)
        stress = torch.eye(3, dtype=torch.float64) * self.slope * torch.ones(len(state), 1, 1, dtype=torch.float64)
        return PotentialOutput(energy, torch.zeros_like(state.frac), stress)


def test_a_volume_that_runs_away_is_an_explosion() -> None:
    for slope in (-1.0, 1.0):
        model = Model(slope)
        result = next(relax(model, [cubic(26, 3.0, "P")], RelaxationSettings(max_steps=500)))
        assert "exploded: its volume became" in result.failure
        assert result.crystal.volume_A3 == pytest.approx(27)
        assert model.calls < 100


def test_numbers_that_are_not_finite_from_the_start() -> None:
    good, bad = cubic(26, 2.0, "P"), cubic(27, 5.0, "P")
    found = by_id(relax(Model(0.0, broken_above=100.0), [good, bad]))
    assert found[bad.candidate_id].failure == "model gives numbers that are not finite"
    assert found[good.candidate_id].converged


def test_numbers_that_break_on_the_way_are_stepped_back_from() -> None:
    result = next(relax(Model(-1.0, broken_above=30.0), [cubic(26, 3.0, "P")], RelaxationSettings(max_steps=60)))
    assert result.failure == ""
    assert not result.converged
    assert 27 < result.crystal.volume_A3 < 30


@pytest.mark.ci
def test_out_of_memory_splits_the_batch_for_good(chgnet: ChgnetPotential, monkeypatch: pytest.MonkeyPatch) -> None:
    evaluate, sizes = ChgnetPotential.evaluate, []

    def small(self: ChgnetPotential, state: CrystalState, forces: bool = True) -> PotentialOutput:
        sizes.append(len(state.numbers))
        if len(state.numbers) > 12:
            raise torch.cuda.OutOfMemoryError("CUDA out of memory")
        return evaluate(self, state, forces)

    monkeypatch.setattr(ChgnetPotential, "evaluate", small)
    crystals = [perturbed(crystal, 30 + seed) for seed, crystal in enumerate(SMALL * 2)]
    found = list(relax(chgnet, iter(crystals), RelaxationSettings(batch_atoms=32)))
    assert all(result.converged for result in found)
    assert len(found) == 6
    assert max(sizes) > 12
    large = supercell(SMALL[2], (2, 2, 1))
    ends = by_id(relax(chgnet, [crystals[0], large, crystals[1]], RelaxationSettings(batch_atoms=64)))
    assert ends[large.candidate_id].failure == "chgnet: 16 atoms do not fit into the memory"
    assert sum(result.converged for result in ends.values()) == 2


def test_an_error_of_a_worker_ends_the_relaxation(chgnet: ChgnetPotential, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> Any:
        raise RuntimeError("shapes do not match")

    monkeypatch.setattr(ChgnetPotential, "evaluate", broken)
    torch.set_num_threads(2)
    with pytest.raises(RuntimeError, match="shapes"):
        list(relax(chgnet, SMALL))


def test_stopping_early_stops_the_workers(chgnet: ChgnetPotential) -> None:
    torch.set_num_threads(2)
    results = relax(chgnet, iter([perturbed(SMALL[1], seed) for seed in range(200)]), RelaxationSettings(batch_atoms=8))
    next(results)
    started = time.perf_counter()
    results.close()  # type: ignore[attr-defined]
    assert time.perf_counter() - started < 5


def test_any_ase_calculator_relaxes() -> None:
    from ase.build import bulk
    from ase.calculators.emt import EMT as Calculator
    from ase.filters import FrechetCellFilter
    from ase.optimize import BFGS

    crystal = perturbed(cubic(29, 3.7, "F"), 2)
    result = next(relax(load_potential(EMT, "cpu"), [crystal], TIGHT))
    atoms = bulk("Cu", a=3.7, cubic=True)
    atoms.calc = Calculator()
    BFGS(FrechetCellFilter(atoms), logfile=None).run(fmax=0.01)
    assert result.converged
    assert result.energy_eV == pytest.approx(atoms.get_potential_energy(), abs=1e-3)
    assert result.crystal.volume_A3 == pytest.approx(atoms.get_volume(), rel=2e-3)


@pytest.mark.ci
def test_joining_and_leaving_keep_what_is_known(chgnet: ChgnetPotential) -> None:
    """A crystal among others that come and go takes the same steps as alone."""
    states = [CrystalState.of(pack([perturbed(crystal, 7)]), torch.device("cpu")) for crystal in SMALL]
    exact = ChgnetPotential(_network(), torch.device("cpu"), torch.float64)
    alone, crowd = Minimiser(states[0]), Minimiser(states[1])
    crowd.advance(exact.evaluate(crowd.state))
    crowd = crowd.with_more(states[0]).with_more(states[2])
    for step in range(6):
        alone.advance(exact.evaluate(alone.state))
        crowd.advance(exact.evaluate(crowd.state))
        if step == 3:
            crowd = crowd.take(torch.tensor([2, 1]))
    np.testing.assert_allclose(crowd.held.take(torch.tensor([1])).frac, alone.held.frac, atol=1e-8)
    np.testing.assert_allclose(float(crowd.energy[1]), float(alone.energy[0]), atol=1e-8)


def _network() -> Any:
    from screening.potentials.chgnet.chgnet import chgnet_module

    return chgnet_module()
