"""What the figures of merit need of compositions: counts of atoms, and their masses."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from screening.chemistry.compositions import N_ELEMENTS, Floats, Mask, count_matrix, indicator

__all__ = ["N_ELEMENTS", "Floats", "Mask", "atomic_masses", "count_matrix", "indicator", "mass_fractions"]


@lru_cache(maxsize=1)
def atomic_masses() -> Floats:
    """Standard atomic masses in u, (119,), from Meija et al., Pure Appl. Chem. 88, 265 (2016), as tabulated in ASE."""
    from ase.data import atomic_masses_iupac2016

    return np.asarray(atomic_masses_iupac2016[:N_ELEMENTS], dtype=np.float64)


def mass_fractions(counts: Floats) -> Floats:
    """Mass fraction of each element in each cell, (B, 119)."""
    masses = counts * atomic_masses()
    return np.asarray(masses / masses.sum(axis=1, keepdims=True))
