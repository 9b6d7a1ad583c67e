"""Schemas of the sections that commands share; each holds the settings of one step."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from screening.configuration.fields import setting
from screening.data.targets import TARGETS


def _split_file() -> Any:
    return setting(
        None,
        help="CSV of ids and splits (train, val, calibration, test) of a published protocol; null: by chemical system",
        path=True,
    )


def _split_column() -> Any:
    return setting("split", help="the column of data.split_file that names the split")


@dataclass
class TrackingConfig:
    """MLflow: where runs are recorded."""

    uri: str = setting("", help="MLflow address or sqlite:///FILE; empty: mlflow.db in the working folder; none: off")
    experiment: str = setting("screening", help="MLflow experiment that the run belongs to")


@dataclass
class TaskConfig:
    """A material class: which figures of merit are computed, which gates and objectives rank them."""

    name: str = setting(help="name of the module in screening/merit/ that computes the figures of merit")
    magnetic: bool = setting(False, help="predict magnetic order, Curie temperature and anisotropy for this class")
    both_ends: bool = setting(False, help="derive both ends of an electrode and predict voltages for this class")
    merit: dict[str, Any] = field(default_factory=dict, metadata={"help": "settings of the figures of merit"})
    ranking: dict[str, Any] = field(default_factory=dict, metadata={"help": "gates, objectives and score"})
    report: dict[str, Any] = field(default_factory=dict, metadata={"help": "columns and pictures of the report"})
    presets: dict[str, Any] = field(default_factory=dict, metadata={"help": "changes of the above that prefer= makes"})


@dataclass
class SupplyConfig:
    """Where the elements come from and what they cost."""

    region: str | None = setting(None, help="name of the region whose elements count as locally available")
    prices: dict[str, Any] = field(default_factory=dict, metadata={"help": "USD/kg per element"})
    hhi_production: dict[str, Any] = field(default_factory=dict, metadata={"help": "index of production per element"})
    hhi_reserve: dict[str, Any] = field(default_factory=dict, metadata={"help": "index of reserves per element"})
    local: dict[str, Any] = field(default_factory=dict, metadata={"help": "elements available nearby"})
    sources: dict[str, Any] = field(default_factory=dict, metadata={"help": "who makes or plans them"})


@dataclass
class ReportConfig:
    """The page a chemist reads."""

    language: str = setting("en", help="language of the report", choices=("en", "ru"))
    cards: int = setting(20, help="how many of the best get a card, a folder and an MLflow run of their own", minimum=0)


@dataclass
class NetworkConfig:
    """The architecture: one file in screening/networks/ and its parameters."""

    name: str = setting(help="name of the architecture")
    parameters: dict[str, Any] = field(default_factory=dict, metadata={"help": "its widths, depths and the like"})
    members: int = setting(1, help="networks trained side by side, whose mean is the prediction", minimum=1)


@dataclass
class GraphConfig:
    """How a crystal becomes a graph."""

    neighbours: int = setting(8, help="nearest neighbours of each atom that become edges", minimum=1)
    spread: float = setting(
        0.2, help="neighbours this much farther (as a fraction) than the last one count too", minimum=0.01
    )
    max_cutoff_A: float = setting(8.0, help="no edge is longer than this, in Å", minimum=1)


@dataclass
class TrainingDataConfig:
    """The labelled crystals a network learns from."""

    path: str | None = setting(None, help="folder of the store written by `screening import`", path=True)
    source: str | None = setting(
        None,
        help="labelled crystals that become a store in output_dir/data first; short: data=PATH. A folder of structures "
        "with a CSV of ids and labels, that CSV, or .jsonl(.gz) rows with labels",
        path=True,
    )
    labels: str | None = setting(
        None, help="the CSV of ids and labels if it is not beside data.source; null: found there", path=True
    )
    targets: list[str] | None = setting(
        None, help="labels to learn; null: all that the store has", choices=tuple(TARGETS)
    )
    site_moments: bool = setting(True, help="learn the magnetic moment of each site as well")
    max_moment_crystals: int | None = setting(
        None, help="crystals with site moments and no other label in each split; null: all", minimum=0
    )
    max_crystals: int | None = setting(None, help="use only that many crystals of each split; null: all", minimum=1)
    learn_validation: bool = setting(
        False, help="learn the validation split too: for the model to release, once every choice is made"
    )
    split_file: str | None = _split_file()
    split_column: str = _split_column()


@dataclass
class CombinedDataConfig:
    """The crystals that set the intervals of a combined model."""

    path: str = setting(help="the store that the models were trained on", path=True)
    max_crystals: int | None = setting(None, help="use only that many crystals of each split; null: all", minimum=1)
    split_file: str | None = _split_file()
    split_column: str = _split_column()


@dataclass
class MeasuredDataConfig:
    """What the magnetism predictors learn from."""

    path: str | None = setting(None, help="folder of the store written by `screening import`", path=True)
    folder: str | None = setting(
        None,
        help="tables of measurements: curie/curie_literature.csv, curie/curie_experimental.csv, curie/nemad.csv, "
        "magndata/magndata.jsonl.gz, mp/site_magmoms.jsonl.gz and novamag/novamag.jsonl.gz in it",
        path=True,
    )


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
    split_file: str | None = _split_file()
    split_column: str = _split_column()


@dataclass
class TrainerConfig:
    """Optimisation and the machine it runs on."""

    max_epochs: int = setting(200, help="passes over the training crystals", minimum=1)
    max_steps: int | None = setting(None, help="optimiser steps; null: as max_epochs says", minimum=1)
    max_hours: float | None = setting(
        None, help="end after this long, the learning rate brought down by then; null: no limit", minimum=0
    )
    learning_rate: float = setting(1e-3, help="peak learning rate", minimum=0)
    weight_decay: float = setting(1e-2, help="decoupled weight decay", minimum=0)
    ema_decay: float = setting(0.999, help="decay of the running average of weights per step", minimum=0, maximum=1)
    warmup_fraction: float = setting(0.02, help="part of all steps with a rising learning rate", minimum=0, maximum=1)
    target_weights: list[float] = setting(
        (),
        help="weight of each of data.targets in the loss, in their order; empty: 5 of formation energy, 3 of "
        "magnetisation, 2 of gap, 1 of hull",
    )
    gradient_clip: float = setting(1.0, help="largest norm of the gradient; 0: no limit", minimum=0)
    batch_atoms: int = setting(2048, help="atoms per batch, shared among the devices", minimum=1)
    devices: int = setting(1, help="processes that share each batch, with a GPU each (or the CPU)", minimum=1)
    precision: str = setting(
        "auto",
        help="arithmetic; auto: bf16-mixed on CUDA and CPUs with AVX512-BF16, else 32; tf32: 32 with TensorFloat-32 "
        "matrix products",
        choices=("auto", "32", "tf32", "16-mixed", "bf16-mixed"),
    )
    compile: bool = setting(False, help="compile the network with torch.compile")
    threads: int | None = setting(None, help="CPU threads of torch; null: torch decides", minimum=1)
    checkpoint_minutes: float = setting(10.0, help="save a checkpoint to resume from this often", minimum=0)
    validate_every_steps: int = setting(1000, help="steps between looks at the validation split", minimum=1)
