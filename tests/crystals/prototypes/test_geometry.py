"""Prototypes as arrays against pymatgen's own expansion of the same sites."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from pymatgen.analysis.structure_matcher import StructureMatcher
from pymatgen.core import Lattice, Structure

from screening.chemistry.elements import SYMBOLS
from screening.crystals.prototypes import Prototype
from screening.crystals.prototypes.geometry import template
from screening.crystals.prototypes.library import prototype_names
from screening.errors import RequestError


def by_pymatgen(prototype: Prototype) -> Structure:
    """The parent with a different element on each site, conventional cell."""
    species = SYMBOLS[1 : len(prototype.sites) + 1]
    at = [site.at for site in prototype.sites]
    return Structure.from_spacegroup(
        prototype.space_group, Lattice.from_parameters(*prototype.cell), species, at, tol=1e-2
    )


@pytest.mark.parametrize("name", prototype_names())
def test_the_primitive_cell_is_that_of_pymatgen(prototypes: dict[str, Prototype], name: str) -> None:
    shape = template(prototypes[name])
    ours = Structure(shape.lattice, [SYMBOLS[index + 1] for index in shape.site], shape.frac)
    theirs = by_pymatgen(prototypes[name]).get_primitive_structure()
    assert len(ours) == len(theirs)
    assert StructureMatcher(scale=False, ltol=0.01, stol=0.02, angle_tol=0.5, primitive_cell=False).fit(ours, theirs)


def test_exchanges_of_l1_0_and_none_of_nd2fe14b(prototypes: dict[str, Prototype]) -> None:
    assert template(prototypes["L1_0-FePt"]).exchanges == ((0, 1), (1, 0))
    assert len(template(prototypes["Nd2Fe14B"]).exchanges) == 1


@pytest.mark.parametrize("name", ["Th2Zn17", "InverseHeusler", "Magnetoplumbite"])
def test_every_swap_is_a_permutation_that_keeps_distances(prototypes: dict[str, Prototype], name: str) -> None:
    shape = template(prototypes[name])
    difference = shape.frac[:, None] - shape.frac[None]
    difference -= np.rint(difference)
    # Wrapped vectors are not always the shortest, so compare the nearest neighbours only.
    near = np.sort(np.linalg.norm(difference @ shape.lattice, axis=2), axis=1)[:, 1]
    for swap in shape.swaps:
        assert sorted(swap.tolist()) == list(range(len(swap)))
        assert near[swap] == pytest.approx(near, abs=0.25)


def test_sites_without_the_stated_symmetry_are_refused(prototypes: dict[str, Prototype]) -> None:
    wrong = dataclasses.replace(prototypes["L1_0-FePt"], space_group=47)
    with pytest.raises(RequestError, match="space group 123, not 47"):
        template(wrong)
