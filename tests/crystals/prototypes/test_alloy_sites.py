"""A composition on a prototype: elements on the sites that take them, and a clear reason where they do not fit."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from screening.chemistry.elements import ATOMIC_NUMBERS
from screening.chemistry.formulas import formula_of, parse_formula
from screening.crystals.ordering import formula_amounts
from screening.crystals.prototypes import members, read_prototypes
from screening.crystals.prototypes.alloy_sites import alloy_sites
from screening.crystals.prototypes.ions import Ion
from screening.errors import RequestError

FE, CO, TI, N = (ATOMIC_NUMBERS[symbol] for symbol in ("Fe", "Co", "Ti", "N"))


@pytest.mark.parametrize(
    ("composition", "prototype", "formula"),
    [
        ("(Nd0.8Ce0.2)2Fe12Co2B", "Nd2Fe14B", "Ce0.4Nd1.6Fe12Co2B"),
        ("Mn55Al45", "L1_0-MnAl", "Mn1.1Al0.9"),
        ("Sm2Fe17N2.3", "Th2Zn17N3", "Sm2Fe17N2.3"),
        ("(Fe0.7Co0.3)2B", "CuAl2", "Fe1.4Co0.6B"),
        ("Sm(Co0.7Fe0.2Cu0.07Zr0.03)5", "CaCu5", "SmZr0.15FeCo3.5Cu0.35"),
        ("Fe0.6Pt0.4", "L1_0-FePt", "Fe1.2Pt0.8"),
    ],
)
def test_an_alloy_keeps_its_composition(composition: str, prototype: str, formula: str) -> None:
    sites = alloy_sites(composition, prototype)
    assert sites.occupancies is not None and sites.is_alloy
    assert formula_of(formula_amounts(sites)) == formula
    assert all(0 < share <= 1 for site in sites.occupancies for share in site.values())


def test_a_compound_is_what_generate_makes_of_the_same_elements() -> None:
    (kind,) = read_prototypes(["CaCu5"])
    (made,) = (
        each
        for each in members(
            kind,
            {
                "rare_earth": [Ion("Sm")],
                "transition_metal": [Ion("Co")],
                "second_transition_metal": [],
                "small_stabiliser": [],
            },
        ).made
    )
    sites = alloy_sites("SmCo5", "CaCu5")
    assert sites.occupancies is None
    assert (sites.numbers == made.sites.numbers).all()
    assert sites.lattice == pytest.approx(made.sites.lattice) and sites.frac == pytest.approx(made.sites.frac)


def test_large_atoms_go_to_the_sites_that_want_them() -> None:
    sites = alloy_sites("SmFe11Ti", "ThMn12")
    assert sites.occupancies is not None
    mixed = [site for site in sites.occupancies if TI in site]
    assert len(mixed) == 4 and mixed[0] == pytest.approx({FE: 0.75, TI: 0.25})  # 8i alone


def test_given_edges_replace_those_of_radii() -> None:
    lattice = alloy_sites("(Sm0.5Y0.5)Co5", "CaCu5", 4.96, 3.98).lattice
    assert np.linalg.norm(lattice, axis=1) == pytest.approx([4.96, 4.96, 3.98])
    one = alloy_sites("(Sm0.5Y0.5)Co5", "CaCu5", 4.96).lattice
    assert one[2, 2] / one[0, 0] == pytest.approx(3.97 / 4.95, abs=0.02)


@given(st.floats(0.0, 1.0), st.floats(0.0, 14.0))
@settings(max_examples=25, deadline=None)
def test_every_share_is_possible(cerium: float, cobalt: float) -> None:
    text = f"(Nd{1 - cerium:.4f}Ce{cerium:.4f})2Fe{14 - cobalt:.4f}Co{cobalt:.4f}B"
    sites = alloy_sites(text, "Nd2Fe14B")
    wanted = dict(parse_formula(text) or ())
    if sites.occupancies is not None:
        found = dict(formula_amounts(sites))
        scale = 14 / (found.get(FE, 0.0) + found.get(CO, 0.0))
        assert found.get(CO, 0.0) * scale == pytest.approx(wanted.get(CO, 0.0), abs=2e-3)
    assert math.isfinite(float(np.linalg.det(sites.lattice)))


@pytest.mark.parametrize(
    ("composition", "prototype", "reason"),
    [
        ("SmCo5", "Nd2Fe14B", "SmCo5 does not fit Nd2Fe14B: .*rare earth: 11.2 of 8.*it fits CaCu5"),
        ("Nd2.1Fe13.9B", "Nd2Fe14B", "no prototype fits it, the nearest is Nd2Fe14B"),
        ("Fe3O4", "CaCu5", "no site of it takes O; no prototype fits it"),
        ("SmCo5", "CaCu", "there is no prototype 'CaCu'; did you mean CaCu5"),
        ("SmCo5", "nothing", "Known: CaCu5, CeCo4B"),
        ("SmCox", "CaCu5", "'SmCox' cannot be read"),
        ("Sm1.2Y-0.2Co5", "CaCu5", "cannot be read.*no amount negative"),
        ("", "CaCu5", "cannot be read"),
        ("Mn1.6Al0.4", "L1_0-MnAl", "does not fit"),
    ],
)
def test_what_does_not_fit_says_why(composition: str, prototype: str, reason: str) -> None:
    with pytest.raises(RequestError, match=reason):
        alloy_sites(composition, prototype)


@pytest.mark.parametrize("edge", [0.0, -5.0, math.nan, math.inf, 50.0])
def test_an_absurd_edge_is_refused(edge: float) -> None:
    with pytest.raises(RequestError, match=r"a_A=.*expected an edge in Å near"):
        alloy_sites("SmCo5", "CaCu5", edge)
