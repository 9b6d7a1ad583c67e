"""The comparison of a ranking with measured electrodes: what counts, what is left out, and what is said."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from screening.errors import RequestError
from screening.materials.electrodes.measured.measured_comparison import compare_electrodes

ROWS = [("LiFePO4", 3.45), ("LiMnPO4", 4.1), ("LiTiS2", 2.15), ("LiCoO2", 4.2), ("NaCoO2", 2.8)]


def _tables(**changes: Any) -> tuple[pl.DataFrame, list[dict[str, str]]]:
    ranked, rows = [], []
    for rank, (name, volts) in enumerate(ROWS, start=1):
        ranked.append(
            {
                "rank": rank, "candidate_id": name, "formula": name, "cell_formula": name, "chemical_system": name,
                "voltage_V": volts + 0.1, "voltage_V_lo": volts - 0.1, "voltage_V_hi": volts + 0.3,
                "voltage_left_out_V": volts - 0.3 if rank <= 2 else None,
                "voltage_left_out_V_lo": volts - 0.4 if rank <= 2 else None,
                "voltage_left_out_V_hi": volts - 0.2 if rank <= 2 else None,
                "voltage_calculated_practical_V": volts - 0.5, "voltage_calculated_practical_V_lo": volts - 0.6,
                "voltage_calculated_practical_V_hi": volts - 0.4,
                "voltage_offset_class": "Fe3+/Fe2+ in phosphates, 3 measured",
                "capacity_practical_mAh_per_g": 100.0 + 1.0 * rank, "flags": "offset_unknown" if rank == 2 else "",
            }
        )  # fmt: skip
        frame = name.removeprefix("Li").removeprefix("Na")
        rows.append(
            {
                "name": name, "formula_charged": frame, "ion": name[:2], "usable_electrode": "yes",
                "V_avg_exp_V": str(volts), "cap_theo_discharged_basis_mAh_g": "100.0", **changes,
            }
        )  # fmt: skip
    return pl.DataFrame(ranked), rows


def test_systems_that_the_offsets_saw_are_judged_without_them() -> None:
    found = compare_electrodes(*_tables())
    statistics = found.statistics
    assert statistics["seen"] == 2
    assert statistics["voltage_V"]["mae"] == pytest.approx((2 * 0.3 + 3 * 0.1) / 5)
    assert statistics["voltage_V"]["coverage"] == pytest.approx(3 / 5)
    assert statistics["as_ranked"]["mae"] == pytest.approx(0.1)
    assert statistics["calculated"]["bias"] == pytest.approx(-0.5)
    assert statistics["outside_and_not_flagged"] == ["LiFePO4"]
    assert statistics["capacity"] == {"n": 5, "within_2_percent": 2, "not_predicted": 0}
    assert {name: scores["n"] for name, scores in statistics["by_class"].items()} == {
        "oxide": 2, "phosphate": 2, "sulfide": 1
    }  # fmt: skip
    assert statistics["by_class"]["phosphate"]["coverage"] == 0.0
    assert found.table["offset_saw_system"].to_list() == [True, True, False, False, False]
    assert "MAE 0.18 V over 5" in found.sentences[0]
    assert found.shown["left out"].to_list() == ["yes", "yes", "", "", ""]


def test_insulators_do_not_count() -> None:
    found = compare_electrodes(*_tables(usable_electrode="no"))
    assert found.statistics["voltage_V"]["n"] == 0
    assert found.sentences == ["Measured voltage: nothing to compare"]


def test_a_value_that_is_no_number_is_named() -> None:
    with pytest.raises(RequestError, match="LiFePO4: V_avg_exp_V=about 3: expected a number"):
        compare_electrodes(*_tables(V_avg_exp_V="about 3"))
