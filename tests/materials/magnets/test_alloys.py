"""Alloys from the input to the figures: their composition counts, and neither cell nor way of writing does."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import nullcontext
from functools import lru_cache
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from pymatgen.core import Lattice, Structure

from screening.crystals import Crystal, ReadSettings, as_crystals, read_crystals
from screening.materials.magnets.magnetism import MagnetismPredictor
from screening.materials.magnets.magnets import Magnets
from screening.materials.magnets.merit import MagnetSettings, evaluate
from screening.materials.predictors import Predictors
from screening.networks.predictor import Predictor

pytestmark = pytest.mark.ci


@lru_cache(maxsize=1)
def predictors() -> Predictors:
    release = next(kind.default for kind in Magnets.predictors if kind.name == "magnetism")
    learned = MagnetismPredictor.load(release)
    assert learned is not None
    return Predictors(Predictor.load("screening-v3", "cpu"), {"magnetism": learned})


def figures(items: Iterable[Any]) -> pl.DataFrame:
    crystals = [each for each in as_crystals(list(items), ReadSettings(order=True)) if isinstance(each, Crystal)]
    table = predictors().network.predict(crystals)
    found = predictors().describe(crystals, table, lambda _: nullcontext()).table
    groups = [crystal.parent_space_group or 1 for crystal in crystals]
    return evaluate(found.with_columns(space_group_number=pl.Series(groups, dtype=pl.Int32)), MagnetSettings())


def boride(cobalt: float) -> Structure:
    return Structure.from_spacegroup(
        "I4/mcm", Lattice.tetragonal(5.11, 4.25), [{"Fe": 1 - cobalt, "Co": cobalt}, "B"],
        [[0.1661, 0.6661, 0], [0, 0, 0.25]],
    )  # fmt: skip


def row(composition: str, prototype: str, **more: Any) -> dict[str, Any]:
    return {"id": composition, "composition": composition, "prototype": prototype, **more}


def test_cells_of_one_alloy_give_one_answer() -> None:
    usual, larger = boride(0.3), boride(0.3)
    larger.make_supercell([1, 1, 2])
    first, *others = (figures([each]) for each in (usual, usual.get_primitive_structure(), larger))
    for other in others:
        for name in ("mu0_Ms_T", "mu0_Ms_T_lo", "K1_MJ_per_m3", "curie_temperature_K", "price_USD_per_kg"):
            assert other[name][0] == pytest.approx(first[name][0], rel=1e-4), name
        assert other["easy_axis"][0] == first["easy_axis"][0] and other["formula"][0] == first["formula"][0]


def test_a_composition_on_a_prototype_is_its_cif(tmp_path: Path) -> None:
    Structure.from_spacegroup(
        "P6/mmm", Lattice.hexagonal(4.99, 3.97), ["Sm", "Co", "Co"], [[0, 0, 0], [1 / 3, 2 / 3, 0], [0.5, 0, 0.5]]
    ).to(filename=str(tmp_path / "SmCo5.cif"))
    found = figures([*read_crystals(tmp_path / "SmCo5.cif"), row("SmCo5", "CaCu5", a_A=4.99, c_A=3.97)])
    for name in ("mu0_Ms_T", "K1_MJ_per_m3", "curie_temperature_K", "energy_above_hull_eV_per_atom", "volume_A3"):
        assert found[name][0] == pytest.approx(found[name][1], rel=1e-3), name
    assert found["flags"].str.contains("ordered_approximant").to_list() == [False, False]


def test_a_trace_changes_the_price_and_the_formula() -> None:
    found = figures([row("Nd2Fe14B", "Nd2Fe14B"), row("(Nd0.99Dy0.01)2Fe14B", "Nd2Fe14B")])
    assert found["formula"].to_list() == ["Nd2Fe14B", "Nd1.98Dy0.02Fe14B"]
    assert found["price_USD_per_kg"][1] > found["price_USD_per_kg"][0] * 1.01
    assert found["heavy_rare_earth_mass_fraction"][1] > 0
    assert found["mu0_Ms_T"][1] < found["mu0_Ms_T"][0]
    assert found["chemical_system"][1] == "B-Dy-Fe-Nd"


def test_cobalt_raises_the_moment_of_smfe12_as_measured() -> None:
    """Sm(Fe0.8Co0.2)12 has 1.78 T and SmFe12 1.64 T (Hirayama et al., Scr. Mater. 138, 62 (2017))."""
    found = figures([row("SmFe12", "ThMn12"), row("Sm(Fe0.8Co0.2)12", "ThMn12")])
    assert found["mu0_Ms_T"][1] > found["mu0_Ms_T"][0] + 0.05
    assert found["mu0_Ms_T_lo"][1] < 1.78 < found["mu0_Ms_T_hi"][1]


def test_cobalt_turns_the_axis_of_fe2b() -> None:
    """Planar Fe2B, an easy axis at 30 % cobalt (Iga, Jpn. J. Appl. Phys. 9, 415 (1970))."""
    found = figures([row("Fe2B", "CuAl2"), row("(Fe0.7Co0.3)2B", "CuAl2")])
    assert found["easy_axis"].to_list() == ["plane", "axis"]


def test_manganese_lowers_the_polarization() -> None:
    found = figures([row(f"Pr2Fe{14 - x}Mn{x}B" if x else "Pr2Fe14B", "Nd2Fe14B") for x in (0, 0.5, 1, 2)])
    values = found["mu0_Ms_T"].to_list()
    assert values == sorted(values, reverse=True) and values[0] - values[2] > 0.25
    assert not found["flags"].str.contains("ferrimagnetic_reduction").any()


def test_a_trace_of_a_rare_earth_is_a_trace_of_its_anisotropy() -> None:
    found = figures([row(f"(Y{1 - x}Nd{x})2Fe14B", "Nd2Fe14B") for x in (0.01, 0.1, 0.2)])
    shells = found["four_f_K1_MJ_per_m3"].to_list()
    assert shells[1] / shells[0] == pytest.approx(10, rel=0.5) and shells[2] / shells[1] == pytest.approx(2, rel=0.5)


def test_hosts_of_iron_keep_their_axis_up_to_some_cobalt() -> None:
    found = figures([row(f"Gd2Fe{14 - n}Co{n}B", "Nd2Fe14B") for n in (2, 6, 13)])
    assert found["easy_axis"].to_list()[:2] == ["axis", "axis"] and found["easy_axis"][2] != "axis"


def test_an_alloy_outside_the_families_has_the_axis_of_its_parent() -> None:
    found = figures([row("Mn1.1Al0.9", "L1_0-MnAl"), row("(Y0.7Nd0.3)Co3", "PuNi3")])
    assert found["axis_symmetry"].to_list() == ["uniaxial", "uniaxial"] and found["uniaxial"].all()
    assert found["host_K1_magnitude_MJ_per_m3"].null_count() == 0
