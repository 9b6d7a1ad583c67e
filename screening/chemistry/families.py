"""Families of elements: by atomic number, and by symbol in `ELEMENT_GROUPS`.

Rare earths are Sc, Y and La to Lu (IUPAC Red Book 2005, IR-3.5). The 3d transition metals here are Ti to Cu, whose d
shell is partly filled in common ions. f elements with an open shell are Ce to Yb and Pa to Cm.
"""

from __future__ import annotations

from screening.chemistry.elements import ATOMIC_NUMBERS, SYMBOLS


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

LANTHANIDES = tuple(SYMBOLS[57:72])
OPEN_4F = tuple(SYMBOLS[58:71])
ELEMENT_GROUPS: dict[str, tuple[str, ...]] = {
    "metal_3d": ("Cr", "Mn", "Fe", "Co", "Ni"),
    "open_4f": OPEN_4F,
    "rare_earth": ("Sc", "Y", *LANTHANIDES),
    "light_metal": ("Li", "Na", "K", "Rb", "Cs", "Be", "Mg", "Ca", "Sr", "Ba"),
    "early_metal": ("Ti", "V", "Zr", "Nb", "Mo", "Hf", "Ta", "W", "Re"),
    "late_metal": ("Cu", "Zn", "Ru", "Rh", "Pd", "Ag", "Cd", "Os", "Ir", "Pt", "Au", "Hg"),
    "actinide": tuple(SYMBOLS[90:104]),
    "metalloid": ("B", "C", "Al", "Si", "P", "Ga", "Ge", "As", "In", "Sn", "Sb", "Tl", "Pb", "Bi"),
    "anion": ("N", "O", "F", "S", "Cl", "Se", "Br", "Te", "I"),
    "hydrogen": ("H",),
}
"""Roles in a solid; the groups do not overlap, except that `open_4f` is part of `rare_earth`."""
