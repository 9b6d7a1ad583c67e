"""Rankings and the models they used name each other."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest
from helpers.models import tiny_release
from helpers.rankings import finished_ranking
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import PERMISSION_DENIED

from screening.tracking.address import TrackingSettings
from screening.tracking.lineage import model_origin, trained_in
from screening.tracking.rankings import log_ranking
from screening.tracking.registry import register_model
from screening.tracking.runs import open_run

pytestmark = pytest.mark.ci


def ranked_with(folder: Path, trained: str) -> Path:
    finished_ranking(folder)
    record = orjson.loads((folder / "run.json").read_bytes())
    record["model"] = model_origin({"hours": 1, **trained_in(trained)})
    (folder / "run.json").write_bytes(orjson.dumps(record))
    return folder


def log(store: TrackingSettings, folder: Path) -> str:
    with open_run(store, folder, "ranking", {}) as run:
        log_ranking(run, folder)
    assert run.run_id is not None and run.recording
    return run.run_id


@pytest.fixture
def trained(store: TrackingSettings, tmp_path: Path) -> str:
    with open_run(store, tmp_path / "training", "train", {}) as run:
        assert run.run_id is not None
    return run.run_id


def test_both_sides_are_tagged(store: TrackingSettings, tmp_path: Path, trained: str) -> None:
    version = register_model(store, trained, tiny_release(tmp_path / "model"), "mine")
    rankings = [log(store, ranked_with(tmp_path / name, trained)) for name in ("one", "two", "one")]
    assert rankings[0] == rankings[2]
    client = MlflowClient(tracking_uri=store.uri)
    tags = client.get_run(rankings[0]).data.tags
    assert (tags["model.run_id"], tags["model.version"]) == (trained, version)
    number = version.rpartition("/")[2]
    for side in (client.get_run(trained).data.tags, client.get_model_version("mine", number).tags):
        assert {name: text for name, text in side.items() if name.startswith("ranking.")} == {
            f"ranking.{run_id}": "magnets: my cifs (2026-01-01T12:00:00+00:00)" for run_id in rankings
        }


@pytest.mark.parametrize("why", ["elsewhere", "deleted", "forbidden"])
def test_a_model_that_cannot_be_tagged_does_not_stop_the_log(
    store: TrackingSettings,
    tmp_path: Path,
    trained: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    why: str,
) -> None:
    client = MlflowClient(tracking_uri=store.uri)
    named = "0" * 32 if why == "elsewhere" else trained
    if why == "deleted":
        client.delete_run(trained)
    if why == "forbidden":
        real = MlflowClient.set_tag

        def refuse(self: MlflowClient, run_id: str, key: str, value: str) -> None:
            if run_id == trained:
                raise MlflowException("Permission denied", error_code=PERMISSION_DENIED)
            real(self, run_id, key, value)

        monkeypatch.setattr(MlflowClient, "set_tag", refuse)
    run_id = log(store, ranked_with(tmp_path / "ranking", named))
    tags = client.get_run(run_id).data.tags
    assert tags["model.run_id"] == named and "mlflow.note.content" in tags
    assert "could not tag the model's training run" in caplog.text and "going on without tracking" not in caplog.text


@pytest.mark.parametrize("trained", ["", "' OR '1'='1", "../x"])
def test_a_model_of_unknown_origin_is_not_linked(store: TrackingSettings, tmp_path: Path, trained: str) -> None:
    run_id = log(store, ranked_with(tmp_path, trained))
    assert "model.run_id" not in MlflowClient(tracking_uri=store.uri).get_run(run_id).data.tags
    assert trained_in(None) == {} and model_origin({"hours": 1}) == {}
