"""The magnetic order predicted in a table; otherwise a prior from elements, predicted gap and magnetization.

Nearly all calculations in the training data start ferromagnetic. A predicted magnetization therefore shows that there
are moments, not that they add up. How often they do was counted over crystals of the Materials Project whose compound
has an experimental Curie or Néel temperature in NEMAD (Itani et al., arXiv:2409.15675); compounds with more Curie than
Néel points count as ferro- or ferrimagnetic. `PRIORS` has the counts. They are priors and not predictions, because the
compounds are few and were selected for measurement.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from screening.array_types import Floats, Mask
from screening.chemistry.elements import indicator
from screening.materials.arrays import floats
from screening.materials.magnets.figures.rare_earths import rare_earth_table

STRONG = ("Fe", "Co", "Ni")
WEAK = ("Cr", "Mn")
OTHER = ("Ti", "V", "Cu", "Mo", "Ru", "Rh", "Re", "Os", "Ir", "U", "Np", "Pu")
ANIONS = ("N", "O", "F", "S", "Cl", "Se", "Br", "Te", "I")

PRIORS: dict[tuple[str, str], tuple[int, int]] = {
    # (host, magnetic elements): (ferro- or ferrimagnetic, all) compounds
    ("insulator", "strong"): (16, 150),
    ("insulator", "weak"): (18, 130),
    ("insulator", "mixed"): (8, 12),
    ("insulator", "4f"): (9, 78),
    ("insulator", "other"): (6, 28),
    ("anionic metal", "strong, rich"): (4, 5),
    ("anionic metal", "strong, poor"): (19, 52),
    ("anionic metal", "weak, rich"): (2, 7),
    ("anionic metal", "weak, poor"): (11, 41),
    ("anionic metal", "mixed"): (3, 7),
    ("anionic metal", "4f"): (17, 91),
    ("anionic metal", "other"): (6, 28),
    ("intermetallic", "strong, rich"): (92, 102),
    ("intermetallic", "strong, poor"): (14, 51),
    ("intermetallic", "weak, rich"): (12, 20),
    ("intermetallic", "weak, poor"): (16, 62),
    ("intermetallic", "mixed"): (23, 27),
    ("intermetallic", "4f"): (147, 579),
    ("intermetallic", "other"): (17, 42),
}
"""`rich`: at least half of the atoms are Cr, Mn, Fe, Co or Ni. `mixed`: some of Fe, Co, Ni with some of Cr, Mn.
`4f`: an open 4f shell and none of these five. `other`: only elements of `OTHER`."""


@dataclass(frozen=True)
class MagneticElements:
    """The magnetic elements in each cell, as masks (B,).

    Attributes:
        strong: With an element of `STRONG`.
        weak: With an element of `WEAK`.
        rich: At least half of the atoms are of `STRONG` or `WEAK`.
        four_f: With an open 4f shell.
        other: With an element of `OTHER`.
        anionic: With an element of `ANIONS`.
        ionic: With one other than nitrogen, whose compounds with iron are metals.
        antiparallel_4f: With a 4f shell that couples antiparallel to 3d moments.
    """

    strong: Mask
    weak: Mask
    rich: Mask
    four_f: Mask
    other: Mask
    anionic: Mask
    ionic: Mask
    antiparallel_4f: Mask

    @classmethod
    def of(cls, counts: Floats) -> MagneticElements:
        """From counts (B, 119)."""
        strong, weak = counts @ indicator(STRONG), counts @ indicator(WEAK)
        earths = rare_earth_table()
        return cls(
            strong=strong > 0,
            weak=weak > 0,
            rich=(strong + weak) >= 0.5 * counts.sum(axis=1),
            four_f=counts @ earths.magnetic > 0,
            other=counts @ indicator(OTHER) > 0,
            anionic=counts @ indicator(ANIONS) > 0,
            ionic=counts @ indicator(set(ANIONS) - {"N"}) > 0,
            antiparallel_4f=counts @ (earths.antiparallel & earths.magnetic) > 0,
        )

    @property
    def transition_metal(self) -> Mask:
        """Cells with Cr, Mn, Fe, Co or Ni."""
        return self.strong | self.weak

    @property
    def any(self) -> Mask:
        """Cells with an element that may carry a moment."""
        return self.transition_metal | self.four_f | self.other


@dataclass(frozen=True)
class MagneticOrder:
    """The magnetic order of B crystals.

    Attributes:
        label: The order in words, (B,).
        probability: Of this label, (B,).
        net: P(ferro- or ferrimagnetic order), (B,).
    """

    label: pl.Series
    probability: Floats
    net: Floats


def predicted_order(table: pl.DataFrame, otherwise: MagneticOrder) -> tuple[MagneticOrder, Mask]:
    """The order predicted in a table.

    A prediction consists of `magnetic_order`, its probability and those of ferro- and ferrimagnetic order.

    Args:
        table: B predictions.
        otherwise: The order of rows without a prediction.

    Returns:
        The order of each row, and a mask of the rows with a prediction, (B,).
    """
    net = floats(table, "ferromagnetic_probability") + floats(table, "ferrimagnetic_probability")
    probability = floats(table, "magnetic_order_probability")
    known = np.isfinite(net) & np.isfinite(probability)
    if "magnetic_order" in table.columns:
        known &= table["magnetic_order"].is_not_null().to_numpy()
        chosen = pl.when(pl.Series(known)).then(table["magnetic_order"]).otherwise(otherwise.label)
        label = pl.select(chosen.alias("magnetic_order")).to_series()
    else:
        known, label = np.zeros_like(known), otherwise.label
    order = MagneticOrder(
        label, np.where(known, probability, otherwise.probability), np.where(known, net, otherwise.net)
    )
    return order, known


def order_prior(elements: MagneticElements, moments: Floats, insulating: Floats) -> MagneticOrder:
    """The prior of each cell.

    Args:
        elements: The magnetic elements of B cells.
        moments: P(the predicted magnetization is more than noise), (B,); NaN where it is unknown.
        insulating: P(the crystal is an insulator), (B,).
    """
    metal = np.where(elements.anionic, _look_up("anionic metal", elements), _look_up("intermetallic", elements))
    present = np.where(elements.any, moments, 0.0)
    # A frozen 4f shell has a moment, but the predicted magnetization does not include it.
    present = np.where(elements.four_f & ~elements.transition_metal, 1.0, present)
    net_if_present = insulating * _look_up("insulator", elements) + (1 - insulating) * metal
    net = present * net_if_present
    is_insulator = insulating >= 0.5
    conditions = [
        np.isnan(present),
        present < 0.5,
        is_insulator,
        (net_if_present >= 0.5) & elements.antiparallel_4f,
        net_if_present >= 0.5,
    ]
    labels = ["unknown", "non-magnetic", "ferrimagnetic_or_antiferromagnetic", "ferrimagnetic", "ferromagnetic"]
    probabilities = [np.nan * present, 1 - present, present * insulating, net, net]
    label = np.select(conditions, labels, "antiferromagnetic")
    probability = np.select(conditions, probabilities, present - net)
    return MagneticOrder(pl.Series("magnetic_order", label.tolist(), dtype=pl.String), probability, net)


def _look_up(host: str, elements: MagneticElements) -> Floats:
    """P(ferro- or ferrimagnetic | moments) in this kind of host, (B,), by Laplace's rule of succession."""
    split = host != "insulator"
    kinds = np.select(
        [
            elements.strong & elements.weak,
            elements.strong & elements.rich & split,
            elements.strong,
            elements.weak & elements.rich & split,
            elements.weak,
            elements.four_f,
        ],
        ["mixed", "strong, rich", "strong, poor", "weak, rich", "weak, poor", "4f"],
        "other",
    )
    result = np.empty(len(kinds))
    for kind in np.unique(kinds):
        ferro, total = PRIORS[host, str(kind) if split else str(kind).removesuffix(", poor")]
        result[kinds == kind] = (ferro + 1) / (total + 2)
    return result
