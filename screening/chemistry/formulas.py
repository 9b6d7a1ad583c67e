"""Formulas as people write them in tables of measurements: brackets, fractions, alloys."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from screening.chemistry.element_table import N_ELEMENTS, Floats
from screening.chemistry.elements import ATOMIC_NUMBERS

_TOKEN = re.compile(r"[A-Z][a-z]?|[()\[\]{}]|\d+\.?\d*|\.\d+")
_CLOSING = {"(": ")", "[": "]", "{": "}"}
_LONGEST = 200
_LARGEST = 1e6

Amounts = tuple[tuple[int, float], ...]


def formula_counts(formulas: Sequence[str]) -> Floats:
    """Atoms of each element, (B, 119), as written (not reduced); a row of NaN where the text is no formula."""
    counts = np.zeros((len(formulas), N_ELEMENTS))
    for row, formula in enumerate(formulas):
        amounts = parse_formula(formula)
        if amounts is None:
            counts[row] = np.nan
            continue
        for number, amount in amounts:
            counts[row, number] = amount
    return counts


@lru_cache(maxsize=65536)
def parse_formula(formula: str) -> Amounts | None:
    """(atomic number, amount) of each element of `(Nd0.5Pr0.5)2Fe14B`; None where the text is no formula.

    Deuterium (`D`) counts as hydrogen. Placeholders (`RE`, `M`), an unknown `x` and other signs are none.
    """
    text = formula.replace(" ", "")
    tokens = _TOKEN.findall(text) if len(text) <= _LONGEST else []
    if not tokens or "".join(tokens) != text:
        return None
    amounts, rest = _group(tokens)
    if amounts is None or rest or not 0 < sum(amounts.values()) < _LARGEST:
        return None
    return tuple(sorted((number, amount) for number, amount in amounts.items() if amount > 0))


def _group(tokens: list[str]) -> tuple[dict[int, float] | None, list[str]]:
    """The amounts up to the end or a closing bracket, and the tokens from there on."""
    amounts: dict[int, float] = {}
    while tokens and tokens[0] not in _CLOSING.values():
        first, tokens = tokens[0], tokens[1:]
        part: dict[int, float] | None
        if first in _CLOSING:
            part, tokens = _group(tokens)
            if not tokens or tokens[0] != _CLOSING[first]:
                return None, tokens
            tokens = tokens[1:]
        else:
            number = ATOMIC_NUMBERS.get("H" if first == "D" else first)
            part = None if number is None else {number: 1.0}
        if part is None:
            return None, tokens
        factor = 1.0
        if tokens and tokens[0][0] in ".0123456789":
            factor, tokens = float(tokens[0]), tokens[1:]
        for number, amount in part.items():
            amounts[number] = amounts.get(number, 0.0) + factor * amount
    return amounts, tokens
