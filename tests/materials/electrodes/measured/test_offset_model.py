"""The model of random effects, and the offsets that it gives to classes with and without measured members."""

from __future__ import annotations

import numpy as np
import pytest

from screening.chemistry.compositions import formula_counts
from screening.materials.electrodes.measured.measured_table import MeasuredVoltage
from screening.materials.electrodes.measured.mixed_model import WeightedRows, effects_of, likeliest_variances
from screening.materials.electrodes.measured.offset_fit import CalculatedRows, fit_offsets, offset_errors
from screening.materials.electrodes.measured.offset_model import measured_interval
from screening.materials.electrodes.measured.offset_terms import OffsetInputs

IRON = [("LiFePO4", "FePO4"), ("Li2FeGeO4", "LiFeGeO4"), ("LiFeSO4F", "FeSO4F"), ("LiFeBO3", "FeBO3")]
TITANIUM = [("LiTiNbO5", "TiNbO5"), ("LiTiS2", "TiS2"), ("LiTiP2O7", "TiP2O7"), ("LiTiBO3", "TiBO3")]
MANGANESE = [("LiMn2O4", "Mn2O4"), ("LiMnO2", "MnO2"), ("LiMnPO4", "MnPO4"), ("Li2MnSiO4", "LiMnSiO4")]


def _rows(offsets: dict[str, float]) -> CalculatedRows:
    measured, voltages = [], []
    for pairs, metal in ((IRON, "Fe"), (TITANIUM, "Ti"), (MANGANESE, "Mn")):
        for k, (discharged, charged) in enumerate(pairs):
            ends = formula_counts([discharged, charged])
            calculated = 2.0 + 0.3 * k
            measured.append(
                MeasuredVoltage(discharged, "Li", calculated + offsets[metal] + 0.02 * (-1) ** k, *ends, "", 0.05)
            )
            voltages.append((calculated, calculated - 0.1, calculated + 0.1))
    return CalculatedRows(tuple(measured), np.array(voltages))


def _inputs(*pairs: tuple[str, str], ion: str = "Li") -> OffsetInputs:
    ends = (formula_counts([pair[end] for pair in pairs]) for end in (0, 1))
    return OffsetInputs.of(*ends, [ion] * len(pairs), np.full(len(pairs), 2.5))


def test_effects_are_recovered_and_unseen_levels_keep_their_prior() -> None:
    rng = np.random.default_rng(0)
    levels = tuple(("term", str(k)) for k in range(12))
    effects = rng.normal(0.0, 0.4, 12)
    weights = np.repeat(np.eye(12)[:11], 20, axis=0)
    target = weights @ effects + rng.normal(0.0, 0.1, len(weights))
    rows = WeightedRows(levels, weights, target, np.zeros(len(weights)))
    variances = likeliest_variances(rows, ["term"])
    assert 0.25 < np.sqrt(variances.terms["term"]) < 0.6
    assert np.sqrt(variances.noise) == pytest.approx(0.1, abs=0.02)
    found = effects_of(rows, variances)
    assert found.mean[:11] == pytest.approx(effects[:11], abs=0.1)
    assert found.mean[11] == 0.0
    assert found.covariance[11, 11] == pytest.approx(variances.terms["term"])


def test_a_measured_class_gets_its_offset_and_a_new_couple_a_wide_interval() -> None:
    model = fit_offsets(_rows({"Fe": 0.0, "Ti": 0.8, "Mn": 0.3}))
    found = model.predict(_inputs(("LiTiPO4F", "TiPO4F"), ("LiFeAsO4", "FeAsO4"), ("LiNbO2", "NbO2")))
    assert found.mean[0] == pytest.approx(0.8, abs=0.3)
    assert found.mean[1] == pytest.approx(0.0, abs=0.2)
    assert found.unknown.tolist() == [False, False, True]
    assert found.deviation[2] > found.deviation[1]
    assert found.classes[1] == "Fe3+/Fe2+ in arsenates, none measured, 4 beside other polyanions"


def test_a_system_that_is_left_out_is_predicted_by_the_others() -> None:
    rows = _rows({"Fe": 0.0, "Ti": 0.8, "Mn": 0.3})
    inputs = _inputs(("LiTiS2", "TiS2"), ("LiCoO2", "CoO2"))
    model = fit_offsets(rows)
    own, other = model.predict(inputs), model.predict_without(inputs, ["Li-S-Ti", "Co-Li-O"])
    assert other.mean[0] != own.mean[0] and other.deviation[0] > own.deviation[0] and other.unknown[0]
    assert other.mean[1] == own.mean[1]


@pytest.mark.ci
def test_offsets_halve_the_error_of_systems_left_out() -> None:
    report = offset_errors(_rows({"Fe": 0.0, "Ti": 0.8, "Mn": 0.3}))
    assert report["unseen systems"]["mae"] < 0.5 * report["calculated"]["mae"]
    assert 4 <= report["unseen couples"]["held_out"] < report["unseen systems"]["held_out"]


def test_without_measurements_only_the_spread_is_left() -> None:
    model = fit_offsets(_rows({"Fe": 0.0, "Ti": 0.8, "Mn": 0.3}))
    inputs = _inputs(("LiTiS2", "TiS2"))
    found = model.spread(inputs)
    assert found.mean[0] == 0.0 and found.unknown[0]
    assert found.deviation[0] > model.predict(inputs).deviation[0]


def test_both_errors_add_up_in_squares() -> None:
    found = measured_interval(np.array([[3.0, 2.7, 3.4]]), np.array([0.5]), np.array([0.3 / 1.2815515655446004]))
    assert found[0] == pytest.approx([3.5, 3.5 - np.hypot(0.3, 0.3), 3.5 + np.hypot(0.4, 0.3)])
