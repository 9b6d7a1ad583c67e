"""Crystals of known electrodes, built from their published cells."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from screening.crystals import Crystal
from screening.crystals.reading.wyckoff_table import has_ordered_cell, primitive_cell, read_rows
from screening.resources import resource


@pytest.fixture(scope="session")
def reference() -> dict[str, tuple[dict[str, str], Crystal]]:
    """Rows of the reference table with the crystals of the ordered ones, by name."""
    rows = read_rows(resource("datasets") / "reference" / "electrodes.csv")
    found = {row["name"]: (row, primitive_cell(row, "test")) for row in rows if has_ordered_cell(row)}
    return {name: (row, crystal) for name, (row, crystal) in found.items() if isinstance(crystal, Crystal)}


@pytest.fixture(scope="session")
def known(reference: dict[str, tuple[dict[str, str], Crystal]]) -> Callable[[str], Crystal]:
    """A crystal of the reference table of this name, or whose name begins so."""

    def find(start: str) -> Crystal:
        names = [start] if start in reference else [name for name in reference if name.startswith(start)]
        return reference[names[0]][1]

    return find
