"""Which elements may stand on the sites of each role of the prototypes, beyond the lists that `generate` is given."""

from __future__ import annotations

from dataclasses import dataclass

from screening.chemistry.families import ELEMENT_GROUPS

_EARTHS = (*ELEMENT_GROUPS["rare_earth"], "Th", "U")
_METALS = ("Mn", "Fe", "Co", "Ni")
_DILUTING = (
    "Cr", "Ti", "V", "Cu", "Zn", "Zr", "Nb", "Mo", "Hf", "Ta", "W", "Re", "Ru", "Rh", "Pd", "Os", "Ir", "Pt",
    "Al", "Si", "Ga", "Ge", "Sn", "In",
)  # fmt: skip
_LATE = ("Pt", "Pd", "Rh", "Ir", "Au", "Ni")
_P_ELEMENTS = ("Al", "Ga", "In", "Si", "Ge", "Sn", "Sb")
_LARGE_STABILISERS = ("Ti", "V", "Cr", "Mo", "W", "Nb", "Ta", "Re", "Zr", "Hf")
_DIVALENT, _TRIVALENT = ("Co", "Ni", "Zn", "Mg", "Mn", "Cu"), ("Al", "Ga", "Cr", "Mn", "In", "Sc", "Co")
_TETRAVALENT = ("Ti", "Zr", "Sn", "Hf")


@dataclass(frozen=True)
class RoleElements:
    """The elements of a role.

    Attributes:
        usual: They make members of the structure type by themselves.
        possible: They dissolve on these sites.
        antisite: They stand there only in small excess, as manganese on the sites of aluminium in MnAl.
        may_be_empty: Whether the sites may be partly vacant.
    """

    usual: tuple[str, ...]
    possible: tuple[str, ...] = ()
    antisite: tuple[str, ...] = ()
    may_be_empty: bool = False


_MAGNETIC = RoleElements(_METALS, _DILUTING)
ROLE_ELEMENTS: dict[str, RoleElements] = {
    "rare_earth": RoleElements(_EARTHS, ("Zr", "Hf", "Ca", "Mg")),
    "transition_metal": _MAGNETIC,
    "magnetic_metal": _MAGNETIC,
    "second_magnetic_metal": _MAGNETIC,
    "high_spin_metal": _MAGNETIC,
    "low_spin_metal": _MAGNETIC,
    "large_stabiliser": RoleElements(_LARGE_STABILISERS, (*_METALS, *_DILUTING)),
    "small_stabiliser": RoleElements(("Al", "Si", "Ga", "Ni", "Cu")),
    "small_metalloid": RoleElements(("B", "C"), ("N", "Si", "P", "Be")),
    "interstitial": RoleElements(("N", "C"), ("H",), may_be_empty=True),
    "late_metal": RoleElements(_LATE, ("Cu", "Ag", "Ru", "Os"), ("Mn", "Fe", "Co")),
    "early_metal": RoleElements(("Ti", "Zr", "Hf", "Nb", "Ta", "Sc", "Mg", *_EARTHS), ("Mo", "W", "V", "Ca")),
    "p_element": RoleElements(_P_ELEMENTS, ("As", "P", "Bi", "Te", "Zn", "Cu"), _METALS),
    "heavy_p_element": RoleElements(
        ("Bi", "Sb", "Sn", "Ge", "As", "P", "Te", "Se", "S"), ("Pb", "In", "Si", "Ga"), _METALS
    ),
    "metalloid": RoleElements(("B", "C", "Si", "Ge", "P", "As"), ("N", "Al", "Ga", "Sn", "Sb")),
    "large_cation": RoleElements(("Ba", "Sr", "Pb", "Ca", "La", "Ce", "Pr", "Nd", "Sm", "Eu", "K", "Na")),
    "ferric": RoleElements(("Fe",), (*_DIVALENT, *_TRIVALENT, *_TETRAVALENT)),
    "divalent": RoleElements(_DIVALENT),
    "trivalent": RoleElements(_TRIVALENT),
    "tetravalent": RoleElements(_TETRAVALENT),
}


def elements_of(role: str, parent: str) -> RoleElements:
    """The elements of a role; sites without a role hold only the parent's."""
    return ROLE_ELEMENTS.get(role, RoleElements((parent,))) if role else RoleElements((parent,))
