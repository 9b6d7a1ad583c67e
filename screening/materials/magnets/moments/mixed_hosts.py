"""Moments of hosts that mix iron, cobalt and manganese, from those of hosts without the mixture.

Calculations of ordered cells say little about random alloys, and a forest takes too little between iron and cobalt. So
both ends are predicted, with all of these atoms iron and all cobalt, and the alloy follows from them by the rule of
Slater and Pauling: an atom of iron has one electron less than one of cobalt, so in a strong ferromagnet it has one µB
more (Malozemoff, Williams and Moruzzi, Phys. Rev. B 29, 1620 (1984)). Where iron by itself falls short of that, cobalt
makes up for it; this ends near half cobalt, as in bcc Fe-Co (Bozorth, Ferromagnetism (1951)).

Manganese on the sites of iron beside a rare earth couples antiparallel to it and lowers the moments of its neighbours:
from Pr2Fe14B to Pr2Fe12Mn2B (1.52 to 0.61 T at room temperature) and from Pr2Fe12Co2B to Pr2Fe11MnCo2B (1.52 to 1.17 T)
the sum of 3d moments at 0 K falls by 6 to 8 µB for each Mn, and by about 4 µB in Gd2Fe12-xMnxCo2B.

Titanium among the iron of RFe11Ti costs more than calculations say: the 3d moments of HoFe11Ti add up to 22.1 µB there,
opposed titanium included, while YFe11Ti has 19.0 µB at 4 K (Hu, Li and Coey, J. Phys. Condens. Matter 1, 755 (1989)).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from screening.array_types import Floats, Mask
from screening.chemistry.elements import ATOMIC_NUMBERS, indicator
from screening.chemistry.families import ELEMENT_GROUPS
from screening.crystals.packed import PackedCrystals
from screening.tabular.composition_features import Compositions

FE, CO, MN, TI = (ATOMIC_NUMBERS[symbol] for symbol in ("Fe", "Co", "Mn", "Ti"))
ONE_ELECTRON_MUB = 1.0
"""Moment that an atom of iron has above one of cobalt in a strong ferromagnet."""
STRONG_FROM = 0.5
"""Share of cobalt from which any Fe-Co host is a strong ferromagnet."""
MANGANESE_MUB = -3.7
"""Moment of a manganese atom among iron, with what its neighbours lose."""
MANGANESE_SPREAD_MUB = 2.0
"""Half-width of its 80 % interval."""
TITANIUM_MUB = -3.0
"""What an atom of titanium among iron takes beyond the calculated moment."""
TITANIUM_SPREAD_MUB = 1.5
"""Half-width of its 80 % interval."""
LEAST_IRON = 0.5
"""Share among the 3d metals from which manganese is among iron."""
_MOST_SHORT_MUB = 0.8

Hosts = Callable[[PackedCrystals, Compositions], Floats]
"""Gives magnetizations in µB/Å³ with their 80 % intervals, (B, 3)."""


def manganese_in_iron(counts: Floats) -> Mask:
    """Hosts of a rare earth and mostly iron with manganese, which is opposed to the iron, (B,)."""
    return np.asarray(_iron_beside_earths(counts) & (counts[:, MN] > 0))


def _iron_beside_earths(counts: Floats) -> Mask:
    metals = np.maximum(counts @ indicator(("Cr", "Mn", "Fe", "Co", "Ni")), 1e-9)
    earth = counts @ indicator(ELEMENT_GROUPS["rare_earth"]) > 0
    return np.asarray(earth & (counts[:, FE] >= LEAST_IRON * metals))


def mixed_hosts(found: Floats, packed: PackedCrystals, counts: Floats, alloys: Mask, predict: Hosts) -> Floats:
    """Magnetizations of B hosts, those of mixtures from their ends.

    Args:
        found: As predicted for the crystals themselves, (B, 3) in µB/Å³; NaN without a metallic host.
        packed: The crystals.
        counts: Atoms of each element, of alloys by their composition, (B, 119).
        alloys: Which are alloys, (B,); ordered crystals of iron and cobalt are predicted well.
        predict: Predicts other crystals.
    """
    known = np.isfinite(found[:, 0])
    manganese = known & manganese_in_iron(counts)
    mixed = known & (counts[:, FE] > 0) & (counts[:, CO] > 0) & alloys
    rows = np.flatnonzero(manganese | mixed)
    result = found.copy()
    if len(rows):
        result[rows] = _from_ends(packed.take(rows), counts[rows], mixed[rows], manganese[rows], predict)
    titanium = np.where(known & _iron_beside_earths(counts), counts[:, TI], 0.0)
    return _with_titanium(result, titanium / packed.volume_A3)


def _with_titanium(found: Floats, per_A3: Floats) -> Floats:
    """Magnetizations of B hosts with so many atoms of titanium among iron in 1 Å³, (B, 3)."""
    middle = found[:, 0] + TITANIUM_MUB * per_A3
    spread = TITANIUM_SPREAD_MUB * per_A3
    below, above = np.hypot(found[:, 0] - found[:, 1], spread), np.hypot(found[:, 2] - found[:, 0], spread)
    changed = np.maximum(np.stack([middle, middle - below, middle + above], axis=1), 0.0)
    return np.where(per_A3[:, None] > 0, changed, found)


def slater_pauling(iron_muB: Floats, cobalt_muB: Floats, share: Floats) -> Floats:
    """Mean moment of a 3d atom in a host of iron and cobalt, above the straight line between the ends, in µB.

    m(x) = m(Co) + 1 - x in a strong ferromagnet. What iron alone is short of that, d = m(Co) + 1 - m(Fe),
    disappears as (1 - x / 0.5)². Above the straight line, this is d [(1 - x) - (1 - x / 0.5)²].

    Args:
        iron_muB: Moment per 3d atom without cobalt.
        cobalt_muB: Without iron.
        share: x, of cobalt.
    """
    short = np.clip(cobalt_muB + ONE_ELECTRON_MUB - iron_muB, 0.0, _MOST_SHORT_MUB)
    return np.asarray(short * ((1 - share) - np.maximum(1 - share / STRONG_FROM, 0.0) ** 2))


def _from_ends(packed: PackedCrystals, counts: Floats, mixed: Mask, manganese: Mask, predict: Hosts) -> Floats:
    """Magnetizations of R mixtures, (R, 3)."""
    volume = packed.volume_A3
    carriers = counts @ indicator(("Mn", "Fe", "Co", "Ni"))
    few = np.where(manganese, counts[:, MN], 0.0)
    share = np.where(mixed, counts[:, CO] / np.maximum(counts[:, FE] + counts[:, CO], 1e-9), 0.0)
    per_atom = (volume / carriers)[:, None]
    iron = per_atom * predict(*_turned(packed, counts, ((MN, FE, manganese), (CO, FE, mixed))))
    cobalt = per_atom * predict(*_turned(packed, counts, ((MN, CO, manganese & mixed), (FE, CO, mixed))))
    width = (1 - share) * (iron[:, 2] - iron[:, 1]) / 2 + share * (cobalt[:, 2] - cobalt[:, 1]) / 2
    bow = slater_pauling(iron[:, 0], cobalt[:, 0], share)
    middle = (1 - share) * iron[:, 0] + share * cobalt[:, 0] + bow
    total = middle * (carriers - few) + MANGANESE_MUB * few
    parts = (width * (carriers - few), 0.5 * bow * carriers, MANGANESE_SPREAD_MUB * few)
    reach = np.sqrt(sum(part**2 for part in parts))
    return np.asarray(np.maximum(np.stack([total, total - reach, total + reach], axis=1), 0.0) / volume[:, None])


def _turned(
    packed: PackedCrystals, counts: Floats, turns: Sequence[tuple[int, int, Mask]]
) -> tuple[PackedCrystals, Compositions]:
    """The crystals with atoms of one element turned into another in some rows, one turn after another."""
    numbers, moved = packed.numbers.copy(), counts.copy()
    for old, new, rows in turns:
        numbers[(packed.numbers == old) & rows[packed.owner]] = new
        moved[rows, new] += moved[rows, old]
        moved[rows, old] = 0.0
    cells = PackedCrystals(packed.lattice, numbers, packed.frac, packed.offsets)
    return cells, Compositions.of(moved)
