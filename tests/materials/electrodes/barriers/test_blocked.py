"""Ions that cannot leave: by their energy on the way, not by the width of the passage alone."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from screening.crystals import Crystal
from screening.materials.electrodes.barriers.blocked import is_blocked
from screening.materials.electrodes.end_members.pair import ElectrodePair
from screening.materials.electrodes.end_members.pair_search import find_pair
from screening.materials.electrodes.end_members.pathways import is_narrow

Make = Callable[[str], Crystal]


@pytest.mark.ci
@pytest.mark.parametrize(
    ("name", "ion", "blocked"),
    [("maricite NaFePO4", "Na", True), ("marokite CaMn2O4", "Ca", True), ("post-spinel CaV2O4", "Ca", False)],
)
def test_narrow_passages_are_told_apart(drawn: Make, name: str, ion: str, blocked: bool) -> None:
    crystal = drawn(name)
    assert is_narrow(crystal, ion)
    assert is_blocked(crystal, ion) is blocked
    pair = find_pair(crystal, ion)
    assert isinstance(pair, ElectrodePair)
    assert ("ion_sites_blocked" in pair.flags) is blocked


@pytest.mark.parametrize("name", ["LiFePO4", "LiCoO2", "NaFeO2", "NaMnO2", "LiMn2O4", "V2O5"])
def test_electrodes_are_open(known: Make, name: str) -> None:
    pair = find_pair(known(name))
    assert isinstance(pair, ElectrodePair)
    assert "ion_sites_blocked" not in pair.flags
