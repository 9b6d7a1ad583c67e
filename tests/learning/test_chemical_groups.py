"""Groups of known formulas are those a chemist expects; only large cells depend on the size of the cell."""

from __future__ import annotations

import numpy as np
import pytest
from helpers.crystals import cubic, random_crystal, supercell

from screening.chemistry.elements import ATOMIC_NUMBERS
from screening.crystals.packed import pack
from screening.learning.chemical_groups import GROUPS, LARGE_CELL_ATOMS, group_masks


def groups_of(**counts: int) -> set[str]:
    row = np.zeros((1, 119))
    for symbol, count in counts.items():
        row[0, ATOMIC_NUMBERS[symbol]] = count
    return {name for name, mask in group_masks(row).items() if mask[0]}


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        ({"Nd": 8, "Fe": 56, "B": 4}, {"rare-earth intermetallics", "cells above 60 atoms"}),
        ({"Y": 1, "Co": 5}, {"rare-earth intermetallics"}),
        ({"Sc": 1, "Ni": 1}, {"rare-earth intermetallics"}),
        ({"Fe": 1, "Pt": 1}, {"other intermetallics"}),
        ({"Nd": 1}, {"elements"}),
        ({"Li": 1, "Co": 1, "O": 2}, {"3d oxides", "Li/Na compounds"}),
        ({"Na": 1, "Cl": 1}, {"halides", "Li/Na compounds"}),
        ({"Zn": 1, "O": 1}, {"other oxides"}),
        ({"Ce": 1, "O": 2}, {"f-electron oxides"}),
        ({"Gd": 3, "Fe": 5, "O": 12}, {"3d oxides", "f-electron oxides"}),
        ({"La": 2, "O": 3}, {"other oxides"}),
        ({"Fe": 1, "O": 1, "Cl": 1}, {"3d oxides", "halides"}),
        ({"Sm": 1, "S": 1}, {"sulfides, selenides, tellurides"}),
        ({"Fe": 2, "P": 1}, {"nitrides, phosphides, arsenides"}),
        ({"Sm": 2, "Fe": 17, "N": 3}, {"nitrides, phosphides, arsenides"}),
        ({"C": 60}, {"elements"}),
        ({"C": 61}, {"elements", "cells above 60 atoms"}),
        ({"Ba": 1, "S": 1, "O": 4}, {"other oxides"}),
    ],
)  # fmt: skip
def test_known_formulas(formula: dict[str, int], expected: set[str]) -> None:
    assert groups_of(**formula) == expected


def test_counts_and_a_larger_cell_of_the_same_crystal() -> None:
    rng = np.random.default_rng(0)
    crystals = [random_crystal(rng, int(rng.integers(1, 8)), (3, 8, 9, 26, 60, 7)) for _ in range(40)]
    counts = pack(crystals).element_counts()
    assert counts.shape == (40, 119)
    for row, crystal in zip(counts, crystals, strict=True):
        assert np.array_equal(row, np.bincount(crystal.numbers, minlength=119))
    repeated = group_masks(pack([supercell(crystal, (2, 1, 1)) for crystal in crystals]).element_counts())
    for name, mask in group_masks(counts).items():
        if name != "cells above 60 atoms":
            assert np.array_equal(mask, repeated[name])


def test_large_cells_begin_above_the_limit() -> None:
    sizes = [groups_of(Fe=LARGE_CELL_ATOMS + more) for more in (0, 1)]
    assert ["cells above 60 atoms" in found for found in sizes] == [False, True]


def test_no_crystal_at_all_and_every_definition_is_explained() -> None:
    empty = group_masks(pack([]).element_counts())
    assert set(empty) == set(GROUPS) and all(mask.shape == (0,) for mask in empty.values())
    assert all(found.__doc__ for found in GROUPS.values())
    assert group_masks(pack([cubic(26, 2.87, "I")]).element_counts())["elements"].all()
