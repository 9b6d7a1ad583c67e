"""Ids, flags and space groups in rows."""

from __future__ import annotations

import numpy as np
import pytest

from screening.crystals.reading.rows import read_row


def test_a_row_may_say_that_it_is_an_ordered_approximant_and_nothing_else() -> None:
    row = {"lattice": np.eye(3).tolist(), "species": ["Fe"], "frac": [[0, 0, 0]]}
    assert read_row({**row, "flags": ["ordered_approximant", "approved"]}).flags == ("ordered_approximant",)
    assert read_row({**row, "flags": 3}).flags == ()
    assert read_row({"structure": row, "flags": ["ordered_approximant"]}).flags == ("ordered_approximant",)


@pytest.mark.parametrize(
    ("remarks", "group"),
    [
        ({"flags": ["ordered_approximant"], "parent_space_group": 139}, 139),
        ({"parent_space_group": 139}, None),
        ({"flags": [], "parent_space_group": 139}, None),
        *(
            ({"flags": ["ordered_approximant"], "parent_space_group": bad}, None)
            for bad in (0, 231, -1, True, "139", 1.5)
        ),
    ],
)
def test_only_an_approximant_stands_for_another_space_group(remarks: dict[str, object], group: int | None) -> None:
    row = {"lattice": np.eye(3).tolist(), "species": ["Fe"], "frac": [[0, 0, 0]]}
    assert read_row({**row, **remarks}).parent_space_group == group
    assert read_row({"structure": row, **remarks}).parent_space_group == group
