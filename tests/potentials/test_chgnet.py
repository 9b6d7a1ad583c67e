"""Batched CHGNet against the package's own results, and against what any potential must satisfy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from helpers.crystals import cubic, random_crystal, rotated, supercell

from screening.crystals import Crystal, ReadSettings, read_crystals
from screening.crystals.packed import pack
from screening.errors import ScreeningError
from screening.potentials.base import Energies
from screening.potentials.chgnet.bond_graph import build_graph, pairs_with_same_centre
from screening.potentials.chgnet.chgnet import ChgnetPotential, chgnet_module
from screening.potentials.state import CrystalState

GPA = 160.21766208


def assert_like_the_package(network: Any, potential: ChgnetPotential, crystals: list[Crystal], rtol: float = 0) -> None:
    """1e-5 eV/atom, 1e-4 eV/Å, 1e-3 GPa and 1e-4 µB: what float32 allows. rtol: for forces far above usual ones."""
    packed = pack(crystals)
    ours = potential.energies(packed)
    theirs = network.predict_structure([crystal.to_structure() for crystal in crystals], task="efsm", batch_size=8)
    theirs = [theirs] if isinstance(theirs, dict) else theirs
    energy = np.array([float(result["e"]) for result in theirs])
    np.testing.assert_allclose(ours.energy_eV / packed.n_atoms, energy, atol=1e-5, rtol=0)
    for found, key, scale, tolerance in (
        (ours.forces_eV_per_A, "f", 1, 1e-4),
        (ours.stress_eV_per_A3, "s", GPA, 1e-3),
        (ours.site_moment_muB, "m", 1, 1e-4),
    ):
        assert found is not None
        expected = np.concatenate([result[key].reshape(-1, *found.shape[1:]) for result in theirs])
        np.testing.assert_allclose(found * scale, expected, atol=tolerance, rtol=rtol)


def bundled(count: int, most_atoms: int = 40) -> list[Crystal]:
    found = [c for name in ("magnets", "electrodes") for c in read_crystals(name, ReadSettings(workers=0))]
    crystals = [c for c in found if isinstance(c, Crystal) and c.n_atoms <= most_atoms]
    return crystals[:: max(1, len(crystals) // count)][:count]


def test_equals_the_package_on_bundled_crystals(package_network: Any, chgnet: ChgnetPotential) -> None:
    crystals = bundled(10)
    assert len(crystals) == 10
    assert_like_the_package(package_network, chgnet, crystals)


def test_equals_the_package_on_random_and_tiny_cells(package_network: Any, chgnet: ChgnetPotential) -> None:
    rng = np.random.default_rng(1)
    crystals = [random_crystal(rng, atoms, (1, 3, 8, 26, 60, 94)) for atoms in (1, 2, 3, 5, 8, 13)]
    crystals += [cubic(26, 2.87, "I"), cubic(29, 2.2, "P"), cubic(13, 4.05, "F"), cubic(55, 6.05, "I")]
    assert_like_the_package(package_network, chgnet, crystals, rtol=2e-4)  # forces reach 100 eV/Å


def test_atoms_without_neighbours_or_angles(package_network: Any, chgnet: ChgnetPotential) -> None:
    lone = cubic(3, 20.0, "P")
    dimer = Crystal.from_arrays("dimer", np.eye(3) * 15, [8, 8], [[0, 0, 0], [0.1, 0, 0]])
    far = Crystal.from_arrays("far", np.eye(3) * 15, [8, 8], [[0, 0, 0], [0.3, 0, 0]])
    assert_like_the_package(package_network, chgnet, [dimer, far], rtol=1e-5)
    ours = chgnet.energies(pack([lone, lone, dimer]))
    assert abs(ours.energy_eV[0] - ours.energy_eV[1]) < 1e-5
    assert ours.forces_eV_per_A is not None
    assert not ours.forces_eV_per_A[:2].any()
    alone = chgnet.energies(pack([lone]))
    assert abs(alone.energy_eV[0] - ours.energy_eV[0]) < 1e-5


def test_coordinates_outside_the_cell_are_the_same_crystal(chgnet: ChgnetPotential) -> None:
    crystal = random_crystal(np.random.default_rng(2), 6)
    shifts = np.random.default_rng(3).integers(-2, 3, (6, 3))
    moved = Crystal.from_arrays("moved", crystal.lattice, crystal.numbers, crystal.frac + shifts)
    a, b = chgnet.energies(pack([crystal])), chgnet.energies(pack([moved]))
    assert abs(a.energy_eV[0] - b.energy_eV[0]) < 1e-4
    np.testing.assert_allclose(a.forces_eV_per_A, b.forces_eV_per_A, atol=1e-3)


def exact() -> ChgnetPotential:
    return ChgnetPotential(chgnet_module(), torch.device("cpu"), torch.float64)


def test_forces_and_stress_are_derivatives_of_the_energy() -> None:
    potential, rng = exact(), np.random.default_rng(4)
    crystal = random_crystal(rng, 4, (3, 8, 26))
    here, step = potential.energies(pack([crystal])), 1e-5
    assert here.forces_eV_per_A is not None
    assert here.stress_eV_per_A3 is not None
    moves = rng.normal(size=(3, 4, 3))
    strains = rng.normal(size=(3, 3, 3))
    strains += strains.transpose(0, 2, 1)
    inverse = np.linalg.inv(crystal.lattice)
    moved = [
        Crystal.from_arrays("m", crystal.lattice, crystal.numbers, crystal.frac + sign * step * move @ inverse)
        for move in moves
        for sign in (1, -1)
    ]
    strained = [
        Crystal.from_arrays("s", crystal.lattice @ (np.eye(3) + sign * step * strain), crystal.numbers, crystal.frac)
        for strain in strains
        for sign in (1, -1)
    ]
    energy = potential.energies(pack(moved + strained), forces=False).energy_eV.reshape(-1, 2)
    slopes = (energy[:, 0] - energy[:, 1]) / (2 * step)
    by_force = -np.einsum("kni,ni->k", moves, here.forces_eV_per_A)
    by_stress = np.einsum("kij,ij->k", strains, here.stress_eV_per_A3[0]) * crystal.volume_A3
    np.testing.assert_allclose(slopes, np.concatenate([by_force, by_stress]), rtol=1e-4, atol=1e-6)


def test_turned_and_larger_cells_have_the_same_energy() -> None:
    potential, rng = exact(), np.random.default_rng(5)
    crystal = random_crystal(rng, 5)
    energy = potential.energies(pack([crystal, rotated(crystal, rng), supercell(crystal, (2, 1, 1))])).energy_eV
    np.testing.assert_allclose(energy / np.array([1, 1, 2]), energy[0], atol=1e-7)


def same(a: Energies, b: Energies, atol: float) -> None:
    np.testing.assert_allclose(a.energy_eV, b.energy_eV, atol=atol)
    np.testing.assert_allclose(a.forces_eV_per_A, b.forces_eV_per_A, atol=atol)


def test_neighbours_in_the_batch_change_nothing(chgnet: ChgnetPotential) -> None:
    rng = np.random.default_rng(6)
    packed = pack([random_crystal(rng, n) for n in (3, 9, 1, 6)])
    together = chgnet.energies(packed)
    for index in range(4):
        alone = chgnet.energies(packed.chunk(index, index + 1))
        np.testing.assert_allclose(alone.energy_eV[0], together.energy_eV[index], atol=2e-5)


def test_batches_on_several_cores_come_back_in_order(chgnet: ChgnetPotential, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(10)
    packed = pack([random_crystal(rng, n) for n in (3, 9, 1, 6, 2, 7)])
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    expected = chgnet.energies(packed)
    monkeypatch.setattr(chgnet, "batch_atoms", 8)
    try:
        torch.set_num_threads(2)
        same(chgnet.energies(packed), expected, 1e-4)
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(threads)


def test_a_batch_too_large_for_the_memory_is_halved(chgnet: ChgnetPotential, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(7)
    packed = pack([random_crystal(rng, 4) for _ in range(5)])
    expected = chgnet.energies(packed)
    evaluate = ChgnetPotential.evaluate

    def small(self: ChgnetPotential, state: CrystalState, forces: bool = True) -> Any:
        if len(state.numbers) > limit:
            raise torch.cuda.OutOfMemoryError("CUDA out of memory")
        return evaluate(self, state, forces)

    monkeypatch.setattr(ChgnetPotential, "evaluate", small)
    limit = 8
    same(chgnet.energies(packed), expected, 1e-4)
    limit = 3
    with pytest.raises(ScreeningError, match="a crystal of 4 atoms does not fit into the memory"):
        chgnet.energies(packed)


def test_other_errors_are_not_taken_for_a_lack_of_memory(
    chgnet: ChgnetPotential, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> Any:
        raise RuntimeError("shapes do not match")

    monkeypatch.setattr(ChgnetPotential, "evaluate", broken)
    with pytest.raises(RuntimeError, match="shapes"):
        chgnet.energies(pack([cubic(26, 2.87, "I")]))


def test_an_element_it_does_not_know_is_named(chgnet: ChgnetPotential) -> None:
    with pytest.raises(ScreeningError, match="chgnet does not know Am"):
        chgnet.energies(pack([cubic(95, 4.0, "F")]))


def test_pairs_of_rows_with_the_same_centre() -> None:
    centre = torch.tensor([2, 0, 2, 2, 5, 0])
    first, second = pairs_with_same_centre(centre, 6)
    found = {frozenset(pair) for pair in zip(first.tolist(), second.tolist(), strict=True)}
    assert found == {frozenset(pair) for pair in ((0, 2), (0, 3), (2, 3), (1, 5))}
    assert len(first) == 4


def test_the_graph_counts_what_the_package_counts(package_network: Any) -> None:
    crystal = random_crystal(np.random.default_rng(8), 7)
    graph = build_graph(CrystalState.of(pack([crystal]), torch.device("cpu")))
    theirs = package_network.graph_converter(crystal.to_structure())
    assert len(graph.start) == len(theirs.undirected2directed)
    assert len(graph.own) == len(theirs.bond_graph)


@pytest.mark.cuda
def test_the_same_on_a_gpu(chgnet: ChgnetPotential) -> None:
    rng = np.random.default_rng(9)
    packed = pack([random_crystal(rng, n) for n in (1, 5, 12)])
    gpu = ChgnetPotential.load("cuda")
    same(gpu.energies(packed), chgnet.energies(packed), 1e-3)
