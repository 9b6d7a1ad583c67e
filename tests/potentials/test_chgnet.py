"""Batched CHGNet against the package's own results, and what any potential must satisfy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from helpers.crystals import cubic, random_crystal

from screening.crystals import Crystal, ReadSettings, read_crystals
from screening.crystals.packed import pack
from screening.errors import ScreeningError
from screening.potentials.base import Energies
from screening.potentials.chgnet.bond_graph import build_graph, pairs_with_same_centre
from screening.potentials.chgnet.chgnet import ChgnetPotential, chgnet_module
from screening.potentials.state import CrystalState
from screening.testing import check_potential

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


@pytest.mark.ci
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


def exact() -> ChgnetPotential:
    return ChgnetPotential(chgnet_module(), torch.device("cpu"), torch.float64)


def test_what_every_potential_must_satisfy() -> None:
    rng = np.random.default_rng(4)
    crystals = [random_crystal(rng, atoms, (3, 8, 26)) for atoms in (4, 1, 5)]
    check_potential(exact(), crystals, tolerance=1e-6, step=1e-5, slope_tolerance=1e-4)


def test_the_same_in_float32(chgnet: ChgnetPotential) -> None:
    check_potential(chgnet, tolerance=1e-3, step=2e-3, slope_tolerance=1e-2)


def same(a: Energies, b: Energies, atol: float) -> None:
    np.testing.assert_allclose(a.energy_eV, b.energy_eV, atol=atol)
    np.testing.assert_allclose(a.forces_eV_per_A, b.forces_eV_per_A, atol=atol)


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
