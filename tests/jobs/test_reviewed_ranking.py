"""From a ranking through reviewers' tags in MLflow to the next ranking."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from helpers.mixed_folder import cif_text
from helpers.models import tiny_release
from mlflow import MlflowClient

import screening
from screening.cli import main
from screening.configuration import load_config
from screening.configuration.rank import RankConfig
from screening.errors import RequestError
from screening.jobs.rank import Ranking
from screening.jobs.sharding import reduce_shards, score_shard
from screening.tracking.run_file import read_record

pytestmark = pytest.mark.ci

METALS = ("Ti", "V", "Cr", "Mn", "Fe", "Co")
DECISIONS = ("reject", "approve", "hold", "reject")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("reviewed")
    (folder / "candidates").mkdir()
    for n, metal in enumerate(METALS):
        (folder / "candidates" / f"{metal}.cif").write_text(cif_text((2.9 + 0.01 * n, 4.2, ["Li", metal, "O", "O"])))
    return folder


@pytest.fixture(scope="module")
def keys(folder: Path) -> dict[str, Any]:
    model = str(tiny_release(folder / "tiny"))
    uri = f"sqlite:///{folder / 'runs.db'}"
    return {"model": model, "voltage": "none", "tracking.uri": uri, "report.cards": 4, "workers": 0, "precision": "32"}


@pytest.fixture(scope="module")
def reviewed(folder: Path, keys: dict[str, Any]) -> Ranking:
    first = screening.rank(folder / "candidates", "electrodes", folder / "first", **keys)
    record = read_record(folder / "first")
    assert record is not None
    client = MlflowClient(keys["tracking.uri"])
    children = client.search_runs([record.experiment_id], f"tags.`mlflow.parentRunId` = '{record.run_id}'")
    assert len(children) == 4
    for child in children:
        client.set_tag(child.info.run_id, "review.decision", DECISIONS[int(child.data.tags["rank"]) - 1])
        client.set_tag(child.info.run_id, "review.by", "Анна")
        client.set_tag(child.info.run_id, "review.comment", "слишком дорого")
    return first


def _by_rank(ranking: Ranking) -> list[str]:
    return ranking.table["candidate_id"].to_list()


def _check(second: Ranking, first: Ranking) -> None:
    best = _by_rank(first)
    assert set(second.rejected["candidate_id"]) == {best[0], best[3]}
    assert set(second.rejected["reason"]) == {"rejected by Анна: слишком дорого"}
    assert set(second.rejected["stage"]) == {"review"}
    decisions = dict(second.table.select("candidate_id", "review_decision").iter_rows())
    assert decisions == {**dict.fromkeys(best[4:]), best[1]: "approve", best[2]: "hold"}
    flagged = second.table.filter(pl.col("flags").str.contains("approved"))["candidate_id"].to_list()
    assert flagged == [best[1]]
    assert second.record["counts"]["scored"] == 4 and second.record["counts"]["rejected"]["review"]


def test_rejected_ones_leave_and_approved_ones_are_marked(
    folder: Path, keys: dict[str, Any], reviewed: Ranking
) -> None:
    second = screening.rank(
        folder / "candidates", "electrodes", folder / "second", review=str(folder / "first"), **keys
    )
    _check(second, reviewed)
    said = json.loads((folder / "second" / "run.json").read_text())["review"]
    assert said["left_out"] == 2 and said["agreement"]["n_approved"] == 1
    assert said["agreement"]["probability"] == pytest.approx(0.5)
    record = read_record(folder / "second")
    assert record is not None
    run = MlflowClient(keys["tracking.uri"]).get_run(record.run_id)
    assert run.data.metrics["review/left_out"] == 2 and run.data.metrics["review/approve"] == 1
    assert second.review is not None and "rejected there and left out here 2" in second.review.lines[0]


def test_shards_heed_the_review_too(folder: Path, keys: dict[str, Any], reviewed: Ranking, tmp_path: Path) -> None:
    given = {"candidates": str(folder / "candidates"), "output_dir": str(tmp_path), "shards": 2, **keys}
    config = load_config("rank", ["task=electrodes"], {**given, "review": str(folder / "first")})
    assert isinstance(config, RankConfig)
    for index in range(2):
        score_shard(config, index)
    _check(reduce_shards(config), reviewed)


def test_a_review_that_cannot_be_read_is_refused_before_anything_is_made(
    folder: Path, keys: dict[str, Any], tmp_path: Path
) -> None:
    for review, said in (("nowhere", "review=nowhere"), (str(tmp_path), "review=")):
        with pytest.raises(RequestError, match=said):
            screening.rank(folder / "candidates", "electrodes", tmp_path / "out", review=review, **keys)
    assert not (tmp_path / "out").exists()


def test_without_a_server_the_ranking_is_kept_and_logged_later(
    folder: Path, keys: dict[str, Any], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    nowhere = {**keys, "tracking.uri": "http://127.0.0.1:9"}
    with caplog.at_level(logging.WARNING):
        done = screening.rank(folder / "candidates", "electrodes", tmp_path / "out", **nowhere)
    assert done.table.height == 6 and (tmp_path / "out" / "report.html").is_file()
    assert f"screening log {tmp_path / 'out'}" in caplog.text
    for _ in range(2):
        assert main(["log", str(tmp_path / "out"), f"tracking.uri={keys['tracking.uri']}"]) == 0
    record = read_record(tmp_path / "out")
    assert record is not None
    client = MlflowClient(keys["tracking.uri"])
    children = client.search_runs([record.experiment_id], f"tags.`mlflow.parentRunId` = '{record.run_id}'")
    assert len(children) == 4
