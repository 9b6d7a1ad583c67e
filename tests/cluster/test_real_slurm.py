"""Rankings on a real Slurm equal those of one machine, whatever happens to their jobs."""

from __future__ import annotations

import gzip
import json
import random
import re
import time
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from helpers.mixed_folder import row
from helpers.models import tiny_release
from helpers.shard_jobs import Refused, Submit, assert_equal, kill, logs_of, submitter
from helpers.slurm import Slurm, wait_until

from screening import cli

pytestmark = [pytest.mark.xdist_group("slurm"), pytest.mark.ci]

METALS = ("Ti", "V", "Cr", "Mn", "Fe", "Co", "Ni", "Cu", "Zn", "Mo")
SHARDS = 4


@pytest.fixture
def submit(slurm: Slurm, root: Path, capfd: pytest.CaptureFixture[str]) -> Submit:
    return submitter(root, capfd)


@pytest.fixture(scope="module")
def request_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., list[str]]:
    """Arguments of a ranking of 400 crystals, with some duplicates, by a tiny model."""
    folder = tmp_path_factory.mktemp("given")
    rows = folder / "rows, all of them.jsonl.gz"
    with gzip.open(rows, "wt") as stream:
        for n in range(400):
            crystal = (2.9 + 0.002 * (n % 390), 4.3, ["Li", METALS[n % 10], "O", "O"])
            stream.write(json.dumps({"id": f"row {n}", **row(crystal)}) + "\n")
    model = tiny_release(folder / "tiny")

    def arguments(output_dir: Path, *more: str) -> list[str]:
        given = [f"candidates={rows}", f"model={model}", "voltage=none", "precision=32", "workers=0", "report.cards=2"]
        return ["task=electrodes", "tracking=none", "profile_states=null", f"output_dir={output_dir}", *given, *more]

    return arguments


@pytest.fixture(scope="module")
def whole(request_of: Callable[..., list[str]], tmp_path_factory: pytest.TempPathFactory) -> pl.DataFrame:
    folder = tmp_path_factory.mktemp("whole")
    assert cli.main(["rank", *request_of(folder)]) == 0
    return pl.read_parquet(folder / "ranking.parquet")


def test_a_job_is_run(slurm: Slurm, tmp_path: Path) -> None:
    job = slurm.call("sbatch", "--parsable", f"--output={tmp_path}/log", "--wrap=srun echo done").strip()
    assert slurm.wait(job) == {job: "COMPLETED"}
    assert (tmp_path / "log").read_text() == "done\n"


def test_the_doctor_sees_slurm(
    slurm: Slurm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    given = [f"model={tiny_release(tmp_path / 'tiny')}", "magnetism=none", "voltage=none", "tracking=none"]
    assert cli.main(["doctor", *given]) == 0
    said = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    assert any(line.startswith("ok Slurm slurm") for line in said)
    assert "ok partition low* up 1:00:00 2 4000 gpu:2" in said


def test_shards_make_the_ranking_of_one_machine(
    slurm: Slurm, submit: Submit, request_of: Callable[..., list[str]], whole: pl.DataFrame, tmp_path: Path
) -> None:
    folder = tmp_path / 'all, of 100 %; "it\'s" #1 списком'
    array, reducing, reporting = submit("rank", *request_of(folder, f"shards={SHARDS}"))
    assert not submit("rank", *request_of(folder, f"shards={SHARDS}"))  # all is in the queue
    slurm.wait(reducing.id, seconds=90)
    nodes = {fields["NodeList"] for name, fields in slurm.jobs().items() if name.startswith(f"{array.id}_")}
    assert set(slurm.states([array.id, reducing.id]).values()) == {"COMPLETED"}, logs_of(folder)
    assert nodes == {"n1", "n2"}
    assert_equal(folder, whole)
    assert reporting.id not in slurm.states([reporting.id]) or slurm.states([reporting.id])[reporting.id] == "CANCELLED"
    assert not submit("rank", *request_of(folder, f"shards={SHARDS}"))
    before = set(slurm.jobs())
    with pytest.raises(Refused, match=r"belongs to another job .different seed"):
        submit("rank", *request_of(folder, f"shards={SHARDS}", "seed=3"))
    assert set(slurm.jobs()) == before


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (
            ["cluster.partition=nowhere"],
            "Slurm refuses the job: invalid partition specified: nowhere; Invalid partition",
        ),
        (["cluster.gpus=1", "cluster.options=--constraint=a100"], "Invalid feature specification; nothing was queued"),
        (["cluster.memory=900G"], "Slurm refuses the job: Requested node configuration is not available"),
        (["cluster.time=2-00:00:00"], "cluster.time=2-00:00:00: the partition low allows 1:00:00"),
        (["model=nowhere"], "model=nowhere was not found"),
        (["candidates=nowhere.cif"], "nowhere.cif does not exist"),
        (["max_atom=3"], "unknown key max_atom; did you mean max_atoms?"),
        (["voltage=nowhere"], "voltage=nowhere: expected none, a folder"),
        (["shard=1"], "shard=1: leave it out"),
    ],
)
def test_a_wrong_request_queues_nothing_and_writes_nothing(
    slurm: Slurm, submit: Submit, request_of: Callable[..., list[str]], tmp_path: Path, wrong: list[str], said: str
) -> None:
    before = set(slurm.jobs())
    with pytest.raises(Refused) as refused:
        submit("rank", *request_of(tmp_path / "all", "shards=2"), *wrong)
    assert said in str(refused.value)
    assert set(slurm.jobs()) == before
    assert not (tmp_path / "all").exists()


@pytest.mark.slow
def test_kills_requeues_cancellations_and_lost_nodes_do_not_change_the_ranking(
    slurm: Slurm,
    submit: Submit,
    request_of: Callable[..., list[str]],
    whole: pl.DataFrame,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    folder = tmp_path / "all"
    arguments = request_of(folder, f"shards={SHARDS}")
    array, reducing, reporting = submit("rank", *arguments)
    slurm.wait(array.id, states={"RUNNING"})
    seed = random.Random(0)

    assert kill(array, 0, after=seed.uniform(0.0, 1.5))
    slurm.call("scontrol", "requeue", f"{array.id}_1")
    slurm.call("scancel", f"{array.id}_2")
    wait_until(lambda: f"{array.id}_1" in slurm.states([array.id]), 10, slurm.log)
    slurm.wait(f"{array.id}_0")
    slurm.lose_node_of(f"{array.id}_3")
    ended = slurm.wait(array.id, seconds=90)
    assert ended == {
        f"{array.id}_{shard}": state for shard, state in enumerate(["FAILED", "COMPLETED", "CANCELLED", "COMPLETED"])
    }, logs_of(folder)
    slurm.wait(reporting.id)
    assert slurm.wait(reducing.id) == {reducing.id: "CANCELLED"}
    assert not (folder / "ranking.parquet").exists()
    report = reporting.log(folder).read_text()
    assert "2 of 4 shards complete" in report
    assert "shard 0" in report and "shard 2" in report and "shard 1" not in report
    assert f"next (2 missing shards are not queued): {array.command}" in report

    capfd.readouterr()
    cli.main(["status", str(folder)])
    said = capfd.readouterr().out
    assert f"{array.id}_0  FAILED (exit status 137)" in said
    assert re.search(f"{array.id}_2  CANCELLED.*: somebody cancelled it", said)

    again, reducing, _ = submit("rank", *arguments)
    assert again.shards == (0, 2)
    wait_until(lambda: "RUNNING" in slurm.states([again.id]).values(), 20, slurm.log)
    assert kill(again, 0, after=seed.uniform(0.0, 1.5))
    slurm.wait(again.tasks[0])
    third, joining, _ = submit("rank", *arguments)
    assert third.shards == (0,)
    slurm.wait(joining.id, seconds=90)
    assert set(slurm.states([third.id, joining.id]).values()) == {"COMPLETED"}, logs_of(folder)
    assert slurm.states([reducing.id])[reducing.id] == "CANCELLED"
    assert_equal(folder, whole)
    cli.main(["status", str(folder)])
    assert "4 of 4 shards complete, 400 candidates of 400 on disk\n" in capfd.readouterr().out


@pytest.mark.slow
@pytest.mark.parametrize("told", ["preemption", "time limit"])
def test_a_preempted_shard_keeps_its_rows_and_continues(
    slurm: Slurm, submit: Submit, request_of: Callable[..., list[str]], whole: pl.DataFrame, tmp_path: Path, told: str
) -> None:
    folder = tmp_path / "all"
    array, reducing, _ = submit("rank", *request_of(folder, "shards=2", "batch_atoms=4"))
    for shard in array.shards:
        wait_until((folder / "shards" / f"{shard}-of-2").exists, 30, lambda: logs_of(folder))
    time.sleep(0.3)
    if told == "preemption":
        everything = ["--partition=high", "--nodes=2", "--exclusive", f"--output={tmp_path}/high.log"]
        high = slurm.call("sbatch", "--parsable", *everything, "--wrap=sleep 1").strip()
        assert slurm.wait(high) == {high: "COMPLETED"}
    else:  # what Slurm sends then; its clock counts in minutes
        slurm.call("scancel", "--signal=USR1", array.id)
    slurm.wait(reducing.id, seconds=90)
    assert set(slurm.states([array.id, reducing.id]).values()) == {"COMPLETED"}, logs_of(folder)
    assert_equal(folder, whole)
    jobs = slurm.jobs()
    back = [shard for shard, task in array.tasks.items() if jobs[task]["Restarts"] == "1"]
    assert back  # a shard may have come to its end before
    for shard in back:
        assert "is requeued and will continue" in array.log(folder, shard).read_text()
        assert len(list((folder / "shards" / f"{shard}-of-2").glob("part-*.parquet"))) == 2
