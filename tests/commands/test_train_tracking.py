"""A model trained under MLflow knows the run it was trained in, so that rankings can name it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from helpers.crystals import random_crystal
from helpers.labelled import labelled_crystal
from mlflow import MlflowClient

from screening import cli
from screening.data.store import write_store
from screening.networks.released_model import load_release
from screening.tracking.lineage import model_origin

SMALL = ["network.parameters.width=16", "network.parameters.edge_width=16", "network.parameters.layers=1"]
ELEMENTS = (3, 8, 9, 11, 16, 22, 25, 26, 27, 28)


@pytest.mark.ci
def test_the_release_names_its_run(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    rows = (labelled_crystal(random_crystal(rng, int(rng.integers(2, 6)), ELEMENTS)) for _ in range(120))
    write_store(tmp_path / "store", rows, ["test"])
    uri = f"sqlite:///{tmp_path / 'mlflow.db'}"
    command = ["train", "name=tiny", "trainer=smoke", "trainer.precision=32", *SMALL, "device=cpu"]
    places = [f"data.path={tmp_path / 'store'}", f"output_dir={tmp_path / 'run'}", f"tracking.uri={uri}"]
    assert cli.main([*command, *places]) == 0
    run_id = json.loads((tmp_path / "run" / "mlflow_run_id.json").read_text())["run_id"]
    _, released = load_release(tmp_path / "run" / "model")
    assert model_origin(released.training) == {"mlflow_run_id": run_id}
    assert cli.main([*command, *places]) == 0  # a repeat of a finished training
    (version,) = MlflowClient(tracking_uri=uri).search_model_versions(f"run_id = '{run_id}'")
    assert version.name == "tiny"
