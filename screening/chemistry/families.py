"""Families of elements by atomic number, as chemists group them.

Rare earths are Sc, Y and La to Lu (IUPAC Red Book 2005, IR-3.5); the 3d transition metals here are Ti to Cu, whose d
shell is partly filled in common ions; f elements with an open shell are Ce to Yb and Pa to Cm.
"""

from __future__ import annotations

from screening.chemistry.elements import ATOMIC_NUMBERS


def _numbers(symbols: str) -> tuple[int, ...]:
    return tuple(ATOMIC_NUMBERS[symbol] for symbol in symbols.split())


OXYGEN = _numbers("O")
HALOGENS = _numbers("F Cl Br I")
CHALCOGENS = _numbers("S Se Te")
PNICTOGENS = _numbers("N P As")
NOT_IN_ALLOYS = (*_numbers("H C At He Ne Ar Kr Xe Rn"), *OXYGEN, *HALOGENS, *CHALCOGENS, *PNICTOGENS)
"""Non-metals and noble gases; the metalloids B, Si, Ge and Sb do form alloys."""
RARE_EARTHS = (21, 39, *range(57, 72))
OPEN_F_SHELL = (*range(58, 71), *range(91, 97))
TITANIUM_TO_COPPER = tuple(range(22, 30))
