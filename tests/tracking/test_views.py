"""Links to recorded runs in the browser."""

from __future__ import annotations

import pytest

from screening.tracking.address import TrackingSettings
from screening.tracking.runs import Run
from screening.tracking.views import how_to_open


@pytest.mark.parametrize(
    ("uri", "address"),
    [
        ("http://lab:5000/", "http://lab:5000/#/experiments/1/runs/r?"),
        (
            "sqlite:////x/a.db",
            "mlflow ui --backend-store-uri sqlite:////x/a.db\n  then http://127.0.0.1:5000/#/experiments",
        ),
    ],
)
def test_a_run_has_an_address(uri: str, address: str) -> None:
    assert address in how_to_open(TrackingSettings(uri), Run("r", "1", uri))


def test_without_tracking_there_is_no_address() -> None:
    assert how_to_open(TrackingSettings("none"), Run()) == ""
    assert how_to_open(TrackingSettings("http://lab"), Run()) == "http://lab"
