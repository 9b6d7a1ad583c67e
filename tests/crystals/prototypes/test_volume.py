"""Volumes from radii against measured ones, from one parent per prototype."""

from __future__ import annotations

import csv

import numpy as np
import pytest

from screening.crystals.prototypes import Prototype, members
from screening.crystals.prototypes.geometry import template
from screening.crystals.prototypes.ions import Ion, ionic_radius, metallic_radius
from screening.crystals.prototypes.volume import volume_ratio
from screening.errors import RequestError
from screening.resources import resource

MEASURED = [
    *(
        ("Nd2Fe14B", f"{earth}2Fe14B", {"rare_earth": earth})
        for earth in ("Pr", "Ce", "La", "Y", "Sm", "Tb", "Dy", "Er")
    ),
    *(("CaCu5", f"{earth}Co5", {"rare_earth": earth}) for earth in ("Sm", "La", "Gd")),
    *(("CaCu5", f"{earth}Ni5", {"rare_earth": earth, "transition_metal": "Ni"}) for earth in ("La", "Y")),
    ("Th2Zn17", "Y2Fe17", {"rare_earth": "Y"}),
    ("Th2Ni17", "Nd2Fe17", {"rare_earth": "Nd"}),
    ("L1_0-FePt", "CoPt L1_0", {"magnetic_metal": "Co"}),
    ("L1_0-FePt", "FeNi L1_0", {"late_metal": "Ni"}),
    ("MnBi", "MnAs", {"heavy_p_element": "As"}),
    ("Magnetoplumbite", "SrFe12O19", {"large_cation": "Sr2+"}),
]


@pytest.fixture(scope="module")
def measured_A3_per_atom() -> dict[str, float]:
    with (resource("datasets") / "reference" / "magnets.csv").open(newline="", encoding="utf-8") as stream:
        return {
            row["name"]: float(row["vol_A3_fu"]) * float(row["Z_fu_per_cell"]) / float(row["nsites_conv"])
            for row in csv.DictReader(stream)
        }


def volume_A3_per_atom(prototype: Prototype, chosen: dict[str, str]) -> float:
    shape = template(prototype)
    ions = [Ion.parse(chosen[site.role]) if site.role in chosen else site.parent for site in prototype.sites]
    ratio = volume_ratio(prototype, shape.multiplicities, ions)
    return ratio * abs(float(np.linalg.det(shape.lattice))) / len(shape.site)


def relative_errors(prototypes: dict[str, Prototype], measured: dict[str, float]) -> dict[str, float]:
    return {name: volume_A3_per_atom(prototypes[p], chosen) / measured[name] - 1 for p, name, chosen in MEASURED}


def test_known_magnets_come_out_within_a_few_percent(
    prototypes: dict[str, Prototype], measured_A3_per_atom: dict[str, float]
) -> None:
    errors = relative_errors(prototypes, measured_A3_per_atom)
    assert np.mean(np.abs(list(errors.values()))) < 0.0125
    assert max(map(abs, errors.values())) < 0.025
    assert abs(errors["Dy2Fe14B"]) < 0.005
    assert abs(errors["SrFe12O19"]) < 0.012


def test_radii_beat_the_volume_of_the_parent(
    prototypes: dict[str, Prototype], measured_A3_per_atom: dict[str, float]
) -> None:
    errors = relative_errors(prototypes, measured_A3_per_atom)
    unchanged = [volume_A3_per_atom(prototypes[p], {}) / measured_A3_per_atom[name] - 1 for p, name, _ in MEASURED]
    assert np.mean(np.abs(list(errors.values()))) < 0.4 * np.mean(np.abs(unchanged))


def test_an_aluminate_shrinks_as_measured(prototypes: dict[str, Prototype]) -> None:
    """BaAl12O19: a = 5.587 Å, c = 22.727 Å (Kimura et al., J. Solid State Chem. 87, 186 (1990))."""
    measured = 5.587**2 * 22.727 * np.sqrt(3) / 2 / 64
    assert volume_A3_per_atom(prototypes["Magnetoplumbite"], {"ferric": "Al3+"}) == pytest.approx(measured, rel=0.025)


def test_the_parent_keeps_its_own_cell_and_axes_keep_their_ratio(
    prototypes: dict[str, Prototype], elements: dict[str, list[Ion]]
) -> None:
    for name in ("CaCu5", "Magnetoplumbite"):
        shape = template(prototypes[name])
        parent = [site.parent for site in prototypes[name].sites]
        assert volume_ratio(prototypes[name], shape.multiplicities, parent) == pytest.approx(1, abs=1e-12)
        for member in members(prototypes[name], elements).made[:20]:
            scale = member.sites.lattice / np.where(shape.lattice == 0, np.nan, shape.lattice)
            assert np.nanmax(scale) == pytest.approx(np.nanmin(scale), abs=1e-12)


def test_elements_without_a_radius_are_named() -> None:
    with pytest.raises(RequestError, match=r"Kr: datasets/elements/metallic_radii.csv"):
        metallic_radius(Ion("Kr"))
    with pytest.raises(RequestError, match=r"Fe7\+: Shannon's table has no radius"):
        ionic_radius(Ion("Fe", 7), "VI")


def test_high_spin_iron_and_a_missing_coordination() -> None:
    assert ionic_radius(Ion("Fe", 3), "VI") == 0.645
    assert ionic_radius(Ion("Cr", 3), "IV") == ionic_radius(Ion("Cr", 3), "VI") == 0.615
