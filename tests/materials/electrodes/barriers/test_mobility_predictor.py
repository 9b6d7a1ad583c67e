"""The columns and flags of how the ion moves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from helpers.barriers import Same

from screening.crystals import Crystal
from screening.errors import RequestError
from screening.materials.electrodes.barriers.barrier_predictor import BARRIER_COLUMNS, BarrierPredictor
from screening.materials.electrodes.barriers.mobility_predictor import MobilityPredictor

Make = Callable[[str], Crystal]
COLUMNS = [*BARRIER_COLUMNS, "path_dimensions", "flags"]


def described(barrier_eV: float, *crystals: Crystal, ion: str | None = None) -> list[dict[str, Any]]:
    model: Any = Same(barrier_eV)
    found = MobilityPredictor(BarrierPredictor(model, None, None), ion).describe(crystals)
    assert found.refused == {}
    rows = zip(*(column.to_list() for column in found.columns), strict=True)
    return [dict(zip(COLUMNS, row, strict=True)) for row in rows]


def test_barriers_and_dimensions(known: Make) -> None:
    layered, salt, spinel = described(0.4, known("LiCoO2"), known("LiF"), known("LiMn2O4"))
    assert layered == dict(zip(COLUMNS, [0.4, pytest.approx(0.3), 0.5, 2.0, ""], strict=True))
    assert spinel["path_dimensions"] == 3
    assert salt == dict(zip(COLUMNS, [None, None, None, None, ""], strict=True))


def test_a_high_barrier_blocks(known: Make) -> None:
    (row,) = described(1.2, known("LiCoO2"))
    assert (row["migration_barrier_eV"], row["flags"]) == (1.2, "ion_sites_blocked")
    (row,) = described(1.05, known("LiCoO2"))
    assert row["flags"] == ""  # 0.95 eV is as likely


def test_where_no_hop_can_be_made_the_barrier_is_unknown(known: Make) -> None:
    (row,) = described(float("nan"), known("LiCoO2"))
    assert (row["migration_barrier_eV"], row["path_dimensions"], row["flags"]) == (None, None, "no_path_found")


def test_the_ion_asked_for_counts(known: Make) -> None:
    (row,) = described(0.4, known("LiCoO2"), ion="Na")
    assert row["migration_barrier_eV"] is None or row["path_dimensions"] is not None


@pytest.mark.ci
def test_blocked_crystals_say_so_once(drawn: Make) -> None:
    (row,) = described(1.2, drawn("maricite NaFePO4"))
    assert row["flags"] == ""  # the pair has the flag already


def test_a_later_stage_fills_the_columns(known: Make) -> None:
    predictor = MobilityPredictor.load("finalists", {})
    assert predictor is not None and predictor.folder is None
    found = predictor.describe([known("LiCoO2")])
    assert [column.name for column in found.columns] == COLUMNS
    assert [column.to_list() for column in found.columns] == [[None], [None], [None], [None], [""]]
    assert [column.dtype for column in predictor.describe([]).columns] == [column.dtype for column in found.columns]
    assert MobilityPredictor.load("none", {}) is None
    with pytest.raises(RequestError, match="nonsense"):
        MobilityPredictor.load("nonsense", {})
