"""Solid solutions over x: each between two compounds that differ in one role, at shares from 0 to 1."""

from __future__ import annotations

import math

import pytest
import yaml

from screening.chemistry.formulas import parse_formula
from screening.crystals.prototypes import read_prototypes
from screening.crystals.prototypes.ions import Ion
from screening.crystals.prototypes.role_elements import ROLE_ELEMENTS
from screening.crystals.prototypes.solutions import solutions
from screening.crystals.prototypes.substitution import UNBALANCED
from screening.errors import RequestError
from screening.resources import resource


def ions(*symbols: str) -> list[Ion]:
    return [Ion.parse(symbol) for symbol in symbols]


def test_one_series_for_each_pair_of_compounds() -> None:
    (kind,) = read_prototypes(["CuAl2"])
    found = solutions(kind, {"magnetic_metal": ions("Fe", "Co"), "metalloid": ions("B", "P")}, [0, 0.25, 0.5, 1, 0.25])
    assert sorted(each.candidate_id for each in found.made) == sorted(
        [
            "CuAl2__Fe1.5Co0.5B",
            "CuAl2__FeCoB",
            "CuAl2__Fe1.5Co0.5P",
            "CuAl2__FeCoP",
            "CuAl2__Fe2B0.75P0.25",
            "CuAl2__Fe2B0.5P0.5",
            "CuAl2__Co2B0.75P0.25",
            "CuAl2__Co2B0.5P0.5",
        ]
    )
    assert {(each.exchange, each.x) for each in found.made} == {
        ("Fe-Co", 0.25), ("Fe-Co", 0.5), ("B-P", 0.25), ("B-P", 0.5)
    }  # fmt: skip
    assert all(each.sites.is_alloy for each in found.made) and not found.left_out


def test_ions_of_another_charge_do_not_mix() -> None:
    (kind,) = read_prototypes(["Magnetoplumbite"])
    lists = {name: [] for name in ("trivalent", "divalent", "tetravalent")}
    found = solutions(kind, {**lists, "large_cation": ions("Ba2+", "Sr2+", "La3+"), "ferric": ions("Fe3+")}, [0.5])
    assert [each.formula for each in found.made] == ["Ba0.5Sr0.5Fe12O19"]
    found = solutions(kind, {**lists, "large_cation": ions("La3+", "Nd3+"), "ferric": ions("Fe3+")}, [0.5])
    assert found.made == [] and found.left_out == {UNBALANCED: 1}


@pytest.mark.parametrize("share", [-0.1, 1.1, math.nan, math.inf])
def test_a_share_out_of_range_is_refused(share: float) -> None:
    (kind,) = read_prototypes(["CuAl2"])
    with pytest.raises(RequestError, match="expected shares from 0 to 1"):
        solutions(kind, {"magnetic_metal": ions("Fe", "Co"), "metalloid": ions("B")}, [0.5, share])


def test_the_elements_that_generate_lists_fit_their_roles() -> None:
    path = resource("configs") / "elements" / "default.yaml"
    lists = yaml.safe_load(path.read_text(encoding="utf-8"))
    for kind in read_prototypes():
        for role in kind.roles:
            allowed = {*ROLE_ELEMENTS[role].usual, *ROLE_ELEMENTS[role].possible}
            assert {Ion.parse(text).symbol for text in lists[role]} <= allowed, role


def test_amounts_add_up_to_the_pattern() -> None:
    (kind,) = read_prototypes(["ThMn12"])
    (one,) = solutions(kind, {"rare_earth": ions("Sm", "Y"), "transition_metal": ions("Fe")}, [1 / 3]).made
    assert sum(amount for _, amount in parse_formula(one.formula) or ()) == pytest.approx(13, abs=1e-3)
