"""The energy along the deciding hop, as cards draw it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import polars as pl
import pytest
from helpers.barriers import Same

from screening.crystals import Crystal
from screening.materials.base import Finalists
from screening.materials.electrodes.barriers.barrier_predictor import BARRIER_COLUMNS, BarrierPredictor
from screening.materials.electrodes.barriers.hop_curves import hop_curve, hop_curves
from screening.materials.electrodes.barriers.mobility_predictor import MobilityPredictor

Make = Callable[[str], Crystal]


def predictor_of(barrier_eV: float) -> MobilityPredictor:
    model: Any = Same(barrier_eV)
    return MobilityPredictor(BarrierPredictor(model, None, None))


def finalists(crystals: list[Crystal], barriers: list[float | None], predictor: MobilityPredictor | None) -> Finalists:
    ends = {
        name: [None if barrier is None else barrier + shift for barrier in barriers]
        for name, shift in zip(BARRIER_COLUMNS, (0.0, -0.1, 0.2), strict=True)
    }
    known: dict[str, Any] = {} if predictor is None else {"mobility": predictor}
    return Finalists(pl.DataFrame(ends), crystals, {}, {}, known)


def test_the_height_of_the_curve_is_the_barrier_of_the_table(known: Make) -> None:
    crystals = [known("LiF"), known("LiMn2O4"), known("LiCoO2")]
    curves = hop_curves(finalists(crystals, [None, 0.5, 0.4], predictor_of(0.4)), "barrier-v1")
    assert list(curves) == [1, 2]
    for row, barrier in ((1, 0.5), (2, 0.4)):
        curve = curves[row]
        assert (min(curve.y), max(curve.y)) == (0.0, pytest.approx(barrier))
        assert (max(curve.lo), max(curve.hi)) == (pytest.approx(barrier - 0.1), pytest.approx(barrier + 0.2))
        assert curve.x[0] == 0.0
        assert list(curve.x) == sorted(curve.x)
        assert len(curve.x) == len(curve.y) == len(curve.lo) == len(curve.hi)
        assert 0 < curve.y.index(max(curve.y)) < len(curve.y) - 1


def test_there_is_no_curve_without_a_barrier_or_a_predictor(known: Make) -> None:
    crystals = [known("LiCoO2")]
    assert hop_curves(finalists(crystals, [0.4], None), "barrier-v1") == {}
    assert hop_curves(finalists(crystals, [None], predictor_of(0.4)), "barrier-v1") == {}
    (found,) = predictor_of(0.4).mobilities(crystals)
    assert found.path is not None
    assert hop_curve(found.path, (0.0, 0.0, 0.1)) is None
    assert hop_curve(found.path, (0.3, 0.1, 0.6)) is not None


@pytest.mark.ci
def test_the_release_of_the_last_stage_finds_the_hop(known: Make) -> None:
    waiting = MobilityPredictor.load("finalists", {})
    curves = hop_curves(finalists([known("LiCoO2")], [0.4], waiting), "barrier-v1")
    assert max(curves[0].y) == pytest.approx(0.4)
