"""Job scripts: quoting for the shell and Slurm, and the files in slurm/."""

from __future__ import annotations

import re
import shlex
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from screening.cluster.scripts import Resources, ranking_script, reducing_script, shards_script, training_script
from screening.errors import RequestError

HOSTILE = [
    "output_dir=a b; rm -rf $HOME `id` $(id)",
    'candidates=it\'s "100 %" #1, кристаллы',
    "name=a\nb\\",
    "+x={y:[1,2]}",
]
RESOURCES = Resources(partition="gpu", gpus=2, nodes=2, environment="true", container="apptainer exec --nv x.sif")


def _options(text: str) -> list[str]:
    return [line.removeprefix("#SBATCH ") for line in text.splitlines() if line.startswith("#SBATCH")]


def _run(text: str, folder: Path, **environment: str) -> list[str]:
    """The arguments that a script gives to srun."""
    program = folder / "srun"
    program.write_text('#!/bin/sh\nprintf "%s\\0" "$@"\n')
    program.chmod(0o755)
    given = {"PATH": f"{folder}:/usr/bin:/bin", "SLURM_CPUS_PER_TASK": "1", **environment}
    ended = subprocess.run(["bash"], input=text, env=given, capture_output=True, text=True, check=True)
    return ended.stdout.split("\0")[:-1]


def test_arguments_arrive_as_typed(tmp_path: Path) -> None:
    script = training_script(RESOURCES, HOSTILE, None)
    prefix = ["--kill-on-bad-exit=1", "apptainer", "exec", "--nv", "x.sif", "screening", "train"]
    assert _run(script.text, tmp_path) == [*prefix, *HOSTILE]
    one = replace(RESOURCES, container="", nodes=1, gpus=0)
    shards = shards_script(one, HOSTILE, [0, 1], None)
    assert _run(shards.text, tmp_path, SLURM_ARRAY_TASK_ID="7") == ["screening", "rank", *HOSTILE, "shard=7"]
    reducing = reducing_script(one, "runs/a=1, 'b' $x", None)
    assert _run(reducing.text, tmp_path) == ["screening", "reduce", "output_dir=runs/a=1, 'b' $x"]


def test_requested_resources() -> None:
    training = _options(training_script(RESOURCES, [], None).text)
    assert {"--nodes=2", "--gpus-per-node=2", "--ntasks-per-node=2", "--partition=gpu", "--requeue"} <= set(training)
    assert {"--signal=USR1@60", "--open-mode=append"} <= set(training)
    shards = _options(shards_script(replace(RESOURCES, at_once=3), [], [9, 0, 1, 2, 5], None).text)
    assert {"--array=0-2,5,9%3", "--nodes=1"} <= set(shards)
    bare = _options(ranking_script(Resources(), [], None).text)
    assert not any(re.search("partition|account|qos|gpus|mem|time", option) for option in bare)
    more = _options(ranking_script(Resources(options="--exclusive --comment='a b'"), [], None).text)
    assert more[-2:] == ["--exclusive", '--comment="a b"']


def test_names_of_logs() -> None:
    options = _options(ranking_script(Resources(), [], Path('a "b" 5% \\ #1')).text)
    assert options[-1] == '--output="a \\"b\\" 5%% \\\\ #1/%x-%j.log"'
    with pytest.raises(RequestError, match="cannot contain control characters"):
        ranking_script(Resources(), [], Path("a\n#SBATCH --uid=0"))
    with pytest.raises(RequestError, match="cannot contain control characters"):
        ranking_script(Resources(partition="a\nb"), [], None)


def test_without_an_environment_the_programs_of_this_python_are_found(tmp_path: Path) -> None:
    line = next(
        line for line in ranking_script(Resources(), [], None).text.splitlines() if line.startswith("export PATH")
    )
    found = subprocess.run(["bash", "-c", f"{line}; command -v python"], capture_output=True, text=True, check=True)
    import sys

    assert Path(found.stdout.strip()).parent == Path(sys.executable).parent


def test_the_scripts_to_copy_are_up_to_date(root: Path, tmp_path: Path) -> None:
    import sys

    subprocess.run(
        [sys.executable, root / "scripts" / "write_job_scripts.py", tmp_path], check=True, capture_output=True
    )
    made = {path.name: path.read_text() for path in tmp_path.iterdir()}
    kept = {path.name: path.read_text() for path in (root / "slurm").glob("*.sbatch")}
    assert made == kept, "run python scripts/write_job_scripts.py"
    for text in made.values():
        subprocess.run(["bash", "-n"], input=text, text=True, check=True)
        assert all(len(line) <= 130 for line in text.splitlines())


def test_the_commands_of_the_scripts_to_copy_are_valid(root: Path) -> None:
    from screening.configuration import load_config

    for path in (root / "slurm").glob("*.sbatch"):
        line = path.read_text().splitlines()[-1].replace('"$SLURM_ARRAY_TASK_ID"', "0")
        _, _, command, *arguments = shlex.split(line.replace("--kill-on-bad-exit=1 ", "").removeprefix("exec "))
        assert load_config(command, arguments).command == command
