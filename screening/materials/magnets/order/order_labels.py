"""The magnetic order of a compound in each source, before the sources are combined.

MAGNDATA (Gallego et al., J. Appl. Cryst. 49, 1750 (2016)) has moments as vectors, calculations of the Materials Project
have signed collinear moments. NEMAD (Itani et al., arXiv:2409.15675) and collections of Curie temperatures only show
whether a formula was reported with a Curie or a Néel point.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from math import gcd, lcm
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from screening.chemistry.elements import ATOMIC_NUMBERS
from screening.chemistry.formulas import parse_formula
from screening.crystals.crystal import Crystal
from screening.data.raw_tables import json_rows, read_csv
from screening.errors import RequestError

CLASSES = ("ferromagnetic", "ferrimagnetic", "antiferromagnetic", "nonmagnetic")
FERRO, FERRI, ANTIFERRO, NONE = range(len(CLASSES))

LEAST_MOMENT_MUB = 0.25
"""Calculations with no larger site moment count as nonmagnetic."""
CANTED_BELOW = 0.1
"""Largest net moment over the sum of moments of weak ferromagnets, such as the canted antiferromagnets of MAGNDATA."""
OPPOSED_ABOVE = 0.1
"""Least sum of antiparallel moments over the sum of parallel moments in a ferrimagnet."""

Key = tuple[tuple[int, int], ...]
"""A composition: (atomic number, count) with counts divided by their greatest common divisor."""


@dataclass(frozen=True)
class MagneticCrystal:
    """A crystal with the moment of each site in µB: signed (n_atoms,) or as vectors (n_atoms, 3)."""

    crystal: Crystal
    moment_muB: NDArray[np.float64]
    mp_id: str | None = None


@dataclass(frozen=True)
class Reports:
    """The reports about a formula: how many name only a Curie point, and how many only a Néel point."""

    curie: int = 0
    neel: int = 0


def order_of_moments(moments_muB: NDArray[np.float64], least_muB: float = 0.0) -> int:
    """The class of an arrangement of moments.

    Compensated or canted moments (net moment below a tenth of the sum) are antiferromagnetic. Otherwise they are
    ferrimagnetic if some oppose the net moment, and ferromagnetic if none does and the net moment is at least half of
    the sum; a smaller net moment comes from canting and counts as antiferromagnetic.

    Args:
        moments_muB: Signed (n,) or vectors (n, 3), in µB.
        least_muB: Nonmagnetic if no moment is larger.

    Returns:
        An index of `CLASSES`.
    """
    vectors = moments_muB if moments_muB.ndim == 2 else moments_muB[:, None]
    sizes = np.linalg.norm(vectors, axis=1)
    if sizes.max(initial=0.0) <= least_muB:
        return NONE
    net = vectors.sum(axis=0)
    ratio = np.linalg.norm(net) / sizes.sum()
    if ratio < CANTED_BELOW:
        return ANTIFERRO
    along = vectors @ (net / np.linalg.norm(net))
    if -along[along < 0].sum() > OPPOSED_ABOVE * along[along > 0].sum():
        return FERRI
    return FERRO if ratio >= 0.5 else ANTIFERRO


def composition_key(amounts: Iterable[tuple[int, float]], largest_denominator: int = 24) -> Key | None:
    """The key of a composition; None if its amounts are not fractions with small denominators, as in any crystal."""
    items = [(number, amount) for number, amount in amounts if amount > 0]
    if not items:
        return None
    fractions = [Fraction(amount).limit_denominator(largest_denominator) for _, amount in items]
    close = all(abs(float(f) - amount) <= 1e-3 * amount for f, (_, amount) in zip(fractions, items, strict=True))
    if not close:
        return None
    common = lcm(*(f.denominator for f in fractions))
    counts = [int(f * common) for f in fractions]
    divisor = gcd(*counts)
    return tuple(sorted((number, count // divisor) for (number, _), count in zip(items, counts, strict=True)))


def crystal_key(numbers: NDArray[np.integer]) -> Key:
    """The key of a crystal, by the atomic numbers of its atoms."""
    present, counts = np.unique(numbers, return_counts=True)
    divisor = gcd(*counts.tolist())
    return tuple(zip(present.tolist(), (counts // divisor).tolist(), strict=True))


def read_nemad(file: Path) -> dict[Key, Reports]:
    """Reports by composition, from the columns `formula, curie_K, neel_K, experimental` of a CSV file.

    Calculated values are left out, and so are reports with both points, which do not show the ground state.

    Raises:
        RequestError: The file is missing or is no such table.
    """
    table = read_csv(file, ["formula", "curie_K", "neel_K", "experimental"])
    measured = table.filter(pl.col("experimental").fill_null("").str.to_lowercase() != "false")
    curie, neel = (measured[c].cast(pl.Float64, strict=False).fill_null(0) > 0 for c in ("curie_K", "neel_K"))
    rows = zip(measured["formula"].to_list(), curie.to_list(), neel.to_list(), strict=True)
    return _count((formula, is_curie) for formula, is_curie, is_neel in rows if is_curie != is_neel)


def read_curie(file: Path) -> dict[Key, Reports]:
    """Reports by composition, from the columns `formula, curie_temperature_K` of a CSV file.

    Raises:
        RequestError: The file is missing or is no such table.
    """
    table = read_csv(file, ["formula", "curie_temperature_K"])
    return _count((formula, True) for formula in table["formula"].to_list())


def read_magndata(file: Path) -> Iterator[MagneticCrystal]:
    """Measured structures, from rows `entry, lattice, species, frac, moment_muB`.

    Raises:
        RequestError: The file is missing or cannot be read.
    """
    for row in json_rows(file):
        yield _magnetic_crystal(row, f"magndata-{row.get('entry')}", "moment_muB", file)


def read_site_moments(file: Path) -> Iterator[MagneticCrystal]:
    """Calculated structures, from rows `id, mp_id, lattice, species, frac, magmom_muB`.

    Raises:
        RequestError: The file is missing or cannot be read.
    """
    for row in json_rows(file):
        yield _magnetic_crystal(row, f"moments-{row.get('id')}", "magmom_muB", file)


def _count(reports: Iterable[tuple[str, bool]]) -> dict[Key, Reports]:
    found: dict[Key, Reports] = {}
    for formula, is_curie in reports:
        amounts = parse_formula(formula or "")
        key = None if amounts is None else composition_key(amounts)
        if key is not None:
            known = found.get(key, Reports())
            found[key] = Reports(known.curie + is_curie, known.neel + (not is_curie))
    return found


def _magnetic_crystal(row: dict[str, Any], name: str, moments: str, file: Path) -> MagneticCrystal:
    try:
        numbers = [ATOMIC_NUMBERS[symbol] for symbol in row["species"]]
        crystal = Crystal.from_arrays(name, row["lattice"], numbers, row["frac"])
        moment = np.asarray(row[moments], dtype=np.float64)
    except (KeyError, ValueError, TypeError) as error:
        raise RequestError(f"{file}: row {name}: {error!r}") from None
    if moment.shape not in {(len(numbers),), (len(numbers), 3)}:
        raise RequestError(f"{file}: row {name}: expected {len(numbers)} moments, got an array of {moment.shape}")
    return MagneticCrystal(crystal, moment, row.get("mp_id"))
