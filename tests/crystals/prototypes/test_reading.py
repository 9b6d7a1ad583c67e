"""Prototype files: the bundled ones are consistent, and errors are named."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import yaml

from screening.chemistry.formulas import cell_formula
from screening.crystals.prototypes import Prototype, read_prototypes
from screening.crystals.prototypes.geometry import template
from screening.crystals.prototypes.library import prototype_names, read_prototype
from screening.errors import RequestError
from screening.resources import resource

GOOD = """
pattern: AB
parent: FePt
source: somewhere
space_group: 123
cell: {a: 2.7, c: 3.7}
bonding: metallic
sites:
  1a: {role: a, parent: Fe, at: [0, 0, 0]}
  1d: {role: b, parent: Pt, at: [1/2, 1/2, 1/2]}
"""


@pytest.mark.parametrize("name", prototype_names())
def test_every_prototype_has_roles_that_the_default_elements_fill(name: str) -> None:
    (prototype,) = read_prototypes([name])
    defaults = yaml.safe_load((resource("configs") / "elements" / "default.yaml").read_text(encoding="utf-8"))
    assert prototype.all_roles <= defaults.keys()
    assert prototype.roles and prototype.source and prototype.pattern
    assert len({site.label for site in prototype.sites}) == len(prototype.sites)


def test_the_default_elements_are_all_used(prototypes: dict[str, Prototype]) -> None:
    defaults = yaml.safe_load((resource("configs") / "elements" / "default.yaml").read_text(encoding="utf-8"))
    assert defaults.keys() == frozenset().union(*(prototype.all_roles for prototype in prototypes.values()))


@pytest.mark.parametrize(
    ("name", "formula"),
    [("Nd2Fe14B", "Nd8Fe56B4"), ("Th2Zn17N3", "Sm2Fe17N3"), ("ThMn12M2", "SmFe12"), ("Magnetoplumbite", "Ba2Fe24O38")],
)
def test_primitive_cells_have_the_parents_composition(
    prototypes: dict[str, Prototype], name: str, formula: str
) -> None:
    prototype = prototypes[name]
    assert cell_formula(np.array([site.parent.number for site in prototype.sites])[template(prototype).site]) == formula


def test_an_unknown_name_is_named_with_the_nearest() -> None:
    with pytest.raises(RequestError, match="no 'Nd2Fe14C'; did you mean Nd2Fe14B"):
        read_prototypes(["CaCu5", "Nd2Fe14C"])


def test_names_given_twice_count_once() -> None:
    assert [prototype.name for prototype in read_prototypes(["NiAs", "CaCu5", "NiAs"])] == ["NiAs", "CaCu5"]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("pattern: AB\n", "", "pattern is missing"),
        ("parent: Fe,", "parent: Xx,", "'Xx' is not an element"),
        ("metallic", "magic", "bonding is 'magic'"),
        ("[0, 0, 0]", "[0, 0]", "not enough values"),
        ("[0, 0, 0]", "[0, 0, 1/0]", r"Fraction\(1, 0\)"),
        ("sites:", "sites: []\nother:", "has no attribute"),
        ("{a: 2.7, c: 3.7}", "{a: wide}", "could not convert"),
    ],
)
def test_a_wrong_file_is_named_with_its_fault(tmp_path: Path, old: str, new: str, message: str) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(GOOD, encoding="utf-8")
    assert read_prototype(file).roles == ("a", "b")
    file.write_text(GOOD.replace(old, new), encoding="utf-8")
    with pytest.raises(RequestError, match=message) as error:
        read_prototype(file)
    assert str(file) in str(error.value)
