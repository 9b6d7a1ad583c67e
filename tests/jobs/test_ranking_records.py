"""What ran writes the record: other settings are another run, and a refused request changes nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from helpers.mixed_folder import cif_text
from helpers.models import tiny_release
from mlflow import MlflowClient
from mlflow.entities import Run as MlflowRun

import screening
from screening.cli import main
from screening.crystals.reading.inputs import find_source
from screening.errors import RequestError
from screening.jobs.rank import Ranking
from screening.tracking.provenance import sha256
from screening.tracking.run_file import read_record

pytestmark = pytest.mark.ci


@pytest.fixture(scope="module")
def candidates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("in") / "candidates"
    folder.mkdir()
    for n, metal in enumerate(("Mn", "Fe", "Co")):
        (folder / f"{metal}.cif").write_text(cif_text((2.9 + 0.01 * n, 4.2, ["Li", metal, "O", "O"])))
    return folder


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("model")
    model = str(tiny_release(folder / "tiny"))
    uri = f"sqlite:///{folder / 'runs.db'}"
    return {"model": model, "magnetism": "none", "tracking.uri": uri, "cards": 2, "workers": 0, "precision": "32"}


def run_of(folder: Path, keys: dict[str, Any]) -> MlflowRun:
    record = read_record(folder)
    assert record is not None and record.run_id is not None
    return MlflowClient(keys["tracking.uri"]).get_run(record.run_id)


def decide(folder: Path, keys: dict[str, Any], decision: str) -> None:
    client, run = MlflowClient(keys["tracking.uri"]), run_of(folder, keys)
    for child in children(run, keys):
        client.set_tag(child.info.run_id, "review.decision", decision)


def children(run: MlflowRun, keys: dict[str, Any]) -> list[MlflowRun]:
    client = MlflowClient(keys["tracking.uri"])
    query = f"tags.`mlflow.parentRunId` = '{run.info.run_id}'"
    return list(client.search_runs([run.info.experiment_id], query))


def state(folder: Path, keys: dict[str, Any]) -> tuple[Any, ...]:
    """The files of a ranking and what MLflow says of its run and finalists."""
    files = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    run = run_of(folder, keys)
    data = [(r.data.tags, r.data.params, r.data.metrics, r.info.status) for r in (run, *children(run, keys))]
    return files, data


def rank(candidates: Any, folder: Path, keys: dict[str, Any], **more: Any) -> Ranking:
    done: Ranking = screening.rank(candidates, "magnets", folder, **keys, **more)
    return done


@pytest.mark.slow
def test_another_temperature_is_another_run_without_the_decisions(
    candidates: Path, keys: dict[str, Any], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    rank(candidates, tmp_path, keys, temperature_K=300)
    first = run_of(tmp_path, keys)
    decide(tmp_path, keys, "approve")
    again = rank(candidates, tmp_path, keys, temperature_K=300)
    assert run_of(tmp_path, keys).info.run_id == first.info.run_id == again.record["mlflow"]["run_id"]
    assert {child.data.tags["review.decision"] for child in children(first, keys)} == {"approve"}

    hot = rank(candidates, tmp_path, keys, temperature_K=450)
    second = run_of(tmp_path, keys)
    assert second.info.run_id == hot.record["mlflow"]["run_id"] != first.info.run_id
    assert "with another task.merit.temperature_K, temperature_K: starting a new MLflow run" in caplog.text
    assert (second.data.params["task.merit.temperature_K"], second.data.params["temperature_K"]) == ("450.0", "450.0")
    assert not any(tag.startswith("now.") for tag in second.data.tags)
    assert {child.data.tags["review.decision"] for child in children(second, keys)} == {"open"}
    kept = MlflowClient(keys["tracking.uri"]).get_run(first.info.run_id)
    assert kept.data.params["task.merit.temperature_K"] == "300.0" and len(children(first, keys)) == 2
    record = read_record(tmp_path)
    assert record is not None and record.earlier == (first.info.run_id,) and record.following is None
    assert "temperature_K: 450.0" in (tmp_path / "config.yaml").read_text()
    # The decisions carry over only if they are asked for, by the id of the earlier run.
    asked = rank(candidates, tmp_path, keys, temperature_K=450, review=first.info.run_id)
    assert set(asked.table["review_decision"].drop_nulls()) == {"approve"}
    assert run_of(tmp_path, keys).info.run_id not in (first.info.run_id, second.info.run_id)


def test_the_folder_s_own_review_goes_on_in_its_run(candidates: Path, keys: dict[str, Any], tmp_path: Path) -> None:
    rank(candidates, tmp_path, keys)
    first = run_of(tmp_path, keys)
    decide(tmp_path, keys, "reject")
    before = state(tmp_path, keys)
    with pytest.raises(RequestError, match=rf"replace the one that was reviewed.*review={first.info.run_id}"):
        rank(candidates, tmp_path, keys, review=str(tmp_path), temperature_K=450)
    assert state(tmp_path, keys) == before
    for _ in range(2):
        done = rank(candidates, tmp_path, keys, review=str(tmp_path))
        assert done.table.height == 1 and run_of(tmp_path, keys).info.run_id == first.info.run_id


def test_what_does_not_change_the_result_is_the_same_run(
    candidates: Path, keys: dict[str, Any], tmp_path: Path
) -> None:
    rank(candidates, tmp_path, keys)
    first = run_of(tmp_path, keys).info.run_id
    rank(candidates, tmp_path, keys | {"workers": 1, "cards": 1})
    assert run_of(tmp_path, keys).info.run_id == first


@pytest.mark.parametrize("how", ["a wrong key", "no such candidates", "no valid candidate", "no such review"])
def test_a_refused_request_changes_nothing(candidates: Path, keys: dict[str, Any], tmp_path: Path, how: str) -> None:
    out = tmp_path / "out"
    rank(candidates, out, keys)
    (tmp_path / "bad.jsonl").write_text('{"id": 1}\n')
    before = state(out, keys)
    asked = {
        "a wrong key": (candidates, {"task.merit.n_samples": -1}),
        "no such candidates": (tmp_path / "nowhere", {}),
        "no valid candidate": (tmp_path / "bad.jsonl", {}),
        "no such review": (candidates, {"review": "0" * 32}),
    }
    given, more = asked[how]
    with pytest.raises(RequestError):
        rank(given, out, keys, **more)
    found = state(out, keys)
    found[0].pop("mlflow_run_id.json"), before[0].pop("mlflow_run_id.json")  # it names the run of the failed try too
    assert found == before


def test_no_valid_candidate_with_the_same_settings_keeps_run_and_files(keys: dict[str, Any], tmp_path: Path) -> None:
    source, out = tmp_path / "rows", tmp_path / "out"
    source.mkdir()
    (source / "a.cif").write_text(cif_text((2.9, 4.2, ["Li", "Co", "O", "O"])))
    rank(source, out, keys)
    before = state(out, keys)
    (source / "a.cif").write_text("data_a\n")
    with pytest.raises(RequestError, match="no valid candidate"):
        rank(source, out, keys)
    assert state(out, keys) == before


def test_without_tracking_the_folder_leaves_its_earlier_run(
    candidates: Path, keys: dict[str, Any], tmp_path: Path
) -> None:
    rank(candidates, tmp_path, keys)
    first = run_of(tmp_path, keys).info.run_id
    off = {name: value for name, value in keys.items() if name != "tracking.uri"} | {"tracking": "none"}
    rank(candidates, tmp_path, off)
    assert run_of(tmp_path, keys).info.run_id == first  # the same ranking
    rank(candidates, tmp_path, off, temperature_K=450)
    record = read_record(tmp_path)
    assert record is not None and record.run_id is None and record.earlier == (first,)
    assert main(["log", str(tmp_path), f"tracking.uri={keys['tracking.uri']}"]) == 0
    logged = run_of(tmp_path, keys)
    assert logged.info.run_id != first and logged.data.params["temperature_K"] == "450.0"


def test_the_record_says_what_auto_came_to_and_names_every_model(
    candidates: Path, keys: dict[str, Any], tmp_path: Path
) -> None:
    more = keys | {"precision": "auto", "relax": "chgnet"}
    record = rank(candidates, tmp_path, more).record
    assert json.loads((tmp_path / "run.json").read_text())["resolved"] == record["resolved"]
    resolved = record["resolved"]
    assert resolved["device"].startswith(("cpu", "cuda")) and resolved["precision"] in ("32", "bf16")
    assert (resolved["workers"], record["config"]["device"], record["config"]["precision"]) == (0, "auto", "auto")
    assert isinstance(resolved["batch_atoms"], int)
    models = record["models"]
    assert models["model"] == {
        "asked": keys["model"], "name": "tiny", "sha256": sha256(Path(keys["model"])), "version": None,
    }  # fmt: skip
    assert models["relax"]["name"] == models["relax"]["asked"] == "chgnet" and len(models["relax"]["sha256"]) == 64
    assert record["sha256"]["relax"] == models["relax"]["sha256"]
    assert record["candidates"] == {"read_from": str(candidates), "count": 3}


def test_the_voltage_release_names_what_it_loads(candidates: Path, keys: dict[str, Any]) -> None:
    plain = {name: value for name, value in keys.items() if name not in ("magnetism", "tracking.uri")}
    record = screening.rank(candidates, "electrodes", **plain).record
    assert {"model", "voltage", "voltage.potential", "voltage.network"} <= record["sha256"].keys()
    assert record["models"]["voltage"]["asked"] == record["models"]["voltage"]["name"] == "voltage-v2"


def test_structures_in_memory_are_counted(candidates: Path, keys: dict[str, Any]) -> None:
    from pymatgen.core import Structure

    given = [Structure.from_file(path) for path in sorted(find_source(candidates).glob("*.cif"))]
    plain = {name: value for name, value in keys.items() if name != "tracking.uri"}
    record = screening.rank(given, "magnets", **plain).record
    assert record["candidates"] == {"read_from": "in memory", "count": 3}
    assert "candidates" not in record["sha256"]


def test_a_registered_model_is_recorded_with_its_version(
    candidates: Path, keys: dict[str, Any], tmp_path: Path
) -> None:
    from screening.tracking.address import TrackingSettings
    from screening.tracking.registry import register_model

    client = MlflowClient(keys["tracking.uri"])
    run = client.create_run("0")
    where = TrackingSettings(keys["tracking.uri"])
    assert register_model(where, run.info.run_id, Path(keys["model"]), "mine") == "models:/mine/1"
    client.set_registered_model_alias("mine", "champion", "1")
    for asked in ("models:/mine@champion", "models:/mine/1"):
        record = rank(candidates, tmp_path / asked[-1], keys | {"model": asked}).record
        assert record["models"]["model"]["asked"] == asked
        assert record["models"]["model"]["version"] == "models:/mine/1"
