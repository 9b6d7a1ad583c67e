"""How an electrode stores ions: in a frame that stays, between carbon sheets, by alloying, or by conversion."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import numpy as np

from screening.chemistry.elements import ATOMIC_NUMBERS, indicator
from screening.crystals.crystal import Crystal
from screening.materials.electrodes.end_members.graphite import CARBON, bond_length
from screening.materials.electrodes.end_members.pair import ElectrodePair, NoPair
from screening.materials.electrodes.end_members.redox import POLYANION_CENTRES, redox_table

Kind = Literal["insertion", "intercalated_carbon", "alloy", "conversion"]

CARBON_KIND: Kind = "intercalated_carbon"
GUEST_FRAME_ATOMS = 4.0
"""Frames of several elements with at least so many atoms for each ion are cages that stay, such as skutterudites."""
_CONVERTED_ANIONS = ("N", "O", "F", "S", "Cl", "Se", "Br", "Te", "I")
_CONVERTED_METALS = ("Ge", "Sn", "Pb", "Sb", "Bi", "Ga", "In", "Zn", "Cd", "Ag")
"""Main-group metals whose oxides, sulfides or halides are reduced by an alkali metal, beside the transition metals."""


def electrode_kind(crystal: Crystal, pair: ElectrodePair | NoPair, ion: str) -> Kind | None:
    """How a crystal stores the ion; None for what is no electrode.

    Metallic crystals form alloys with the ion if their frame is of one element, and convert if it is of several,
    unless both ends are given: then the frame is said to stay.
    Other hosts convert if they are given without the ion and have no place for it, or if their metals are in their
    lowest state: then the metal forms beside a compound of the ion. Known phases decide whether it gains energy.
    """
    if isinstance(pair, NoPair) and pair.refused:
        return None
    held = crystal.numbers == ATOMIC_NUMBERS[ion]
    if "alloy_anode" in pair.flags:
        return _kind_of_metal(crystal, pair, ion)
    if isinstance(pair, ElectrodePair):
        return "insertion"
    full = "not_an_electrode" in pair.flags and not held.any()
    return "conversion" if full and _converts(crystal) else None


def _kind_of_metal(crystal: Crystal, pair: ElectrodePair | NoPair, ion: str) -> Kind | None:
    stays = crystal.numbers != ATOMIC_NUMBERS[ion]
    frame = replace(crystal, numbers=crystal.numbers[stays], frac=crystal.frac[stays])
    if (frame.numbers == CARBON).all():
        return CARBON_KIND if isinstance(pair, ElectrodePair) and bond_length(frame) is not None else None
    if len(set(frame.numbers.tolist())) == 1:
        return "alloy"
    if isinstance(pair, ElectrodePair) and pair.origin == "given":
        return "insertion"
    ions = crystal.n_atoms - frame.n_atoms
    apart = "frame_falls_apart" in pair.flags
    cage = ions > 0 and not apart and frame.n_atoms >= GUEST_FRAME_ATOMS * ions
    return "insertion" if cage else "conversion"


def _converts(crystal: Crystal) -> bool:
    """Whether a metal in it can be reduced to the element: not in polyanions, which keep their oxygen."""
    present = np.zeros(len(redox_table().active), dtype=bool)
    present[crystal.numbers] = True
    metals = redox_table().active + indicator(_CONVERTED_METALS)
    oxygen = present[ATOMIC_NUMBERS["O"]]
    centres = indicator([s for s in POLYANION_CENTRES if s != "Ge"])
    polyanionic = oxygen and bool((present * centres).any())
    return bool((present * metals).any() and (present * indicator(_CONVERTED_ANIONS)).any() and not polyanionic)
