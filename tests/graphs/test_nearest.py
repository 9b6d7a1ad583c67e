"""The adaptive nearest-neighbour graph: shells, ties, sparse crystals, invariances."""

from __future__ import annotations

import numpy as np
import torch
from helpers.crystals import cubic, random_crystal, rotated, supercell
from hypothesis import given, settings
from hypothesis import strategies as st

from screening.crystals import Crystal
from screening.crystals.packed import pack
from screening.graphs.batch import build_batch, build_graph_set
from screening.graphs.nearest import GraphSettings, nearest_edges


def sorted_shells(crystal: Crystal, settings: GraphSettings) -> torch.Tensor:
    """(distance, weight) of every edge, sorted: what a rotation or another cell must not change."""
    edges = nearest_edges(pack([crystal]), settings)
    rows = torch.stack([edges.vector.norm(dim=1), edges.weight], dim=1).double()
    return rows[np.lexsort(rows.numpy().T.round(5))]


def test_whole_shells_are_kept_however_many_neighbours_are_asked_for() -> None:
    for k in (9, 10, 12, 14):
        edges = nearest_edges(pack([cubic(26, 2.87, "I")]), GraphSettings(k, 0.1))
        assert len(edges.centre) == 2 * 14  # 8 + 6 neighbours of bcc, never 12 of them
        assert torch.allclose(edges.weight, torch.ones(28))


def test_weight_fades_between_the_shells() -> None:
    edges = nearest_edges(pack([cubic(26, 2.87, "I")]), GraphSettings(8, 0.2))
    ratio = 2 / 3**0.5  # second shell over first
    expected = np.cos(0.5 * np.pi * (ratio - 1) / 0.2) ** 2
    assert np.isclose(edges.weight.min().item(), expected, atol=1e-5)
    assert (edges.weight == 1).sum() == 16


def test_an_isolated_atom_has_no_edges_and_a_sparse_crystal_those_within_the_cutoff() -> None:
    lonely = Crystal.from_arrays("lonely", np.eye(3) * 20, [2], [[0, 0, 0]])
    pair = Crystal.from_arrays("pair", np.eye(3) * 30, [1, 1], [[0, 0, 0], [0.1, 0, 0]])
    batch = build_batch([lonely, pair, cubic(29, 3.6, "F")], GraphSettings())
    assert batch.n_edges.tolist()[:2] == [0, 2]


def test_cutoff_grows_until_every_atom_has_its_neighbours() -> None:
    """A dense slab with one far atom: the mean density says little about the far one."""
    slab = [[x, y, 0.0] for x in (0, 0.5) for y in (0, 0.5)]
    crystal = Crystal.from_arrays("slab", np.diag([5.0, 5.0, 9.0]), [29] * 4 + [3], [*slab, [0.25, 0.25, 0.5]])
    settings = GraphSettings(8, 0.2, 12.0)
    edges = nearest_edges(pack([crystal]), settings)
    assert torch.bincount(edges.centre, minlength=5).min() >= 8
    assert (edges.centre.diff() >= 0).all()
    wide = nearest_edges(pack([supercell(crystal, (1, 1, 2))]), settings)
    assert len(wide.centre) == 2 * len(edges.centre)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10**6), atoms=st.integers(1, 6))
def test_the_graph_does_not_depend_on_orientation_order_cell_or_supercell(seed: int, atoms: int) -> None:
    rng = np.random.default_rng(seed)
    crystal, graph = random_crystal(rng, atoms), GraphSettings()
    shells = sorted_shells(crystal, graph)
    torch.testing.assert_close(sorted_shells(rotated(crystal, rng), graph), shells, atol=2e-4, rtol=1e-4)
    doubled = sorted_shells(supercell(crystal, (2, 1, 1)), graph)
    torch.testing.assert_close(doubled[::2], shells, atol=2e-4, rtol=1e-4)


def test_a_small_shift_changes_the_graph_a_little() -> None:
    """bcc with noise: a plain k = 12 graph would drop and pick neighbours at random."""
    rng = np.random.default_rng(0)
    crystal = supercell(cubic(26, 2.87, "I"), (2, 2, 2))
    shaken = Crystal.from_arrays("s", crystal.lattice, crystal.numbers, crystal.frac + rng.normal(0, 1e-5, (16, 3)))
    total = [nearest_edges(pack([c]), GraphSettings(12, 0.15)).weight.sum().item() for c in (crystal, shaken)]
    assert abs(total[0] - total[1]) < 0.05


def test_slices_of_a_graph_set_are_the_batches_of_its_crystals() -> None:
    rng = np.random.default_rng(3)
    crystals = [random_crystal(rng, n) for n in (3, 1, 5, 2, 4)]
    graphs = build_graph_set(pack(crystals), GraphSettings(), chunk=2)
    rows = [4, 0, 3]
    taken, built = graphs.take(torch.tensor(rows)), build_batch([crystals[r] for r in rows], GraphSettings())
    for name in ("numbers", "n_atoms", "n_edges", "centre", "neighbour", "vector", "weight", "volume_A3"):
        torch.testing.assert_close(getattr(taken, name), getattr(built, name))
    assert taken.owner.tolist() == [0] * 4 + [1] * 3 + [2] * 2
