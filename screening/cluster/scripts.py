"""Slurm scripts, all from one template; those in `slurm/` come from the same functions."""

from __future__ import annotations

import re
import shlex
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from screening.errors import RequestError

if TYPE_CHECKING:
    from jinja2 import Template

ARRAY_LOG, JOB_LOG = "%x-%A_%a.log", "%x-%j.log"
_STATUS_TIME = "00:10:00"
_NOT_IN_A_LINE = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True)
class Resources:
    """What a job asks Slurm for; `configs/cluster/` and `ClusterConfig` explain each field.

    Attributes:
        gpus: GPUs of each node.
        environment: Shell lines; empty to put the programs of this Python first in PATH.
    """

    partition: str | None = None
    account: str | None = None
    qos: str | None = None
    nodes: int = 1
    gpus: int = 0
    cpus_per_task: int = 1
    memory: str | None = None
    time: str | None = None
    signal_seconds: int = 60
    at_once: int | None = None
    environment: str = ""
    container: str = ""
    options: str = ""

    @property
    def tasks_per_node(self) -> int:
        """One process for each GPU."""
        return max(1, self.gpus)

    @property
    def tasks(self) -> int:
        """Processes on all nodes together."""
        return self.nodes * self.tasks_per_node


@dataclass(frozen=True)
class Script:
    """A script: its name, without ending, and its text."""

    name: str
    text: str

    @property
    def file_name(self) -> str:
        """The name of its file."""
        return f"{self.name}.sbatch"


def training_script(resources: Resources, arguments: Sequence[str], logs: Path | None) -> Script:
    """Train with one process for each GPU, or one for each node without GPUs.

    Args:
        resources: What to ask Slurm for.
        arguments: Arguments of `screening train`, as typed.
        logs: An existing folder for the logs; None for the working folder.
    """
    about = [
        "Train a model. After preemption, a node failure or the time limit the job is requeued; it continues from its",
        "last checkpoint, also if it is submitted again.",
    ]
    options = [
        *_asked_for(resources, f"--ntasks-per-node={resources.tasks_per_node}"),
        f"--signal=USR1@{resources.signal_seconds}",
        *_kept(logs, JOB_LOG),
    ]
    command = shlex.join(["screening", "train", *arguments])
    # a failed task must end the others, which would wait for it
    return _script("train", about, options, resources, command, launcher="srun --kill-on-bad-exit=1")


def ranking_script(resources: Resources, arguments: Sequence[str], logs: Path | None) -> Script:
    """Rank in one job; arguments as in `training_script`."""
    about = [
        "Rank candidates in one job. If requeued, it starts again; with shards= it would continue where it stopped."
    ]
    options = [*_asked_for(_one_node(resources)), *_kept(logs, JOB_LOG)]
    return _script("rank", about, options, resources, shlex.join(["screening", "rank", *arguments]))


def shards_script(
    resources: Resources, arguments: Sequence[str], shards: Sequence[int], logs: Path | None, then: Sequence[str] = ()
) -> Script:
    """Score shards in parallel, one for each task of an array.

    Args:
        resources: What to ask Slurm for.
        arguments: Arguments of `screening rank`, as typed.
        shards: Numbers of the shards.
        logs: An existing folder for the logs; None for the working folder.
        then: Commands to show the reader in a comment.
    """
    about = [
        "Score the shards of a ranking, one for each array task. A task that is requeued or submitted again continues",
        f"where it stopped.{' All steps:' if then else ''}",
        *(f"  {command}" for command in then),
    ]
    at_once = f"%{resources.at_once}" if resources.at_once else ""
    options = [
        f"--array={_ranges(shards)}{at_once}",
        *_asked_for(_one_node(resources)),
        f"--signal=USR1@{resources.signal_seconds}",
        *_kept(logs, ARRAY_LOG),
    ]
    command = shlex.join(["screening", "rank", *arguments]) + ' shard="$SLURM_ARRAY_TASK_ID"'
    return _script("rank", about, options, resources, command)


def reducing_script(resources: Resources, output_dir: str, logs: Path | None) -> Script:
    """Join the shards once all are complete."""
    about = ["Join the shards of a ranking into tables, report and MLflow run; cancelled if a shard fails."]
    options = [*_asked_for(_one_node(resources)), "--kill-on-invalid-dep=yes", *_kept(logs, JOB_LOG)]
    return _script("reduce", about, options, resources, shlex.join(["screening", "reduce", f"output_dir={output_dir}"]))


def reporting_script(resources: Resources, output_dir: str, logs: Path | None) -> Script:
    """Report missing shards if one has failed."""
    about = ["Report which shards are missing and what to do; cancelled if none fails."]
    asked = _asked_for(replace(_one_node(resources), time=_STATUS_TIME))
    options = [*asked, "--kill-on-invalid-dep=yes", *_kept(logs, JOB_LOG)]
    return _script("status", about, options, resources, shlex.join(["screening", "status", f"output_dir={output_dir}"]))


def _script(
    name: str,
    about: Sequence[str],
    options: Sequence[str],
    resources: Resources,
    command: str,
    *,
    launcher: str = "srun",
) -> Script:
    launch = " ".join(filter(None, [launcher, resources.container, command]))
    environment = (resources.environment or _this_environment()).splitlines()
    named = [f"--job-name=screening-{name}", *options, *shlex.split(resources.options)]
    text = _template().render(
        about=about,
        options=[_directive(option) for option in named],
        environment=environment,
        launch=launch,
    )
    return Script(name, text)


@cache
def _template() -> Template:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    made = Environment(
        loader=FileSystemLoader(Path(__file__).with_name("templates")),
        autoescape=False,  # noqa: S701 - shell, not HTML: every value is already quoted
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    return made.get_template("job.sbatch")


def _this_environment() -> str:
    return f'export PATH={shlex.quote(str(Path(sys.executable).parent))}:"$PATH"'


def _one_node(resources: Resources) -> Resources:
    return replace(resources, nodes=1)


def _asked_for(resources: Resources, *more: str) -> list[str]:
    values = {
        "partition": resources.partition,
        "account": resources.account,
        "qos": resources.qos,
        "nodes": resources.nodes,
        "gpus-per-node": resources.gpus or None,
        "cpus-per-task": resources.cpus_per_task,
        "mem": resources.memory,
        "time": resources.time,
    }
    return [*(f"--{name}={value}" for name, value in values.items() if value is not None), *more]


def _kept(logs: Path | None, name: str) -> list[str]:
    """Options that requeue a job after preemption or a node failure and append to its log."""
    folder = "" if logs is None else f"{str(logs).replace('%', '%%')}/"
    return ["--requeue", "--open-mode=append", f"--output={folder}{name}"]


def _directive(option: str) -> str:
    """An option as written in an #SBATCH line; raises RequestError if it has control characters."""
    if _NOT_IN_A_LINE.search(option):
        raise RequestError(f"{option!r}: a job script cannot contain control characters")
    if re.fullmatch(r"[\w.,:@%/=+*~\[\]-]*", option):
        return option
    key, equals, value = option.partition("=")
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'{key}{equals}"{escaped}"'


def _ranges(numbers: Sequence[int]) -> str:
    """Numbers as Slurm writes them: `0-3,7`."""
    runs: list[list[int]] = []
    for number in sorted(numbers):
        if runs and number == runs[-1][-1] + 1:
            runs[-1] = [runs[-1][0], number]
        else:
            runs.append([number])
    return ",".join("-".join(map(str, run)) for run in runs)
