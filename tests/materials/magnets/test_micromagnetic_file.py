"""The hand-over to micromagnetics: SI units, labels, and nothing for what is unknown."""

from __future__ import annotations

import pytest
import yaml

from screening.materials.magnets.micromagnetic_file import micromagnetic_file

ROW = {
    "candidate_id": "mine: #1", "formula": "Nd2Fe14B", "mu0_Ms_T": 1.61, "mu0_Ms_T_lo": 1.5, "mu0_Ms_T_hi": 1.7,
    "K1_MJ_per_m3": 4.9, "K1_MJ_per_m3_lo": 3.0, "K1_MJ_per_m3_hi": 6.8, "exchange_stiffness_pJ_per_m": 8.0,
    "K2_MJ_per_m3": None, "curie_temperature_K": 588.0, "easy_axis": "axis",
}  # fmt: skip


def test_values_are_in_the_units_of_the_ontology() -> None:
    text = micromagnetic_file(ROW, 300.0)
    assert text is not None and text.startswith("# mammos yaml v2\n")
    content = yaml.safe_load(text)
    data = content["data"]
    assert set(content) == {"metadata", "description", "data"} and "mine: #1" in content["description"]
    found = {name: (data[name]["value"], data[name]["unit"]) for name in ("Ms", "K1", "A", "Tc", "T")}
    assert found["Ms"] == (pytest.approx(1.281e6, rel=1e-3), "A / m")  # 1.61 T over µ0
    assert found["K1"] == (4.9e6, "J / m3") and found["A"] == (8e-12, "J / m")
    assert found["Tc"] == (588.0, "K") and found["T"] == (300.0, "K")
    assert data["Ms_lo"]["value"] < data["Ms"]["value"] < data["Ms_hi"]["value"]
    entity = {"ontology_label", "description", "ontology_iri", "unit", "value"}
    assert all(set(entry) in (entity, {"value"}) for entry in data.values())


def test_what_is_unknown_is_left_out() -> None:
    text = micromagnetic_file(ROW, 300.0)
    assert text is not None and "K2" not in yaml.safe_load(text)["data"] and "A_lo" not in yaml.safe_load(text)["data"]
    assert micromagnetic_file(ROW | {"mu0_Ms_T": 0.0}, 300.0) is None
    assert micromagnetic_file(ROW | {"mu0_Ms_T": None}, 300.0) is None
