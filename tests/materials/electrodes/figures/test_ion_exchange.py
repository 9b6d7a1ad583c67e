"""Crystals that are only made by ion exchange: by formula and structure, not by formula alone."""

from __future__ import annotations

import polars as pl
import pytest

from screening.chemistry.compositions import count_matrix
from screening.materials.electrodes.figures.ion_exchange import exchange_possible, made_by_ion_exchange


def marked(formula: str, group: int | None, flags: str = "") -> bool:
    table = pl.DataFrame(
        {"space_group_number": [group], "flags": [flags]}, schema_overrides={"space_group_number": pl.Int32}
    )
    return bool(made_by_ion_exchange(count_matrix([formula]), table)[0])


@pytest.mark.parametrize(
    ("formula", "group", "expected"),
    [
        ("Li2Mn2O4", 12, True),  # a larger cell of layered LiMnO2
        ("LiMnO2", 59, False),  # the orthorhombic one is made directly
        ("LiMnO2", None, False),
        ("LiFeO2", 166, True),
        ("LiFeO2", 225, False),
        ("LiCoO2", 186, True),
        ("LiCoO2", 166, False),
        ("NaMnO2", 12, False),
    ],
)
def test_the_structure_decides(formula: str, group: int | None, expected: bool) -> None:
    assert marked(formula, group) == expected


def test_maricite_of_the_same_space_group_is_made_directly() -> None:
    assert marked("Na4Fe4P4O16", 62)
    assert not marked("Na4Fe4P4O16", 62, "unstable;ion_sites_blocked")


def test_only_listed_compositions_ask_for_their_symmetry() -> None:
    assert exchange_possible(count_matrix(["LiMnO2", "LiMn2O4", "Li2FePO4F"])).tolist() == [True, False, True]
    assert not made_by_ion_exchange(count_matrix(["LiMnO2"]), pl.DataFrame({"flags": [""]})).any()
