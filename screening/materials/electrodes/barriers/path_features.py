"""Descriptors of migration paths for the learned barrier.

They do not depend on how the cell is chosen and turned, on the order of the atoms, or on the direction of the path.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from screening.array_types import Floats
from screening.chemistry.element_table import element_table
from screening.chemistry.elements import ATOMIC_NUMBERS, N_ELEMENTS, SYMBOLS
from screening.crystals.prototypes.ions import Ion, ionic_radius
from screening.materials.arrays import FEATURE_DECIMALS
from screening.materials.electrodes.barriers.migration_path import MIGRATING_CHARGES, MigrationPath
from screening.materials.electrodes.barriers.narrows import AT_PLACE, at_places
from screening.materials.electrodes.barriers.rigid_path import N_PLACES, PathSurroundings, bent, evenly
from screening.materials.electrodes.end_members.windows import ANION_CHARGES
from screening.tabular.composition_features import composition_features, composition_names

_SUMMARIES = ("lower end", "upper end", "middle", "least", "greatest", "mean between")
_LINES = ("straight", "bent")
_ENERGIES = ("greatest - least", "greatest - lower end", "greatest - upper end", "ends", "middle", "between", "dip")
_ANIONS = ("O", "S", "Se", "Te", "F", "Cl", "N", "Br")
_PARTNERS = ("P", "Si", "S", "B", "V", "Mn", "Fe", "Ti", "Co", "Cr", "Ni", "Li", "Na")
_PLAIN = (
    "length_A", "detour", "volume per atom", "volume per anion", "ions per atom", "charge", "radius_A",
    "electronegativity", "atomic number", "mean charge of cations", "greatest charge", "mean radius of anions",
)  # fmt: skip
_SMALL_EV = 0.05


@lru_cache(maxsize=1)
def path_feature_names() -> tuple[str, ...]:
    """The columns of `path_features`."""
    return (
        *(f"{line}: {summary} {name}" for line in _LINES for summary in _SUMMARIES for name in AT_PLACE),
        *(f"{line}: {name}" for line in _LINES for name in _ENERGIES),
        *_PLAIN,
        *(f"is {ion}" for ion in MIGRATING_CHARGES),
        *(f"share of {symbol} in anions" for symbol in _ANIONS),
        *(f"{symbol} per anion" for symbol in _PARTNERS),
        *composition_names(),
    )


def path_features(paths: Sequence[MigrationPath]) -> Floats:
    """(B, F) columns `path_feature_names` of paths that `check_path` has nothing against; 0 where one means nothing."""
    if not paths:
        return np.zeros((0, len(path_feature_names())))
    counts = np.stack([np.bincount(path.numbers, minlength=N_ELEMENTS) for path in paths]).astype(np.float64)
    own = np.stack([_own(path, count) for path, count in zip(paths, counts, strict=True)])
    found = np.hstack([own, np.nan_to_num(composition_features(counts))])
    return np.asarray(np.round(found, FEATURE_DECIMALS))


def _own(path: MigrationPath, counts: Floats) -> Floats:
    """Of one path, with the atoms of each element in its frame, (119,): all but those of the composition."""
    around = PathSurroundings.of(path)
    straight, curved = evenly(path.points_A, N_PLACES), bent(around, path.points_A)
    places = [_summary(at_places(around, path.ion, line)) for line in (straight, curved)]
    energies = [_of_energies(around.energies(line)) for line in (straight, curved)]
    detour = _length(curved) / path.length_A
    return np.concatenate([*places, *energies, _plain(path, counts, around.charges, detour)])


def _summary(values: Floats) -> Floats:
    """Of columns at the places of a path, (k, c), the same from either end: (6 c,)."""
    ends = np.sort(values[[0, -1]], axis=0)
    inner = values[1:-1]
    return np.concatenate(
        [ends[0], ends[1], values[len(values) // 2], values.min(axis=0), values.max(axis=0), inner.mean(axis=0)]
    )


def _of_energies(energies: Floats) -> Floats:
    """(7,) differences in eV between the energies along a path, (k,), the same from either end."""
    lower, upper = min(energies[0], energies[-1]), max(energies[0], energies[-1])
    inner, top, least = energies[1:-1], energies.max(), energies.min()
    rises = np.array([top - least, top - lower, top - upper, inner.max() - inner.min()])
    most, from_lower, from_upper, between = np.log(np.maximum(rises, 0.0) + _SMALL_EV)
    middle = energies[len(energies) // 2] - (lower + upper) / 2
    return np.array([most, from_lower, from_upper, upper - lower, middle, between, lower - least])


def _plain(path: MigrationPath, counts: Floats, charges: Floats, detour: float) -> Floats:
    """Of the path as a whole, its ion, and the elements of its frame with counts and charges (119,)."""
    charge = MIGRATING_CHARGES[path.ion]
    volume = float(abs(np.linalg.det(path.lattice)))
    anions, cations = np.where(charges < 0, counts, 0.0), np.where(charges > 0, counts, 0.0)
    n_anions = max(float(anions.sum()), 1.0)
    number = ATOMIC_NUMBERS[path.ion]
    plain = (
        path.length_A,
        detour,
        volume / counts.sum(),
        volume / n_anions,
        counts[number] / counts.sum(),
        charge,
        ionic_radius(Ion(path.ion, charge), "VI"),
        element_table().column("electronegativity_pauling")[number],
        number,
        float(cations @ charges) / max(float(cations.sum()), 1.0),
        float(charges[cations > 0].max(initial=0.0)),
        float(anions @ _anion_radii()) / n_anions,
    )
    return np.concatenate(
        [
            plain,
            [float(path.ion == ion) for ion in MIGRATING_CHARGES],
            [anions[ATOMIC_NUMBERS[symbol]] / n_anions for symbol in _ANIONS],
            [counts[ATOMIC_NUMBERS[symbol]] / n_anions for symbol in _PARTNERS],
        ]
    )


@lru_cache(maxsize=1)
def _anion_radii() -> Floats:
    radii = np.zeros(len(SYMBOLS))
    for symbol, charge in ANION_CHARGES.items():
        radii[ATOMIC_NUMBERS[symbol]] = ionic_radius(Ion(symbol, charge), "VI")
    return radii


def _length(places: Floats) -> float:
    return float(np.linalg.norm(np.diff(places, axis=0), axis=1).sum())
