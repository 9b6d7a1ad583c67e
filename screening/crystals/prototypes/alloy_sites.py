"""The sites of a compound or alloy that is given by its composition and structure type."""

from __future__ import annotations

import math
from dataclasses import replace
from difflib import get_close_matches

import numpy as np

from screening.array_types import Floats
from screening.chemistry.elements import SYMBOLS
from screening.chemistry.formulas import Amounts, parse_formula
from screening.crystals.prototypes.geometry import template
from screening.crystals.prototypes.ions import Ion, metallic_radius
from screening.crystals.prototypes.library import Prototype, prototype_names, read_prototypes
from screening.crystals.prototypes.occupation import Occupation, occupation
from screening.crystals.sites import APPROXIMANT, Occupancy, Sites
from screening.errors import RequestError

MOST_STRAIN = 0.15
"""By how much a given cell edge may differ from the one that follows from radii."""


def alloy_sites(composition: str, prototype: str, a_A: float | None = None, c_A: float | None = None) -> Sites:
    """The primitive cell of a compound or alloy.

    Without an edge, the cell follows from the prototype's and metallic radii, as for generated crystals; that of an
    ionic prototype is its parent's.

    Args:
        composition: A formula such as `(Nd0.8Ce0.2)2Fe12Co2B`.
        prototype: A structure type, as in `datasets/prototypes/`.
        a_A: Edge a (and b, in proportion) of the conventional cell in Å.
        c_A: Edge c.

    Raises:
        RequestError: The composition cannot be read or does not fit, the prototype is unknown, or an edge is wrong.
    """
    amounts = parse_formula(composition)
    if amounts is None:
        raise RequestError(
            f"composition '{composition}' cannot be read; expected a formula with numbers, such as "
            "(Nd0.8Ce0.2)2Fe12Co2B, no amount negative"
        )
    kind = _prototype(prototype)
    found = occupation(kind, amounts)
    if found.problem:
        raise RequestError(f"{composition} does not fit {kind.name}: {found.problem}{_nearest(kind, found, amounts)}")
    shape = template(kind)
    lattice = _lattice(kind, found.occupancies, a_A, c_A)
    sites = Sites.from_occupancies(lattice, [dict(found.occupancies[index]) for index in shape.site], shape.frac)
    stands_for_another = kind.average_space_group != kind.space_group and sites.occupancies is None
    if stands_for_another:
        sites = replace(sites, flags=(APPROXIMANT,), parent_space_group=kind.average_space_group)
    return replace(sites, is_alloy=True)


def _prototype(name: str) -> Prototype:
    known = prototype_names()
    if name not in known:
        near = get_close_matches(name, known, n=1)
        hint = f"; did you mean {near[0]}?" if near else "."
        raise RequestError(f"there is no prototype '{name}'{hint} Known: {', '.join(known)}")
    return read_prototypes([name])[0]


def _nearest(tried: Prototype, found: Occupation, amounts: Amounts) -> str:
    """Words that name the structure types that a composition fits, or the nearest one."""
    tries = [(occupation(kind, amounts), kind.name) for kind in read_prototypes() if kind.name != tried.name]
    fitting = [name for each, name in tries if not each.problem]
    if fitting:
        return f"; it fits {', '.join(fitting)}"
    nearest, name = min(tries, key=lambda each: each[0].misfit)
    return f"; no prototype fits it, the nearest is {tried.name if found.misfit <= nearest.misfit else name}"


def _lattice(kind: Prototype, occupancies: tuple[Occupancy, ...], a_A: float | None, c_A: float | None) -> Floats:
    """Row vectors of the primitive cell in Å."""
    ratio = 1.0 if kind.bonding == "ionic" else _volume_ratio(kind, occupancies)
    scale = ratio ** (1 / 3)
    wanted = [_stretch("a_A", a_A, kind.cell[0] * scale), _stretch("c_A", c_A, kind.cell[2] * scale)]
    if wanted[1] is None:  # one edge alone scales the cell
        wanted[1] = wanted[0]
    along_a, along_c = (1.0 if each is None else each for each in wanted)
    return template(kind).lattice * scale * np.array([along_a, along_a, along_c])


def _stretch(name: str, edge_A: float | None, expected_A: float) -> float | None:
    if edge_A is None:
        return None
    ratio = edge_A / expected_A
    if not (math.isfinite(ratio) and abs(ratio - 1) <= MOST_STRAIN):
        raise RequestError(f"{name}={edge_A:g}: expected an edge in Å near {expected_A:.4g}")
    return ratio


def _volume_ratio(kind: Prototype, occupancies: tuple[Occupancy, ...]) -> float:
    """Volume over that of the parent, by the sum of the cubes of metallic radii (see `volume_ratio`)."""
    atoms = template(kind).multiplicities

    def filled(mixtures: tuple[Occupancy, ...]) -> float:
        sums = [sum(share * metallic_radius(Ion(SYMBOLS[z])) ** 3 for z, share in site.items()) for site in mixtures]
        return float(np.dot(atoms, sums))

    parents = tuple({site.parent.number: 1.0} for site in kind.sites)
    # interstitial atoms that are missing leave the cell as it is
    whole = tuple({z: share / sum(site.values()) for z, share in site.items()} for site in occupancies)
    return filled(whole) / filled(parents)
