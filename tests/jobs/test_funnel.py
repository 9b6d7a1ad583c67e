"""The stages of a ranking: the best are those of a run without stages, from a part of the work."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import polars as pl
import pytest

from screening.configuration.rank import RankConfig
from screening.crystals import Crystal, Rejection
from screening.jobs import chances as chances_module
from screening.jobs import funnel as funnel_module
from screening.jobs import kept_rows
from screening.jobs.funnel import BATCH, Funnel
from screening.jobs.kept_rows import FUNNEL, FunnelRows
from screening.jobs.scoring import Tally
from screening.materials.predictors import Predictors
from screening.materials.sampling import Z90
from screening.materials.stages import FIRST, SECOND, STAGE, THIRD, stage_counts
from screening.ranking import rank_table, ranking_settings

N, KEEP, WIDTH, LEFT = 1000, 20, 0.1, 0.7
"""Intervals of the first stage are so wide; this share of the width is left after the second."""
RANKING = {
    "gates": {"window": {"column": "x", "at_most": 0.95}},
    "objective": {"column": "x", "scale": 1.0},
    "tie_break": ["x"],
    "pareto": [{"column": "x", "maximise": True}],
}
COLUMNS = ("x", "x_lo", "x_hi")
Truth = Mapping[str, float]


def names() -> list[str]:
    return [f"c{i:04d}" for i in range(N)]


@pytest.fixture
def truth() -> dict[str, float]:
    return dict(zip(names(), np.random.default_rng(3).normal(0.4, 0.15, N).tolist(), strict=True))


def first_stage(truth: Truth) -> pl.DataFrame:
    moved = np.random.default_rng(4).normal(0, 1, N) * WIDTH / Z90 * np.sqrt(1 - LEFT**2)
    return rows(names(), np.array(list(truth.values())) + moved, WIDTH, FIRST)


def rows(ids: list[str], values: Any, width: float, stage: int) -> pl.DataFrame:
    ends = {f"x{end}": np.asarray(values, dtype=float) + by for end, by in (("", 0), ("_lo", -width), ("_hi", width))}
    return pl.DataFrame({"candidate_id": ids, **ends, STAGE: np.full(len(ids), stage)})


def whole(truth: Truth) -> pl.DataFrame:
    """Without stages."""
    return rows(list(truth), list(truth.values()), LEFT * WIDTH, SECOND)


class Stages:
    """A funnel whose second stage looks the truth up."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, truth: Truth, **keys: Any) -> None:
        self.asked: list[str] = []
        self.truth, self.refuses, self.settled = truth, set[str](), set[str]()
        monkeypatch.setattr(chances_module, "evaluate_task", lambda table, task: table)
        monkeypatch.setattr(funnel_module, "no_predictions", lambda predictors: first_stage(truth).clear())
        monkeypatch.setattr(
            Funnel, "_run", lambda funnel, predictors, crystals: self.run(funnel, crystals, predictors.stage)
        )
        settings = {"keep": KEEP, "whole_below": 200, **keys}
        self.config = cast(
            RankConfig,
            SimpleNamespace(
                funnel=SimpleNamespace(**settings),
                report=SimpleNamespace(cards=0),
                task_settings={"name": "any", "ranking": RANKING},
                seed=0,
                batch_atoms=None,
            ),
        )
        self.predictors = cast(
            Predictors,
            SimpleNamespace(
                quick={"any": None},
                rough_columns=COLUMNS,
                settled=lambda table: np.isin(table["candidate_id"].to_list(), list(self.settled)),
                for_relaxed=lambda learned, stage: SimpleNamespace(stage=stage),
            ),
        )
        self.tally = Tally(scored=N)

    def run(self, funnel: Funnel, crystals: list[Crystal], stage: int) -> pl.DataFrame:
        self.asked += [crystal.candidate_id for crystal in crystals]
        refused = [crystal for crystal in crystals if crystal.candidate_id in self.refuses]
        funnel.tally.rejected += [Rejection(c.candidate_id, "", "any", "broken") for c in refused]
        kept = [c.candidate_id for c in crystals if c.candidate_id not in self.refuses]
        return rows(kept, [self.truth[name] for name in kept], LEFT * WIDTH, stage or SECOND)

    def refined(self, table: pl.DataFrame, kept: FunnelRows | None = None) -> pl.DataFrame:
        return Funnel(self.config, self.predictors, self.tally, crystal, kept).refined(table)


def crystal(name: str) -> Crystal:
    return Crystal.from_arrays(name, np.eye(3) * 4, [int(name[1:]) % 90 + 1], [[0, 0, 0]])


def best(table: pl.DataFrame) -> list[str]:
    """Those of a ranking of these predictions."""
    found: list[str] = rank_table(table, ranking_settings(RANKING))["candidate_id"].head(KEEP).to_list()
    return found


@pytest.fixture
def stages(monkeypatch: pytest.MonkeyPatch, truth: Truth) -> Callable[..., Stages]:
    return lambda **keys: Stages(monkeypatch, truth, **keys)


def test_the_best_are_those_of_all_from_a_part_of_the_work(stages: Callable[..., Stages], truth: Truth) -> None:
    run = stages()
    table = run.refined(first_stage(truth))
    assert len(set(best(table)) & set(best(whole(truth)))) >= KEEP - 1
    assert table["candidate_id"].to_list() == names()
    assert KEEP < len(run.asked) < N / 4
    assert stage_counts(table) == {"first": N, "second": len(run.asked)}


def test_rows_that_stay_keep_the_figures_of_the_first_stage(stages: Callable[..., Stages], truth: Truth) -> None:
    run = stages()
    table, before = run.refined(first_stage(truth)), first_stage(truth)
    still = table.filter(pl.col(STAGE) == FIRST)
    assert still.equals(before.filter(~pl.col("candidate_id").is_in(run.asked)))


def test_more_to_keep_is_more_work(stages: Callable[..., Stages], truth: Truth) -> None:
    few, many = stages(keep=5), stages(keep=100)
    few.refined(first_stage(truth))
    many.refined(first_stage(truth))
    assert len(few.asked) < len(many.asked)


def test_a_small_set_goes_through_whole(stages: Callable[..., Stages], truth: Truth) -> None:
    run = stages(whole_below=N)
    assert set(run.refined(first_stage(truth))[STAGE]) == {SECOND}
    assert len(run.asked) == N


def test_settled_rows_need_no_second_look(stages: Callable[..., Stages], truth: Truth) -> None:
    run = stages()
    run.settled = set(best(first_stage(truth))[:5])
    table = run.refined(first_stage(truth))
    assert not run.settled & set(run.asked)
    assert run.settled <= set(table.filter(pl.col(STAGE) == FIRST)["candidate_id"])
    assert len(run.asked) > KEEP - len(run.settled)


def test_who_is_refused_late_is_no_candidate(stages: Callable[..., Stages], truth: Truth) -> None:
    run = stages()
    first, second = best(whole(truth))[:2]
    run.refuses = {first}
    table = run.refined(first_stage(truth))
    assert first not in table["candidate_id"].to_list()
    assert table.height == N - 1
    assert best(table)[0] == second


@pytest.mark.parametrize("cards", [0, 5])
def test_all_with_a_card_go_through_the_third_stage(
    stages: Callable[..., Stages], truth: Truth, monkeypatch: pytest.MonkeyPatch, cards: int
) -> None:
    run = stages()
    run.config.report.cards = cards  # type: ignore[misc]
    second = run.refined(first_stage(truth))
    fallen = best(whole(truth))[0]
    run.truth = dict(truth) | {fallen: 0.0}
    monkeypatch.setattr(funnel_module, "thorough_predictors", lambda *_: {"any": None})
    monkeypatch.setattr(
        funnel_module, "rank_predictions", lambda table, task: rank_table(table, ranking_settings(RANKING))
    )
    table = Funnel(run.config, run.predictors, run.tally, crystal).finished(second)
    last = table.filter(pl.col(STAGE) == THIRD)["candidate_id"].to_list()
    assert set(last) == ({*best(whole(run.truth))[:cards], fallen} if cards else set())


def test_a_stopped_second_stage_goes_on(
    stages: Callable[..., Stages], truth: Truth, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    undisturbed = stages().refined(first_stage(truth))
    run, work = stages(), Stages.run

    def killed(own: Stages, funnel: Funnel, crystals: list[Crystal], stage: int) -> pl.DataFrame:
        if len(own.asked) >= BATCH:
            raise KeyboardInterrupt
        return work(own, funnel, crystals, stage)

    monkeypatch.setattr(Stages, "run", killed)
    with pytest.raises(KeyboardInterrupt):
        run.refined(first_stage(truth), FunnelRows(tmp_path, {"model": "one"}))
    done = set(run.asked)
    assert 0 < len(done) <= 2 * BATCH
    monkeypatch.setattr(Stages, "run", work)
    again = stages()
    kept = FunnelRows(tmp_path, {"model": "one"})
    assert again.refined(first_stage(truth), kept).equals(undisturbed)
    assert not done & set(again.asked)
    kept.clear()
    assert not (tmp_path / FUNNEL).exists()


def test_rows_of_other_settings_or_crystals_do_not_count(tmp_path: Path) -> None:
    table = pl.DataFrame({"candidate_id": ["c0001"], STAGE: [SECOND]})
    FunnelRows(tmp_path, {"model": "one"}).add([crystal("c0001")], table)
    moved = Crystal.from_arrays("c0001", np.eye(3) * 5, [1], [[0, 0, 0]])
    assert FunnelRows(tmp_path, {"model": "two"}).found([crystal("c0001")], SECOND) is None
    again = FunnelRows(tmp_path, {"model": "one"})
    assert again.found([moved], SECOND) is None
    assert again.found([crystal("c0001")], SECOND + 1) is None
    found = again.found([crystal("c0001")], SECOND)
    assert found is not None and found.equals(table)
    assert kept_rows.FUNNEL in [path.name for path in tmp_path.iterdir()]
