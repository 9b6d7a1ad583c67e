"""The evidence for the magnetic order of a composition: the sources, weighted by their reliability and combined."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from screening.array_types import Floats
from screening.chemistry.elements import indicator
from screening.chemistry.families import ELEMENT_GROUPS
from screening.chemistry.formulas import parse_formula
from screening.materials.magnets.order.order_labels import (
    FERRI,
    FERRO,
    LEAST_MOMENT_MUB,
    Key,
    MagneticCrystal,
    Reports,
    composition_key,
    crystal_key,
    order_of_moments,
    read_curie,
    read_magndata,
    read_nemad,
    read_site_moments,
)

MAGNDATA, NEMAD, CURIE, CALCULATED = "magndata", "nemad", "curie", "calculated"

LOG_ODDS = {"curie report": 2.8, "neel report": -2.5, "curie collection": 2.2, "magndata": 3.0}
"""Log-odds of a net moment, by source. For compositions that MAGNDATA has too, 92 % of the reports in NEMAD on net and
94 % of those on compensated ones name the right kind of point: log(0.92 / 0.056), log(0.08 / 0.944). The Curie
collection has 54 % of the net and 6.2 % of the compensated compositions: log(0.54 / 0.062). The 3.0 of MAGNDATA is an
assumption: 1 in 20 structures is that of another temperature or sample."""

OPPOSED_IF = {("anionic", FERRI): 0.95, ("anionic", FERRO): 0.43, ("metal", FERRI): 0.9, ("metal", FERRO): 0.19}
"""P(ferrimagnetic | net moment, calculated arrangement). Of MAGNDATA's net compounds with one calculated arrangement,
6 of 6 and 8 of 19 (anionic) and 2 of 14 (metals calculated ferromagnetic) are ferrimagnetic; the probabilities follow
by Laplace's rule of succession. Metals calculated ferrimagnetic are too few to count; 0.9 and 0.95 are assumptions."""

OPPOSED_BY_RULE = 0.95
_HEAVY_4F = ("Gd", "Tb", "Dy", "Ho", "Er", "Tm")


@dataclass(frozen=True)
class OrderEvidence:
    """The sources, by composition.

    Attributes:
        nemad: Reports in NEMAD.
        curie: Reports in the Curie collection.
        structures: Magnetic structures of MAGNDATA.
        calculated: Classes of the calculated arrangements.
    """

    nemad: dict[Key, Reports]
    curie: dict[Key, Reports]
    structures: dict[Key, list[MagneticCrystal]]
    calculated: dict[Key, set[int]]

    @classmethod
    def read(cls, folder: Path, excluded: Sequence[str] = ()) -> OrderEvidence:
        """Read the sources.

        Args:
            folder: Contains `magndata/magndata.jsonl.gz`, `curie/nemad.csv`, `curie/curie_literature.csv` and
                `mp/site_magmoms.jsonl.gz`.
            excluded: Formulas of compounds whose measurements are left out.

        Raises:
            RequestError: A file is missing or cannot be read.
        """
        structures: dict[Key, list[MagneticCrystal]] = defaultdict(list)
        for row in read_magndata(folder / "magndata" / "magndata.jsonl.gz"):
            structures[crystal_key(row.crystal.numbers)].append(row)
        calculated: dict[Key, set[int]] = defaultdict(set)
        for row in read_site_moments(folder / "mp" / "site_magmoms.jsonl.gz"):
            # small moments that magnetic ions induce in their ligands do not make a ferrimagnet
            large = np.where(np.abs(row.moment_muB) >= LEAST_MOMENT_MUB, row.moment_muB, 0.0)
            calculated[crystal_key(row.crystal.numbers)].add(order_of_moments(large))
        nemad, curie = folder / "curie" / "nemad.csv", folder / "curie" / "curie_literature.csv"
        measured = read_nemad(nemad), read_curie(curie), dict(structures)
        hidden = {composition_key(parse_formula(formula) or ()) for formula in excluded}
        for table in measured:
            for key in hidden & table.keys():
                del table[key]  # type: ignore[arg-type]
        return cls(*measured, dict(calculated))

    def measured(self) -> list[Key]:
        """Compositions with any experiment, sorted."""
        return sorted({*self.nemad, *self.curie, *self.structures})

    def source(self, key: Key) -> str:
        """The most detailed source of a measured composition."""
        return MAGNDATA if key in self.structures else NEMAD if key in self.nemad else CURIE

    def orders(self, key: Key) -> Counter[int]:
        """The classes of a composition in MAGNDATA, with the number of structures."""
        return Counter(order_of_moments(row.moment_muB) for row in self.structures.get(key, ()))

    def net(self, key: Key) -> float:
        """P(net moment) by all experiments; 0.5 for compositions without any."""
        odds = 0.0
        if key in self.nemad:
            reports = self.nemad[key]
            total = reports.curie * LOG_ODDS["curie report"] + reports.neel * LOG_ODDS["neel report"]
            # reports are not independent: n of them count as the square root of n
            odds += total / np.sqrt(reports.curie + reports.neel)
        if key in self.curie:
            odds += LOG_ODDS["curie collection"]
        orders = self.orders(key)
        if orders:
            odds += (2 * (orders[FERRO] + orders[FERRI]) / orders.total() - 1) * LOG_ODDS["magndata"]
        return float(1 / (1 + np.exp(-odds)))

    def opposed(self, keys: list[Key], counts: Floats) -> Floats:
        """P(ferrimagnetic | net moment), (B,), NaN where it is unknown.

        Args:
            keys: B compositions.
            counts: Atoms of each element in them, (B, 119).
        """
        anionic, by_rule = counts @ indicator(ELEMENT_GROUPS["anion"]) > 0, follows_heavy_rule(counts)
        result = np.full(len(keys), np.nan)
        for row, key in enumerate(keys):
            orders = self.orders(key)
            # if calculations of several crystals or starts differ, a ferrimagnetic arrangement is preferred
            calculated = max(self.calculated.get(key, set()) & {FERRO, FERRI}, default=None)
            if orders[FERRO] + orders[FERRI]:
                result[row] = orders[FERRI] / (orders[FERRO] + orders[FERRI])
            elif by_rule[row]:
                result[row] = OPPOSED_BY_RULE
            elif calculated is not None:
                result[row] = OPPOSED_IF["anionic" if anionic[row] else "metal", calculated]
        return result


def follows_heavy_rule(counts: Floats) -> NDArray[np.bool_]:
    """Metals with at least half iron and cobalt and a heavy rare earth, whose moment is opposed to theirs, (B,)."""
    host = counts @ indicator(("Fe", "Co")) >= 0.5 * counts.sum(axis=1)
    return np.asarray(host & (counts @ indicator(_HEAVY_4F) > 0) & (counts @ indicator(ELEMENT_GROUPS["anion"]) == 0))
