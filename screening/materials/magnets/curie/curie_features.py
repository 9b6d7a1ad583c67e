"""Descriptors of compositions for the Curie temperature: general statistics, and those of the magnetic elements."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from screening.array_types import Floats
from screening.chemistry.element_table import element_table
from screening.chemistry.elements import ATOMIC_NUMBERS, N_ELEMENTS, indicator
from screening.chemistry.families import ELEMENT_GROUPS
from screening.tabular.composition_features import Compositions, composition_names

_STRONG = ("Mn", "Fe", "Co", "Ni", "Cu")
_COUNTED = ("Mn", "Fe", "Co")
_BESIDE = ("rare_earth", "metalloid", "anion")
_OF_REST = ("electronegativity_pauling", "covalent_radius_A")
_NOTHING = -1.0
"""Stands for columns without a meaning; smaller than every meaningful value."""


@lru_cache(maxsize=1)
def curie_feature_names() -> tuple[str, ...]:
    """The columns of `curie_features`."""
    return (
        *composition_names(),
        "magnetic valence per atom",
        "magnetic valence per metal_3d",
        *(f"{name} beside metal_3d" for name in _OF_REST),
        "valence electrons beside metal_3d",
        "cubed radius per atom",
        "metal_3d per cubed radius",
        "unpaired of metal_3d per atom",
        *(f"{symbol} per {group}" for symbol in _COUNTED for group in _BESIDE),
        "fraction metal_3d squared",
        "fraction metal_3d times Fe and Co",
    )


def curie_features(compositions: Compositions) -> Floats:
    """The columns `curie_feature_names` of B compositions, (B, F); -1 where one has no meaning.

    The magnetic valence describes trends of the moments of alloys (Williams et al., IEEE Trans. Magn. 19, 1983 (1983)).
    It is 10 minus the number of valence electrons for metals with a full majority d band, and minus this number for all
    other elements.
    """
    table, counts = element_table(), compositions.counts
    metal = indicator(ELEMENT_GROUPS["metal_3d"])
    valence = np.asarray(table.column("valence_s") + table.column("valence_d"))
    valence = valence + np.where(table.column("valence_d") == 10, 0.0, table.column("valence_p"))
    magnetic_valence = 10 * indicator(_STRONG) - np.where(np.arange(N_ELEMENTS) > 0, valence, 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        fractions = counts / counts.sum(axis=1, keepdims=True)
        metals, rest = fractions @ metal, fractions * (1 - metal)
        size = fractions @ table.column("covalent_radius_A") ** 3
        of_all = fractions @ magnetic_valence
        columns = [of_all, of_all / metals]
        columns += [rest @ values / (1 - metals) for values in (*(table.column(n) for n in _OF_REST), valence)]
        columns += [size, metals / size, (fractions * metal) @ table.column("unpaired")]
        for symbol in _COUNTED:
            own = fractions[:, ATOMIC_NUMBERS[symbol]]
            columns += [own / (fractions @ indicator(ELEMENT_GROUPS[group])) for group in _BESIDE]
        columns += [metals**2, metals * (fractions @ indicator(("Fe", "Co")))]
    features = np.concatenate([compositions.features, np.stack(columns, axis=1)], axis=1)
    return np.where(np.isfinite(features), features, _NOTHING)
