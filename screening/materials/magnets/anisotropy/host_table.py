"""Measured anisotropy of 3d metals by family, composition and temperature: `datasets/magnets/host_anisotropy.csv`.

A member of a family has one row for each temperature at which it was measured. Between these K1 is interpolated; beyond
them it follows the third power of the magnetization (Callen and Callen, J. Phys. Chem. Solids 27, 1271 (1966)), which
would be wrong between them: K1 of Y2Fe14B and of MnBi rises up to room temperature, that of Fe2B and of cobalt changes
its sign. Iron and cobalt share sites, so members along this line are nodes of a further interpolation; other metals mix
by their shares.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import polars as pl

from screening.array_types import Floats
from screening.chemistry.elements import ATOMIC_NUMBERS, indicator
from screening.chemistry.formulas import parse_formula
from screening.resources import resource

LEAST_KNOWN = 0.65
"""At least this share of the metals (or of the large atoms, where these have members) must have measurements."""
REFERENCE_K = 300.0
"""Members measured at several temperatures are described at this one."""
_LEAST_RATIO = 0.3  # a value measured close to the Curie temperature says little about lower temperatures

_NUMBERS = ("temperature_K", "K1_MJ_per_m3", "spread_MJ_per_m3")

MagnetizationAt = Callable[[Floats], Floats]
"""Gives the magnetization (B, 1) of B hosts at temperatures (B, 1) over that at 0 K."""


@dataclass(frozen=True)
class HostMember:
    """A measured member of a family.

    Attributes:
        metal: Its 3d metal; iron for a member with both iron and cobalt.
        cobalt_share: Of its iron and cobalt; NaN for other metals.
        other: The large atom that it holds for; None for any.
        temperature_K: Of the measurements, in increasing order, (P,).
        K1_MJ_per_m3: (P,).
        spread_MJ_per_m3: Standard deviation over members and reports, (P,).
    """

    metal: str
    cobalt_share: float
    other: str | None
    temperature_K: Floats
    K1_MJ_per_m3: Floats
    spread_MJ_per_m3: Floats

    @property
    def reference_K(self) -> float:
        """The temperature at which it is described: 300 K, or the measured one nearest to it."""
        return float(np.clip(REFERENCE_K, self.temperature_K[0], self.temperature_K[-1]))

    def at(self, temperature_K: Floats, now: Floats, magnetization: MagnetizationAt) -> Floats:
        """K1 of B crystals in MJ/m³, (B, S).

        Args:
            temperature_K: The working temperature, (B, 1).
            now: Samples of the magnetization at it over that at 0 K, (B, S).
            magnetization: Gives the same at other temperatures.
        """
        inside = np.clip(temperature_K, self.temperature_K[0], self.temperature_K[-1])
        fall = now / np.maximum(magnetization(inside), _LEAST_RATIO)
        return np.asarray(np.interp(inside, self.temperature_K, self.K1_MJ_per_m3) * fall**3)

    @property
    def described(self) -> tuple[float, float]:
        """K1 and its spread at `reference_K`."""
        where = self.reference_K
        values = (np.interp(where, self.temperature_K, column) for column in (self.K1_MJ_per_m3, self.spread_MJ_per_m3))
        K1, spread = map(float, values)
        return K1, spread


@lru_cache(maxsize=1)
def measured_members() -> dict[str, list[HostMember]]:
    """The measured members by family."""
    table = pl.read_csv(resource("datasets") / "magnets" / "host_anisotropy.csv").sort("temperature_K")
    found: dict[str, list[HostMember]] = {}
    for key, rows in table.partition_by("family", "metal", "other", maintain_order=True, as_dict=True).items():
        family, metal, other = key
        amounts = dict(parse_formula(str(metal)) or ())
        iron, cobalt = (amounts.get(ATOMIC_NUMBERS[symbol], 0.0) for symbol in ("Fe", "Co"))
        share = cobalt / (iron + cobalt) if iron + cobalt > 0 else np.nan
        columns = (rows[name].cast(pl.Float64).to_numpy() for name in _NUMBERS)
        symbol = str(metal) if np.isnan(share) else "Co" if share == 1 else "Fe"
        found.setdefault(str(family), []).append(
            HostMember(symbol, share, None if other is None else str(other), *columns)
        )
    return found


def member_weights(members: Sequence[HostMember], counts: Floats, metal: Sequence[str], large: Sequence[str]) -> Floats:
    """How much each of M members says about B cells of their family, (B, M); the sum is the share that is measured.

    Args:
        members: Of the family.
        counts: Atoms of each element, (B, 119).
        metal: Elements that are metals in the family.
        large: Elements that are large atoms.
    """
    iron, cobalt = _share(counts, "Fe", metal), _share(counts, "Co", metal)
    both = iron + cobalt
    along = np.divide(cobalt, both, out=np.zeros(len(counts)), where=both > 0)
    weights = np.zeros((len(counts), len(members)))
    others = {member.other for member in members}
    for other in others:
        part = np.ones(len(counts)) if other is None else _share(counts, other, large)
        own = [i for i, member in enumerate(members) if member.other == other]
        nodes = sorted((i for i in own if not np.isnan(members[i].cobalt_share)), key=lambda i: members[i].cobalt_share)
        for place, i in enumerate(nodes):
            weights[:, i] = part * both * _hat([members[k].cobalt_share for k in nodes], place, along)
        for i in set(own) - set(nodes):
            weights[:, i] = part * _share(counts, members[i].metal, metal)
    return weights


def _hat(nodes: list[float], place: int, x: Floats) -> Floats:
    """Weight of a node in linear interpolation; without a node at an end, the share up to the nearest one counts."""
    heights = np.zeros(len(nodes))
    heights[place] = 1.0
    ends = [0.0, *nodes, 1.0], [0.0 if nodes[0] > 0 else heights[0], *heights, 0.0 if nodes[-1] < 1 else heights[-1]]
    return np.asarray(np.interp(x, *ends))


def _share(counts: Floats, element: str, role: Sequence[str]) -> Floats:
    """Share of an element among the atoms of a role, (B,); 0 without such atoms."""
    total = counts @ indicator(tuple(role))
    return np.asarray(counts[:, ATOMIC_NUMBERS[element]] / np.where(total > 0, total, 1.0))
