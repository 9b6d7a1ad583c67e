"""Training on a real Slurm: preempted, out of time, cancelled or on two nodes, it gives the same model."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from helpers.labelled import small_store
from helpers.slurm import Slurm, wait_until

from screening.cluster.scripts import Resources, training_script
from screening.learning.checkpoints import CHECKPOINTS, checkpoint_files
from screening.tracking.server import connect

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("slurm")]

STEPS = 1000
SMALL = ["network.parameters.width=16", "network.parameters.edge_width=16", "network.parameters.layers=1"]
Curve = dict[str, dict[int, set[float]]]


class Lab:
    """A store to train on and an MLflow database to record in."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.uri = folder, f"sqlite:///{folder}/mlflow.db"
        small_store(folder / "store", missing=0.3)

    def arguments(self, name: str) -> list[str]:
        trainer = ["precision=32", f"max_steps={STEPS}", "batch_atoms=60", "validate_every_steps=250", "threads=1"]
        # small steps: with large ones what two ranks differ by in the last digit doubles every few steps
        trainer += ["checkpoint_minutes=0.005", "learning_rate=1e-4"]
        return [
            f"data.path={self.folder}/store", f"output_dir={self.folder}/{name}", f"name={name}", "device=cpu",
            *SMALL, *(f"trainer.{key}" for key in trainer),
            f"tracking.uri={self.uri}", f"tracking.experiment={name}",
        ]  # fmt: skip

    def submit(self, slurm: Slurm, name: str, *more: str, **resources: object) -> str:
        # the names of these nodes resolve to nothing
        environment = f"export PATH={Path(sys.executable).parent}:$PATH MASTER_ADDR=127.0.0.1"
        asked = Resources(partition="low", environment=environment, **resources)  # type: ignore[arg-type]
        script = training_script(asked, [*self.arguments(name), *more], self.folder)
        return slurm.call("sbatch", "--parsable", stdin=script.text).strip()

    def log(self, job: str) -> Callable[[], str]:
        return lambda: (self.folder / f"screening-train-{job}.log").read_text()

    def curve(self, name: str) -> Curve:
        """Every value of loss, learning rate and validation error by step; fails unless there is one finished run."""
        client = connect(self.uri)
        experiment = client.get_experiment_by_name(name)
        assert experiment is not None
        (run,) = client.search_runs([experiment.experiment_id])
        assert run.info.status == "FINISHED"
        found: Curve = {}
        for metric in ("train/loss", "train/learning_rate", "val/relative_error"):
            for entry in client.get_metric_history(run.info.run_id, metric):
                found.setdefault(metric, {}).setdefault(entry.step, set()).add(entry.value)
        return found


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Lab:
    return Lab(tmp_path_factory.mktemp("lab"))


@pytest.fixture(scope="module")
def whole(lab: Lab) -> Curve:
    """The curve of an undisturbed run."""
    command = [sys.executable, "-m", "screening", "train", *lab.arguments("whole")]
    subprocess.run(command, check=True, timeout=120, capture_output=True)
    found = lab.curve("whole")
    assert sorted(found["train/loss"]) == list(range(50, STEPS + 1, 50))
    assert sorted(found["val/relative_error"]) == [250, 500, 750, 1000]
    return found


def equal(found: Curve, expected: Curve, tolerance: float) -> None:
    assert {name: values.keys() for name, values in found.items()} == {
        name: values.keys() for name, values in expected.items()
    }
    for name, steps in found.items():
        for step, values in steps.items():
            for value in values:
                (wanted,) = expected[name][step]
                assert value == pytest.approx(wanted, rel=tolerance), (name, step)


def trains(lab: Lab, name: str) -> Callable[[], bool]:
    return lambda: bool(checkpoint_files(lab.folder / name / CHECKPOINTS))


def urgent(slurm: Slurm, nodes: int) -> None:
    """Run a short job that preempts others."""
    asked = ["--partition=high", f"--nodes={nodes}", "--exclusive", "--output=/dev/null", "--wrap=sleep 1"]
    slurm.wait(slurm.call("sbatch", "--parsable", *asked).strip(), seconds=60)


def test_preempted_requeued_finished(slurm: Slurm, lab: Lab, whole: Curve) -> None:
    job = lab.submit(slurm, "preempted")
    wait_until(trains(lab, "preempted"), 60, slurm.log)
    urgent(slurm, nodes=2)
    assert slurm.states([job])[job] == "PENDING" and not (lab.folder / "preempted" / "model").exists()
    assert slurm.wait(job, seconds=120) == {job: "COMPLETED"}, lab.log(job)()
    assert slurm.jobs()[job]["Restarts"] == "1"
    assert f"job {job} is requeued and will continue" in lab.log(job)() and "resuming from" in lab.log(job)()
    equal(lab.curve("preempted"), whole, 1e-6)


def test_two_ranks_on_two_nodes_preempted(slurm: Slurm, lab: Lab, whole: Curve) -> None:
    """Two ranks share the crystals of one; their mean gradients are equal within rounding."""
    job = lab.submit(slurm, "two", "trainer.devices=2", nodes=2)
    wait_until(trains(lab, "two"), 60, lab.log(job))
    urgent(slurm, nodes=1)
    assert slurm.wait(job, seconds=120) == {job: "COMPLETED"}, lab.log(job)()
    assert slurm.jobs()[job]["Restarts"] == "1"
    equal(lab.curve("two"), whole, 1e-6)


def test_it_requeues_itself_at_its_time_limit_but_not_when_cancelled(slurm: Slurm, lab: Lab, whole: Curve) -> None:
    job = lab.submit(slurm, "told")
    wait_until(trains(lab, "told"), 60, lab.log(job))
    slurm.call("scancel", "--signal=USR1", job)  # as Slurm does before the limit
    wait_until(lambda: slurm.jobs()[job]["Restarts"] == "1", 30, lab.log(job))
    wait_until(lambda: "resuming from" in lab.log(job)(), 60, lab.log(job))
    slurm.call("scancel", job)
    assert slurm.wait(job) == {job: "CANCELLED"}
    assert slurm.jobs()[job]["Restarts"] == "1"
    again = lab.submit(slurm, "told")
    assert slurm.wait(again, seconds=120) == {again: "COMPLETED"}, lab.log(again)()
    equal(lab.curve("told"), whole, 1e-6)
