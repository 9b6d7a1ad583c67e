"""Compounds that a fit learns nothing from: the file of the key `exclude`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from screening.array_types import Floats, Mask
from screening.chemistry.compositions import formula_counts
from screening.chemistry.formulas import parse_formula
from screening.errors import RequestError

EXCLUDE_HELP = "text file with formulas, one a line, of compounds to learn nothing from"
_DECIMALS = 3


def formulas_to_exclude(file: str | None) -> tuple[str, ...]:
    """The formulas in the file of the key `exclude`, one a line; none without a file.

    Raises:
        RequestError: The file cannot be read, or a line is no formula.
    """
    if file is None:
        return ()
    try:
        lines = Path(file).read_text(encoding="utf-8").split()
    except (OSError, UnicodeDecodeError) as error:
        raise RequestError(f"exclude={file}: cannot be read ({error})") from None
    if wrong := [line for line in lines if parse_formula(line) is None]:
        raise RequestError(f"exclude={file}: expected one formula a line, got {wrong[0]!r}")
    return tuple(lines)


def excluded_words(training: Mapping[str, Any]) -> str:
    """How many compounds were kept out of a fit; empty if none."""
    count = training.get("excluded")
    return f" Nothing was learned from the {count} compounds in FILE, which are kept for acceptance." if count else ""


def of_excluded(counts: Floats, excluded: Sequence[str]) -> Mask:
    """Which compositions are those of excluded formulas, (B,).

    Args:
        counts: Atoms of each element, (B, 119).
        excluded: Formulas.
    """
    hidden = {_composition(row) for row in formula_counts(excluded)}
    return np.array([_composition(row) in hidden for row in counts], dtype=bool)


def _composition(counts: Floats) -> bytes:
    fractions = np.round(np.nan_to_num(counts) / max(float(np.nansum(counts)), 1e-12), _DECIMALS)
    return fractions.astype(np.float32).tobytes()
