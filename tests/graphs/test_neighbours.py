"""The neighbour search against two independent ones."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from helpers.crystals import cubic, random_crystal
from hypothesis import given, settings
from hypothesis import strategies as st

from screening.crystals import Crystal
from screening.crystals.packed import pack
from screening.graphs import neighbours
from screening.graphs.neighbours import Pairs, neighbour_pairs


def edges_of(pairs: Pairs) -> list[tuple[float, ...]]:
    rows = np.column_stack([pairs.centre.numpy(), pairs.neighbour.numpy(), pairs.vectors().numpy().round(4) + 0.0])
    return sorted(map(tuple, rows.tolist()))


def reference(crystal: Crystal, cutoff: float, periodic: bool) -> list[tuple[float, ...]]:
    from matscipy.neighbours import neighbour_list

    i, j, vector = neighbour_list(
        "ijD", positions=crystal.frac @ crystal.lattice, cell=crystal.lattice, pbc=[periodic] * 3, cutoff=cutoff
    )
    return sorted(map(tuple, np.column_stack([i, j, vector.round(4) + 0.0]).tolist()))


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10**6), atoms=st.integers(1, 9), cutoff=st.floats(1.5, 7.0), periodic=st.booleans())
def test_same_edges_as_matscipy_in_skewed_cells(seed: int, atoms: int, cutoff: float, periodic: bool) -> None:
    crystal = random_crystal(np.random.default_rng(seed), atoms)
    pairs = neighbour_pairs(pack([crystal]), np.array([cutoff]), periodic=periodic)
    assert edges_of(pairs) == reference(crystal, cutoff, periodic)


@pytest.mark.parametrize(
    "lattice",
    [np.diag([1.6, 1.7, 40.0]), np.diag([2.0, 2.1, 2.2]), [[3, 0, 0], [30, 3.1, 0], [0, 0, 3.2]]],
    ids=["elongated", "tiny", "very skewed"],
)
def test_unusual_cells_against_ase(lattice: list[list[float]]) -> None:
    from ase import Atoms
    from ase.neighborlist import neighbor_list

    crystal = Crystal.from_arrays("odd", lattice, [26, 8], [[0.1, 0.2, 0.05], [0.6, 0.8, 0.55]])
    pairs = neighbour_pairs(pack([crystal]), np.array([5.0]))
    atoms = Atoms("FeO", scaled_positions=crystal.frac, cell=crystal.lattice, pbc=True)
    i, j, vector = neighbor_list("ijD", atoms, 5.0)
    assert edges_of(pairs) == sorted(map(tuple, np.column_stack([i, j, vector.round(4) + 0.0]).tolist()))


def test_vectors_end_at_the_neighbours_and_each_crystal_has_its_own_cutoff() -> None:
    rng = np.random.default_rng(1)
    crystals = [random_crystal(rng, n) for n in (1, 4, 7)]
    packed, cutoff = pack(crystals), np.array([4.0, 3.0, 5.0])
    pairs = neighbour_pairs(packed, cutoff)
    owner = np.repeat(np.arange(3), packed.n_atoms)
    np.testing.assert_allclose(np.linalg.norm(pairs.vectors(), axis=1), pairs.distance, atol=1e-9)
    steps = np.linalg.solve(packed.lattice[owner[pairs.centre]].transpose(0, 2, 1), pairs.vectors().numpy()[..., None])[
        ..., 0
    ]
    steps -= packed.frac[pairs.neighbour] - packed.frac[pairs.centre]
    np.testing.assert_allclose(steps, steps.round(), atol=1e-9)
    assert (pairs.distance.numpy() <= cutoff[owner[pairs.centre]]).all()
    for index, crystal in enumerate(crystals):
        alone = neighbour_pairs(pack([crystal]), cutoff[index : index + 1])
        assert len(alone.centre) == int((owner[pairs.centre] == index).sum())


@pytest.mark.ci
@pytest.mark.parametrize("periodic", [True, False])
def test_batched_search_agrees_and_never_truncates(periodic: bool) -> None:
    """The search used on CUDA, run on the CPU; 340 neighbours an atom overflow its first capacity of 128."""
    pytest.importorskip("nvalchemiops")
    rng = np.random.default_rng(2)
    packed = pack([cubic(26, 2.87, "I"), cubic(29, 3.6, "F"), *(random_crystal(rng, n) for n in (1, 3, 6))])
    cutoff = np.array([8.0, 3.0, 4.0, 7.5, 5.0])
    batched = neighbours._batched_search(packed, cutoff, periodic, torch.device("cpu"))
    assert edges_of(batched) == edges_of(neighbour_pairs(packed, cutoff, periodic=periodic))


@pytest.mark.ci
def test_absurdly_many_neighbours_are_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("nvalchemiops")
    monkeypatch.setattr(neighbours, "_MOST_NEIGHBOURS", 100)
    with pytest.raises(neighbours.ScreeningError, match="neighbours within 8"):
        neighbours._batched_search(pack([cubic(26, 2.87, "I")]), np.array([8.0]), True, torch.device("cpu"))
