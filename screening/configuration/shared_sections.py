"""Sections of keys that several commands have."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from screening.configuration.fields import setting


def split_file() -> Any:
    return setting(
        None,
        help="CSV of ids and splits (train, val, calibration, test) of a published protocol; null: by chemical system",
        path=True,
    )


def split_column() -> Any:
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
    predictors: list[str] = setting((), help="learned predictors that this class needs")
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
