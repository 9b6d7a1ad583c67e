from __future__ import annotations

from collections.abc import Callable

import polars as pl
import pytest

from screening.errors import RequestError
from screening.materials.electrodes.merit import ElectrodeSettings, evaluate
from screening.materials.registry import flag_meanings
from screening.materials.task_merit import evaluate_task

TableMaker = Callable[..., pl.DataFrame]


def electrode(predictions: TableMaker, formula: str, ion: str | None = None) -> tuple[dict[str, float], set[str]]:
    row = evaluate(predictions(formula), ElectrodeSettings(working_ion=ion)).row(0, named=True)
    return row, set(row["flags"].split(";")) - {"", "hhi_incomplete"}


@pytest.mark.parametrize(
    ("formula", "capacity"),
    [("LiCoO2", 273.8), ("Li4Fe4P4O16", 169.9), ("LiMn2O4", 148.2), ("LiNiO2", 274.5), ("LiMnPO4", 170.9),
     ("LiFeSO4F", 150.7), ("LiTiS2", 225.3), ("MgMo6S8", 62.6), ("MgTi2S4", 215.9), ("NaMnO2", 243.8),
     ("NaFeO2", 241.8), ("Li3NiMnCoO6", 277.8), ("LiC6", 339.2), ("Li15Si4", 1857.3)],
)  # fmt: skip
def test_capacities_of_known_electrodes(predictions: TableMaker, formula: str, capacity: float) -> None:
    row, _ = electrode(predictions, formula)
    assert row["capacity_mAh_per_g"] == pytest.approx(capacity, abs=0.2)
    assert row["capacity_extractable_mAh_per_g"] == pytest.approx(capacity, abs=0.2)


@pytest.mark.parametrize(
    ("discharged", "charged", "ion", "reduced"),
    [("LiCoO2", "CoO2", "Li", 1), ("Na3V2(PO4)3", "V2(PO4)3", "Na", 3), ("MgTi2S4", "Ti2S4", "Mg", 2)],
)
def test_capacity_agrees_with_pymatgen(
    predictions: TableMaker, discharged: str, charged: str, ion: str, reduced: int
) -> None:
    from pymatgen.core import Composition, Element

    full = Composition(discharged)
    electrons = full[ion] * Element(ion).common_oxidation_states[-1]
    expected = electrons * 96485.33212 / 3.6 / full.weight
    assert electrons == reduced
    assert full - Composition({ion: full[ion]}) == Composition(charged)
    plain = full.formula.replace(" ", "")
    row, _ = electrode(predictions, plain)
    assert row["capacity_mAh_per_g"] == pytest.approx(expected, rel=1e-4)


@pytest.mark.ci
def test_capacity_agrees_with_pymatgens_insertion_electrode(predictions: TableMaker) -> None:
    from pymatgen.apps.battery.insertion_battery import InsertionElectrode
    from pymatgen.core import Lattice, Structure
    from pymatgen.entries.computed_entries import ComputedStructureEntry

    layered = Structure.from_spacegroup(
        166, Lattice.hexagonal(2.816, 14.054), ["Li", "Co", "O"], [[0, 0, 0.5], [0, 0, 0], [0, 0, 0.2605]]
    ).get_primitive_structure()
    empty = layered.copy()
    empty.remove_species(["Li"])
    metal = Structure(Lattice.cubic(3.43), ["Li", "Li"], [[0, 0, 0], [0.5, 0.5, 0.5]]).get_primitive_structure()
    ends = [ComputedStructureEntry(layered, -22.9), ComputedStructureEntry(empty, -17.0)]
    pair = InsertionElectrode.from_entries(ends, ComputedStructureEntry(metal, -1.9))
    row = evaluate(predictions(("LiCoO2", {"volume_A3": layered.volume})), ElectrodeSettings()).row(0, named=True)
    assert row["capacity_mAh_per_g"] == pytest.approx(pair.get_capacity_grav(), rel=1e-4)
    assert row["capacity_mAh_per_cm3"] == pytest.approx(pair.get_capacity_vol(), rel=1e-4)


@pytest.mark.parametrize(
    "formula",
    ["LiF", "LiCl", "Li2O", "Li3PO4", "Li2TiO3", "LiAlO2", "LiNbO3", "LiH", "NaCl", "NaF", "Li3N", "Li6PS5Cl",
     "Li7La3Zr2O12", "LiZr2P3O12", "Li2CO3", "LiBH4", "MgO", "Al2O3", "Li", "Fe"],
)  # fmt: skip
def test_crystals_without_a_redox_centre_are_no_electrodes(predictions: TableMaker, formula: str) -> None:
    row, flags = electrode(predictions, formula)
    assert "not_an_electrode" in flags
    assert row["capacity_extractable_mAh_per_g"] == 0


@pytest.mark.parametrize(
    ("formula", "flag", "extractable"),
    [
        ("Li2MnO3", "anion_redox", 0.0),
        ("Li5FeO4", "anion_redox", 0.0),
        ("LiFeO2", "inactive_redox_couple", 0.0),
        ("LiCrO2", "inactive_redox_couple", 0.0),
        ("LiAl", "alloy_anode", 790.1),
        ("Mg3Bi2", "alloy_anode", 327.6),
        ("Li2FeSiO4", "redox_limited", 165.7),
        ("Li4Ti5O12", "charged_host", None),
        ("NaTi2P3O12", "charged_host", None),
        ("Li3Fe2P3O12", "charged_host", None),
        ("TiS2", "host_without_ion", None),
        ("FePO4", "host_without_ion", None),
        ("V2O5", "host_without_ion", None),
        ("C4", "host_without_ion", None),
        ("LiFeO9", "charge_balance_unclear", None),
    ],
)
def test_special_cases_are_flagged(predictions: TableMaker, formula: str, flag: str, extractable: float | None) -> None:
    row, flags = electrode(predictions, formula)
    assert flag in flags
    assert "not_an_electrode" not in flags
    if extractable is None:
        assert row["capacity_extractable_mAh_per_g"] is None
    else:
        assert row["capacity_extractable_mAh_per_g"] == pytest.approx(extractable, abs=0.5)


def test_sodium_keeps_iron_and_chromium_active(predictions: TableMaker) -> None:
    for formula in ("NaFeO2", "NaCrO2"):
        row, flags = electrode(predictions, formula)
        assert flags == set()
        assert row["capacity_extractable_mAh_per_g"] == row["capacity_mAh_per_g"]


def test_cyanide_counts_as_one_negative_charge(predictions: TableMaker) -> None:
    row, flags = electrode(predictions, "Na2Fe2C6N6")
    assert flags == set()
    assert row["capacity_extractable_mAh_per_g"] == pytest.approx(row["capacity_mAh_per_g"])


@pytest.mark.parametrize(
    ("formula", "given", "ion"),
    [("LiNaFePO4", None, "Li"), ("NaMgF3", None, "Na"), ("CaMn2O4", None, "Ca"), ("ZnMn2O4", None, "Zn"),
     ("AlV2O4", None, "Al"), ("TiS2", None, "Li"), ("LiCoO2", "Na", "Na"), ("V2O5", "Mg", "Mg")],
)  # fmt: skip
def test_working_ion_is_given_or_found(predictions: TableMaker, formula: str, given: str | None, ion: str) -> None:
    assert electrode(predictions, formula, given)[0]["working_ion"] == ion


def test_a_crystal_without_the_given_ion_is_a_host(predictions: TableMaker) -> None:
    row, flags = electrode(predictions, "LiCoO2", "Na")
    assert "host_without_ion" in flags
    assert row["capacity_mAh_per_g"] is None


def test_a_wrong_ion_or_setting_is_refused_by_name(predictions: TableMaker) -> None:
    with pytest.raises(RequestError, match="working_ion=Fe"):
        evaluate_task(predictions("LiCoO2"), {"name": "electrodes", "merit": {"working_ion": "Fe"}})
    with pytest.raises(RequestError, match="did you mean working_ion"):
        evaluate_task(predictions("LiCoO2"), {"name": "electrodes", "merit": {"working_ions": "Li"}})


def test_the_cell_size_does_not_matter(predictions: TableMaker) -> None:
    for formula, double in (("LiFePO4", "Li2Fe2P2O8"), ("Li2MnO3", "Li4Mn2O6"), ("TiS2", "Ti2S4"), ("LiF", "Li2F2")):
        single = evaluate(predictions((formula, {"volume_A3": 50.0})), ElectrodeSettings()).drop(
            "cell_formula", "volume_A3"
        )
        twice = evaluate(predictions((double, {"volume_A3": 100.0})), ElectrodeSettings()).drop(
            "cell_formula", "volume_A3"
        )
        for name in single.columns:
            assert twice[name][0] == (
                pytest.approx(single[name][0]) if single[name].dtype.is_float() else single[name][0]
            )


def test_flags_of_earlier_steps_stay_and_every_flag_is_explained(predictions: TableMaker) -> None:
    formulas = ["LiF", "LiAl", "TiS2", "Li2MnO3", "LiFeO2", "Li4Ti5O12", "Li2FeSiO4", "LiFeO9", "LiPuO3"]
    table = predictions(*((f, {"flags": "out_of_domain", "energy_above_hull_eV_per_atom": h}) for f in formulas
                          for h in (None, 0.07, 0.2)))  # fmt: skip
    result = evaluate(table, ElectrodeSettings())
    assert all(text.startswith("out_of_domain") for text in result["flags"])
    assert {flag for text in result["flags"] for flag in text.split(";")} <= set(flag_meanings())
    assert result["candidate_id"].to_list() == table["candidate_id"].to_list()
