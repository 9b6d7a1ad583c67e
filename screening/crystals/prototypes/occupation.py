"""A composition on the sites of a prototype: which elements share which sites, and in which amounts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import linprog

from screening.array_types import Floats
from screening.chemistry.elements import SYMBOLS
from screening.chemistry.formulas import Amounts
from screening.crystals.prototypes.geometry import template
from screening.crystals.prototypes.library import Prototype, Site
from screening.crystals.prototypes.role_elements import elements_of
from screening.crystals.sites import Occupancy

TOLERANCE = 0.01
"""Part of the sites of a role that may be filled too much or too little, because amounts are rounded."""
MOST_ANTISITES = 0.25
"""Part of the sites of a role."""
_POSSIBLE, _ANTISITE, _EMPTY, _MISFIT = 1.0, 4.0, 0.5, 1000.0
_TRACE = 1e-6


@dataclass(frozen=True)
class Occupation:
    """A composition on the sites of a prototype.

    Attributes:
        occupancies: Of each site of the prototype.
        misfit: Atoms that find no place and places that find no atom, over all sites.
        problem: Why the composition does not fit, in words; empty if it does.
    """

    occupancies: tuple[Occupancy, ...]
    misfit: float
    problem: str


def occupation(prototype: Prototype, composition: Amounts) -> Occupation:
    """Put a composition on the sites of a prototype, as usual as possible.

    Each element goes to the sites of a role that takes it; the amounts are those of the linear program with the least
    atoms on unusual sites. Elements of a role share all of its sites in the same proportion, except for those that
    the prototype wants on some of them.

    Args:
        prototype: The structure type.
        composition: Atoms of each element; the scale does not matter.
    """
    groups = _groups(prototype)
    homeless = [SYMBOLS[z] for z, _ in composition if not any(_cost(role, z) is not None for role, _ in groups)]
    if homeless:
        amount = sum(share for z, share in composition if SYMBOLS[z] in homeless) / sum(n for _, n in composition)
        return Occupation(
            (), amount + 1 / len(template(prototype).site), f"no site of it takes {' or '.join(homeless)}"
        )
    filled, misfit, capacities = _filled(groups, prototype, composition)
    wrong = [g for g, capacity in enumerate(capacities) if abs(misfit[g]) > max(TOLERANCE * capacity, _TRACE)]
    if wrong:
        said = "; ".join(f"{_words(groups[g])}: {capacities[g] + misfit[g]:.4g} of {capacities[g]:g}" for g in wrong)
        return Occupation(
            (), float(np.abs(misfit).sum() / sum(capacities)), f"its sites would hold, per primitive cell, {said}"
        )
    by_site: dict[str, Occupancy] = {}
    for index, (_, sites) in enumerate(groups):
        by_site |= _shared(prototype, sites, {z: float(filled[i, index]) for i, (z, _) in enumerate(composition)})
    return Occupation(tuple(by_site[site.label] for site in prototype.sites), 0.0, "")


def _groups(prototype: Prototype) -> list[tuple[tuple[str, str], list[Site]]]:
    """Sites by role and, without one, by the element of the parent."""
    found: dict[tuple[str, str], list[Site]] = {}
    for site in prototype.sites:
        found.setdefault((site.role, "" if site.role else site.parent.symbol), []).append(site)
    return list(found.items())


def _words(group: tuple[tuple[str, str], list[Site]]) -> str:
    (role, parent), _ = group
    return role.replace("_", " ") if role else parent


def _cost(group: tuple[str, str], z: int) -> float | None:
    """What an element costs on the sites of a group; None where it cannot be."""
    kinds = elements_of(*group)
    levels = ((kinds.usual, 0.0), (kinds.possible, _POSSIBLE), (kinds.antisite, _ANTISITE))
    return next((cost for symbols, cost in levels if SYMBOLS[z] in symbols), None)


def _multiplicities(prototype: Prototype) -> dict[str, int]:
    """Atoms of each site in the primitive cell."""
    return {site.label: int(n) for site, n in zip(prototype.sites, template(prototype).multiplicities, strict=True)}


def _filled(
    groups: Sequence[tuple[tuple[str, str], list[Site]]], prototype: Prototype, composition: Amounts
) -> tuple[Floats, Floats, list[int]]:
    """Atoms of each element on each group of sites (e, g), atoms too many (g) and places (g), per primitive cell."""
    places = _multiplicities(prototype)
    capacities = [sum(places[site.label] for site in sites) for _, sites in groups]
    n, m = len(composition), len(groups)
    costs = [[_cost(group, z) for group, _ in groups] for z, _ in composition]
    # unknowns: atoms (n * m), too few (m), too many (m), scale of the composition
    weights = np.array([0.0 if c is None else c for row in costs for c in row])
    empty = [elements_of(*group).may_be_empty for group, _ in groups]
    objective = np.concatenate([weights, [_EMPTY if e else _MISFIT for e in empty], np.full(m, _MISFIT), [0.0]])
    bounds: list[tuple[float, float | None]] = [(0.0, 0.0 if c is None else None) for row in costs for c in row]
    bounds += [(0.0, None)] * (2 * m + 1)
    equal, right = np.zeros((n + m, n * m + 2 * m + 1)), np.zeros(n + m)
    for i, (_, amount) in enumerate(composition):
        equal[i, i * m : (i + 1) * m], equal[i, -1] = 1.0, -amount
    for g, capacity in enumerate(capacities):
        equal[n + g, g : n * m : m] = 1.0
        equal[n + g, n * m + g], equal[n + g, n * m + m + g], right[n + g] = 1.0, -1.0, capacity
    antisites = np.zeros((m, equal.shape[1]))
    for g in range(m):
        antisites[g, [i * m + g for i in range(n) if costs[i][g] == _ANTISITE]] = 1.0
    most = MOST_ANTISITES * np.array(capacities)
    found = linprog(objective, antisites, most, equal, right, bounds, method="highs").x
    few, many = found[n * m : n * m + m], found[n * m + m : -1]
    return found[: n * m].reshape(n, m), many - np.where(empty, 0.0, few), capacities


def _shared(prototype: Prototype, sites: Sequence[Site], amounts: dict[int, float]) -> dict[str, Occupancy]:
    """Occupancies of the sites of one group by label, from atoms of each element on all of them."""
    places = _multiplicities(prototype)
    amounts = {z: amount for z, amount in amounts.items() if amount > _TRACE}
    total, capacity = sum(amounts.values()), sum(places[site.label] for site in sites)
    kinds = elements_of(sites[0].role, sites[0].parent.symbol)
    if not kinds.may_be_empty or total > capacity:  # what rounded amounts leave open
        amounts = {z: amount * capacity / total for z, amount in amounts.items()}
    atoms: dict[str, Occupancy] = {site.label: {} for site in sites}
    free = {site.label: float(places[site.label]) for site in sites}
    settled: list[int] = []
    for z, amount in amounts.items():
        homes = [site.label for site in sites if SYMBOLS[z] not in kinds.usual and _is_home(site, z)]
        room = sum(free[label] for label in homes)
        if homes and amount < room - _TRACE:
            settled.append(z)
            for label in homes:
                atoms[label][z] = amount * free[label] / room
            for label in homes:
                free[label] -= atoms[label][z]
    room = sum(free.values())
    for z in amounts.keys() - settled:
        for label, open_places in free.items():
            atoms[label][z] = amounts[z] * open_places / room
    return {
        label: {z: round(float(n) / places[label], 9) for z, n in sorted(found.items()) if n / places[label] > _TRACE}
        for label, found in atoms.items()
    }


def _is_home(site: Site, z: int) -> bool:
    """Whether the prototype wants an element on a site."""
    return any(SYMBOLS[z] in elements_of(role, "").usual for role in site.mixed)
