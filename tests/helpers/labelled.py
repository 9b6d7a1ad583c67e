"""A small store of labelled random crystals; labels follow from the crystals, so there is something to learn."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from helpers.crystals import random_crystal

from screening.crystals import Crystal
from screening.data.store import LabelledCrystal, Store, write_store

_ELEMENTS = (3, 8, 9, 11, 16, 22, 25, 26, 27, 28)


def labelled_crystal(crystal: Crystal) -> LabelledCrystal:
    """Labels made up from composition and density."""
    electronegative = float(np.isin(crystal.numbers, (8, 9, 16)).mean())
    iron = np.isin(crystal.numbers, (25, 26, 27))
    labels = {
        "formation_energy_eV_per_atom": -3.0 * electronegative + 0.01 * crystal.volume_A3 / crystal.n_atoms,
        "energy_above_hull_eV_per_atom": abs(0.5 - electronegative) * 0.2,
        "band_gap_eV": 4.0 * electronegative if electronegative > 0.4 else 0.0,
        "magnetization_muB_per_A3": 2.0 * iron.sum() / crystal.volume_A3,
    }
    return LabelledCrystal(crystal, labels, np.where(iron, 2.0, 0.0).astype(np.float32))


def small_store(folder: Path, crystals: int = 120, seed: int = 0, missing: float = 0.0) -> Store:
    """A store of `crystals` crystals of one to five atoms in some hundred chemical systems.

    missing: part of the labels and of the sets of site moments that are left out.
    """
    rng, gaps = np.random.default_rng(seed), np.random.default_rng(seed + 1)
    rows = (labelled_crystal(random_crystal(rng, int(rng.integers(1, 6)), _ELEMENTS)) for _ in range(crystals))
    return write_store(folder, (_with_gaps(row, gaps, missing) for row in rows), ["made up"])


def _with_gaps(row: LabelledCrystal, rng: np.random.Generator, missing: float) -> LabelledCrystal:
    labels = {name: value for name, value in row.labels.items() if rng.random() >= missing}
    return LabelledCrystal(row.crystal, labels, row.site_moment_muB if rng.random() >= missing else None)
