"""Formulas are read as pymatgen reads them, and what we write is read back."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from screening.chemistry.elements import ATOMIC_NUMBERS, SYMBOLS
from screening.chemistry.formulas import cell_formula, parse_formula, reduced_formula

SOME = ["Li", "C", "O", "Co", "Cs", "Sc", "S", "Nd", "N", "Ne", "B", "Fe", "H", "U"]
counts = st.dictionaries(st.sampled_from(SOME), st.integers(1, 500), min_size=1)
amounts = st.sampled_from(["", "2", "14", "0.5", ".25", "3.0"])
plain = st.builds(str.__add__, st.sampled_from(SOME), amounts)


def bracketed(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Some formulas one after another in brackets, times an amount."""
    pairs = st.sampled_from(["()", "[]", "{}"])
    joined = st.lists(inner, min_size=1, max_size=3).map("".join)
    return st.builds(lambda pair, text, amount: f"{pair[0]}{text}{pair[1]}{amount}", pairs, joined, amounts)


texts = st.lists(st.recursive(plain, bracketed, max_leaves=5), min_size=1, max_size=4).map("".join)


def numbers_of(cell: dict[str, int]) -> np.ndarray:
    return np.repeat([ATOMIC_NUMBERS[symbol] for symbol in cell], list(cell.values()))


@given(texts)
def test_formulas_are_read_as_pymatgen_reads_them(text: str) -> None:
    from pymatgen.core import Composition

    found = parse_formula(text)
    assert found is not None
    assert dict(found) == pytest.approx({element.Z: amount for element, amount in Composition(text).items()})


@given(counts)
def test_a_cell_formula_is_read_back(cell: dict[str, int]) -> None:
    found = parse_formula(cell_formula(numbers_of(cell)))
    assert found is not None
    assert {SYMBOLS[number]: amount for number, amount in found} == cell


@given(counts)
def test_a_reduced_formula_is_that_of_pymatgen(cell: dict[str, int]) -> None:
    from pymatgen.core import Composition

    reduced = parse_formula(reduced_formula(numbers_of(cell)))
    factor = Composition(cell).get_reduced_composition_and_factor()[1]
    assert reduced is not None
    assert {SYMBOLS[number]: amount * np.gcd.reduce(list(cell.values())) for number, amount in reduced} == cell
    assert factor > 0


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("(Nd0.5Pr0.5)2Fe14B", {"Nd": 1, "Pr": 1, "Fe": 14, "B": 1}),
        ("Ca3[Al(OH)6]2", {"Ca": 3, "Al": 2, "O": 12, "H": 12}),
        ("D2 O", {"H": 2, "O": 1}),
        ("FeOFe", {"Fe": 2, "O": 1}),
        ("Fe2N0", {"Fe": 2}),
    ],
)
def test_known_formulas(text: str, expected: dict[str, float]) -> None:
    found = parse_formula(text)
    assert found is not None
    assert {SYMBOLS[number]: amount for number, amount in found} == expected


@pytest.mark.parametrize(
    "text",
    ["", "nd2", "RE2Fe14B", "Xx3", "Fe-2", "Fe2O3x", "LaMnO3-x", "(Fe", "Fe)2", "(Fe]2", "Fe0", "2", "O1e9", "(" * 300],
)
def test_text_that_is_no_formula(text: str) -> None:
    assert parse_formula(text) is None
