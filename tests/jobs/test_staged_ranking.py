"""A real ranking in stages: in shards, and after it was stopped, it is that of one undisturbed machine."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from helpers.mixed_folder import row
from polars.testing import assert_frame_equal

from screening.configuration import load_config
from screening.configuration.rank import RankConfig
from screening.crystals import Crystal
from screening.jobs import funnel as funnel_module
from screening.jobs.kept_rows import FUNNEL, FunnelRows
from screening.jobs.rank import Ranking, rank_to_folder
from screening.jobs.sharding import reduce_shards, score_shard
from screening.materials.stages import FIRST, SECOND, STAGE

pytestmark = pytest.mark.ci

METALS = ("V", "Cr", "Mn", "Fe", "Co", "Ni")
Make = Callable[..., RankConfig]


@pytest.fixture(scope="module")
def make(tmp_path_factory: pytest.TempPathFactory) -> Make:
    """Tetragonal rock salts LiMO2, cheap to relax."""
    file = tmp_path_factory.mktemp("candidates") / "rows.jsonl"
    crystals = [(2.9 + 0.01 * n, 4.2 + 0.02 * (n % 3), ["Li", METALS[n % 6], "O", "O"]) for n in range(18)]
    file.write_text("".join(json.dumps({"id": f"row {n}", **row(c)}) + "\n" for n, c in enumerate(crystals)))

    def config(folder: Path, **keys: Any) -> RankConfig:
        values = {"candidates": str(file), "output_dir": str(folder), "report.cards": 0, "workers": 0}
        stages = {"funnel.keep": 2, "funnel.whole_below": 4}
        found = load_config("rank", ["task=electrodes", "tracking=none"], {**values, **stages, **keys})
        assert isinstance(found, RankConfig)
        return found

    return config


@pytest.fixture(scope="module")
def whole(make: Make, tmp_path_factory: pytest.TempPathFactory) -> Ranking:
    config = make(tmp_path_factory.mktemp("whole"))
    return rank_to_folder(config, config.candidates)


def _assert_equal(found: pl.DataFrame, wanted: pl.DataFrame) -> None:
    """Float32 sums depend on the batch; steps downhill multiply that."""
    assert_frame_equal(found, wanted, rel_tol=1e-3, abs_tol=1e-3)


def test_some_need_the_second_stage_and_some_do_not(whole: Ranking) -> None:
    assert set(whole.table[STAGE]) == {FIRST, SECOND}
    assert whole.record["stages"] == {"first": 18, "second": int((whole.table[STAGE] == SECOND).sum())}


def test_shards_give_the_ranking_of_one_machine(make: Make, whole: Ranking, tmp_path: Path) -> None:
    config = make(tmp_path, shards=2)
    for index in range(config.shards):
        score_shard(config, index)
    found = reduce_shards(config)
    _assert_equal(found.table, whole.table)
    assert found.record["stages"] == whole.record["stages"]


def test_a_ranking_stopped_in_its_second_stage_does_nothing_twice(
    make: Make, whole: Ranking, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(funnel_module, "SMALLEST", 3)
    monkeypatch.setattr(funnel_module, "BATCH", 3)
    config, kept, add = make(tmp_path), list[str](), FunnelRows.add

    def stopped(rows: FunnelRows, crystals: Sequence[Crystal], table: pl.DataFrame) -> None:
        if kept:
            raise KeyboardInterrupt
        kept.extend(table["candidate_id"])
        add(rows, crystals, table)

    monkeypatch.setattr(FunnelRows, "add", stopped)
    with pytest.raises(KeyboardInterrupt):
        rank_to_folder(config, config.candidates)
    assert len(kept) == 3
    assert (tmp_path / FUNNEL).is_dir()
    later: list[str] = []
    monkeypatch.setattr(FunnelRows, "add", lambda rows, crystals, table: later.extend(table["candidate_id"]))
    found = rank_to_folder(config, config.candidates)
    assert later and not set(kept) & set(later)
    second = set(found.table.filter(pl.col(STAGE) == SECOND)["candidate_id"])
    assert second == {*kept, *later}
    assert not (tmp_path / FUNNEL).exists()
    first = found.table.filter(pl.col("rank") <= 2)["candidate_id"].to_list()
    assert first == whole.table.filter(pl.col("rank") <= 2)["candidate_id"].to_list()
