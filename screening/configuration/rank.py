"""Keys of `screening rank`."""

from __future__ import annotations

from dataclasses import field
from typing import ClassVar, Self

from screening.configuration.base import OFF, RankingConfig, ScoringConfig, potentials_in_words
from screening.configuration.funnel import FunnelConfig
from screening.configuration.review import RUN_HELP
from screening.errors import RequestError
from screening.settings import setting, settings_class


@settings_class
class ReportConfig:
    """The page a chemist reads."""

    language: str = setting(default="en", help="language of the report", choices=("en", "ru"))
    cards: int = setting(
        default=20, help="how many of the best get a card, a folder and an MLflow run of their own", minimum=0
    )


@settings_class
class RankConfig(ScoringConfig, RankingConfig):
    """Rank candidates for one class of materials: tables, a report and an MLflow run.

    Writes ranking.parquet, ranking.csv, rejected.csv, landmarks.parquet, report.html and run.json in output_dir.

    Examples:
      screening rank task={task} candidates={task} output_dir=runs/{task}
      screening rank task={task} candidates="my cifs/" output_dir=runs/mine supply.prices.Co=30 tracking=none
      screening rank task={task} candidates=rows.jsonl.gz output_dir=runs/all shards=8 relax=chgnet
    """

    command: ClassVar[str] = "rank"
    runs_as_a_job: ClassVar[bool] = True

    output_dir: str = setting(help="folder for the results, made if it is not there", path=True)
    relax: str = setting(
        default="none",
        help=lambda: f"potential that relaxes candidates first: none, {potentials_in_words()}",
    )
    shards: int = setting(
        default=1,
        help="parts that the candidates are cut into, scored one by one or side by side",
        minimum=1,
    )
    shard: int | None = setting(
        default=None,
        help="score this shard alone, counted from 0; `screening reduce` joins them; null: score all and rank",
        minimum=0,
    )
    review: str | None = setting(
        default=None,
        help=f"earlier review: leave out what was rejected in it, mark what was approved; {RUN_HELP}; null: none",
        path=True,
    )
    top: int = setting(default=20, help="rows of the table in the terminal", minimum=0)
    report: ReportConfig = field(default_factory=ReportConfig)
    funnel: FunnelConfig = field(default_factory=FunnelConfig)

    @property
    def goes_on(self) -> bool:
        return self.shards > 1 or self.shard is not None or self._has_stages

    @property
    def _has_stages(self) -> bool:
        """Whether the ranking has a second stage, whose rows are kept as they come."""
        if not self.funnel.enabled:
            return False
        from screening.materials.registry import predictor_kind

        running = (name for name, release in self.predictor_choices.items() if release != OFF)
        return any(predictor_kind(name, "task.predictors").quick for name in running)

    def finish(self) -> Self:
        if self.shard is not None and self.shard >= self.shards:
            raise RequestError(f"shard={self.shard}: expected 0 to {self.shards - 1}, as shards={self.shards}")
        return super().finish()
