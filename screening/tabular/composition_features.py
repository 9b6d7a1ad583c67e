"""Descriptors of compositions for models on tables, for whole batches at once.

The statistics follow Ward et al., npj Comput. Mater. 2, 16028 (2016); added are which elements play which role and how
much they are diluted, the electron count, the 4f shells, and the charge left to the 3d ions.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from screening.array_types import Floats
from screening.chemistry.element_table import element_table, usual_charges
from screening.chemistry.elements import SYMBOLS, indicator
from screening.chemistry.families import ELEMENT_GROUPS

_ROUNDING = 1e-9  # a smaller variance, relative to the squared mean, is none
_LAST_FRACTION = 96  # element fractions up to curium
_GROUP_MEANS = ("metal_3d", "rare_earth", "metalloid", "anion")
_OF_GROUPS = ("group", "mendeleev_number", "electronegativity_pauling", "covalent_radius_A", "row")
_OF_4F = ("spin_4f", "total_4f", "moment_4f_muB", "de_gennes")
_IONS_BESIDE = ("N", "O", "F", "S", "Cl", "Se", "Br", "Te", "I")


@dataclass(frozen=True)
class Compositions:
    """Compositions and their descriptors.

    Attributes:
        counts: (B, 119) atoms of each element, of any scale.
        features: (B, F) `composition_features` of these.
    """

    counts: Floats
    features: Floats

    @classmethod
    def of(cls, counts: Floats) -> Compositions:
        """Describe the compositions once for all that is predicted from them."""
        return cls(counts, composition_features(counts))

    def __len__(self) -> int:
        return len(self.counts)

    def take(self, rows: NDArray[Any]) -> Compositions:
        """Some of the rows."""
        return Compositions(self.counts[rows], self.features[rows])


@lru_cache(maxsize=1)
def composition_names() -> tuple[str, ...]:
    """The columns of `composition_features`."""
    properties = _statistics_of()
    return (
        *(f"fraction {symbol}" for symbol in SYMBOLS[1 : _LAST_FRACTION + 1]),
        *(f"{statistic} {name}" for statistic in ("mean", "spread", "min", "max") for name in properties),
        *(f"fraction {group}" for group in ELEMENT_GROUPS),
        *(f"{name} of {group}" for group in _GROUP_MEANS for name in _OF_GROUPS),
        *(f"share of {symbol} in metal_3d" for symbol in ELEMENT_GROUPS["metal_3d"]),
        *(f"{name} per rare_earth" for name in _OF_4F),
        "de_gennes per atom",
        "electrons per atom",
        "metal_3d over rare_earth",
        "charge per metal_3d",
        "electrons d per ion",
        "elements",
        "norm 2",
        "norm 3",
        "entropy",
        "electronegativity step",
        "radius of metal_3d over rest",
    )


def _statistics_of() -> tuple[str, ...]:
    return tuple(name for name in element_table().names if name not in {"atomic_mass_u", *_OF_4F})


def composition_features(counts: Floats) -> Floats:
    """(B, F) float64 columns `composition_names` from counts (B, 119) of any scale; NaN where one means nothing.

    A row of NaN gives a row of NaN. Fractions are atomic; `charge per metal_3d` shares among Cr, Mn, Fe, Co and Ni the
    charge that the usual ions beside them leave, and is NaN in compounds without anions.
    """
    table = element_table()
    with np.errstate(divide="ignore", invalid="ignore"):
        fractions = counts / counts.sum(axis=1, keepdims=True)
        columns = [fractions[:, 1 : _LAST_FRACTION + 1], *_statistics(fractions)]
        groups = {group: fractions @ indicator(symbols) for group, symbols in ELEMENT_GROUPS.items()}
        columns += [share[:, None] for share in groups.values()]
        of_groups = np.stack([table.column(name) for name in _OF_GROUPS], axis=1)
        means = {g: (fractions * indicator(ELEMENT_GROUPS[g])) @ of_groups / groups[g][:, None] for g in _GROUP_MEANS}
        columns += list(means.values())
        metal, earth = groups["metal_3d"], groups["rare_earth"]
        columns.append(np.stack([fractions @ indicator((s,)) / metal for s in ELEMENT_GROUPS["metal_3d"]], axis=1))
        of_4f = np.stack([table.column(name) for name in _OF_4F], axis=1)
        columns.append(fractions @ of_4f / earth[:, None])
        columns.append(fractions @ of_4f[:, -1:])
        columns.append(_single(fractions, groups, means["metal_3d"]))
    return np.concatenate(columns, axis=1)


def _statistics(fractions: Floats) -> list[Floats]:
    """Mean, spread (standard deviation), least and greatest of each property over the elements present, (B, P) each."""
    table = element_table()
    values = np.stack([table.column(name) for name in _statistics_of()], axis=1)
    mean = fractions @ values
    variance = fractions @ values**2 - mean**2
    spread = np.sqrt(np.where(variance > _ROUNDING * mean**2, variance, 0.0))
    rows, numbers = np.nonzero(fractions)
    starts = np.searchsorted(rows, np.arange(len(fractions)))
    if not len(rows):
        return [mean, spread, mean, mean]
    present = values[numbers]
    least, greatest = np.minimum.reduceat(present, starts), np.maximum.reduceat(present, starts)
    broken = np.isnan(mean[:, :1])
    return [mean, spread, np.where(broken, np.nan, least), np.where(broken, np.nan, greatest)]


def _single(fractions: Floats, groups: dict[str, Floats], metal_means: Floats) -> Floats:
    """(B, 11) the last columns of `composition_names`."""
    table = element_table()
    metal, earth = groups["metal_3d"], groups["rare_earth"]
    valence = sum(table.column(f"valence_{shell}") for shell in "sd")
    electrons = fractions @ (valence + np.where(table.column("valence_d") == 10, 0.0, table.column("valence_p")))
    ionic = fractions @ indicator(_IONS_BESIDE) > 0
    charge = np.where(ionic & (metal > 0), -(fractions @ usual_charges()) / metal, np.nan)
    electronegativity = table.column("electronegativity_pauling")
    anion = groups["anion"] + groups["metalloid"]
    step = (
        fractions * indicator((*ELEMENT_GROUPS["anion"], *ELEMENT_GROUPS["metalloid"]))
    ) @ electronegativity / anion - (fractions @ electronegativity)
    radius = table.column("covalent_radius_A")
    rest = (fractions @ radius - metal * metal_means[:, _OF_GROUPS.index("covalent_radius_A")]) / (1 - metal)
    logarithm = np.log(np.where(fractions > 0, fractions, 1.0))
    return np.stack(
        [
            electrons,
            np.where(earth > 0, metal / earth, np.nan),
            charge,
            metal_means[:, _OF_GROUPS.index("group")] - charge,
            np.where(np.isnan(metal), np.nan, (fractions > 0).sum(axis=1)),
            np.sqrt((fractions**2).sum(axis=1)),
            np.cbrt((fractions**3).sum(axis=1)),
            -(fractions * logarithm).sum(axis=1),
            step,
            np.where((metal > 0) & (metal < 1 - 1e-9), metal_means[:, 3] / rest, np.nan),
        ],
        axis=1,
    )
