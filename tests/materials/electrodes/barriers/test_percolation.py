"""Which hops connect a crystal, in how many directions, and the lowest barrier at which they do."""

from __future__ import annotations

import numpy as np
import pytest

from screening.materials.electrodes.barriers.percolation import ALIKE_EV, Hop, network_dimensions, percolation

A, B, C = (1, 0, 0), (0, 1, 0), (0, 0, 1)
HERE = (0, 0, 0)


def test_one_site_and_its_images() -> None:
    hops = [Hop(0, 0, A, 0), Hop(0, 0, B, 1), Hop(0, 0, C, 2)]
    found = percolation(hops, np.array([0.5, 0.3, 0.9]))
    assert (found.barrier_eV, found.kind, found.dimensions) == (0.3, 1, 1)
    found = percolation(hops, np.array([0.3 + 0.9 * ALIKE_EV, 0.3, 0.3 + 1.1 * ALIKE_EV]))
    assert (found.barrier_eV, found.kind, found.dimensions) == (0.3, 1, 2)


def test_the_hardest_hop_of_the_best_way_counts() -> None:
    easy, hard = [Hop(0, 1, HERE, 0), Hop(1, 0, A, 1)], [Hop(0, 1, B, 2)]
    found = percolation(easy + hard, np.array([0.1, 0.6, 0.4]))
    assert (found.barrier_eV, found.kind) == (0.4, 2)


def test_hops_back_and_forth_lead_nowhere() -> None:
    found = percolation([Hop(0, 1, HERE, 0), Hop(2, 3, B, 0)], np.array([0.1]))
    assert np.isnan(found.barrier_eV)
    assert (found.kind, found.dimensions) == (-1, 0)


def test_a_hop_that_cannot_be_made_is_left_out() -> None:
    assert percolation([Hop(0, 0, A, 0)], np.array([np.nan])).kind == -1


def test_separate_chains_are_not_a_layer() -> None:
    """Two chains in different directions that do not touch."""
    hops = [Hop(0, 0, A, 0), Hop(1, 1, B, 0)]
    assert network_dimensions(hops, np.array([True])) == 1
    assert network_dimensions([*hops, Hop(0, 1, HERE, 0)], np.array([True])) == 2


@pytest.mark.parametrize("dimensions", [1, 2, 3])
def test_the_cell_and_its_origin_do_not_matter(dimensions: int) -> None:
    """The same network in a doubled cell, its sites in other cells."""
    axes = [A, B, C][:dimensions]
    doubled = [Hop(0, 1, HERE, 0), Hop(1, 0, A, 0)]
    doubled += [Hop(site, site, axis, 0) for site in (0, 1) for axis in axes[1:]]
    moved = [Hop(hop.first, hop.second, _shifted(hop), 0) for hop in doubled]
    for hops in ([Hop(0, 0, axis, 0) for axis in axes], doubled, moved):
        assert network_dimensions(hops, np.array([True])) == dimensions


def _shifted(hop: Hop) -> tuple[int, int, int]:
    """Site 1 is counted to the cell behind."""
    step = 2 * (hop.second - hop.first)
    return (hop.image[0], hop.image[1], hop.image[2] + step)
