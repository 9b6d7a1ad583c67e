"""The sentence that explains the rank of a magnet."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from screening.materials.magnets.reasons import magnet_reasons

GATES = {
    "magnetic_order": "ferro_or_ferrimagnetic_probability", "magnetization": "mu0_Ms_T",
    "curie_temperature": "curie_temperature_K", "easy_axis": "axial_probability",
    "hardness": "hardness_kappa_if_axial", "stability": "energy_above_hull_eV_per_atom",
    "rare_earth_free": "rare_earth_mass_fraction", "cheap": "price_USD_per_kg",
}  # fmt: skip
WANTED = {"magnetization": 0.8, "curie_temperature": 550.0, "hardness": 1.0, "stability": 0.05}
ND2FE14B: dict[str, Any] = {
    "cell_formula": "Nd8Fe56B4", "mu0_Ms_T": 1.6, "curie_temperature_K": 590.0, "easy_axis": "axis", "uniaxial": True,
    "hardness_kappa": 1.5, "hardness_kappa_if_axial": 1.5, "energy_above_hull_eV_per_atom": 0.005, "flags": "",
    "magnetic_order": "ferromagnetic", "ferro_or_ferrimagnetic_probability": 0.95, "four_f_K1_MJ_per_m3": 6.0,
    "K1_method": "4f: crystal field; 3d: family: Nd2Fe14B", "rare_earth_mass_fraction": 0.27, "price_USD_per_kg": 15.0,
    "limiting_gate": "stability", **{f"gate_{name}_probability": 0.95 for name in GATES},
}  # fmt: skip


def sentence(**changes: Any) -> str:
    limiting = changes.get("limiting_gate", ND2FE14B["limiting_gate"])
    chance = {} if limiting is None else {f"gate_{limiting}_probability": changes.pop("chance", 0.1)}
    table = pl.DataFrame([{**ND2FE14B, **changes, **chance}], infer_schema_length=None)
    return str(magnet_reasons(table, GATES, WANTED)[0])


def test_a_candidate_has_its_strengths_and_its_weakest_point() -> None:
    text = sentence(chance=0.9)
    assert text.startswith("Candidate: easy axis: Stevens factor and A20 of Nd have opposite signs, µ0Ms 1.60 T")
    assert "least sure (90%): could decompose" in text
    assert sentence(limiting_gate=None).startswith("Passes every gate: easy axis")


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"limiting_gate": "easy_axis", "easy_axis": "plane", "cell_formula": "Sm2Fe14B", "four_f_K1_MJ_per_m3": -9.0},
         "Planar: Stevens factor and A20 of Sm have the same sign."),
        ({"limiting_gate": "easy_axis", "easy_axis": "plane", "cell_formula": "Y2Fe17", "four_f_K1_MJ_per_m3": None,
          "K1_method": "3d: family: 2:17"}, "Planar: the 3d metal prefers the plane (family: 2:17)."),
        ({"limiting_gate": "easy_axis", "easy_axis": "cubic", "uniaxial": False}, "Cubic: no single easy axis"),
        ({"limiting_gate": "easy_axis", "easy_axis": "unknown", "uniaxial": False}, "Not uniaxial"),
        ({"limiting_gate": "easy_axis", "easy_axis": "unknown", "uniaxial": None}, "Easy axis unknown"),
        ({"limiting_gate": "curie_temperature", "curie_temperature_K": 335.0}, "The Curie temperature of 335 K is too"),
        ({"limiting_gate": "curie_temperature", "curie_temperature_K": None}, "No Curie temperature"),
        ({"limiting_gate": "hardness", "hardness_kappa_if_axial": 0.2}, "Too soft: κ 0.20"),
        ({"limiting_gate": "hardness", "hardness_kappa_if_axial": None}, "Its hardness κ is unknown"),
        ({"energy_above_hull_eV_per_atom": 0.2}, "Hard to make: 0.200 eV/atom above the hull."),
        ({"limiting_gate": "magnetization", "mu0_Ms_T": 0.2, "magnetic_order": "ferrimagnetic",
          "flags": "rare_earth_moment_added"}, "Weak: µ0Ms 0.20 T where 0.8 T are wanted, because the moment of Nd"),
        ({"limiting_gate": "magnetization", "mu0_Ms_T": 0.0, "flags": "above_curie_temperature"},
         "because it orders only below 590 K"),
        ({"limiting_gate": "magnetization", "mu0_Ms_T": 0.0, "magnetic_order": "antiferromagnetic",
          "ferro_or_ferrimagnetic_probability": 0.2}, "Most likely antiferromagnetic, a net moment only to 20%"),
        ({"limiting_gate": "magnetic_order", "flags": "no_magnetic_element"}, "No element that carries"),
        ({"limiting_gate": "rare_earth_free"}, "Holds 27% rare earths"),
        ({"limiting_gate": "cheap"}, "Cheap: 15"),
    ],
)  # fmt: skip
def test_the_main_weakness_of_a_row(changes: dict[str, Any], expected: str) -> None:
    assert expected in sentence(**changes)


def test_other_doubts_are_listed() -> None:
    assert sentence(gate_hardness_probability=0.2).endswith("; also doubtful: hardness.")
