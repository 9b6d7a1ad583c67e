"""Parts on disk: written atomically, verified, and of one job only."""

from __future__ import annotations

import logging
from pathlib import Path

import polars as pl
import pytest

from screening.cluster.part_files import PartFolder
from screening.errors import RequestError
from screening.files import part_path

HEADER = {"model": "a", "shard": 0, "task": {"name": "magnets", "limit": 0.1}}


def _table(start: int) -> pl.DataFrame:
    return pl.DataFrame({"position": list(range(start, start + 500)), "text": [f"{n} é" for n in range(500)]})


@pytest.fixture
def parts(tmp_path: Path) -> PartFolder:
    folder = PartFolder(tmp_path, HEADER)
    folder.append(_table(0))
    folder.append(_table(500))
    return folder


def test_parts_come_back_in_order(parts: PartFolder) -> None:
    assert pl.concat(parts.tables())["position"].to_list() == list(range(1000))
    assert parts.summary() is None
    parts.finish({"total": 1000})
    said = parts.summary()
    assert said is not None and said["total"] == 1000
    assert not list(parts.folder.glob("*.part"))


@pytest.mark.parametrize("damage", ["truncated", "flipped", "empty", "other"])
def test_a_damaged_part_is_set_aside(parts: PartFolder, damage: str, caplog: pytest.LogCaptureFixture) -> None:
    path = sorted(parts.folder.glob("part-*.parquet"))[0]
    data = bytearray(path.read_bytes())
    if damage == "truncated":
        data = data[: len(data) // 2]
    elif damage == "flipped":
        data[len(data) // 3] ^= 0xFF
    path.write_bytes({"empty": b"", "other": b"PAR1 no table PAR1"}.get(damage, bytes(data)))
    with caplog.at_level(logging.WARNING):
        assert pl.concat(parts.tables())["position"].to_list() == list(range(500, 1000))
    assert path.name in caplog.text and not path.exists()
    assert len(parts.tables()) == 1


def test_parts_of_another_job_are_refused_and_named(parts: PartFolder) -> None:
    other = PartFolder(parts.folder, HEADER | {"model": "b"})
    with pytest.raises(RequestError, match=r"part-.*another job \(different model\)"):
        other.tables()
    parts.finish({"total": 1})
    with pytest.raises(RequestError, match="different model"):
        other.summary()
    assert len(parts.tables()) == 2


def test_an_unfinished_file_is_ignored(parts: PartFolder) -> None:
    part_path(parts.folder / "part-9.parquet").write_bytes(b"half")
    (parts.folder / "done.json").write_bytes(b'{"tot')
    assert len(parts.tables()) == 2
    assert parts.summary() is None
