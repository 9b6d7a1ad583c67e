"""Keys of `screening evaluate`."""

from __future__ import annotations

from dataclasses import field
from typing import ClassVar, Self

from screening.configuration.base import BATCH_HELP, MODEL_HELP, RankingConfig, precision_key
from screening.configuration.shared_sections import split_column, split_file
from screening.errors import RequestError
from screening.settings import setting, settings_class


@settings_class
class StoredDataConfig:
    """The labelled crystals to evaluate on."""

    path: str | None = setting(
        default=None,
        help="folder of the store written by `screening import`; with data.source: the one that baselines learn from",
        path=True,
    )
    source: str | None = setting(
        default=None,
        help="labelled crystals that are no store: a folder of structures with a CSV of ids and labels, that CSV, or "
        ".jsonl(.gz) rows with labels",
        path=True,
    )
    labels: str | None = setting(
        default=None, help="the CSV of ids and labels if it is not beside data.source; null: found there", path=True
    )
    max_crystals: int | None = setting(
        default=None, help="use only that many crystals of each split; null: all", minimum=1
    )
    split_file: str | None = split_file()
    split_column: str = split_column()


@settings_class
class EvaluateConfig(RankingConfig):
    """Measure a model's errors and the coverage of its intervals on labelled crystals, by chemical group.

    Writes scores.csv, predictions.parquet, evaluation.html (pictures) and MODEL_CARD.md in output_dir, the card also
    beside a model that has none. Baselines learn from the training split of data.path.

    With task= it ranks measured compounds instead, and writes how far off each prediction is, which compounds the
    models learned from and which are ranked too high or too low: reference.csv and reference.json. data.path is then
    used only to say more exactly which compounds were learned.

    Examples:
      screening evaluate model=screening-v3 data.path=stores/mp output_dir=runs/evaluation
      screening evaluate model=runs/mine/model data.source=my_cifs/ data.labels=values.csv output_dir=runs/check
      screening evaluate model=models:/mine@champion data.source=rows.jsonl data.path=stores/mp output_dir=runs/check
      screening evaluate task={task} output_dir=runs/reference
    """

    command: ClassVar[str] = "evaluate"

    output_dir: str = setting(help="folder for the scores, made if it is not there", path=True)
    model: str = setting(default="screening-v3", help=MODEL_HELP, path=True)
    precision: str = precision_key()
    order: bool = setting(
        default=True,
        help="with task=: make ordered approximants of partially occupied compounds instead of leaving them out",
    )
    reference: str | None = setting(
        default=None,
        help="with task=: table of measured compounds with the columns of datasets/reference/; null: the bundled one",
        path=True,
    )
    split: str = setting(
        default="auto",
        help="which crystals, by chemical system; auto: test of a store, all of data.source",
        choices=("auto", "test", "calibration", "validation", "train", "all"),
    )
    batch_atoms: int | None = setting(default=None, help=BATCH_HELP, minimum=1)
    data: StoredDataConfig = field(default_factory=StoredDataConfig)

    @property
    def has_task(self) -> bool:
        """Whether a material class is evaluated on measured compounds, instead of a model on labels."""
        return bool(self.task.name)

    def finish(self) -> Self:
        for key in ("reference", "prefer"):
            if getattr(self, key) is not None and not self.has_task:
                raise RequestError(f"{key}={getattr(self, key)}: needs task=NAME")
        return super().finish()
