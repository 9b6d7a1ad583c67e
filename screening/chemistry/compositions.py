"""Compositions as count matrices: atoms of each element, a row for each crystal or formula."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from screening.array_types import Floats
from screening.chemistry.elements import N_ELEMENTS, SYMBOLS, atomic_masses
from screening.chemistry.formulas import parse_formula
from screening.errors import RequestError


def count_matrix(formulas: Sequence[str]) -> Floats:
    """Atoms of each element in formulas as written, such as `Nd8Fe56B4`.

    Args:
        formulas: B formulas.

    Returns:
        (B, 119) counts, not reduced; the column is the atomic number.

    Raises:
        RequestError: A text is not a formula.
    """
    counts = formula_counts(formulas)
    wrong = np.flatnonzero(np.isnan(counts[:, 0]))
    if len(wrong):
        raise RequestError(f"cell_formula: expected a formula such as Nd8Fe56B4, got {formulas[wrong[0]]!r}")
    return counts


def formula_counts(formulas: Sequence[str]) -> Floats:
    """As `count_matrix`, but with a row of NaN for text that is not a formula."""
    counts = np.zeros((len(formulas), N_ELEMENTS))
    for row, formula in enumerate(formulas):
        amounts = parse_formula(formula)
        if amounts is None:
            counts[row] = np.nan
            continue
        for number, amount in amounts:
            counts[row, number] = amount
    return counts


def mass_fractions(counts: Floats) -> Floats:
    """(B, 119) mass fraction of each element, from counts of atoms (B, 119)."""
    masses = counts * atomic_masses()
    return np.asarray(masses / masses.sum(axis=1, keepdims=True))


def chemical_system(counts: Iterable[float]) -> str:
    """Sorted symbols of the elements in a row of counts: `Co-Sm`."""
    return "-".join(sorted(SYMBOLS[z] for z, count in enumerate(counts) if count > 0))
