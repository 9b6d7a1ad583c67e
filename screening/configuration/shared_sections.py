"""Sections of keys that several commands have."""

from __future__ import annotations

from typing import Any

from screening.settings import setting, settings_class


def split_file() -> Any:
    return setting(
        default=None,
        help="CSV of ids and splits (train, val, calibration, test) of a published protocol; null: by chemical system",
        path=True,
    )


def split_column() -> Any:
    return setting(default="split", help="the column of data.split_file that names the split")


@settings_class
class TrackingConfig:
    """MLflow: where runs are recorded."""

    uri: str = setting(
        default="",
        help="MLflow address or sqlite:///FILE, without a password; empty: that of MLFLOW_TRACKING_URI, or mlflow.db "
        "in the working folder; none: off",
    )
    experiment: str = setting(default="screening", help="MLflow experiment that the run belongs to")


@settings_class
class TaskConfig:
    """A material class: which figures of merit are computed, which gates and objectives rank them."""

    name: str = setting(default="", help="name of the material class")
    predictors: list[str] = setting(default=[], help="predictors that candidates pass, beside the network")
    merit: dict[str, Any] = setting(default={}, help="settings of the figures of merit")
    ranking: dict[str, Any] = setting(default={}, help="gates, objectives and score")
    report: dict[str, Any] = setting(default={}, help="columns and pictures of the report")
    presets: dict[str, Any] = setting(default={}, help="changes of the above that prefer= makes")


@settings_class
class SupplyConfig:
    """Where the elements come from and what they cost."""

    region: str | None = setting(default=None, help="name of the region whose elements count as locally available")
    prices: dict[str, Any] = setting(default={}, help="USD/kg per element")
    precursor_prices: dict[str, Any] = setting(default={}, help="USD/kg per precursor, for classes that buy these")
    hhi_production: dict[str, Any] = setting(default={}, help="index of production per element")
    hhi_reserve: dict[str, Any] = setting(default={}, help="index of reserves per element")
    local: dict[str, Any] = setting(default={}, help="elements available nearby")
    sources: dict[str, Any] = setting(default={}, help="who makes or plans them")
