"""Solid solutions of a prototype: two elements that share the sites of one role, at the shares x."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations, product
from math import gcd

from screening.chemistry.formulas import Amounts, formula_of
from screening.crystals.prototypes.alloy_sites import alloy_sites
from screening.crystals.prototypes.geometry import template
from screening.crystals.prototypes.ions import Ion
from screening.crystals.prototypes.library import Prototype
from screening.crystals.prototypes.substitution import UNBALANCED
from screening.crystals.sites import Sites
from screening.errors import RequestError


@dataclass(frozen=True)
class Solution:
    """A solid solution between two compounds of a prototype.

    Attributes:
        candidate_id: Its id, such as `Nd2Fe14B__Ce0.4Nd1.6Fe14B`.
        prototype: Its structure type.
        formula: Its composition.
        sites: Its arrays, some with several elements.
        exchange: The elements that share sites, such as `Nd-Ce`: the second replaces the first.
        x: Share of the second.
    """

    candidate_id: str
    prototype: Prototype
    formula: str
    sites: Sites
    exchange: str
    x: float


@dataclass
class Solutions:
    """The solid solutions that were made, and the numbers left out, by reason."""

    made: list[Solution] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)


def check_shares(shares: Sequence[float]) -> None:
    """Raises RequestError for a share that is none."""
    for x in shares:
        if not 0 <= x <= 1:  # NaN as well
            raise RequestError(f"x={list(shares)}: expected shares from 0 to 1, got {x:g}")


def solutions(prototype: Prototype, elements: Mapping[str, Sequence[Ion]], shares: Sequence[float]) -> Solutions:
    """The solid solutions between all pairs of compounds that differ in one role.

    Shares of 0 and 1 are compounds, which `members` makes. Ions that share sites have the same charge.

    Args:
        prototype: The structure type.
        elements: Allowed ions by role.
        shares: Values of x.

    Raises:
        RequestError: A share is not between 0 and 1.
    """
    check_shares(shares)
    result = Solutions()
    seen: set[str] = set()
    for by_role, role, other in _exchanges(prototype, elements):
        first = by_role[role]
        if _charge(prototype, by_role):
            result.left_out[UNBALANCED] += 1
            continue
        for x in sorted({round(x, 6) for x in shares if 0 < x < 1}):
            formula = formula_of(_amounts(prototype, by_role, role, other, x))
            if formula in seen:
                continue
            seen.add(formula)
            try:
                sites = alloy_sites(formula, prototype.name)
            except RequestError as error:
                result.left_out[str(error)] += 1
                continue
            exchange = f"{first.symbol}-{other.symbol}"
            result.made.append(Solution(f"{prototype.name}__{formula}", prototype, formula, sites, exchange, x))
    return result


def _exchanges(
    prototype: Prototype, elements: Mapping[str, Sequence[Ion]]
) -> Iterator[tuple[dict[str, Ion], str, Ion]]:
    """The ions of a compound by role, the role in which a second compound differs, and its ion there."""
    roles = prototype.roles
    for role in roles:
        others = [elements[name] for name in roles if name != role]
        for chosen in product(*others):
            rest = dict(zip([name for name in roles if name != role], chosen, strict=True))
            for first, second in combinations(elements[role], 2):
                if first.symbol != second.symbol and first.charge == second.charge:
                    yield {**rest, role: first}, role, second


def _charge(prototype: Prototype, by_role: Mapping[str, Ion]) -> int:
    """Charge of the primitive cell; the same for both compounds."""
    ions = [by_role[site.role] if site.role else site.parent for site in prototype.sites]
    return sum(n * ion.charge for n, ion in zip(template(prototype).multiplicities.tolist(), ions, strict=True))


def _amounts(prototype: Prototype, by_role: Mapping[str, Ion], role: str, other: Ion, x: float) -> Amounts:
    """Atoms of each element in a formula."""
    units = _units(prototype)
    amounts: dict[int, float] = {}
    for site, count in zip(prototype.sites, template(prototype).multiplicities.tolist(), strict=True):
        ion = by_role[site.role] if site.role else site.parent
        shared = ((ion, 1 - x), (other, x)) if site.role == role else ((ion, 1.0),)
        for one, share in shared:
            amounts[one.number] = amounts.get(one.number, 0.0) + share * count / units
    return tuple((z, round(amount, 6)) for z, amount in sorted(amounts.items()))


def _units(prototype: Prototype) -> int:
    """Formulas in the primitive cell."""
    totals: Counter[str] = Counter()
    for site, count in zip(prototype.sites, template(prototype).multiplicities.tolist(), strict=True):
        totals[site.role or site.parent.symbol] += count
    return gcd(*totals.values())
