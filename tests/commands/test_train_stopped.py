"""A training command that is told to stop says how to go on, and goes on in the same MLflow run."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
from helpers.labelled import small_store

from screening import cli
from screening.networks.model import PropertyModel
from screening.tracking.server import connect

SMALL = ["network.parameters.width=16", "network.parameters.edge_width=16", "network.parameters.layers=1"]


@pytest.mark.ci
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGUSR1])
def test_it_exits_with_75_and_the_same_command_goes_on(
    number: signal.Signals, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("SLURM_JOB_ID", raising=False)
    store, uri = small_store(tmp_path / "store", 60).path, f"sqlite:///{tmp_path}/mlflow.db"
    command = ["train", "name=tiny", "device=cpu", "trainer=smoke", "trainer.precision=32", *SMALL]
    command += [f"data.path={store}", f"output_dir={tmp_path / 'run'}", f"tracking.uri={uri}"]
    plain, sent = PropertyModel.predict_members, []

    def interrupt(*given: object) -> object:
        if not sent:
            sent.append(number)
            os.kill(os.getpid(), number)
        return plain(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(PropertyModel, "predict_members", interrupt)
    assert cli.main(command) == 75
    said = capsys.readouterr().err
    assert f"stopped by {number.name}; a checkpoint in " in said and "has its 1 step" in said
    assert "run the same command to continue" in said
    client = connect(uri)
    experiments = [experiment.experiment_id for experiment in client.search_experiments()]
    (run,) = client.search_runs(experiments)
    assert run.info.status == "KILLED"
    assert cli.main(command) == 0
    shown = capsys.readouterr()
    assert "4 steps done" in shown.out and "resuming from" in shown.err
    (again,) = client.search_runs(experiments)
    assert (again.info.run_id, again.info.status) == (run.info.run_id, "FINISHED")
