"""`screening submit train` on a real Slurm: processes on two nodes, and what is refused during and after the run."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from helpers.labelled import small_store
from helpers.slurm import Slurm

from screening import cli
from screening.cluster.submitted import submitted_jobs

pytestmark = [pytest.mark.xdist_group("slurm"), pytest.mark.slow]


def test_two_nodes_train_one_model(
    slurm: Slurm, root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(root))
    monkeypatch.setenv("MASTER_ADDR", "127.0.0.1")  # the nodes have names that mean nothing
    store, folder = small_store(tmp_path / "store", 120), tmp_path / "run"
    small = "network.parameters={width:16,edge_width:16,layers:1}"
    given = [f"data.path={store.path}", f"output_dir={folder}", "trainer=smoke", "tracking=none", small]
    cluster = ["cluster=slurm_cpu", "cluster.nodes=2", "cluster.cpus_per_task=1", "cluster.memory=500M"]
    submit = ["submit", "train", *cluster, "cluster.time=10", *given]
    assert cli.main(submit) == 0
    (job,) = submitted_jobs(folder)
    assert "trainer.devices=2\n" in (folder / "jobs" / "train.sbatch").read_text()

    capsys.readouterr()
    assert cli.main(submit) == 2
    assert f"job {job.id} does this already" in capsys.readouterr().err
    assert cli.main(["status", str(folder)]) == 0
    assert "nothing to do: the job is queued or running" in capsys.readouterr().out

    assert slurm.wait(job.id, seconds=90) == {job.id: "COMPLETED"}, job.log(folder).read_text()
    assert json.loads((folder / "model" / "config.json").read_text())["name"] == "run"
    assert cli.main(["status", str(folder)]) == 0
    said = capsys.readouterr().out
    assert said.startswith("step 4, checkpoint written ") and said.endswith(
        f"done: the model is in {folder / 'model'}\n"
    )

    assert cli.main([*submit, "seed=1", "trainer.batch_atoms=99"]) == 2
    refusal = capsys.readouterr().err
    assert "holds a run with other settings: seed=1 (the run: 0), trainer.batch_atoms=99 (the run: " in refusal
    assert submitted_jobs(folder) == [job]
