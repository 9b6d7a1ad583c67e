"""Electrons that a frame can give or take, from its charge balance and accessible oxidation states.

`datasets/elements/redox.csv` lists for each transition metal the lowest and highest states, the lowest that it reaches
when ions enter an oxide, and the highest state in an electrode: in an oxide with a small ion such as lithium, in an
oxide with Na or K, with polyanions or halides (whose bonds take less charge), and in sulfides and similar compounds
(where the anion is oxidised first).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import polars as pl

from screening.array_types import Floats, Mask
from screening.chemistry.elements import ATOMIC_NUMBERS, SYMBOLS, by_element, indicator
from screening.resources import resource

ION_CHARGES = {"Li": 1, "Na": 1, "K": 1, "Mg": 2, "Ca": 2, "Zn": 2, "Al": 3}
"""Charges of the working ions, in the order in which they are searched for in a crystal."""

POLYANION_CENTRES = ("B", "C", "Si", "P", "S", "Ge", "As", "Se")
HALOGENS = ("F", "Cl", "Br", "I")

_COMMON_CHARGES = {
    **dict.fromkeys(("Li", "Na", "K", "Rb", "Cs", "Tl"), 1),
    **dict.fromkeys(("Be", "Mg", "Ca", "Sr", "Ba", "Zn", "Cd", "Hg", "Pb"), 2),
    **dict.fromkeys(("B", "Al", "Ga", "In", "Sc", "Y", "Bi"), 3),
    **dict.fromkeys(("La", "Pr", "Nd", "Pm", "Sm", "Eu", "Gd", "Tb", "Dy", "Ho", "Er", "Tm", "Yb", "Lu"), 3),
    **dict.fromkeys(("Si", "Ge", "Sn", "Th"), 4),
    **dict.fromkeys(HALOGENS, -1),
    "O": -2,
    "N": -3,
}


@dataclass(frozen=True)
class ChargeBalance:
    """The charge balance of B cells, (B,) each.

    Attributes:
        metals: Number of redox-active atoms.
        charge: Their total charge.
        extractable: Electrons that they can still give.
        insertable: Electrons that they can still take.
        d0: Whether all of them have an empty d shell.
        possible: Whether the charge is within the range of their states.
        polyanionic: Whether the frame has polyanions or only halide anions.
        chalcogenide: Whether the frame is neither polyanionic nor an oxide.
    """

    metals: Floats
    charge: Floats
    extractable: Floats
    insertable: Floats
    d0: Mask
    possible: Mask
    polyanionic: Mask
    chalcogenide: Mask


@dataclass(frozen=True)
class RedoxTable:
    """Oxidation states by atomic number, (119,); zero for elements that are not redox-active."""

    active: Floats
    lowest_oxide: Floats
    lowest_other: Floats
    reduced_oxide: Floats
    highest: Floats
    small_ion_oxide: Floats
    large_ion_oxide: Floats
    polyanion: Floats
    chalcogenide: Floats


@lru_cache(maxsize=1)
def redox_table() -> RedoxTable:
    """The oxidation states in `datasets/elements/redox.csv`."""
    table = pl.read_csv(resource("datasets") / "elements" / "redox.csv")

    def spread(name: str) -> Floats:
        return by_element(dict(zip(table["element"], table[name], strict=True)))

    accessible = ("small_ion_oxide", "large_ion_oxide", "polyanion", "chalcogenide")
    states = [spread(name) for name in ("lowest_oxide", "lowest_other", "reduced_oxide", "highest")]
    return RedoxTable(indicator(table["element"]), *states, *(spread(f"accessible_{name}") for name in accessible))


def active_symbols() -> set[str]:
    """Elements that can change their charge in an electrode."""
    return {SYMBOLS[number] for number in np.flatnonzero(redox_table().active)}


def charge_balance(counts: Floats, large_ion: Mask) -> ChargeBalance:
    """The charge balance of cells as they are, with their ion.

    Args:
        counts: Atoms of each element, (B, 119).
        large_ion: Whether the ion is Na or K, (B,).
    """
    table = redox_table()
    oxygen = counts @ indicator(["O"])
    halide = counts @ indicator(HALOGENS) > 0
    centres = sum(_is_centre(counts, symbol) for symbol in POLYANION_CENTRES) > 0
    polyanionic = centres | ((oxygen == 0) & halide)
    oxide = (oxygen > 0) & ~polyanionic
    chalcogenide = ~oxide & ~polyanionic
    accessible = np.select(
        [polyanionic[:, None], chalcogenide[:, None], large_ion[:, None]],
        [table.polyanion, table.chalcogenide, table.large_ion_oxide],
        table.small_ion_oxide,
    )
    charge = -frame_charge(counts)
    lowest = np.where(chalcogenide, counts @ table.lowest_other, counts @ table.lowest_oxide)
    highest = counts @ table.highest
    reducible = np.where(oxide, counts @ table.reduced_oxide, lowest)
    reachable = (counts * accessible).sum(axis=1)
    metals = counts @ table.active
    tolerance = 1e-6 * counts.sum(axis=1)
    return ChargeBalance(
        metals=metals,
        charge=charge,
        extractable=np.maximum(reachable - charge, 0.0),
        insertable=np.maximum(charge - reducible, 0.0),
        d0=(metals > 0) & (charge >= counts @ _d0_states() - tolerance),
        possible=(charge >= lowest - tolerance) & (charge <= highest + tolerance),
        polyanionic=polyanionic,
        chalcogenide=chalcogenide,
    )


def frame_charge(counts: Floats) -> Floats:
    """Charge of all atoms except the redox-active metals in elementary charges, (B,); see `formal_charges`."""
    return np.asarray((counts * _states_besides_metals(counts)).sum(axis=1))


def formal_charges(counts: Floats) -> Floats:
    """Charge of an atom of each element in each cell, (B, 119).

    All redox-active metals of a cell have the charge that makes it neutral. Cells without such metals may not be
    neutral.
    """
    states = _states_besides_metals(counts)
    metals = counts @ redox_table().active
    each = np.divide(-frame_charge(counts), metals, out=np.zeros(len(counts)), where=metals > 0)
    return np.asarray(states + each[:, None] * redox_table().active)


def _states_besides_metals(counts: Floats) -> Floats:
    """Common oxidation state of each element, (B, 119); zero for the redox-active metals.

    The state of some elements depends on their partners: S, Se and Te are +6 or +4 with enough oxygen, otherwise -2;
    P, As and Sb are +5 with enough anions, otherwise -3; C is +4 or +3 with enough oxygen, +2 in CN-, otherwise -4;
    H is +1 with O, N, S or F, otherwise -1.
    """
    number = {symbol: counts[:, ATOMIC_NUMBERS[symbol]] for symbol in ("H", "C", "N", "O", "F", "S", "Se")}
    states = np.repeat(_fixed_charges()[None, :], len(counts), axis=0)
    for symbol in ("S", "Se", "Te"):
        atoms = counts[:, ATOMIC_NUMBERS[symbol]]
        states[:, ATOMIC_NUMBERS[symbol]] = np.select(
            [number["O"] >= 4 * atoms, number["O"] >= 3 * atoms], [6.0, 4.0], -2.0
        )
    partners = number["O"] + number["S"] + number["Se"] + number["F"]
    for symbol in ("P", "As", "Sb"):
        atoms = counts[:, ATOMIC_NUMBERS[symbol]]
        states[:, ATOMIC_NUMBERS[symbol]] = np.where(partners >= 3 * atoms, 5.0, -3.0)
    carbon, oxygen = number["C"], number["O"]
    cyanide = (carbon > 0) & (carbon == number["N"])
    states[:, ATOMIC_NUMBERS["C"]] = np.select(
        [cyanide, oxygen >= 3 * carbon, oxygen >= 2 * carbon], [2.0, 4.0, 3.0], -4.0
    )
    protic = (oxygen + number["N"] + number["S"] + number["F"]) > 0
    states[:, ATOMIC_NUMBERS["H"]] = np.where(protic, 1.0, -1.0)
    return states


def _is_centre(counts: Floats, symbol: str) -> Mask:
    """Whether there is enough oxygen (or for C, nitrogen) for this element to be the centre of a polyanion."""
    atoms, oxygen = counts[:, ATOMIC_NUMBERS[symbol]], counts[:, ATOMIC_NUMBERS["O"]]
    needed = {"C": 2, "B": 2, "Si": 3, "Ge": 3}.get(symbol, 3)
    centre = (atoms > 0) & (oxygen >= needed * atoms)
    if symbol == "C":
        centre |= (atoms > 0) & (atoms == counts[:, ATOMIC_NUMBERS["N"]])
    return np.asarray(centre)


@lru_cache(maxsize=1)
def _fixed_charges() -> Floats:
    return by_element(_COMMON_CHARGES)


@lru_cache(maxsize=1)
def _d0_states() -> Floats:
    """Charge of each redox-active metal with an empty d shell: its group number (Ce and U: empty f shell)."""
    groups = {4: ("Ti", "Zr", "Hf", "Ce"), 5: ("V", "Nb", "Ta"), 6: ("Cr", "Mo", "W", "U"), 7: ("Mn", "Re")}
    states = np.where(redox_table().active > 0, 8.0, 0.0)
    for charge, symbols in groups.items():
        states[[ATOMIC_NUMBERS[symbol] for symbol in symbols]] = charge
    return states
