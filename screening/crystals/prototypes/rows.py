"""Generated crystals as rows that every reader of candidates takes."""

from __future__ import annotations

from typing import Any

from screening.crystals.elements import SYMBOLS
from screening.crystals.prototypes.substitution import Member


def as_row(member: Member) -> dict[str, Any]:
    """`id, lattice, species, frac` with where the crystal comes from: prototype, parent, formula, what is where."""
    sites = member.sites
    return {
        "id": member.candidate_id,
        "lattice": sites.lattice.round(6).tolist(),
        "species": [SYMBOLS[number] for number in sites.numbers],
        "frac": sites.frac.round(6).tolist(),
        "formula": member.formula,
        "prototype": member.prototype.name,
        "parent": member.prototype.parent,
        "occupants": {label: str(ion) for label, ion in member.occupants.items()},
    }
