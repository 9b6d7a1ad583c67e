"""A ranking in shards is the ranking of one machine: when all goes well, after a crash, and when something is wrong."""

from __future__ import annotations

import gzip
import json
import logging
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from helpers.mixed_folder import cif_text, row
from helpers.models import tiny_release
from polars.testing import assert_frame_equal

import screening
from screening.cluster.part_files import PartFolder
from screening.configuration import load_config
from screening.configuration.rank import RankConfig
from screening.errors import RequestError, ScreeningError
from screening.jobs import sharding
from screening.jobs.rank import Ranking, rank_to_folder
from screening.jobs.sharding import reduce_shards, score_shard

pytestmark = pytest.mark.ci

SHARDS = 3
METALS = ("Ti", "V", "Cr", "Mn", "Fe", "Co", "Ni", "Cu", "Zn", "Mo")
VOLATILE = ("outputs", "resolved", "finished", "timing_s", "config", "mlflow")


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Rows, files and broken ones; two files hold one crystal in other words, two rows share an id."""
    folder = tmp_path_factory.mktemp("candidates")
    crystals = [(2.9 + 0.01 * n, 4.3, ["Li", METALS[n % 10], "O", "O"]) for n in range(45)]
    rows = [{"id": "twin" if n < 2 else f"row {n}", **row(crystal)} for n, crystal in enumerate(crystals[:30])]
    with gzip.open(folder / "rows.jsonl.gz", "wt") as stream:
        stream.writelines(json.dumps(one) + "\n" for one in rows)
    for n, crystal in enumerate(crystals[30:]):
        (folder / f"file {n}.cif").write_text(cif_text(crystal))
    (folder / "copy.cif").write_text(f"{cif_text(crystals[31])}\n# copied\n")
    (folder / "broken.cif").write_text("data_x\n")
    (folder / "only the ion.cif").write_text(cif_text((3.0, 4.3, ["Li", "Li", "Li", "Li"])))
    return folder


@pytest.fixture(scope="module")
def configured(tmp_path_factory: pytest.TempPathFactory, source: Path) -> Callable[..., RankConfig]:
    model = str(tiny_release(tmp_path_factory.mktemp("released") / "tiny"))

    def make(folder: Path, **keys: Any) -> RankConfig:
        values = {"candidates": str(source), "model": model, "voltage": "none", "precision": "32", "workers": 0}
        wanted = {"output_dir": str(folder), "shards": SHARDS, "report.cards": 3, **values, **keys}
        config = load_config("rank", ["task=electrodes", "tracking=none"], wanted)
        assert isinstance(config, RankConfig)
        return config

    return make


@pytest.fixture(scope="module")
def whole(configured: Callable[..., RankConfig], tmp_path_factory: pytest.TempPathFactory) -> Ranking:
    config = configured(tmp_path_factory.mktemp("whole"), shards=1)
    return rank_to_folder(config, config.candidates)


def _scored(config: RankConfig) -> RankConfig:
    for index in range(config.shards):
        score_shard(config, index)
    return config


def _assert_equal(found: Ranking, wanted: Ranking) -> None:
    """Float32 sums depend on the batch by some 1e-6."""
    assert_frame_equal(found.table, wanted.table, rel_tol=1e-4, abs_tol=1e-4)
    assert_frame_equal(found.rejected.sort("candidate_id"), wanted.rejected.sort("candidate_id"))
    assert_frame_equal(found.landmarks, wanted.landmarks, rel_tol=1e-4, abs_tol=1e-4)
    ours, theirs = ({k: v for k, v in one.record.items() if k not in VOLATILE} for one in (found, wanted))
    assert ours == theirs


def test_equal_to_one_machine_and_idempotent(
    configured: Callable[..., RankConfig], whole: Ranking, tmp_path: Path
) -> None:
    config = _scored(configured(tmp_path))
    _assert_equal(reduce_shards(config), whole)
    files = {path.relative_to(tmp_path) for path in tmp_path.rglob("*") if "shards" not in path.parts}
    assert {Path("ranking.parquet"), Path("report.html"), Path("finalists/index.json")} <= files
    _assert_equal(reduce_shards(config), whole)
    assert score_shard(config, 0).counts["read"] == 0  # nothing is left to do


def test_a_crash_loses_one_part_at_most(
    configured: Callable[..., RankConfig], whole: Ranking, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = configured(tmp_path, batch_atoms=8)
    monkeypatch.setattr(sharding, "PART_ROWS", 4)
    append, written = PartFolder.append, []

    def dying(self: PartFolder, table: pl.DataFrame) -> None:
        if len(written) == 2:
            raise KeyboardInterrupt
        written.append(table.height)
        append(self, table)

    monkeypatch.setattr(PartFolder, "append", dying)
    with pytest.raises(KeyboardInterrupt):
        score_shard(config, 1)
    monkeypatch.setattr(PartFolder, "append", append)
    with pytest.raises(ScreeningError, match="3 of 3 shards are not complete: 0-of-3, 1-of-3, 2-of-3"):
        reduce_shards(config)
    rest = score_shard(config, 1).counts["read"]
    score_shard(config, 0)
    with pytest.raises(ScreeningError, match="1 of 3 shards are not complete: 2-of-3"):
        reduce_shards(config)
    score_shard(config, 2)
    _assert_equal(reduce_shards(config), whole)
    done = PartFolder(tmp_path / "shards" / "1-of-3", {}).folder
    total = sum(pl.read_parquet(path).height for path in done.glob("*.parquet"))
    assert rest == total - sum(written) > 0


def test_a_damaged_part_is_computed_anew(
    configured: Callable[..., RankConfig], whole: Ranking, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    config = _scored(configured(tmp_path))
    part = next((tmp_path / "shards" / "2-of-3").glob("*.parquet"))
    part.write_bytes(part.read_bytes()[:-30])
    with caplog.at_level(logging.WARNING), pytest.raises(ScreeningError, match="run the shards again"):
        reduce_shards(config)
    assert part.name in caplog.text
    score_shard(config, 2)
    _assert_equal(reduce_shards(config), whole)


def test_two_jobs_with_one_shard_do_no_harm(
    configured: Callable[..., RankConfig], whole: Ranking, tmp_path: Path
) -> None:
    config = _scored(configured(tmp_path))
    for part in (tmp_path / "shards" / "0-of-3").glob("*.parquet"):
        shutil.copy(part, part.with_name(f"part-9{part.name[6:]}"))
    _assert_equal(reduce_shards(config), whole)


def test_another_job_in_the_folder_is_refused(configured: Callable[..., RankConfig], tmp_path: Path) -> None:
    config = _scored(configured(tmp_path))
    for other, said in (
        (replace(config, max_atoms=5), "another job .different max_atoms"),
        (replace(config, shards=4), "shards=4: .*0-of-3.*another division"),
        (configured(tmp_path, seed=3), "another job .different seed"),
    ):
        with pytest.raises(RequestError, match=said):
            score_shard(other, 0)
        with pytest.raises(RequestError, match=said):
            reduce_shards(other)
    score_shard(replace(config, device="cpu", top=3), 0)  # what does not change the rows may differ


def test_candidates_that_changed_are_noticed(
    configured: Callable[..., RankConfig], source: Path, tmp_path: Path
) -> None:
    copied = tmp_path / "candidates"
    shutil.copytree(source, copied)
    config = configured(tmp_path / "out", candidates=str(copied))
    score_shard(config, 0)
    (copied / "a new one.cif").write_text(cif_text((3.3, 4.4, ["Na", "Fe", "O", "O"])))
    with pytest.raises(RequestError, match=r"input \d+ is not what it was"):
        score_shard(config, 0)
    score_shard(config, 1)
    score_shard(config, 2)
    with pytest.raises(ScreeningError, match="different candidates"):
        reduce_shards(config)


def test_a_shard_beyond_the_last_is_refused(configured: Callable[..., RankConfig], tmp_path: Path) -> None:
    with pytest.raises(RequestError, match="shard=3: expected 0 to 2, as shards=3"):
        configured(tmp_path, shard=3)
    with pytest.raises(RequestError, match="shards=2: here for a path"):
        screening.rank([], "magnets", shards=2)
