"""Rankings recorded in MLflow, and what its store says of them."""

from __future__ import annotations

from pathlib import Path

from mlflow import MlflowClient
from mlflow.entities import Run as MlflowRun

from screening.tracking.address import TrackingSettings
from screening.tracking.rankings import log_ranking
from screening.tracking.runs import open_run


def logged(store: TrackingSettings, folder: Path) -> str:
    with open_run(store, folder, "magnets: my cifs", {}) as run:
        log_ranking(run, folder)
    assert run.recording and run.run_id is not None
    return run.run_id


def client(store: TrackingSettings) -> MlflowClient:
    return MlflowClient(tracking_uri=store.uri)


def all_runs(store: TrackingSettings) -> list[MlflowRun]:
    experiment = client(store).get_experiment_by_name(store.experiment)
    return list(client(store).search_runs([experiment.experiment_id]))


def children(store: TrackingSettings, parent: str) -> dict[str, MlflowRun]:
    found = [run for run in all_runs(store) if run.data.tags.get("mlflow.parentRunId") == parent]
    assert len({run.data.tags["candidate_id"] for run in found}) == len(found)
    return {run.data.tags["candidate_id"]: run for run in found}


def files(store: TrackingSettings, run_id: str) -> set[str]:
    return {file.path for file in client(store).list_artifacts(run_id)}
