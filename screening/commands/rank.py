"""`screening rank`: candidates in, a ranking that a chemist can review out."""

from __future__ import annotations

from pathlib import Path

from screening.configuration.schemas import RankConfig
from screening.console import say
from screening.jobs.ranking import rank_to_folder
from screening.report.terminal import short_table, timing_line
from screening.tracking.settings import TrackingSettings, ui_command


def run(config: RankConfig) -> None:
    """Rank, print the short table, and say where everything is."""
    ranking = rank_to_folder(config, config.candidates)
    say(short_table(ranking.table, config.task.report["short_table"], config.top, ranking.landmarks))
    say(f"{ranking.table.height} ranked, {ranking.rejected.height} rejected (reasons in rejected.csv)")
    say(timing_line(ranking.record["timing_s"]))
    say(f"results: {config.output_dir}   report: {Path(config.output_dir) / 'report.html'}")
    if opened_with := ui_command(TrackingSettings(config.tracking.uri, config.tracking.experiment)):
        say(f"in MLflow: {opened_with}")
