"""Generated crystals as rows for any reader of candidates."""

from __future__ import annotations

from typing import Any

from screening.chemistry.elements import SYMBOLS
from screening.crystals.prototypes.solutions import Solution
from screening.crystals.prototypes.substitution import Member
from screening.crystals.sites import APPROXIMANT


def solution_row(solution: Solution) -> dict[str, Any]:
    """A row with `id, composition, prototype` and the exchange that it is a step of."""
    return {
        "id": solution.candidate_id,
        "composition": solution.formula,
        "prototype": solution.prototype.name,
        "exchange": solution.exchange,
        "x": solution.x,
    }


def as_row(member: Member) -> dict[str, Any]:
    """A row with `id, lattice, species, frac` and the crystal's origin (`formula, prototype, parent, occupants`)."""
    sites, prototype = member.sites, member.prototype
    stand_in = prototype.average_space_group != prototype.space_group
    remarks = {"flags": [APPROXIMANT], "parent_space_group": prototype.average_space_group} if stand_in else {}
    return {
        "id": member.candidate_id,
        "lattice": sites.lattice.round(6).tolist(),
        "species": [SYMBOLS[number] for number in sites.numbers],
        "frac": sites.frac.round(6).tolist(),
        "formula": member.formula,
        "prototype": prototype.name,
        "parent": prototype.parent,
        "occupants": {label: str(ion) for label, ion in member.occupants.items()},
        **remarks,
    }
