"""Ions that cannot leave their sites: a narrow passage, and no way through the crystal of a bearable energy."""

from __future__ import annotations

from screening.crystals.crystal import Crystal
from screening.materials.electrodes.barriers.hops import find_hops
from screening.materials.electrodes.end_members.pathways import is_narrow

BLOCKED_EV = 20.0
"""Bond-valence energy of the hardest hop. Inactive crystals have more: maricite NaFePO4 43, marokite CaMn2O4 27,
brownmillerite Ca2Fe2O5 31, perovskite CaMoO3 53, dense LiNiPO4 34 eV. Electrodes have less: layered oxides 5 to 8,
spinels 2 to 3, post-spinel CaV2O4 13, NASICON 8 to 11 eV. Two of three published paths of divalent ions beyond it have
calculated barriers above 1 eV."""
_CONTRACTED = 2.0
"""In a contracted cell of a host without its ion the repulsion is about twice as large."""


def is_blocked(crystal: Crystal, ion: str, contracted: bool = False) -> bool:
    """Whether the ion cannot leave its site without pushing the frame apart.

    Args:
        crystal: The discharged crystal, with anions.
        ion: Symbol of the ion.
        contracted: Whether the cell is that of the charged host, which expands when the ion enters.
    """
    if not is_narrow(crystal, ion, contracted):
        return False
    limit = BLOCKED_EV * (_CONTRACTED if contracted else 1.0)
    return find_hops(crystal, ion, enough_eV=limit).crossing_eV >= limit
