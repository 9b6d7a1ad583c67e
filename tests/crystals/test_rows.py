"""What a row may say of itself."""

from __future__ import annotations

import numpy as np

from screening.crystals.rows import read_row


def test_a_row_may_say_that_it_is_an_ordered_approximant_and_nothing_else() -> None:
    row = {"lattice": np.eye(3).tolist(), "species": ["Fe"], "frac": [[0, 0, 0]]}
    assert read_row({**row, "flags": ["ordered_approximant", "approved"]}).flags == ("ordered_approximant",)
    assert read_row({**row, "flags": 3}).flags == ()
    assert read_row({"structure": row, "flags": ["ordered_approximant"]}).flags == ("ordered_approximant",)
