"""`screening rank`: candidates in, a ranking that a chemist can review out."""

from __future__ import annotations

import shlex
from pathlib import Path

from screening.configuration.rank import RankConfig
from screening.console import print_error, say
from screening.jobs.local_shards import rank_in_shards
from screening.jobs.rank import rank_to_folder
from screening.jobs.ranking_outcome import Ranking
from screening.jobs.sharding import score_shard
from screening.materials.registry import material_class
from screening.materials.stages import stage_counts
from screening.report.choices import first_columns
from screening.report.terminal import short_table, timing_line
from screening.tracking.address import TrackingSettings
from screening.tracking.runs import Run
from screening.tracking.views import how_to_open


def run(config: RankConfig) -> None:
    """Rank, or score one shard; print the short table, and say where everything is.

    A shard that is asked to stop keeps what it has.
    """
    if config.shard is not None:
        tally = score_shard(config, config.shard)
        say(f"shard {config.shard} of {config.shards}: {tally.scored} scored, {len(tally.rejected)} rejected now")
        say(f"when all are there: screening reduce {shlex.quote(config.output_dir)}")
        return
    show(rank_in_shards(config) if config.shards > 1 else rank_to_folder(config, config.candidates), config)


def show(ranking: Ranking, config: RankConfig) -> None:
    """What a chemist sees first, and where to find the rest."""
    columns = config.task.report.get("short_table") or first_columns(config.task_settings, ranking.table.columns)
    say(short_table(ranking.table, columns, config.top, ranking.landmarks))
    say(f"{ranking.table.height} ranked, {ranking.rejected.height} rejected (reasons in rejected.csv)")
    if through := stage_counts(ranking.table):
        say(f"by stage: {', '.join(f'{count} through the {name}' for name, count in through.items())}")
    if ranking.review is not None:
        for line in ranking.review.lines:
            say(line)
        for warning in ranking.review.review.warnings:
            print_error(f"warning: {warning}")
    if missing := material_class(config.task.name).missing(config.report.language):
        say(f"task={config.task.name} has no {', no '.join(missing)}")
    say(timing_line(ranking.record["timing_s"]))
    say(f"results: {config.output_dir}   report: {Path(config.output_dir) / 'report.html'}")
    recorded = ranking.record["mlflow"]
    if recorded["run_id"] is not None:
        run = Run(recorded["run_id"], recorded["experiment_id"])
        say(f"in MLflow: {how_to_open(TrackingSettings(config.tracking.uri, config.tracking.experiment), run)}")
