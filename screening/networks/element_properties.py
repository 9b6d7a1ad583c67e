"""Known properties of the elements, by which networks recognize similar elements."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from screening.networks.outputs import MAX_ATOMIC_NUMBER

if TYPE_CHECKING:
    from pymatgen.core.periodic_table import Element

_READ: dict[str, Callable[[Element], Any]] = {
    "Pauling electronegativity": lambda e: e.X,
    "atomic radius": lambda e: e.atomic_radius,
    "Mendeleev number": lambda e: e.mendeleev_no,
    "group": lambda e: e.group,
    "row": lambda e: e.row,
    "s electrons": lambda e: _valence(e)["s"],
    "p electrons": lambda e: _valence(e)["p"],
    "d electrons": lambda e: _valence(e)["d"],
    "f electrons": lambda e: _valence(e)["f"],
    "average ionic radius": lambda e: e.average_ionic_radius or None,
    "log melting point": lambda e: math.log(e.melting_point),
    "electron affinity": lambda e: e.electron_affinity,
    "first ionisation energy": lambda e: e.ionization_energies[0],
    "second ionisation energy": lambda e: e.ionization_energies[1],
    "third ionisation energy": lambda e: e.ionization_energies[2],
    "highest common oxidation state": lambda e: max(e.common_oxidation_states),
    "lowest common oxidation state": lambda e: min(e.common_oxidation_states),
    "van der Waals radius": lambda e: e.van_der_waals_radius,
    "molar volume": lambda e: e.molar_volume,
    "log atomic number": lambda e: math.log(e.Z),
}
PROPERTIES = tuple(_READ)
"""Names of the columns of `element_properties`."""


def element_properties() -> Tensor:
    """Properties of the elements from pymatgen, standardised over the elements.

    Returns:
        (MAX_ATOMIC_NUMBER + 1, len(PROPERTIES)) values; 0, the mean, if unknown. Row 0 is zero.
    """
    from pymatgen.core.periodic_table import Element

    table = np.full((MAX_ATOMIC_NUMBER + 1, len(PROPERTIES)), np.nan)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pymatgen warns of every missing value
        for z in range(1, MAX_ATOMIC_NUMBER + 1):
            table[z] = [_value(read, Element.from_Z(z)) for read in _READ.values()]
    table = (table - np.nanmean(table, axis=0)) / np.nanstd(table, axis=0)
    return torch.from_numpy(np.nan_to_num(table)).float()


def _value(read: Callable[[Element], Any], element: Element) -> float:
    try:
        value = read(element)
    except (ValueError, TypeError, AttributeError, IndexError):
        return math.nan  # unknown
    return math.nan if value is None else float(value)


def _valence(element: Element) -> dict[str, int]:
    """Electrons in the ns, np, (n-1)d and (n-2)f shells, where n is the highest occupied one."""
    shells = element.full_electronic_structure
    outermost = max(n for n, _, _ in shells)
    open_at = {"s": outermost, "p": outermost, "d": outermost - 1, "f": outermost - 2}
    counts = dict.fromkeys(open_at, 0)
    for n, kind, electrons in shells:
        if n == open_at.get(kind):
            counts[kind] += electrons
    return counts
