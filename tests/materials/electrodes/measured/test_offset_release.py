"""From a table and crystals to a release of offsets, its loading beside a voltage release, and its columns."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from screening.crystals import ReadSettings, read_crystals
from screening.errors import RequestError
from screening.materials.arrays import names_with_interval
from screening.materials.electrodes.end_members.pair import ElectrodePair, NoPair
from screening.materials.electrodes.end_members.pair_search import find_pair
from screening.materials.electrodes.measured import offset_release
from screening.materials.electrodes.measured.measured_columns import measured_columns
from screening.materials.electrodes.measured.measured_pairs import measured_pair
from screening.materials.electrodes.measured.measured_table import PRACTICAL, measured_file, read_measured
from screening.materials.electrodes.measured.offset_card import offset_card
from screening.materials.electrodes.measured.offset_release import fit_offset_release, load_offsets
from screening.release_folder import WEIGHTS
from screening.resources import resource
from screening.tabular.release import save_tabular_release

pytestmark = pytest.mark.ci

COLUMNS = ("name", "formula_discharged", "formula_charged", "ion", "voltage_V", "anion_class", "confidence")


@dataclass(frozen=True)
class Flat:
    """A voltage release that predicts 3 V for everything."""

    folder: Path

    def columns(self, pairs: Sequence[ElectrodePair | NoPair]) -> list[pl.Series]:
        values = zip(names_with_interval(PRACTICAL), (3.0, 2.8, 3.2), strict=True)
        return [pl.Series(name, [value] * len(pairs)) for name, value in values]


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The usable electrodes of the reference table."""
    file = tmp_path_factory.mktemp("table") / "measured.csv"
    with (resource("datasets") / "reference" / "electrodes.csv").open(encoding="utf-8", newline="") as stream:
        rows = [row for row in csv.DictReader(stream) if row["V_avg_exp_V"] and row["ion"] != "K"]
    with file.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(COLUMNS)
        for row in rows:
            kind = "carbon" if row["name"] == "LiC6" else "alloy" if "alloy" in row["role"] else "any"
            ends = (row["formula_discharged"], row["formula_charged"])
            writer.writerow([row["name"], *ends, row["ion"], row["V_avg_exp_V"], kind, row["confidence"]])
    return file


@pytest.fixture(scope="module")
def voltage(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("voltage")
    (folder / WEIGHTS).write_bytes(b"a voltage release")
    return folder


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory, table: Path, voltage: Path) -> Path:
    folder = tmp_path_factory.mktemp("offsets")
    crystals = resource("datasets") / "candidates" / "electrodes.jsonl"
    settings: dict[str, Any] = {
        "measured": str(table), "structures": str(crystals), "voltage": "v", "device": "cpu", "name": None
    }  # fmt: skip
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(offset_release.VoltagePredictor, "load", lambda name, device: Flat(voltage))
        found = fit_offset_release(settings, folder, lambda text: None)
        kept = (folder / "calculated.csv").stat().st_mtime_ns
        again = fit_offset_release(settings, folder, lambda text: None)
    assert (folder / "calculated.csv").stat().st_mtime_ns == kept
    np.testing.assert_array_equal(found.parts["offsets"].tensors["target"], again.parts["offsets"].tensors["target"])
    save_tabular_release(folder, found, offset_card(found))
    return folder


def test_the_release_says_how_good_it_is(release: Path) -> None:
    card = (release / "MODEL_CARD.md").read_text("utf-8")
    assert "chemical systems left out one by one" in card
    config = json.loads((release / "config.json").read_text("utf-8"))
    assert config["training"]["used"] >= 18
    assert config["parts"]["offsets"]["report"]["calculated"]["n"] == config["training"]["used"]


def test_offsets_of_another_voltage_release_are_refused(release: Path, voltage: Path, tmp_path: Path) -> None:
    assert load_offsets("none", voltage) is None
    found = load_offsets(str(release), voltage)
    assert found is not None and found.fits
    (tmp_path / WEIGHTS).write_bytes(b"another voltage release")
    with pytest.raises(RequestError, match="learned with another voltage release"):
        load_offsets(str(release), tmp_path)
    with pytest.raises(RequestError, match="offsets=nowhere"):
        load_offsets("nowhere", voltage)


def test_columns_of_pairs_with_and_without_offsets(release: Path, voltage: Path) -> None:
    crystals = {c.candidate_id: c for c in read_crystals("electrodes", ReadSettings(workers=0))}
    pairs = [find_pair(crystals[name]) for name in ("LiTiS2", "LiC6", "LiF", "LiFePO4")]  # type: ignore[arg-type]
    calculated = np.array([[1.9, 1.7, 2.1], [0.6, 0.5, 0.7], [np.nan] * 3, [3.4, 3.2, 3.6]])
    offsets = load_offsets(str(release), voltage)
    assert offsets is not None
    columns, unknown = measured_columns(pairs, calculated, offsets)
    found = pl.DataFrame(columns)
    assert found["voltage_V"].is_null().to_list() == [False, False, True, False]
    assert found["voltage_V"][1] == 0.6  # no offset between the sheets of carbon
    assert found["voltage_offset_V"].is_null().to_list() == [False, True, True, False]
    assert found["voltage_left_out_V"].is_null().to_list() == [False, True, True, False]
    assert found["voltage_V_hi"][0] - found["voltage_V_lo"][0] > 0.4
    assert found["voltage_offset_class"][3] == "Fe3+/Fe2+ in phosphates, 1 measured"
    assert unknown.tolist() == [False] * 4
    for other in (None, replace(offsets, fits=False)):
        columns, unknown = measured_columns(pairs, calculated, other)
        assert unknown.tolist() == [True, False, False, True]
        assert pl.DataFrame(columns)["voltage_V"].to_list() == [1.9, 0.6, None, 3.4]


def test_a_measured_range_is_cut_out_of_a_larger_one() -> None:
    rows = {row.name.split(",")[0]: row for row in read_measured(measured_file())}
    crystals = {c.candidate_id: c for c in read_crystals("electrodes", ReadSettings(workers=0))}
    half = measured_pair(crystals["NaCoO2 (O3)"], rows["NaCoO2 to Na0.5CoO2"])  # type: ignore[arg-type]
    assert isinstance(half, ElectrodePair)
    assert half.n_ions_practical == pytest.approx(0.5 * half.n_ions_removed)
    filled = measured_pair(crystals["V2O5 (alpha) Li"], rows["LiV2O5 to V2O5"])  # type: ignore[arg-type]
    assert isinstance(filled, ElectrodePair)
    assert (filled.origin, filled.n_ions_removed) == ("inserted", 2.0)
    other = measured_pair(crystals["LiFePO4"], rows["LiMnPO4 to MnPO4"])  # type: ignore[arg-type]
    assert isinstance(other, NoPair) and other.refused
