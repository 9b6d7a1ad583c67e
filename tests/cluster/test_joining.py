"""Joined shards equal what one reader gives: ids, duplicates, rejections."""

from __future__ import annotations

import json
import random
import shutil
from pathlib import Path

import polars as pl
import pytest
from helpers.mixed_folder import cif_text

from screening.cluster.joining import INPUT_SCHEMA, join, one_row_per_input
from screening.crystals import Crystal, ReadSettings, Rejection, read_crystals
from screening.crystals.reading.entries import Entry, Shard, Survey, read_entries
from screening.crystals.spool import from_bytes, to_bytes
from screening.errors import ScreeningError

ALONE = ReadSettings(workers=0)
OVERLAP = (0.4, 0.4, ["Li", "Fe", "O", "O"])


def _row(entry: Entry) -> tuple[object, ...]:
    item = entry.item
    said = (item.stage, item.reason) if isinstance(item, Rejection) else (None, None)
    stored = to_bytes(item) if isinstance(item, Crystal) else None
    return (entry.position, entry.content, entry.wanted_id, item.source, entry.crystal_digest, *said, stored)


def _read(source: Path, index: int, count: int) -> tuple[pl.DataFrame, dict[str, int]]:
    survey = Survey()
    entries = read_entries(source, ALONE, Shard(index, count), lambda position, content: False, survey)
    rows = pl.DataFrame([_row(entry) for entry in entries], INPUT_SCHEMA, orient="row")
    return rows, {"total": survey.total, "fingerprint": survey.fingerprint}


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Good and broken files; copies under other names; rows that share an id with a file or with each other."""
    folder = tmp_path_factory.mktemp("candidates")
    for index, metal in enumerate(("Ti", "V", "Cr", "Mn", "Fe", "Co", "Ni", "Cu", "Zn", "Mo") * 4):
        inner = folder / ("a folder" if index % 3 else "b")
        inner.mkdir(exist_ok=True)
        text = cif_text((3.0 + 0.01 * index, 4.3, ["Li", metal, "O", "O"]))
        (inner / f"{metal} {index}.cif").write_text(text)
        if index % 8 == 0:
            (folder / f"copy {index}.cif").write_text(text)
            (folder / f"{metal} {index}.cif").write_text(f"{text}\n# the same crystal, other bytes\n")
    for name, text in (("empty", ""), ("broken", "data_x\n_cell_length_a ?\n"), ("overlap", cif_text(OVERLAP))):
        (folder / f"{name}.cif").write_text(text)
    (folder / "no crystal.txt").write_text("notes")
    row = {"lattice": [[3, 0, 0], [0, 3, 0], [0, 0, 3]], "species": ["Fe"], "frac": [[0, 0, 0]]}
    scaled = [{**row, "id": "twin", "lattice": [[3 + n, 0, 0], [0, 3, 0], [0, 0, 3]]} for n in range(3)]
    (folder / "rows.jsonl").write_text("".join(json.dumps(one) + "\n" for one in [*scaled, scaled[1]]))
    return folder


def _signature(item: Crystal | Rejection) -> tuple[str, ...]:
    if isinstance(item, Rejection):
        return (item.candidate_id, item.source, item.stage, item.reason)
    return (item.candidate_id, item.source, item.formula, str(item.frac.tobytes()))


@pytest.mark.parametrize("count", [1, 2, 7])
def test_joined_shards_are_the_whole(source: Path, count: int) -> None:
    whole = list(read_crystals(source, ALONE))
    read = [_read(source, index, count) for index in range(count)]
    rows = [table for table, _ in read]
    random.Random(0).shuffle(rows)
    joined = join(
        one_row_per_input(pl.concat([*rows, rows[0]]), [said for _, said in read]), ["candidate_id", "source"]
    )
    scored = [item for item in whole if isinstance(item, Crystal)]
    assert joined.predictions.rows() == [(item.candidate_id, item.source) for item in scored]
    assert [_signature(item) for item in joined.rejected] == [
        _signature(item) for item in whole if isinstance(item, Rejection)
    ]
    for item in scored:
        assert (from_bytes(joined.crystals[item.candidate_id]).frac == item.frac).all()
    assert any("exact duplicate" in item.reason for item in joined.rejected)
    if count == 7:
        sizes = [table.height for table in rows]
        assert min(sizes) > 0.2 * sum(sizes) / count


def test_a_shard_depends_on_content_not_on_the_order_of_the_listing(source: Path, tmp_path: Path) -> None:
    before = set(_read(source, 1, 3)[0]["content"].to_list())
    moved = tmp_path / "moved"
    shutil.copytree(source, moved, symlinks=True)
    (moved / "0 first of all.cif").write_text("data_x\n")
    for path in sorted((moved / "b").glob("*.cif")):
        path.rename(path.with_name(f"renamed {path.name}"))
    after = set(_read(moved, 1, 3)[0]["content"].to_list())
    assert len(before & after) >= 0.8 * len(before)  # what is refused unread has nothing but its name


def test_finished_rows_are_counted_without_reading_them_again(source: Path) -> None:
    table, said = _read(source, 0, 2)
    done = dict(zip(table["position"].to_list()[:9], table["content"].to_list()[:9], strict=True))
    survey = Survey()
    rest = list(read_entries(source, ALONE, Shard(0, 2), lambda position, content: position in done, survey))
    assert [entry.position for entry in rest] == table["position"].to_list()[9:]
    assert survey.total == said["total"] and survey.fingerprint == said["fingerprint"]


def test_missing_rows_and_other_sources_are_refused(source: Path) -> None:
    read = [_read(source, index, 2) for index in range(2)]
    rows, said = pl.concat([table for table, _ in read]), [each for _, each in read]
    with pytest.raises(ScreeningError, match=f"the parts hold {rows.height - 1} of {rows.height} candidates"):
        one_row_per_input(rows[1:], said)
    with pytest.raises(ScreeningError, match="different candidates"):
        one_row_per_input(rows, [said[0], said[1] | {"fingerprint": 1}])
