"""Voltages of the first stage: by the network alone, each crystal predicted once."""

from __future__ import annotations

import numpy as np
import pytest

from screening.crystals import Crystal
from screening.materials.electrodes.end_members.pair_search import find_pairs
from screening.materials.electrodes.quick_electrodes import QuickElectrodes
from screening.materials.electrodes.voltage import network_voltages
from screening.materials.electrodes.voltage.network_voltages import NetworkVoltages
from screening.materials.electrodes.voltage.voltage import VOLTAGE_COLUMNS
from screening.networks.predictor import Predictor

pytestmark = pytest.mark.ci
RELEASE = "network-voltage-v1"


@pytest.fixture(scope="module")
def crystals() -> list[Crystal]:
    frac = [[0, 0, 0], [0.5, 0.5, 0.5], [0.26, 0.26, 0.26], [0.74, 0.74, 0.74]]
    lattice = np.array([[1.41, 0.81, 4.68], [-1.41, 0.81, 4.68], [0.0, -1.63, 4.68]])
    rows = {"LiCoO2": 27, "LiNiO2": 28, "LiAlO2": 13}
    return [Crystal.from_arrays(name, lattice, [3, metal, 8, 8], frac) for name, metal in rows.items()]


def test_voltages_are_rough_but_near_those_of_calculations(crystals: list[Crystal]) -> None:
    voltages = NetworkVoltages.load(RELEASE, "cpu")
    assert voltages is not None
    found = {series.name: series.to_list() for series in voltages.columns(list(find_pairs(crystals)))}
    assert tuple(found) == VOLTAGE_COLUMNS
    assert found["voltage_calculated_V"][:2] == pytest.approx([3.8, 3.8], abs=0.8)  # PBE+U: 3.7 and 3.9 V
    assert found["voltage_calculated_V"][2] is None
    low, high = (np.array(found[f"voltage_calculated_V_{end}"][:2]) for end in ("lo", "hi"))
    assert (high - low > 0.2).all()
    assert found["voltage_method"][0].startswith("first stage")


def test_what_the_ranking_predicted_is_not_predicted_again(
    crystals: list[Crystal], monkeypatch: pytest.MonkeyPatch
) -> None:
    predictor = QuickElectrodes.load(RELEASE, {"device": "cpu"})
    table = Predictor.load("screening-v3", "cpu", "32").predict(crystals)
    work, sizes = network_voltages.network_properties, list[int]()

    def counted(network: Predictor, packed: network_voltages.PackedCrystals) -> network_voltages.Floats:
        sizes.append(len(packed))
        return work(network, packed)

    monkeypatch.setattr(network_voltages, "network_properties", counted)
    plain = {column.name: column for column in predictor.describe(crystals).columns}
    before = sum(sizes)
    sizes.clear()
    found = {column.name: column for column in predictor.describe_predicted(crystals, table).columns}
    assert sum(sizes) == before - 2  # the discharged ends of two electrodes
    for name in ("voltage_calculated_V", "volume_change_percent", "charged_energy_above_hull_eV_per_atom"):
        assert found[name].to_list()[:2] == pytest.approx(plain[name].to_list()[:2], abs=1e-4)


def test_no_release_leaves_voltages_open(crystals: list[Crystal]) -> None:
    found = QuickElectrodes.load("none").describe(crystals)
    assert next(column for column in found.columns if column.name == "voltage_V").null_count() == len(crystals)
