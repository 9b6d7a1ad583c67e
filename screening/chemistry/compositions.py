"""Cell formulas as count matrices: atoms of each element in each cell."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from screening.chemistry.elements import ATOMIC_NUMBERS, SYMBOLS
from screening.errors import RequestError

N_ELEMENTS = len(SYMBOLS)
"""Columns of a count matrix: one per atomic number, column 0 unused."""

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

_TOKEN = re.compile(r"([A-Z][a-z]?)(\d*\.?\d*)")


def count_matrix(formulas: Sequence[str]) -> Floats:
    """Atoms of each element in each cell, (B, 119); row i belongs to `formulas[i]`, such as `Nd8Fe56B4`.

    Raises RequestError on text that is not a plain formula (no brackets).
    """
    counts = np.zeros((len(formulas), N_ELEMENTS))
    for row, formula in enumerate(formulas):
        for number, count in _parse(formula):
            counts[row, number] += count
    return counts


@lru_cache(maxsize=65536)
def _parse(formula: str) -> tuple[tuple[int, float], ...]:
    tokens = _TOKEN.findall(formula) if isinstance(formula, str) else []
    if not tokens or "".join(symbol + count for symbol, count in tokens) != formula:
        raise RequestError(f"cell_formula: expected a formula such as Nd8Fe56B4, got {formula!r}")
    unknown = [symbol for symbol, _ in tokens if symbol not in ATOMIC_NUMBERS]
    if unknown:
        raise RequestError(f"cell_formula: unknown element {unknown[0]} in {formula!r}")
    return tuple((ATOMIC_NUMBERS[symbol], float(count) if count else 1.0) for symbol, count in tokens)


def indicator(symbols: Iterable[str]) -> Floats:
    """A 0/1 vector over the elements, (119,); `counts @ indicator(...)` counts those atoms."""
    vector = np.zeros(N_ELEMENTS)
    vector[[ATOMIC_NUMBERS[symbol] for symbol in symbols]] = 1.0
    return vector
