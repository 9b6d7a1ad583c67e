"""Classes of compounds whose Curie temperatures are scored apart, by composition."""

from __future__ import annotations

import numpy as np

from screening.array_types import Floats, Mask
from screening.chemistry.elements import indicator
from screening.chemistry.families import ELEMENT_GROUPS

_HOSTS = ("Mn", "Fe", "Co", "Ni")
_HEUSLER_FIRST = ("Mn", "Fe", "Co", "Ni", "Cu", "Ru", "Rh", "Pd", "Pt", "Au")
_HEUSLER_LAST = ("Al", "Ga", "In", "Si", "Ge", "Sn", "Sb")
_HEUSLER_MIDDLE = ("Ti", "V", "Cr", "Mn", "Fe", "Co", "Zr", "Nb", "Hf")
_L1_0_PARTNERS = ("Pt", "Pd", "Al", "Ga", "Rh", "Ir", "Au", "Ni")
_LEAST_HOST = 0.3
_NEAR = 0.02
"""Shares of the atoms this close to those of the class belong to it."""


def curie_classes(counts: Floats) -> dict[str, Mask]:
    """Masks of the classes by name, (B,) each; counts: atoms of each element, (B, 119).

    L1_0 and Heusler compounds are those of a composition that these structures have, whatever their structure.
    """
    share = counts / counts.sum(axis=1, keepdims=True)
    host, earth = share @ indicator(_HOSTS), share @ indicator(ELEMENT_GROUPS["rare_earth"])
    return {
        "3d metals without a rare earth": (host > _LEAST_HOST) & (earth == 0),
        "L1_0 compositions": _two(share, _HOSTS[:3], _L1_0_PARTNERS),
        "Heusler compositions": _three(share),
    }


def _two(share: Floats, first: tuple[str, ...], second: tuple[str, ...]) -> Mask:
    half, other = share @ indicator(first), share @ indicator(second)
    return np.asarray((np.abs(half - 0.5) < _NEAR) & (np.abs(other - 0.5) < _NEAR))


def _three(share: Floats) -> Mask:
    """A2BC and ABC: a quarter or a third of the last element."""
    last = share @ indicator(_HEUSLER_LAST)
    rest = share @ indicator(tuple(dict.fromkeys((*_HEUSLER_FIRST, *_HEUSLER_MIDDLE))))
    several = (share > _NEAR).sum(axis=1) >= 3
    whole = np.abs(last + rest - 1) < 1e-6
    return np.asarray(several & whole & ((np.abs(last - 0.25) < _NEAR) | (np.abs(last - 1 / 3) < _NEAR)))
