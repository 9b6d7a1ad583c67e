"""Every command, told to stop: it ends soon, says how to go on, closes its MLflow run and leaves nothing behind."""

from __future__ import annotations

import shutil
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import orjson
import polars as pl
import pytest
from helpers.barriers import rock_salt_row, write_barriers
from helpers.labelled import small_store
from helpers.models import tiny_release
from helpers.rankings import finished_ranking
from helpers.stopped import ended, kill_all_in, start, working_in

from screening.configuration import load_config, save_config
from screening.configuration.registry import COMMANDS
from screening.tracking.server import connect

pytestmark = [pytest.mark.ci, pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks for processes in /proc")]

AGAIN, GO_ON = "run the same command to start again", "what is finished is kept; run the same command"
RANK = ["rank", "task=magnets", "candidates=rows.jsonl", "model=tiny", "magnetism=none", "cells=none"]
RANK += ["workers=0", "report.cards=1"]
PREDICT = ["predict", "candidates=rows.jsonl", "model=tiny", "workers=0", "output=out/table.parquet"]
RELAX = ["relax", "candidates=rows.jsonl", "workers=0", "output_dir=out"]
SMALL = ["network.parameters.width=16", "network.parameters.edge_width=16", "network.parameters.layers=1"]
PREDICTING = "screening.networks.streaming:_scored"
TRAIN = ["train", "name=tiny", "device=cpu", "trainer=smoke", "trainer.precision=32", *SMALL, "data.path=store"]


@dataclass(frozen=True)
class Case:
    """A command, the function that is called when it is told to stop, and what it says."""

    command: list[str]
    place: str
    said: str
    recorded: bool = False


CASES = [
    Case([*RANK, "output_dir=out"], "screening.jobs.opening:load_network", AGAIN),
    Case([*RANK, "output_dir=out"], "screening.tracking.resuming:new_run", AGAIN, recorded=True),
    Case([*RANK, "output_dir=out"], "screening.networks.streaming:_scored", AGAIN, recorded=True),
    Case([*RANK, "output_dir=out"], "screening.jobs.rank:write_report", AGAIN, recorded=True),
    Case([*RANK, "output_dir=out"], "screening.tracking.finalist_runs:new_run", AGAIN, recorded=True),
    Case([*RANK, "output_dir=out", "shards=2", "shard=1"], "screening.networks.streaming:_scored", GO_ON),
    Case([*RANK, "output_dir=out", "shards=2"], "screening.jobs.local_shards:_Shard", GO_ON),
    Case(PREDICT, "screening.tables:TableWriter.write", AGAIN),
    Case(PREDICT, "screening.networks.released_model:load_release", AGAIN),
    Case(RELAX, "screening.jobs.relax:kept_potential", GO_ON),
    Case(RELAX, "screening.relaxation.progress_file:Progress.add",
         GO_ON, recorded=True),
    Case(["fit", "magnetism", "data.path=store", "data.folder=store", "output_dir=out"],
         "screening.materials.magnets.magnetism_fit:open_store", AGAIN),
    Case(["import", "kind=jsonl", "source=rows.jsonl", "output=out"], "screening.jobs.import_data:write_store", AGAIN),
    Case(["generate", "output=out/rows.jsonl", "max_candidates=20"], "screening.jobs.generate:write_rows", AGAIN),
    Case(["evaluate", "model=tiny", "data.path=store", "output_dir=out"], "screening.jobs.evaluate:load_network",
         AGAIN),
    Case(["evaluate", "task=magnets", "model=tiny", "output_dir=out", "order=false"],
         "screening.networks.streaming:_scored", AGAIN),
    Case(["barriers", "paths=paths/barriers.jsonl.gz", "output=out/table.parquet"], "screening.jobs.barriers:_loaded",
         GO_ON),
    Case(["combine", "models=[screening-v3,screening-v3]", "data.path=store", "output_dir=out"],
         "screening.learning.combining:combine", AGAIN),
    Case(["reduce", "shards"], "screening.jobs.sharding:load_predictors", AGAIN),
    Case(["log", "finished"], "screening.commands.log:log_ranking", GO_ON, recorded=True),
    Case(["review", "run=finished"], "screening.commands.review:read_review", AGAIN),
    Case(["submit", *RANK, "output_dir=out", "shards=2"], "screening.commands.submit:check_ranking", AGAIN),
    Case(["status", "finished"], "screening.commands.status:submitted_jobs", AGAIN),
    Case(["doctor"], "screening.cluster.health:gpu", AGAIN),
    Case([*TRAIN, "output_dir=out"], "screening.jobs.train:data_store", GO_ON),
    Case([*TRAIN, "output_dir=out"], "screening.networks.model:PropertyModel.predict_members",
         "a checkpoint in ", recorded=True),
]  # fmt: skip


_EVERY_TIME = ("load_network", "_scored", "_Shard", "TableWriter.write", "kept_potential", "write_store")


def _in_ci(case: Case) -> object:
    """Each takes seconds in a process of its own: those at other places are left to the slow tests."""
    return case if case.place.rpartition(":")[2] in _EVERY_TIME else pytest.param(case, marks=pytest.mark.slow)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the commands need."""
    folder = tmp_path_factory.mktemp("made")
    small_store(folder / "store", 60)
    write_barriers(folder / "paths", [rock_salt_row()])
    write_rows(folder / "rows.jsonl", 6)
    finished_ranking(folder / "finished")
    tiny_release(folder / "tiny")
    connect(f"sqlite:///{folder / 'mlflow.db'}")  # takes seconds
    config = load_config("rank", [*RANK[1:], f"output_dir={folder / 'shards'}", "shards=2"])
    save_config(config, folder / "shards" / "config.yaml")
    return folder


@pytest.fixture
def place(made: Path, tmp_path: Path) -> Iterator[Path]:
    """An empty folder of the test's own, with those things in it."""
    for thing in made.iterdir():
        (tmp_path / thing.name).symlink_to(thing)
    (tmp_path / "mlflow.db").unlink()
    shutil.copy(made / "mlflow.db", tmp_path)
    yield tmp_path
    kill_all_in(tmp_path)


@pytest.mark.parametrize(
    "case", [*map(_in_ci, CASES)], ids=lambda case: f"{case.command[0]}-{case.place.rpartition(':')[2]}"
)
def test_every_command_stops_where_it_is(root: Path, place: Path, case: Case) -> None:
    tracking = ["tracking.uri=sqlite:///mlflow.db"] if case.recorded else []
    stopped = ended(start(root, place, case.place, signal.SIGTERM, *case.command, *tracking), place)
    said = stopped.errors.splitlines()[-1:]
    assert (stopped.status, stopped.left) == (75, []), stopped
    assert said and said[0].startswith("screening: stopped by SIGTERM; ") and case.said in said[0], stopped
    assert "Traceback" not in stopped.errors and "Exception ignored" not in stopped.errors
    assert not [path for path in place.rglob("*.part") if not path.is_symlink()]
    assert not (place / "out" / "table.parquet").exists()
    states = run_states(place)
    assert set(states) <= {"KILLED"} and (not case.recorded or states), states


def test_no_command_was_forgotten() -> None:
    assert {case.command[0] for case in CASES} == set(COMMANDS)


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGHUP, 75), (signal.SIGUSR1, 75)])
@pytest.mark.parametrize("command", [PREDICT, [*RANK, "output_dir=out"], RELAX], ids=lambda command: command[0])
def test_every_signal_does(root: Path, place: Path, command: list[str], number: signal.Signals, status: int) -> None:
    function = "screening.potentials.chgnet.chgnet:ChgnetPotential.evaluate" if command is RELAX else PREDICTING
    stopped = ended(start(root, place, function, number, *command, "tracking.uri=sqlite:///mlflow.db"), place)
    assert (stopped.status, stopped.left) == (status, []), stopped
    assert f"stopped by {number.name}; " in stopped.errors
    assert set(run_states(place)) <= {"KILLED"}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_shards_end_with_the_command_that_started_them(root: Path, place: Path, number: signal.Signals) -> None:
    (place / "rows.jsonl").unlink()
    write_rows(place / "rows.jsonl", 16, cells=3)
    process = start(root, place, "", 0, *RANK, "output_dir=out", "shards=4", "batch_atoms=64", "tracking=none")
    parts = place / "out" / "shards"
    wait_for(lambda: len(list(parts.glob("*"))) >= 1 and len(working_in(place)) >= 2)
    time.sleep(1.0)
    process.send_signal(number)
    stopped = ended(process, place, within=60)
    assert stopped.left == [], "they compute on"
    assert len(list(parts.glob("*/done.json"))) < 4
    if number != signal.SIGKILL:
        assert stopped.status == (130 if number == signal.SIGINT else 75)
        assert GO_ON in stopped.errors
    if number != signal.SIGTERM:
        return
    again = ended(start(root, place, "", 0, *RANK, "output_dir=out", "shards=4", "tracking=none"), place, within=400)
    assert again.status == 0, again
    ranked = pl.read_parquet(place / "out" / "ranking.parquet").height
    assert ranked + pl.read_csv(place / "out" / "rejected.csv").height == 16


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_processes_that_read_end_with_the_command(root: Path, place: Path, number: signal.Signals) -> None:
    write_slow_files(place / "slow")
    command = ["predict", "candidates=slow", "model=tiny", "workers=2", "output=out/table.parquet", "order=true"]
    process = start(root, place, "", 0, *command)
    wait_for(lambda: len(working_in(place)) == 3)
    time.sleep(2.0)
    process.send_signal(number)
    stopped = ended(process, place, within=60)
    assert stopped.left == []
    assert stopped.status == (75 if number == signal.SIGTERM else -9), stopped


def test_a_relaxation_stops_between_steps_and_goes_on(root: Path, place: Path) -> None:
    (place / "rows.jsonl").unlink()
    write_rows(place / "rows.jsonl", 4, side=2.6, cells=3)
    command = [*RELAX, "max_steps=2000", "fmax_eV_per_A=1e-6", "tracking.uri=sqlite:///mlflow.db"]
    process = start(root, place, "", 0, *command)
    wait_for((place / "out" / "mlflow_run_id.json").is_file)  # the run is open
    time.sleep(2.0)
    process.send_signal(signal.SIGTERM)
    stopped = ended(process, place, within=60)
    assert (stopped.status, stopped.left, run_states(place)) == (75, [], ["KILLED"]), stopped


def run_states(folder: Path) -> list[str]:
    """States of all runs in the store of a folder, apart from those of finalists that were recorded to the end."""
    client = connect(f"sqlite:///{folder / 'mlflow.db'}")
    experiments = [experiment.experiment_id for experiment in client.search_experiments()]
    return [
        run.info.status
        for run in client.search_runs(experiments)
        if run.info.status != "FINISHED" or "mlflow.parentRunId" not in run.data.tags
    ]


def wait_for(happened: Callable[[], bool], seconds: float = 240.0) -> None:
    """Until something has happened."""
    end = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.05)


def write_slow_files(folder: Path) -> None:
    """Cells that take long to order."""
    folder.mkdir()
    for index in range(40):
        points = np.argwhere(np.ones((4, 4, 4))) / 4
        rows = "\n".join(f"Fe{i} Fe {x} {y} {z} 0.5" for i, (x, y, z) in enumerate(points))
        (folder / f"{index}.cif").write_text(
            f"data_{index}\n_cell_length_a {10 + index / 100}\n_cell_length_b 10\n_cell_length_c 10\n"
            "_cell_angle_alpha 90\n_cell_angle_beta 90\n_cell_angle_gamma 90\n_symmetry_space_group_name_H-M 'P 1'\n"
            "loop_\n_atom_site_label\n_atom_site_type_symbol\n_atom_site_fract_x\n_atom_site_fract_y\n"
            f"_atom_site_fract_z\n_atom_site_occupancy\n{rows}\n"
        )


def write_rows(file: Path, count: int, side: float = 2.87, cells: int = 1) -> None:
    """Iron cells of slightly different size."""
    points = np.array([[x, y, z] for x in range(cells) for y in range(cells) for z in range(cells)]) / cells
    frac = np.concatenate([points, points + 0.5 / cells]).tolist()
    rows = [
        {
            "id": f"Fe{index}",
            "lattice": (np.eye(3) * (side + 0.01 * index) * cells).tolist(),
            "species": ["Fe"] * len(frac),
            "frac": frac,
        }
        for index in range(count)
    ]
    file.write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in rows))
