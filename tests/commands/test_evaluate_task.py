"""`screening evaluate task=...` on a small table of one's own: what it writes, logs and refuses."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import polars as pl
import pytest
from helpers.models import tiny_release

from screening import cli
from screening.crystals.reading.wyckoff_table import NEEDED, read_rows
from screening.resources import resource
from screening.tracking.server import connect

pytestmark = pytest.mark.ci

NAMES = ("Fe bcc", "Ni fcc", "SmCo5", "Co hcp", "NiO", "Cu", "Sm(Fe0.8Co0.2)12")


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_release(tmp_path_factory.mktemp("model") / "tiny")


@pytest.fixture
def table(tmp_path: Path) -> Path:
    with (resource("datasets") / "reference" / "magnets.csv").open(newline="", encoding="utf-8") as stream:
        rows = [row for row in csv.DictReader(stream) if row["name"] in NAMES]
    return written(tmp_path / "моя таблица.csv", [*rows, {**rows[0], "name": "broken", "sites": "Fe 0 0"}])


def written(path: Path, rows: list[dict[str, str]]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def run(model: Path, folder: Path, *keys: str) -> int:
    common = [f"model={model}", "magnetism=none", "device=cpu", f"output_dir={folder}"]
    return cli.main(["evaluate", "task=magnets", *common, *keys])


def test_every_row_is_compared_or_left_out_with_the_reason(
    model: Path, table: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(model, tmp_path / "out", f"reference={table}", "tracking=none", "order=false") == 0
    compared = pl.read_csv(tmp_path / "out" / "reference.csv")
    record = json.loads((tmp_path / "out" / "reference.json").read_text())
    assert set(compared["candidate_id"]) | set(record["left_out"]) == {row["name"] for row in read_rows(table)}
    assert set(record["left_out"]) == {"broken", "Sm(Fe0.8Co0.2)12"}
    assert compared["rank"].to_list() == list(range(1, len(compared) + 1))
    assert record["statistics"]["rows"] == len(compared)
    assert set(compared["learned_by_network"]) <= {"learned part", "intervals", "no"}
    assert record["sha256"].keys() >= {"model", "reference"}
    said = capsys.readouterr().out
    assert "SmCo5" in said
    assert "left out: broken: expected SPECIES x y z" in said
    assert "MAE" in said


def test_electrodes_are_compared_with_measured_voltages(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = read_rows(resource("datasets") / "reference" / "electrodes.csv")
    few = written(tmp_path / "few.csv", [row for row in rows if row["name"] in ("LiFePO4", "LiCoO2", "LiTiS2")])
    keys = ["task=electrodes", f"reference={few}", f"model={model}", "device=cpu", "tracking=none"]
    assert cli.main(["evaluate", *keys, f"output_dir={tmp_path / 'out'}"]) == 0
    compared = pl.read_csv(tmp_path / "out" / "reference.csv")
    assert sorted(compared["candidate_id"]) == ["LiCoO2", "LiFePO4", "LiTiS2"]
    assert compared["voltage_V"].is_between(1, 5).all()
    assert "MAE" in capsys.readouterr().out


def test_partially_occupied_rows_are_ordered(model: Path, table: Path, tmp_path: Path) -> None:
    rows = [row for row in read_rows(table) if row["name"] in ("Sm(Fe0.8Co0.2)12", "Cu")]
    few = written(tmp_path / "few.csv", rows)
    assert run(model, tmp_path / "out", f"reference={few}", "tracking=none") == 0
    compared = pl.read_csv(tmp_path / "out" / "reference.csv")
    flags = dict(zip(compared["candidate_id"], compared["flags"].fill_null(""), strict=True))
    assert "ordered_approximant" in flags["Sm(Fe0.8Co0.2)12"]
    assert "ordered_approximant" not in flags["Cu"]


def test_a_table_without_measurements_is_ranked_all_the_same(model: Path, table: Path, tmp_path: Path) -> None:
    needed = [{name: row[name] for name in (*NEEDED, "formula")} for row in read_rows(table) if row["name"] == "Cu"]
    few = written(tmp_path / "few.csv", needed)
    assert run(model, tmp_path / "out", f"reference={few}", "tracking=none") == 0
    record = json.loads((tmp_path / "out" / "reference.json").read_text())
    assert record["statistics"]["mu0_Ms_T"]["n"] == 0


def test_a_run_is_logged_with_its_figures(model: Path, table: Path, tmp_path: Path) -> None:
    uri = f"sqlite:///{tmp_path}/mlflow.db"
    few = written(tmp_path / "few.csv", [row for row in read_rows(table) if row["name"] in ("Cu", "Fe bcc")])
    assert run(model, tmp_path / "out", f"reference={few}", f"tracking.uri={uri}", "prefer=strongest") == 0
    (found,) = connect(uri).search_runs([connect(uri).get_experiment_by_name("screening").experiment_id])
    assert found.data.params["prefer"] == "strongest"
    assert "mu0_Ms_T/mae" in found.data.metrics
    assert "ranking/called_hard" in found.data.metrics
    assert {a.path for a in connect(uri).list_artifacts(found.info.run_id)} >= {"reference.csv", "reference.json"}


def test_wrong_requests_are_refused_before_anything_is_made(
    model: Path, table: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = read_rows(table)[:2]
    twice = written(tmp_path / "twice.csv", [*rows, rows[0]])
    unnamed = written(tmp_path / "unnamed.csv", [{**rows[0], "name": ""}])
    for keys, said in [
        ([f"reference={tmp_path / 'none.csv'}"], "none.csv does not exist"),
        ([f"reference={twice}"], "stands there twice"),
        ([f"reference={unnamed}"], "a row without a name"),
        (["prefer=nothing"], "no such preset of task=magnets"),
        (
            [f"reference={written(tmp_path / 'few.csv', rows)}", "supply.prices.Fe=-1"],
            "supply.prices.Fe: expected a price",
        ),
    ]:
        assert run(model, tmp_path / "out", "tracking=none", *keys) == 2
        assert said in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        (["prefer=cheap"], "prefer=cheap: needs task="),
        (["reference=x.csv"], "reference=x.csv: needs task="),
        (["task.merit.seed=1"], "choose task= first"),
        ([], "missing: data.path"),
    ],
)
def test_what_belongs_together_is_said(keys: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["evaluate", "output_dir=nowhere", "tracking=none", *keys]) == 2
    assert said in capsys.readouterr().err
