"""`screening submit`: a ranking or a training as jobs of Slurm; everything is checked before anything is queued."""

from __future__ import annotations

import shlex
from contextlib import nullcontext
from dataclasses import asdict, replace
from pathlib import Path

from screening.cluster import slurm
from screening.cluster.scripts import (
    Resources,
    ranking_script,
    reducing_script,
    reporting_script,
    shards_script,
    training_script,
)
from screening.cluster.submission import AFTER_A_FAILURE, AFTER_ALL, Plan, Planned, active_tasks, check, queue_jobs
from screening.cluster.submitted import JOBS, SubmittedJob, submitted_jobs
from screening.configuration import load_config
from screening.configuration.rank import RankConfig
from screening.configuration.submit import SubmitConfig
from screening.configuration.train import TrainConfig
from screening.configuration.trees import flattened
from screening.console import say
from screening.errors import RequestError, ScreeningError
from screening.jobs.preflight import Fetched, check_ranking, check_training, fetched_model
from screening.locks import folder_lock
from screening.settings import as_typed
from screening.tracking.ranking_folder import RECORD

_DEVICES = "trainer.devices="


def run(config: SubmitConfig) -> None:
    """Check the request, then queue its jobs or show them."""
    inner = load_config(config.job, config.passed_on)
    if not isinstance(inner, RankConfig | TrainConfig):
        raise RequestError(f"job={config.job}: expected rank or train")
    arguments, model = config.passed_on, fetched_model(inner)
    if model is not None:
        arguments, inner = [*arguments, f"model={model.kept}"], replace(inner, model=str(model.here))
    jobs = Path(inner.output_dir) / JOBS
    with nullcontext() if config.dry_run else folder_lock(jobs, "output_dir"):  # two at once would queue all twice
        _submit(config, inner, arguments, model)


def _submit(config: SubmitConfig, inner: RankConfig | TrainConfig, arguments: list[str], model: Fetched | None) -> None:
    plan = _ranking(config, inner, arguments) if isinstance(inner, RankConfig) else _training(config, inner, arguments)
    if not plan.jobs:
        return
    if slurm.answers():
        check(plan, Resources(**asdict(config.cluster)))
    if config.dry_run:
        _show(plan)
        return
    if not slurm.answers():
        raise ScreeningError("no Slurm answers on this machine; dry_run=true shows the scripts")
    if model is not None:
        model.copy()
    for job in queue_jobs(plan):
        tasks = f" ({len(job.shards)} shards)" if job.shards else ""
        say(f"{job.id}  {job.name}{tasks}")
    say(f"how it goes: screening status {shlex.quote(str(plan.folder))}")


def _ranking(config: SubmitConfig, inner: RankConfig, arguments: list[str]) -> Plan:
    if inner.shard is not None:
        raise RequestError(f"shard={inner.shard}: leave it out; every shard gets a task of its own")
    if config.cluster.nodes > 1 or config.cluster.gpus > 1:
        raise RequestError("cluster.nodes and cluster.gpus: a ranking takes one node and one GPU; use more shards=")
    folder, resources = Path(inner.output_dir), Resources(**asdict(config.cluster))
    missing = check_ranking(inner)
    jobs = submitted_jobs(folder)
    states = slurm.states({job.id for job in jobs})
    if inner.shards == 1:
        _refuse_second(jobs, states)
        return _plan(config, folder, [Planned(ranking_script(resources, arguments, folder / JOBS))])
    active = active_tasks(jobs, states)
    waiting = [job.id for job in jobs if not job.shards and job.is_active(states)]
    wanted = [shard for shard in missing if shard not in active]
    if _say_if_nothing_is_missing(folder, wanted, waiting, missing):
        return _plan(config, folder, [])
    planned = []
    if wanted:
        script = shards_script(resources, arguments, wanted, folder / JOBS)
        planned.append(Planned(script, tuple(wanted)))
    planned.append(Planned(reducing_script(resources, inner.output_dir, folder / JOBS), after=AFTER_ALL))
    if missing:
        planned.append(Planned(reporting_script(resources, inner.output_dir, folder / JOBS), after=AFTER_A_FAILURE))
    others = [task for shard, task in active.items() if shard in missing]
    return _plan(config, folder, planned, others, waiting)


def _training(config: SubmitConfig, inner: TrainConfig, arguments: list[str]) -> Plan:
    folder, resources = Path(inner.output_dir), Resources(**asdict(config.cluster))
    if resources.tasks > 1 and not any(argument.startswith(_DEVICES) for argument in arguments):
        arguments = [*arguments, f"{_DEVICES}{resources.tasks}"]
    check_training(inner)
    jobs = submitted_jobs(folder)
    _refuse_second(jobs, slurm.states({job.id for job in jobs}))
    return _plan(config, folder, [Planned(training_script(resources, arguments, folder / JOBS))])


def _plan(
    config: SubmitConfig,
    folder: Path,
    jobs: list[Planned],
    others: list[str] | None = None,
    replaced: list[str] | None = None,
) -> Plan:
    return Plan(folder, _command_line(config), jobs, others or (), replaced or ())


def _refuse_second(jobs: list[SubmittedJob], states: dict[str, slurm.JobState]) -> None:
    for job in jobs:
        if job.is_active(states):
            raise RequestError(
                f"job {job.id} does this already ({states[job.id]}); `scancel {job.id}` first to submit it again"
            )


def _say_if_nothing_is_missing(folder: Path, wanted: list[int], waiting: list[str], missing: list[int]) -> bool:
    if not wanted and waiting:
        say(f"nothing to submit: everything still missing is in the queue; screening status {shlex.quote(str(folder))}")
        return True
    if not missing and (folder / RECORD).is_file():
        say(f"nothing to submit: the ranking is complete in {folder}")
        return True
    return False


def _show(plan: Plan) -> None:
    for job, command in zip(plan.jobs, plan.as_commands(), strict=True):
        say(f"--- {plan.folder / JOBS / job.script.file_name}")
        say(job.script.text)
        say(f"--- {command}\n")
    say("nothing was queued: dry_run=true")


def _command_line(config: SubmitConfig) -> str:
    """The command that later submits what is missing."""
    default = dict(flattened(asdict(load_config("submit", [config.job]))))
    given = flattened(asdict(config.cluster), "cluster")
    own = [f"{key}={as_typed(value)}" for key, value in given if value != default[key]]
    return shlex.join(["screening", "submit", config.job, *own, *config.passed_on])
