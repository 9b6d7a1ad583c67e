"""All distinct crystals of a prototype with the chosen elements."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations, product
from math import gcd
from typing import Any

import numpy as np
from numpy.typing import NDArray

from screening.chemistry.formulas import reduced_formula
from screening.crystals.prototypes.geometry import Template, template
from screening.crystals.prototypes.ions import Ion
from screening.crystals.prototypes.library import Prototype, Site, read_prototypes
from screening.crystals.prototypes.volume import volume_ratio
from screening.crystals.read_settings import ReadSettings
from screening.crystals.sanity import find_problem
from screening.crystals.sites import Sites
from screening.errors import RequestError

Elements = Mapping[str, Sequence[Ion]]
"""Allowed ions by role."""

MORE_SYMMETRIC = "of higher symmetry than the prototype, so another structure type"
UNBALANCED = "charges do not add up to zero"


@dataclass(frozen=True)
class Member:
    """A crystal of a prototype.

    Attributes:
        candidate_id: Its id.
        prototype: Its structure type.
        formula: Its reduced formula.
        sites: Its arrays.
        occupants: The ion on each site by the site's label.
    """

    candidate_id: str
    prototype: Prototype
    formula: str
    sites: Sites
    occupants: dict[str, Ion]


@dataclass
class Members:
    """The crystals that were made, and the numbers of combinations left out, by reason."""

    made: list[Member] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)


def parse_elements(elements: Mapping[str, Any], prototypes: Sequence[Prototype]) -> dict[str, list[Ion]]:
    """Parse the ions of each role.

    Args:
        elements: Lists of texts by role.
        prototypes: The chosen prototypes.

    Raises:
        RequestError: No prototype has the role, a text is not an element or ion, or a role of a chosen prototype is
            missing.
    """
    needed = frozenset[str]().union(*(prototype.all_roles for prototype in prototypes))
    known = needed.union(*(prototype.all_roles for prototype in read_prototypes()))
    result: dict[str, list[Ion]] = {}
    for role, texts in elements.items():
        if role not in known:
            raise RequestError(
                f"elements.{role}: no prototype has this role; expected one of {', '.join(sorted(known))}"
            )
        if not isinstance(texts, list | tuple):
            raise RequestError(f"elements.{role}: expected a list such as [Fe,Co]")
        try:
            result[role] = list(dict.fromkeys(Ion.parse(text) for text in texts))
        except ValueError as error:
            raise RequestError(f"elements.{role}: {error}") from None
    for role in sorted(needed - result.keys()):
        users = [prototype.name for prototype in prototypes if role in prototype.all_roles]
        raise RequestError(f"elements.{role}: missing, but needed by {', '.join(users)}; give [] for none")
    return result


def members(prototype: Prototype, elements: Elements, settings: ReadSettings | None = None) -> Members:
    """All distinct crystals of a prototype, in the order of the element lists.

    Combinations are left out, and counted, if their symmetry is higher than the prototype's, if their charges do not
    balance, or if they fail the sanity check.

    Args:
        prototype: The structure type.
        elements: Allowed ions by role.
        settings: Limits of the sanity check; None: the defaults.
    """
    settings = settings or ReadSettings()
    shape = template(prototype)
    allowed = [_allowed(site, elements) for site in prototype.sites]
    result = Members()
    seen: set[str] = set()
    for ions in _assignments(prototype, elements):
        if _charge(shape, ions):
            result.left_out[UNBALANCED] += 1
            continue
        member = _member(prototype, shape, allowed, ions)
        if member.candidate_id in seen:
            continue
        seen.add(member.candidate_id)
        more_symmetric = _is_more_symmetric(shape, member.sites.numbers)
        reason = MORE_SYMMETRIC if more_symmetric else find_problem(member.sites, settings)
        if reason:
            result.left_out[reason] += 1
        else:
            result.made.append(member)
    return result


def _assignments(prototype: Prototype, elements: Elements) -> Iterator[list[Ion]]:
    """An ion for each site: first one for each role, then with single sites that differ."""
    for chosen in product(*(elements[role] for role in prototype.roles)):
        by_role = dict(zip(prototype.roles, chosen, strict=True))
        base = [by_role[site.role] if site.role else site.parent for site in prototype.sites]
        yield base
        others = [
            (index, ion)
            for index, site in enumerate(prototype.sites)
            for role in site.mixed
            for ion in elements[role]
            if ion.symbol != base[index].symbol or ion.charge != base[index].charge
        ]
        for count in range(1, prototype.mixed_sites + 1):
            for changes in combinations(others, count):
                if count == 1 or _balance(base, changes):
                    yield _changed(base, changes)


def _balance(base: Sequence[Ion], changes: Sequence[tuple[int, Ion]]) -> bool:
    """Whether the changes are on different sites and each changes the charge, as balancing requires."""
    places = {index for index, _ in changes}
    return len(places) == len(changes) and all(ion.charge != base[index].charge for index, ion in changes)


def _changed(base: Sequence[Ion], changes: Sequence[tuple[int, Ion]]) -> list[Ion]:
    ions = list(base)
    for index, ion in changes:
        ions[index] = ion
    return ions


def _allowed(site: Site, elements: Elements) -> set[Ion]:
    """All ions that the lists allow on a site."""
    return {ion for role in (site.role, *site.mixed) if role for ion in elements[role]} | {site.parent}


def _member(prototype: Prototype, shape: Template, allowed: Sequence[set[Ion]], ions: Sequence[Ion]) -> Member:
    """The crystal, described by the simplest of all equivalent arrangements.

    Its id and arrays therefore do not depend on the order of the elements.
    """

    def complexity(arrangement: Sequence[Ion]) -> tuple[int, int, tuple[str, ...]]:
        strangers = sum(ion not in usual for ion, usual in zip(arrangement, allowed, strict=True))
        name = _description(prototype, shape, arrangement)
        return strangers, len(name), name

    ions = min(([ions[index] for index in exchange] for exchange in shape.exchanges), key=complexity)
    numbers = np.array([ion.number for ion in ions], dtype=np.int16)[shape.site]
    scale = volume_ratio(prototype, shape.multiplicities, ions) ** (1 / 3)
    name = "__".join(_description(prototype, shape, ions))
    sites = Sites(shape.lattice * scale, numbers, shape.frac, None, name)
    occupants = {site.label: ion for site, ion in zip(prototype.sites, ions, strict=True)}
    return Member(name, prototype, reduced_formula(numbers), sites, occupants)


def _description(prototype: Prototype, shape: Template, ions: Sequence[Ion]) -> tuple[str, ...]:
    """Parts of an id such as `Nd2Fe14B__Nd2Fe12Co2B__8j1-Co`: prototype, formula, sites of the rarer elements."""
    symbols = [ion.symbol for ion in ions]
    atoms: dict[str, Counter[str]] = {}
    for site, symbol, count in zip(prototype.sites, symbols, shape.multiplicities.tolist(), strict=True):
        atoms.setdefault(site.role, Counter())[symbol] += count
    # The most abundant element of a role comes first, ties alphabetically.
    ordered = {role: sorted(counts, key=lambda e: (-counts[e], e)) for role, counts in atoms.items()}
    divisor = gcd(*(count for counts in atoms.values() for count in counts.values()))
    amounts = [(e, atoms[role][e] // divisor) for role, elements in ordered.items() for e in elements]
    formula = "".join(f"{symbol}{count if count > 1 else ''}" for symbol, count in amounts)
    rarer = [
        f"{site.label}-{symbol}"
        for site, symbol in zip(prototype.sites, symbols, strict=True)
        if symbol != ordered[site.role][0]
    ]
    return (prototype.name, formula, *rarer)


def _charge(shape: Template, ions: Sequence[Ion]) -> int:
    """Charge of the primitive cell; metal atoms have none."""
    return int(np.dot(shape.multiplicities, [ion.charge for ion in ions]))


def _is_more_symmetric(shape: Template, numbers: NDArray[np.int16]) -> bool:
    """Whether a symmetry of the arrangement keeps all elements in place although it exchanges sites."""
    keeps_elements = (numbers[shape.swaps] == numbers).all(axis=1)
    keeps_sites = (shape.site[shape.swaps] == shape.site).all(axis=1)
    return bool((keeps_elements & ~keeps_sites).any())
