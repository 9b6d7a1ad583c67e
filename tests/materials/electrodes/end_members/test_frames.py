"""Whether a frame is kept without the ion, and whether the ion can leave."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from screening.crystals import Crystal
from screening.materials.electrodes.end_members.frames import framework_kept, with_ends
from screening.materials.electrodes.end_members.insertion import enlarged
from screening.materials.electrodes.end_members.pair import ElectrodePair
from screening.materials.electrodes.end_members.pair_search import find_pair
from screening.materials.electrodes.end_members.pathways import find_pathway, is_narrow

Known = Callable[[str], Crystal]


def pair_of(crystal: Crystal) -> ElectrodePair:
    pair = find_pair(crystal)
    assert isinstance(pair, ElectrodePair)
    return pair


@pytest.mark.ci
def test_a_strained_and_shaken_frame_is_kept(known: Known) -> None:
    pair = pair_of(known("LiFePO4"))
    shaken = pair.charged.frac + np.random.default_rng(0).normal(scale=0.008, size=pair.charged.frac.shape)
    strain = np.diag([0.95, 0.964, 1.02])
    relaxed = with_ends(
        pair, pair.discharged, replace(pair.charged, lattice=pair.charged.lattice @ strain, frac=shaken)
    )
    assert relaxed.volume_change_percent == pytest.approx(100 * (0.95 * 0.964 * 1.02 - 1))
    assert framework_kept(relaxed)


def test_a_frame_that_falls_apart_is_not_kept(known: Known) -> None:
    pair = pair_of(known("LiFePO4"))
    scattered = replace(pair.charged, frac=np.random.default_rng(0).uniform(size=pair.charged.frac.shape))
    assert not framework_kept(with_ends(pair, pair.discharged, scattered))


def test_another_cell_of_the_same_frame_is_kept(known: Known) -> None:
    pair = pair_of(known("LiCoO2"))
    assert framework_kept(replace(pair, charged=enlarged(pair.charged, 2), charged_cells=0.5))


def test_the_ends_must_have_the_same_atoms(known: Known) -> None:
    pair = pair_of(known("LiCoO2"))
    with pytest.raises(ValueError, match="expected CoO2"):
        with_ends(pair, pair.discharged, pair.discharged)


def channel(width: float) -> Crystal:
    """A square tunnel of oxygen along c, `width` across, with the ion in its middle and walls without a gap."""
    corners = ((0, 0), (0.25, 0), (0.5, 0), (0.75, 0), (0, 0.25), (0, 0.5), (0, 0.75))
    wall = [[x, y, z] for z in (0.0, 0.5) for x, y in corners]
    numbers = [8] * len(wall) + [3]
    return Crystal.from_arrays("tunnel", np.diag([width, width, 3.0]), numbers, [*wall, [0.5, 0.5, 0.25]])


@pytest.mark.parametrize(("width", "dimensions"), [(4.4, 1), (2.2, 0)])
def test_a_wide_tunnel_has_one_direction_and_a_narrow_one_none(width: float, dimensions: int) -> None:
    pathway = find_pathway(channel(width), "Li")
    assert is_narrow(channel(width), "Li") == (dimensions == 0)
    if dimensions:
        assert pathway.dimensions == 1


def test_layers_have_two_directions_and_a_spinel_three(known: Known) -> None:
    assert find_pathway(known("LiCoO2"), "Li").dimensions == 2
    assert find_pathway(known("LiTiS2"), "Li").dimensions == 2
    assert find_pathway(known("LiFePO4"), "Li").dimensions == 1
    assert find_pathway(known("LiMn2O4"), "Li").dimensions == 3


@pytest.mark.parametrize("name", ["LiFePO4", "LiCoO2", "NaTiS2"])
def test_the_passage_does_not_depend_on_the_choice_of_cell(known: Known, name: str) -> None:
    crystal = known(name)
    ion = name[:2]
    plain = find_pathway(crystal, ion)
    q, _ = np.linalg.qr(np.random.default_rng(3).normal(size=(3, 3)))
    matrix = np.array([[1, 1, 0], [0, 1, 0], [0, 0, 1]])
    others = [
        replace(crystal, lattice=crystal.lattice @ q),
        replace(crystal, frac=crystal.frac + 0.37),
        replace(crystal, lattice=matrix @ crystal.lattice, frac=crystal.frac @ np.linalg.inv(matrix)),
        enlarged(crystal, 2),
    ]
    for other in others:
        assert find_pathway(other, ion).bottleneck == pytest.approx(plain.bottleneck, abs=0.05)


def test_a_nearly_empty_cell_takes_no_more_memory() -> None:
    sparse = Crystal.from_arrays("s", np.diag([150.0, 150.0, 150.0]), [3, 8], [[0, 0, 0], [0.013, 0, 0]])
    assert find_pathway(sparse, "Li").dimensions == 3
