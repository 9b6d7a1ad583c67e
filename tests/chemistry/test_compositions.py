"""Count matrices from formulas and from crystals, and masses from these."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from screening.chemistry.compositions import chemical_system, count_matrix, formula_counts, mass_fractions
from screening.chemistry.elements import ATOMIC_NUMBERS, N_ELEMENTS, atomic_masses, indicator
from screening.errors import RequestError

SOME = ["Li", "C", "O", "Co", "Cs", "Sc", "S", "Nd", "N", "Ne", "B"]


@given(st.dictionaries(st.sampled_from(SOME), st.integers(1, 500), min_size=1))
def test_a_row_has_the_counts_of_its_formula(cell: dict[str, int]) -> None:
    formula = "".join(symbol + (str(count) if count > 1 else "") for symbol, count in cell.items())
    row = count_matrix([formula])[0]
    assert {symbol: row[ATOMIC_NUMBERS[symbol]] for symbol in cell} == cell
    assert row.sum() == sum(cell.values())
    assert chemical_system(row) == "-".join(sorted(cell))
    assert row @ indicator(cell) == row.sum()


@pytest.mark.parametrize("text", ["", "nd2", "Xx3", "Fe-2", None])
def test_text_that_is_no_formula_is_refused_or_nan(text: str) -> None:
    with pytest.raises(RequestError, match="cell_formula: expected a formula"):
        count_matrix(["Fe", text])
    counts = formula_counts(["Fe", text])
    assert counts[0].sum() == 1 and np.isnan(counts[1]).all()


def test_no_formula_at_all() -> None:
    assert count_matrix([]).shape == (0, N_ELEMENTS)


def test_masses_agree_with_pymatgen() -> None:
    from pymatgen.core import Composition

    for formula in ("Nd2Fe14B", "LiFePO4", "PtCo"):
        assert count_matrix([formula])[0] @ atomic_masses() == pytest.approx(Composition(formula).weight, rel=1e-4)


def test_mass_fractions_sum_to_one() -> None:
    assert mass_fractions(count_matrix(["Nd8Fe56B4", "O2"])).sum(axis=1) == pytest.approx([1, 1])
