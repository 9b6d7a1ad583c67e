"""Keys of `screening evaluate`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from screening.configuration.base import MODEL_HELP, RankingConfig, magnetism_key, precision_key
from screening.configuration.fields import REQUIRED, setting
from screening.configuration.shared_sections import split_column, split_file
from screening.errors import RequestError


@dataclass
class StoredDataConfig:
    """The labelled crystals to evaluate on."""

    path: str | None = setting(
        None,
        help="folder of the store written by `screening import`; with data.source: the one that baselines learn from",
        path=True,
    )
    source: str | None = setting(
        None,
        help="labelled crystals that are no store: a folder of structures with a CSV of ids and labels, that CSV, or "
        ".jsonl(.gz) rows with labels",
        path=True,
    )
    labels: str | None = setting(
        None, help="the CSV of ids and labels if it is not beside data.source; null: found there", path=True
    )
    max_crystals: int | None = setting(None, help="use only that many crystals of each split; null: all", minimum=1)
    split_file: str | None = split_file()
    split_column: str = split_column()


@dataclass
class EvaluateConfig(RankingConfig):
    """Measure a model's errors and the coverage of its intervals on labelled crystals, by chemical group.

    Writes scores.csv, predictions.parquet, evaluation.html (pictures) and MODEL_CARD.md in output_dir, the card also
    beside a model that has none. Baselines learn from the training split of data.path.

    With task= it ranks compounds that were measured instead and says how far off each prediction is, which of them were
    learned and what stands where it should not: reference.csv and reference.json. data.path then only tells more
    exactly what was learned.

    Examples:
      screening evaluate model=screening-v3 data.path=stores/mp output_dir=runs/evaluation
      screening evaluate model=runs/mine/model data.source=my_cifs/ data.labels=values.csv output_dir=runs/check
      screening evaluate model=models:/magnets@champion data.source=rows.jsonl data.path=stores/mp output_dir=runs/check
      screening evaluate task=magnets output_dir=runs/reference
    """

    command: ClassVar[str] = "evaluate"
    module: ClassVar[str] = "evaluate"

    output_dir: str = setting(help="folder for the scores, made if it is not there", path=True)
    model: str = setting("screening-v3", help=MODEL_HELP, path=True)
    magnetism: str = magnetism_key()
    precision: str = precision_key()
    order: bool = setting(
        True, help="with task=: make ordered approximants of partially occupied compounds instead of leaving them out"
    )
    reference: str | None = setting(
        None,
        help="with task=: table of measured compounds with the columns of datasets/reference/; null: the bundled one",
        path=True,
    )
    split: str = setting(
        "auto",
        help="which crystals, by chemical system; auto: test of a store, all of data.source",
        choices=("auto", "test", "calibration", "validation", "train", "all"),
    )
    batch_atoms: int | None = setting(
        None, help="atoms per batch of the network; null: 2,048 on the CPU, 32,768 on a GPU", minimum=1
    )
    data: StoredDataConfig = field(default_factory=StoredDataConfig)

    @property
    def has_task(self) -> bool:
        """Whether a material class is evaluated on measured compounds, instead of a model on labels."""
        return self.task.name not in ("", REQUIRED)

    def finish(self) -> None:
        if not self.has_task:
            self.task.name = ""
        for key in ("reference", "prefer", "temperature_K", "working_ion"):
            if getattr(self, key) is not None and not self.has_task:
                raise RequestError(f"{key}={getattr(self, key)}: needs task=, for example task=magnets")
        super().finish()
