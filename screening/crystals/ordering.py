"""Ordered approximants of crystals with partial occupancies, with bounded effort.

In an ionic crystal, occupancies are rounded to whole atoms in a small neutral supercell; of the possible arrangements,
that with the lowest electrostatic energy is taken (by pymatgen). Charges are oxidation states where these can be
guessed; else, elements that share a site get artificial charges, which keep equal atoms apart. An alloy of metals gets
a few quasi-random approximants (`quasirandom`). All of them know the composition that they stand for.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import pairwise
from math import comb, gcd
from typing import TYPE_CHECKING

import numpy as np

from screening.chemistry.elements import ATOMIC_NUMBERS, SYMBOLS
from screening.chemistry.families import CHALCOGENS, HALOGENS, OXYGEN
from screening.chemistry.formulas import Amounts
from screening.crystals.quasirandom import quasirandom
from screening.crystals.sites import FULL_OCCUPANCY_TOLERANCE, Occupancy, Sites
from screening.crystals.supercells import most_compact
from screening.crystals.symmetry import space_group_number

if TYPE_CHECKING:
    from pymatgen.core.composition import Composition
    from pymatgen.core.structure import Structure

MAX_SITES = 200
"""Largest supercell; a cell that needs no repetition may have half as many sites again."""
GOOD_DEVIATION = 0.025
"""The smallest supercell with occupancies this close to the given ones is used."""
MAX_DEVIATION = 0.1
"""If there is none, the closest one is used, up to this deviation."""
MAX_ARRANGEMENTS = 2000
"""More arrangements than this are searched greedily instead of completely."""

MAX_CHARGE_TRIALS = 100_000
"""With more combinations of oxidation states than this, none is guessed."""

_SALT_FORMERS = frozenset((*OXYGEN, *HALOGENS))
_MOST_TIMES = 12
_NEAR_WHOLE = 0.02
_DISTINCT_CHARGE = 0.1
_ARTIFICIAL_STEP = 0.2

Counts = dict[int, int]
"""Whole atoms on a group of sites by atomic number; the remaining sites are vacant."""

Group = tuple[Occupancy, list[int]]
"""Sites that share one partial occupancy."""


class OrderingError(ValueError):
    """There is no ordered approximant within the limits; the message says why."""


def order_sites(sites: Sites) -> Sites:
    """An ordered supercell of a crystal, with the space group and composition of the disordered crystal.

    An alloy of metals may have several, of which the heaviest holds the others.

    Raises:
        OrderingError: There is none within the limits.
    """
    if len(sites.numbers) > MAX_SITES * 3 // 2:
        raise OrderingError(f"{len(sites.numbers)} sites are too many to order (limit {MAX_SITES * 3 // 2})")
    found = [_ordered(sites)] if is_ionic(sites) else quasirandom(sites)
    group, amounts = average_space_group(sites), formula_amounts(sites)
    first, *others = [replace(each, parent_space_group=group, composition=amounts) for each in found]
    return replace(first, approximants=tuple(others))


def is_ionic(sites: Sites) -> bool:
    """Whether a crystal has anions, whose charges an arrangement must balance."""
    present = {z for site in sites.occupancies or [] for z in site}
    return not present.isdisjoint((*OXYGEN, *HALOGENS, *CHALCOGENS))


def formula_amounts(sites: Sites) -> Amounts:
    """Atoms of each element in a formula: the sites of each kind as smallest whole numbers, times their occupancies."""
    occupancies, kinds = sites.occupancies or [], _kinds(sites)
    units = gcd(*Counter(kinds).values())
    amounts: dict[int, float] = {}
    for site in occupancies:
        for z, share in site.items():
            amounts[z] = amounts.get(z, 0.0) + share / units
    return tuple((z, round(amounts[z], 6)) for z in sorted(amounts) if amounts[z] > 0)


def average_space_group(sites: Sites) -> int | None:
    """Space group of a partially occupied crystal, each kind of occupancy taken as one element; None if not found."""
    return space_group_number(sites.lattice, sites.frac, _kinds(sites))


def _kinds(sites: Sites) -> list[int]:
    """Numbers, equal for sites of equal occupancy."""
    kinds: dict[tuple[tuple[int, float], ...], int] = {}
    occupancies = sites.occupancies or [{int(z): 1.0} for z in sites.numbers]
    keys = [tuple(sorted((z, round(amount, 3)) for z, amount in site.items())) for site in occupancies]
    return [kinds.setdefault(key, len(kinds) + 1) for key in keys]


def _ordered(sites: Sites) -> Sites:
    from pymatgen.transformations.standard_transformations import OrderDisorderedStructureTransformation

    groups = _groups(sites.occupancies or [])
    repeats, counts = _choose_supercell(sites, groups, {})
    states = _whole_states(sites)
    if states and not _is_neutral(sites, groups, counts, int(np.prod(repeats)), states):
        # close, but metals would change their charge: smaller cells have more multiples, one of which may be exact
        sites = _primitive(sites)
        groups = _groups(sites.occupancies or [])
        repeats, counts = _choose_supercell(sites, groups, states)
    copies = int(np.prod(repeats))
    structure = _decorate(sites, groups, counts, copies)
    structure.make_supercell(repeats)
    if structure.is_ordered:  # all minority elements were rounded away
        return _as_sites(structure, sites.own_id)
    arrangements = 1
    for (_, members), count in zip(groups, counts, strict=True):
        left = len(members) * copies
        for amount in count.values():
            arrangements *= comb(left, amount)
            left -= amount
    method = OrderDisorderedStructureTransformation
    transformation = method(method.ALGO_FAST if arrangements <= MAX_ARRANGEMENTS else method.ALGO_BEST_FIRST)
    try:
        transformation.apply_transformation(structure)
    except (ValueError, IndexError) as error:
        raise OrderingError(str(error)) from None
    return _as_sites(transformation.lowest_energy_structure, sites.own_id)


def _groups(occupancies: list[Occupancy]) -> list[Group]:
    groups: dict[tuple[tuple[int, float], ...], Group] = {}
    for index, site in enumerate(occupancies):
        if len(site) > 1 or abs(sum(site.values()) - 1) >= FULL_OCCUPANCY_TOLERANCE:
            key = tuple(sorted((z, round(amount, 3)) for z, amount in site.items()))
            groups.setdefault(key, (site, []))[1].append(index)
    return list(groups.values())


def _choose_supercell(
    sites: Sites, groups: list[Group], states: dict[int, float]
) -> tuple[tuple[int, int, int], list[Counts]]:
    """Repeats along the edges, and whole atoms on each group; neutral by these oxidation states if possible."""
    total = len(sites.numbers)
    best: tuple[tuple[bool, float], int, list[Counts]] | None = None
    for copies in range(1, max(2, MAX_SITES // total + 1)):
        rounded = [_round(site, len(members) * copies) for site, members in groups]
        counts = [count for _, count in rounded]
        charged = bool(states) and not _is_neutral(sites, groups, counts, copies, states)
        deviation = max(worst for worst, _ in rounded)
        if best is None or (charged, deviation + 1e-9) < best[0]:
            best = ((charged, deviation), copies, counts)
        if deviation <= GOOD_DEVIATION and not charged:
            break
    if best is None or best[0][1] > MAX_DEVIATION:
        raise OrderingError(f"no supercell of up to {MAX_SITES} sites comes near these occupancies")
    if best[0][0]:
        ions = ", ".join(f"{SYMBOLS[z]}{state:+g}" for z, state in sorted(states.items()))
        raise OrderingError(f"no supercell of up to {MAX_SITES} sites near these occupancies is neutral with {ions}")
    return most_compact(sites.lattice, best[1]), best[2]


def _round(site: Occupancy, places: int) -> tuple[float, Counts]:
    """Whole atoms for `places` sites by the largest remainder method, and the largest deviation per site."""
    shares = {**site, 0: max(0.0, 1.0 - sum(site.values()))}
    scale = places / sum(shares.values())
    counts = {z: int(share * scale + 1e-6) for z, share in shares.items()}
    missing = places - sum(counts.values())
    by_remainder = sorted(shares, key=lambda z: (counts[z] - shares[z] * scale, z))
    for z in by_remainder[:missing]:
        counts[z] += 1
    worst = max(abs(counts[z] / places - share) for z, share in shares.items())
    return worst, {z: count for z, count in counts.items() if z}


def _decorate(sites: Sites, groups: list[Group], counts: list[Counts], copies: int) -> Structure:
    """A pymatgen structure with charges and the rounded occupancies."""
    from pymatgen.core.periodic_table import Species
    from pymatgen.core.structure import Structure

    charges = _guess_charges(sites, groups, counts, copies)
    species: list[dict[Species, float]] = [{Species(SYMBOLS[z], charges.get(int(z), 0.0)): 1.0} for z in sites.numbers]
    for (_, members), count in zip(groups, counts, strict=True):
        places = len(members) * copies
        local = _distinct_charges(count, places, charges)
        mixture = {Species(SYMBOLS[z], local[z]): amount / places for z, amount in count.items() if amount}
        for member in members:
            species[member] = mixture
    kept = [index for index, site in enumerate(species) if site]  # a site may be rounded to empty
    return Structure(sites.lattice, [species[index] for index in kept], sites.frac[kept])


def _guess_charges(sites: Sites, groups: list[Group], counts: list[Counts], copies: int) -> dict[int, float]:
    """The most likely oxidation state of each element; empty if no charges balance, as in alloys."""
    from pymatgen.core.composition import Composition

    amounts: dict[str, int] = {}
    partial = {index for _, members in groups for index in members}
    for index, z in enumerate(sites.numbers):
        if index not in partial:
            amounts[SYMBOLS[z]] = amounts.get(SYMBOLS[z], 0) + copies
    for count in counts:
        for z, amount in count.items():
            amounts[SYMBOLS[z]] = amounts.get(SYMBOLS[z], 0) + amount
    composition = Composition(amounts).reduced_composition
    if not _is_quick_to_balance(composition):
        return {}
    guesses = composition.oxi_state_guesses()
    return {ATOMIC_NUMBERS[symbol]: float(charge) for symbol, charge in guesses[0].items()} if guesses else {}


def _whole_states(sites: Sites) -> dict[int, float]:
    """Oxidation states by atomic number if each element of the crystal has one that is a whole number; else empty."""
    from pymatgen.core.composition import Composition

    amounts: dict[str, float] = {}
    for site in sites.occupancies or []:
        for z, amount in site.items():
            amounts[SYMBOLS[z]] = amounts.get(SYMBOLS[z], 0.0) + amount
    for times in range(1, _MOST_TIMES + 1):
        whole = {symbol: round(times * amount) for symbol, amount in amounts.items()}
        if all(abs(times * amounts[symbol] - count) < _NEAR_WHOLE * times for symbol, count in whole.items()):
            composition = Composition(whole).reduced_composition
            if not _is_quick_to_balance(composition):
                return {}
            guesses = composition.oxi_state_guesses()
            if not guesses and not {z for site in sites.occupancies or [] for z in site}.isdisjoint(_SALT_FORMERS):
                raise OrderingError(f"no oxidation states of {', '.join(amounts)} make {composition.formula} neutral")
            states = guesses[0].items() if guesses else ()
            if any(abs(state - round(state)) > _NEAR_WHOLE for _, state in states):
                return {}
            return {ATOMIC_NUMBERS[symbol]: float(round(state)) for symbol, state in states}
    return {}


def _is_neutral(sites: Sites, groups: list[Group], counts: list[Counts], copies: int, states: dict[int, float]) -> bool:
    """Whether the charges of a supercell's atoms add up to zero."""
    partial = {index for _, members in groups for index in members}
    total = copies * sum(states.get(int(z), 0.0) for index, z in enumerate(sites.numbers) if index not in partial)
    total += sum(states.get(z, 0.0) * amount for count in counts for z, amount in count.items())
    return abs(total) < _NEAR_WHOLE


def _primitive(sites: Sites) -> Sites:
    """The crystal in its primitive cell, with the same orientation; as it is if none is found."""
    import spglib

    kinds = _kinds(sites)
    try:
        found = spglib.standardize_cell(
            (sites.lattice.tolist(), sites.frac.tolist(), kinds), to_primitive=True, no_idealize=True, symprec=0.05
        )
    except spglib.SpglibError:
        found = None
    if found is None or len(found[2]) >= len(kinds):
        return sites
    occupancies = sites.occupancies or []
    own = [occupancies[kinds.index(int(kind))] for kind in found[2]]
    return Sites.from_occupancies(np.array(found[0]), own, np.array(found[1]), sites.own_id)


def _is_quick_to_balance(composition: Composition) -> bool:
    """Whether pymatgen has few enough combinations of oxidation states to try."""
    trials = 1
    for element, amount in composition.items():
        states = element.icsd_oxidation_states or element.common_oxidation_states
        if not states or comb(int(amount) + len(states) - 1, len(states) - 1) > MAX_CHARGE_TRIALS:
            return False
        trials *= int(amount) * (max(states) - min(states)) + 1
    return trials <= MAX_CHARGE_TRIALS


def _distinct_charges(count: Counts, places: int, charges: dict[int, float]) -> dict[int, float]:
    """Charges that differ for all occupants of a group of sites, vacancies (charge 0) included."""
    occupants = sorted(z for z, amount in count.items() if amount)
    vacancies = places - sum(count.values())
    known = [charges.get(z, 0.0) for z in occupants]
    levels = sorted([*known, 0.0] if vacancies else known)
    if all(high - low >= _DISTINCT_CHARGE for low, high in pairwise(levels)):
        return dict(zip(occupants, known, strict=True))
    if vacancies:
        return {z: 1.0 + _ARTIFICIAL_STEP * position for position, z in enumerate(occupants)}
    centre = sum(position * count[z] for position, z in enumerate(occupants)) / places
    mean = sum(known) / len(known)
    return {z: mean + _ARTIFICIAL_STEP * (position - centre) for position, z in enumerate(occupants)}


def _as_sites(structure: Structure, own_id: str) -> Sites:
    numbers = np.array([site.specie.Z for site in structure], dtype=np.int16)
    if len(numbers) == 0:
        raise OrderingError("no atoms are left")
    return Sites(structure.lattice.matrix.copy(), numbers, structure.frac_coords.copy(), None, own_id)
