"""Crystal and exchange fields at the rare-earth sites of well-measured families, from `datasets/magnets`.

A field is given by its parameters A20, A40 and A60 in K per power of the Bohr radius, and by 2 µB H / kB at 0 K, which
is larger for the light rare earths (Belorizky et al., J. Appl. Phys. 61, 3971 (1987)). Between measured members the
metals mix them by their share; of nitrogen and carbon, the nearest measured content counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import polars as pl

from screening.array_types import Floats
from screening.chemistry.elements import indicator
from screening.chemistry.families import ELEMENT_GROUPS
from screening.materials.magnets.figures.temperature import USUAL_FIELDS_K
from screening.resources import resource

FAMILY = "family: "
"""Begins the method of a crystal in a family."""
_METALS = ("Fe", "Co")
_INTERSTITIAL = ("N", "C")
_EARTHS = (*ELEMENT_GROUPS["rare_earth"], "Th", "U", "Zr", "Hf")
_LEAST_METAL = 0.7
"""Share of iron and cobalt among the metals below which a measured field says nothing."""
_OTHERS = ("Ti", "V", "Cr", "Mn", "Ni", "Cu", "Zn", "Nb", "Mo", "Ta", "W", "Re", "Al", "Si", "Ga", "Ge", "Sn")


@dataclass(frozen=True)
class CrystalField:
    """The fields at a rare earth.

    Attributes:
        A20: In K per squared Bohr radius.
        A40: In K per fourth power of it.
        A60: In K per sixth power of it.
        relative_spread: Standard deviation of its effect over its size.
        light_field_K: 2 µB H / kB at 0 K that acts on the spin of light rare earths.
        heavy_field_K: The same for Gd and the heavier ones.
        light: Nitrogen and carbon per rare earth in the measured member; None where these do not matter.
    """

    A20: float
    A40: float
    A60: float
    relative_spread: float
    light_field_K: float
    heavy_field_K: float
    light: float | None = None

    def field_K(self, heavy: bool) -> float:
        """The exchange field of a rare earth."""
        return self.heavy_field_K if heavy else self.light_field_K


@lru_cache(maxsize=1)
def measured_fields() -> dict[str, list[tuple[str, CrystalField]]]:
    """Metal and field of the measured members by family."""
    table = pl.read_csv(resource("datasets") / "magnets" / "crystal_fields.csv")
    names = ("A20_K_per_a02", "A40_K_per_a04", "A60_K_per_a06", "relative_spread", "light_field_K", "heavy_field_K")
    found: dict[str, list[tuple[str, CrystalField]]] = {}
    for row in table.iter_rows(named=True):
        field = replace(CrystalField(*(float(row[name]) for name in names)), light=row["light"])
        found.setdefault(row["family"], []).append((row["metal"], field))
    return found


def family_names(table: pl.DataFrame) -> list[str | None]:
    """The family of hosts that each row of a prediction table belongs to."""
    names = table["host_K1_method"].to_list() if "host_K1_method" in table.columns else [None] * table.height
    return [name.removeprefix(FAMILY) if name and name.startswith(FAMILY) else None for name in names]


def exchange_fields_K(families: Sequence[str | None], counts: Floats) -> Floats:
    """2 µB H / kB at 0 K that acts on light and on heavy rare earths, (B, 2); outside the families as in R2Fe14B.

    Args:
        families: The family of each crystal.
        counts: Atoms of each element, (B, 119).
    """
    result = np.tile(USUAL_FIELDS_K, (len(counts), 1))
    for row, fields in enumerate(field_weights(families, counts)):
        if fields:
            light = sum(weight * field.light_field_K for weight, field in fields)
            result[row] = light, sum(weight * field.heavy_field_K for weight, field in fields)
    return result


def field_weights(families: Sequence[str | None], counts: Floats) -> list[list[tuple[float, CrystalField]]]:
    """The measured fields of B crystals with their weights, which add up to 1; empty where none is known.

    Args:
        families: The family of each crystal.
        counts: Atoms of each element, (B, 119).
    """
    shares = np.stack([counts @ indicator((metal,)) for metal in _METALS], axis=1)
    contents = counts @ indicator(_INTERSTITIAL) / np.maximum(counts @ indicator(_EARTHS), 1e-9)
    both, all_metals = shares.sum(axis=1), counts @ indicator((*_METALS, *_OTHERS))
    result: list[list[tuple[float, CrystalField]]] = []
    for row, family in enumerate(families):
        known = _nearest_content(measured_fields().get(family or "", []), float(contents[row]))
        if not known or both[row] < _LEAST_METAL * all_metals[row]:
            result.append([])
            continue
        weights = [(float(shares[row, _METALS.index(metal)] / both[row]), field) for metal, field in known]
        total = sum(weight for weight, _ in weights)
        result.append([(w / total, field) for w, field in weights if w > 0] if total >= _LEAST_METAL else [])
    return result


def _nearest_content(members: list[tuple[str, CrystalField]], content: float) -> list[tuple[str, CrystalField]]:
    """The members whose nitrogen and carbon per rare earth are nearest; all of them where these do not matter."""
    away = [0.0 if field.light is None else abs(field.light - content) for _, field in members]
    return [member for member, distance in zip(members, away, strict=True) if distance <= min(away)]
