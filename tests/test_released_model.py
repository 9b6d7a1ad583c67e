"""The released model knows what every student knows, so that broken weights or graphs do not pass unnoticed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers.crystals import cubic

import screening
from screening.configuration.predict import PredictConfig
from screening.crystals import Crystal
from screening.data.importers.jsonl import Jsonl
from screening.data.splits import split_of
from screening.data.store import LabelledCrystal, Store, write_store
from screening.learning.measured import Measured, measure
from screening.materials.electrodes.barriers.barrier_predictor import BARRIER_FORMAT
from screening.materials.electrodes.measured.offset_release import OFFSET_FORMAT
from screening.materials.electrodes.voltage.network_voltages import NETWORK_FORMAT
from screening.materials.electrodes.voltage.voltage import FORMAT as VOLTAGE_FORMAT
from screening.materials.magnets.magnetism import FORMAT as MAGNETISM_FORMAT
from screening.networks.predictor import Predictor
from screening.networks.released_model import find_release
from screening.resources import resource

TESLA_PER_MUB_A3 = 11.6541
COMMANDS = {
    MAGNETISM_FORMAT: ("screening fit magnetism",),
    VOLTAGE_FORMAT: ("screening fit voltage",),
    NETWORK_FORMAT: ("screening fit network_voltage",),
    OFFSET_FORMAT: ("screening fit offsets",),
    BARRIER_FORMAT: ("screening fit barrier",),
}
WITHOUT_STORE = {VOLTAGE_FORMAT, NETWORK_FORMAT, OFFSET_FORMAT, BARRIER_FORMAT}
"""Learned from tables of their own."""


def rock_salt(first: int, second: int, a_A: float) -> Crystal:
    sites = [[0, 0, 0], [0, 0.5, 0.5], [0.5, 0, 0.5], [0.5, 0.5, 0]]
    frac = np.concatenate([sites, np.array(sites) + np.array([0.5, 0, 0])])
    return Crystal.from_arrays(f"{first}-{second}", np.eye(3) * a_A, [first] * 4 + [second] * 4, frac)


@pytest.fixture(scope="module")
def known() -> dict[str, dict[str, float]]:
    crystals = [cubic(26, 2.87, "I"), cubic(29, 3.61, "F"), rock_salt(11, 17, 5.64), rock_salt(12, 8, 4.21)]
    rows = screening.predict(crystals, tracking="none").table.to_dicts()
    return dict(zip(("Fe", "Cu", "NaCl", "MgO"), rows, strict=True))


def test_metals_and_magnets(known: dict[str, dict[str, float]]) -> None:
    assert known["Fe"]["magnetization_muB_per_A3"] * TESLA_PER_MUB_A3 == pytest.approx(2.2, abs=0.3)  # 2.2 µB an atom
    assert known["Cu"]["magnetization_muB_per_A3"] * TESLA_PER_MUB_A3 < 0.05
    for metal in ("Fe", "Cu"):
        assert known[metal]["band_gap_eV"] < 0.1
        assert abs(known[metal]["formation_energy_eV_per_atom"]) < 0.1


def test_salts(known: dict[str, dict[str, float]]) -> None:
    assert known["NaCl"]["band_gap_eV"] == pytest.approx(5.1, abs=0.8)  # PBE; 8.5 eV in experiment
    assert known["MgO"]["formation_energy_eV_per_atom"] == pytest.approx(-3.0, abs=0.3)
    for salt in ("NaCl", "MgO"):
        assert known[salt]["energy_above_hull_eV_per_atom"] < 0.05
        assert known[salt]["magnetization_muB_per_A3"] * TESLA_PER_MUB_A3 < 0.05


def test_landmarks_are_close_to_the_hull_and_intervals_hold_their_value() -> None:
    for task in ("magnets", "electrodes"):
        table = screening.predict(resource("datasets") / "landmarks" / f"{task}.jsonl", tracking="none").table
        hull, low, high = (table[f"energy_above_hull_eV_per_atom{end}"] for end in ("", "_lo", "_hi"))
        assert (hull < 0.12).all()
        assert ((low <= hull) & (hull <= high)).all()


def test_every_release_is_small_and_has_a_card() -> None:
    folders = sorted(path.parent for path in resource("models").glob("*/config.json"))
    assert folders
    assert sum(file.stat().st_size for folder in folders for file in folder.iterdir()) < 40e6
    for folder in folders:
        card = (folder / "MODEL_CARD.md").read_text(encoding="utf-8")
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        assert config["name"] == folder.name and folder.name in card
        commands = COMMANDS.get(config["format"], ("screening train", "screening evaluate"))
        assert all(command in card for command in commands)
        if config["format"] not in WITHOUT_STORE:
            assert config["training"]["store_sha256"][:16] in card


def default_release() -> Path:
    """The folder of the model that commands use unless told otherwise."""
    return find_release(PredictConfig.__dataclass_fields__["model"].default)


@pytest.fixture(scope="module")
def expected() -> dict[str, Any]:
    return json.loads((default_release() / "test_sample.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Store:
    rows = list(Jsonl().read(default_release() / "test_sample.jsonl.gz"))
    labelled = [row for row in rows if isinstance(row, LabelledCrystal)]
    assert len(labelled) == len(rows)
    return write_store(tmp_path_factory.mktemp("sample") / "store", labelled, ["sample"])


@pytest.fixture(scope="module")
def measured(sample: Store) -> Measured:
    return measure(Predictor.load(str(default_release()), "cpu", "32"), sample, np.arange(len(sample)))


def test_the_sample_is_small_cited_and_of_unseen_chemical_systems(sample: Store, expected: dict[str, Any]) -> None:
    assert len(sample) == expected["rows"] <= 200
    assert all(identifier.startswith(("mp-", "mvc-")) for identifier in sample.index["crystal_id"])
    assert sample.index["crystal_id"].is_unique().all()
    assert "CC BY 4.0" in expected["source"] and "seed 0" in expected["rule"]
    assert {split_of(system) for system in sample.index["chemical_system"]} == {"test"}


def test_errors_on_the_sample_are_those_it_was_released_with(measured: Measured, expected: dict[str, Any]) -> None:
    assert len(measured) == expected["rows"] and set(measured.targets) == set(expected["targets"])
    for i, target in enumerate(measured.targets):
        known = np.isfinite(measured.labels[:, i])
        label = measured.labels[known, i]
        figures = expected["targets"][target]
        error = np.abs(measured.values[known, i] - label)
        assert known.sum() == figures["sample_rows"]
        assert error.mean() == pytest.approx(figures["sample_mae"], rel=2e-4), target
        inside = (measured.low[known, i] <= label) & (label <= measured.high[known, i])
        assert inside.mean() == pytest.approx(figures["sample_coverage"], abs=1.5 / len(label)), target


def test_the_card_s_headline_is_what_the_sample_supports(expected: dict[str, Any]) -> None:
    card = (default_release() / "MODEL_CARD.md").read_text(encoding="utf-8")
    for target, figures in expected["targets"].items():
        assert f"| **{figures['test_mae']:.3g}** |" in card, target
        apart = abs(figures["sample_mae"] - figures["test_mae"])
        assert apart < 4 * figures["sample_mae_standard_error"], target
