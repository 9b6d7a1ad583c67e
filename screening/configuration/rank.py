"""Keys of `screening rank`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from screening.configuration.base import RankingConfig, ScoringConfig
from screening.configuration.fields import setting
from screening.configuration.review import RUN_HELP
from screening.errors import RequestError


@dataclass
class ReportConfig:
    """The page a chemist reads."""

    language: str = setting("en", help="language of the report", choices=("en", "ru"))
    cards: int = setting(20, help="how many of the best get a card, a folder and an MLflow run of their own", minimum=0)


@dataclass
class RankConfig(ScoringConfig, RankingConfig):
    """Rank candidates for one material class: tables, a report and an MLflow run.

    Writes ranking.parquet, ranking.csv, rejected.csv, landmarks.parquet, report.html and run.json in output_dir.

    Examples:
      screening rank task=magnets candidates=magnets output_dir=runs/magnets
      screening rank task=magnets candidates=magnets output_dir=runs/cheap prefer=cheap supply.prices.Nd=120
      screening rank task=electrodes candidates="cifs/" output_dir=runs/na working_ion=Na tracking=none
    """

    command: ClassVar[str] = "rank"
    module: ClassVar[str] = "rank"

    output_dir: str = setting(help="folder for the results, made if it is not there", path=True)
    relax: str = setting(
        "none",
        help="potential that relaxes candidates first: chgnet, ase:package.module.Class:CHECKPOINT, or none",
    )
    voltage: str = setting(
        "voltage-v1",
        help="electrodes only: what predicts voltages and volume changes: released name, folder, or none",
        path=True,
    )
    shards: int = setting(
        1, help="cut the candidates into so many shards, scored one by one or side by side", minimum=1
    )
    shard: int | None = setting(
        None,
        help="score this shard alone, from 0; `screening reduce` joins all; null: all, then the ranking",
        minimum=0,
    )
    profile_states: int | None = setting(
        0,
        help="electrodes only: relax both ends of the best and this many states of charge between them (0: the ends "
        "alone), for the steps of the voltage and whether the frame is kept; null: neither",
        minimum=0,
    )
    review: str | None = setting(
        None,
        help=f"earlier review: leave out what was rejected in it, mark what was approved; {RUN_HELP}; null: none",
        path=True,
    )
    top: int = setting(20, help="rows of the table in the terminal", minimum=0)
    report: ReportConfig = field(default_factory=ReportConfig)

    def finish(self) -> None:
        super().finish()
        if self.shard is not None and self.shard >= self.shards:
            raise RequestError(f"shard={self.shard}: expected 0 to {self.shards - 1}, as shards={self.shards}")
