"""Finalists of real rankings: curves that agree with the table, both ends, remarks."""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from dataclasses import dataclass, replace

import numpy as np
import polars as pl
import pytest

from screening.configuration import load_config
from screening.configuration.rank import RankConfig
from screening.crystals import Crystal, ReadSettings, read_crystals
from screening.finalists.build import finalists
from screening.finalists.finalist import Finalist, folder_name
from screening.jobs.opening import learned_predictors
from screening.jobs.scoring import Tally, rank_candidates
from screening.materials.base import Curve
from screening.materials.electrodes.electrode_predictor import ElectrodePredictor
from screening.materials.electrodes.voltage.voltage import VoltagePredictor
from screening.materials.predictors import Predictors
from screening.networks.predictor import Predictor
from screening.potentials.base import Potential, PotentialOutput
from screening.potentials.state import CrystalState

pytestmark = pytest.mark.ci

WANTED = {"magnets": ("Nd2Fe14B", "SmCo5"), "electrodes": ("LiCoO2", "LiFePO4", "LiCl", "Li0.5TiO2 anatase")}


@dataclass(frozen=True)
class Ranked:
    table: pl.DataFrame
    crystal_of: Callable[[str], Crystal]
    settings: RankConfig
    predictors: Predictors

    def finalists(self, voltage: ElectrodePredictor | None = None, n_states: int | None = None) -> dict[str, Finalist]:
        learned = dict(self.predictors.learned) | ({} if voltage is None else {"voltage": voltage})
        keys = {"profile_states": n_states}
        found = finalists(self.table, self.crystal_of, self.settings.task_settings, keys, learned)
        assert [one.candidate_id for one in found] == self.table["candidate_id"].to_list()
        return {one.candidate_id: one for one in found}


def _ranked(task: str) -> Ranked:
    config = load_config("rank", [f"task={task}"], {"candidates": task, "output_dir": "unused"})
    assert isinstance(config, RankConfig)
    crystals = {
        item.candidate_id: item
        for item in read_crystals(task, ReadSettings(workers=0))
        if isinstance(item, Crystal) and item.candidate_id in WANTED[task]
    }
    learned = learned_predictors(config.predictor_choices, {"device": "cpu"})
    predictors = Predictors(Predictor.load(config.model, "cpu", "32"), learned)
    table = rank_candidates(predictors, crystals.values(), config.task_settings, None, Tally())
    return Ranked(table, crystals.__getitem__, config, predictors)


@pytest.fixture(scope="module")
def magnets() -> Ranked:
    return _ranked("magnets")


@pytest.fixture(scope="module")
def electrodes() -> Ranked:
    return _ranked("electrodes")


def _area(curve: Curve) -> float:
    return float(np.trapezoid(curve.y, curve.x))


def test_polarization_falls_to_zero_and_passes_through_the_table(magnets: Ranked) -> None:
    found = magnets.finalists()
    row = magnets.table.filter(pl.col("candidate_id") == "Nd2Fe14B").to_dicts()[0]
    curve = found["Nd2Fe14B"].look.curve
    assert curve is not None and curve.kind == "polarization"
    temperature_K = magnets.settings.task_settings["merit"]["temperature_K"]
    assert np.interp(temperature_K, curve.x, curve.y) == pytest.approx(row["mu0_Ms_T"], abs=0.01)
    above = [y for x, y in zip(curve.x, curve.y, strict=True) if x > row["curie_temperature_K_hi"]]
    assert above and max(above) < 0.05 * max(curve.y)
    assert all(low <= y <= high for low, y, high in zip(curve.lo, curve.y, curve.hi, strict=True))
    assert found["Nd2Fe14B"].nearest is not None and found["Nd2Fe14B"].nearest.distance == 0.0


def test_without_a_closer_look_the_profile_is_one_plateau(electrodes: Ranked) -> None:
    found = electrodes.finalists()
    for row in electrodes.table.to_dicts():
        one = found[row["candidate_id"]]
        assert one.look.remarks == ()
        if row["electrode_origin"] is None:
            assert one.look.curve is None and not one.look.crystals
            continue
        assert one.look.curve is not None and set(one.look.curve.y) == {row["voltage_V"]}
        assert one.look.curve.x == (0.0, row["capacity_practical_mAh_per_g"])
        if row["electrode_origin"] == "inserted":  # the crystal itself is the charged end
            assert set(one.look.crystals) == {"discharged"} and 3 in one.look.crystals["discharged"].numbers
            continue
        assert set(one.look.crystals) == {"charged"}  # the crystal itself is the discharged end
        assert 3 not in one.look.crystals["charged"].numbers


def test_steps_rise_on_charge_and_hold_the_same_energy(electrodes: Ranked) -> None:
    one = electrodes.finalists(n_states=1)["LiCoO2"]
    row = electrodes.table.filter(pl.col("candidate_id") == "LiCoO2").to_dicts()[0]
    assert one.look.curve is not None and len(one.look.curve.x) == 4
    assert list(one.look.curve.y) == sorted(one.look.curve.y)
    assert row["capacity_practical_mAh_per_g"] < 0.6 * row["capacity_mAh_per_g"]
    assert one.look.curve.x[-1] == pytest.approx(row["capacity_practical_mAh_per_g"])
    assert _area(one.look.curve) == pytest.approx(row["voltage_V"] * row["capacity_practical_mAh_per_g"], rel=1e-6)
    assert one.look.remarks == ("frame_kept",)
    widths = np.subtract(one.look.curve.hi, one.look.curve.lo)
    assert widths == pytest.approx(row["voltage_V_hi"] - row["voltage_V_lo"])


def test_steps_end_at_the_capacity_of_the_table_also_for_an_anode_without_its_ion(electrodes: Ranked) -> None:
    """Anatase takes up half an ion a metal in practice: 161 mAh per gram of Li0.5TiO2."""
    curve = electrodes.finalists(n_states=0)["Li0.5TiO2 anatase"].look.curve
    row = electrodes.table.filter(pl.col("candidate_id") == "Li0.5TiO2 anatase").to_dicts()[0]
    assert curve is not None and curve.x[-1] == pytest.approx(row["capacity_practical_mAh_per_g"], rel=1e-6)
    assert curve.x[-1] == pytest.approx(160.8, abs=0.2)


def without_energies(sound: Potential) -> Potential:
    """A copy of a potential whose energies are NaN."""

    class Broken(type(sound)):  # type: ignore[misc]
        def evaluate(self, state: CrystalState, forces: bool = True) -> PotentialOutput:
            found = super().evaluate(state, forces)
            return replace(found, energy_eV=found.energy_eV * float("nan"))

    broken = copy(sound)
    broken.__class__ = Broken
    return broken


def test_ends_that_do_not_relax_leave_the_plateau_and_a_remark(electrodes: Ranked) -> None:
    sound = electrodes.predictors.learned["voltage"]
    assert isinstance(sound, ElectrodePredictor) and isinstance(sound.voltage, VoltagePredictor)
    broken = replace(sound, voltage=replace(sound.voltage, potential=without_energies(sound.voltage.potential)))
    found = electrodes.finalists(broken, 0)
    assert found["LiCoO2"].look.remarks == ("relaxation_failed",)
    assert found["LiCoO2"].look.curve == electrodes.finalists()["LiCoO2"].look.curve


def test_folders_have_safe_names() -> None:
    assert folder_name(1, "Nd2Fe14B") == "01-Nd2Fe14B"
    assert folder_name(12, "../=cmd|'é/") == "12-cmd"
    assert folder_name(3, "()") == "03"
    assert len(folder_name(100, "Fe" * 300)) < 60
