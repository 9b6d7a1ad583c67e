"""Pairs as columns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from math import nan

from screening.crystals import Crystal
from screening.crystals.electrodes.pair import ElectrodePair
from screening.crystals.electrodes.pairs import find_pair
from screening.crystals.electrodes.table import COLUMNS, pair_columns


def test_pairs_and_refusals_become_columns(known: Callable[[str], Crystal]) -> None:
    pair, none = find_pair(known("LiFePO4")), find_pair(known("LiF"))
    assert isinstance(pair, ElectrodePair)
    unknown = replace(pair, n_ions_extractable=nan, flags=("redox_limited", "no_room"))
    columns = pair_columns([pair, none, unknown])
    assert tuple(columns) == COLUMNS
    assert columns["discharged_cell_formula"] == ["Li4Fe4P4O16", None, "Li4Fe4P4O16"]
    assert columns["charged_cell_formula"][0] == "Fe4P4O16"
    assert columns["n_ions_removed"] == [4.0, None, 4.0]
    assert columns["n_ions_extractable"] == [4.0, None, None]
    assert columns["pair_flags"] == ["", "not_an_electrode", "redox_limited;no_room"]
    assert columns["pair_reason"][0] is None
    assert "LiF is no electrode" in str(columns["pair_reason"][1])
    assert pair_columns([]) == {name: [] for name in COLUMNS}
