"""`screening log`: a ranking that was made while MLflow was out of reach, or without it, is recorded afterwards."""

from __future__ import annotations

from pathlib import Path

from screening.configuration.log import LogConfig
from screening.console import say
from screening.errors import RequestError, ScreeningError
from screening.jobs.recording import settings_of_ranking
from screening.locks import folder_lock
from screening.tracking.address import OFF, TrackingSettings, shown_uri, tracking_uri
from screening.tracking.ranking_folder import read_ranking
from screening.tracking.rankings import log_ranking
from screening.tracking.run_file import claim_folder
from screening.tracking.runs import open_run
from screening.tracking.views import how_to_open


def run(config: LogConfig) -> None:
    """Record the ranking, or bring its record up to date, and say which run it is and how to see it."""
    tracking = TrackingSettings(config.tracking.uri, config.tracking.experiment)
    if tracking_uri(tracking) == OFF:
        raise RequestError("tracking=none: expected where to record to, for example tracking.uri=http://HOST:PORT")
    folder = Path(config.output_dir)
    ranking = read_ranking(folder)
    decisive = settings_of_ranking(folder, ranking.config, (ranking.record.get("review") or {}).get("run_id"))
    with (
        folder_lock(folder, "output_dir"),
        open_run(tracking, folder, ranking.name, {}, settings_of_result=decisive) as recorded,
    ):
        claim_folder(folder, recorded.run_id)
        log_ranking(recorded, folder)
        if not recorded.recording:
            raise ScreeningError(f"{folder} is recorded in part; the same command again goes on with the rest")
    say(f"recorded {ranking.name}: {ranking.table.height} ranked, {len(ranking.finalists)} of them to review")
    say(f"MLflow run {recorded.run_id} at {shown_uri(recorded.tracking_uri)}")
    say(f"in MLflow: {how_to_open(tracking, recorded)}")
