"""Chemical formulas: parsed from text, and written from atomic numbers."""

from __future__ import annotations

import re
from functools import lru_cache
from math import gcd

import numpy as np
from numpy.typing import NDArray

from screening.chemistry.elements import ATOMIC_NUMBERS, SYMBOLS

_TOKEN = re.compile(r"[A-Z][a-z]?|[()\[\]{}]|\d+\.?\d*|\.\d+")
_CLOSING = {"(": ")", "[": "]", "{": "}"}
_LONGEST = 200
_LARGEST = 1e6

# Symbols of a formula are ordered by Pauling electronegativity (CRC Handbook of Chemistry and Physics), as chemists and
# pymatgen do; noble gases and elements without a value go last.
_PAULING = {
    1: 2.20, 3: 0.98, 4: 1.57, 5: 2.04, 6: 2.55, 7: 3.04, 8: 3.44, 9: 3.98, 11: 0.93, 12: 1.31, 13: 1.61,
    14: 1.90, 15: 2.19, 16: 2.58, 17: 3.16, 19: 0.82, 20: 1.00, 21: 1.36, 22: 1.54, 23: 1.63, 24: 1.66,
    25: 1.55, 26: 1.83, 27: 1.88, 28: 1.91, 29: 1.90, 30: 1.65, 31: 1.81, 32: 2.01, 33: 2.18, 34: 2.55,
    35: 2.96, 36: 3.00, 37: 0.82, 38: 0.95, 39: 1.22, 40: 1.33, 41: 1.6, 42: 2.16, 43: 1.9, 44: 2.2,
    45: 2.28, 46: 2.20, 47: 1.93, 48: 1.69, 49: 1.78, 50: 1.96, 51: 2.05, 52: 2.1, 53: 2.66, 54: 2.6,
    55: 0.79, 56: 0.89, 57: 1.10, 58: 1.12, 59: 1.13, 60: 1.14, 61: 1.13, 62: 1.17, 63: 1.2, 64: 1.20,
    65: 1.1, 66: 1.22, 67: 1.23, 68: 1.24, 69: 1.25, 70: 1.1, 71: 1.27, 72: 1.3, 73: 1.5, 74: 2.36,
    75: 1.9, 76: 2.2, 77: 2.20, 78: 2.28, 79: 2.54, 80: 2.00, 81: 1.62, 82: 2.33, 83: 2.02, 84: 2.0,
    85: 2.2, 87: 0.7, 88: 0.9, 89: 1.1, 90: 1.3, 91: 1.5, 92: 1.38, 93: 1.36, 94: 1.28, 95: 1.3,
}  # fmt: skip
_ORDER = np.array([_PAULING.get(z, 9.0) for z in range(len(SYMBOLS))])

Amounts = tuple[tuple[int, float], ...]


@lru_cache(maxsize=65536)
def parse_formula(formula: str | None) -> Amounts | None:
    """Atomic number and amount of each element in a formula such as `(Nd0.5Pr0.5)2Fe14B`.

    Deuterium (`D`) counts as hydrogen.

    Returns:
        Pairs sorted by atomic number; None if the text is not a formula, for example because of placeholders (`RE`,
        `M`) or an unknown amount `x`.
    """
    text = (formula or "").replace(" ", "")
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


def reduced_formula(numbers: NDArray[np.integer]) -> str:
    """Reduced formula of atomic numbers, electropositive elements first: `Nd2Fe14B`."""
    counts = np.bincount(numbers, minlength=1)
    present = np.flatnonzero(counts)
    return _formula(tuple((int(z), int(counts[z])) for z in present), True)


def cell_formula(numbers: NDArray[np.integer]) -> str:
    """Formula of the whole cell, not reduced: `Nd8Fe56B4`."""
    counts = np.bincount(numbers, minlength=1)
    present = np.flatnonzero(counts)
    return _formula(tuple((int(z), int(counts[z])) for z in present), False)


def formula_of(amounts: Amounts, digits: int = 4) -> str:
    """Formula of amounts that may be fractions, electropositive elements first: `Nd1.6Ce0.4Fe14B`."""
    ordered = sorted(amounts, key=lambda item: (_ORDER[item[0]], SYMBOLS[item[0]]))
    return "".join(SYMBOLS[z] + _amount(amount, digits) for z, amount in ordered)


def _amount(amount: float, digits: int) -> str:
    """One is not written; small amounts are written without an exponent, which no formula has."""
    decimals = max(0, digits - 1 - int(np.floor(np.log10(amount))))
    text = f"{amount:.{decimals}f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "" if text == "1" else text


@lru_cache(maxsize=65536)
def _formula(items: tuple[tuple[int, int], ...], reduce: bool) -> str:
    divisor = gcd(*(count for _, count in items)) if reduce else 1
    ordered = sorted(items, key=lambda item: (_ORDER[item[0]], SYMBOLS[item[0]]))
    return "".join(SYMBOLS[z] + (str(count // divisor) if count > divisor else "") for z, count in ordered)
