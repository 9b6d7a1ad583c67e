"""`screening barriers` as a user runs it: its files, going on after a kill, bad rows, wrong requests."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import polars as pl
import pytest

import screening
from screening.commands import barriers
from screening.configuration import load_config
from screening.errors import RequestError
from screening.jobs import barriers as job
from screening.materials.electrodes.barriers.barrier_predictor import BarrierPredictor
from screening.materials.electrodes.barriers.migration_path import MigrationPath
from screening.tables import read_table

Run = Callable[..., pl.DataFrame]


class LengthModel:
    """A tenth of the length of a path in Å, as eV; counts what it is asked."""

    asked = 0
    fails_at = 10**9

    def predict(self, paths: Sequence[MigrationPath]) -> Any:
        type(self).asked += len(paths)
        if self.asked > self.fails_at:
            raise KeyboardInterrupt
        value = np.array([path.length_A / 10 for path in paths])
        return np.stack([value, value - 0.1, value + 0.1], axis=1)


@pytest.fixture(autouse=True)
def model(monkeypatch: pytest.MonkeyPatch) -> type[LengthModel]:
    LengthModel.asked, LengthModel.fails_at = 0, 10**9
    predictor = BarrierPredictor(LengthModel(), None, None)  # type: ignore[arg-type]

    def loaded(choices: Mapping[str, str], *_: object) -> dict[str, Any]:
        return {"barrier": predictor} if choices["barrier"] != "none" else {}

    monkeypatch.setattr(job, "learned_predictors", loaded)
    return LengthModel


def row(name: str, step: float = 0.3, **changes: Any) -> dict[str, Any]:
    """Lithium in a large cell with one corner of oxygen, moving along a."""
    path = [[0.2 + step * share, 0.5, 0.5] for share in (0, 0.25, 0.5, 0.75, 1)]
    cell = [[10.0, 0, 0], [0, 10, 0], [0, 0, 10]]
    good = {"id": name, "ion": "Li", "lattice": cell, "species": ["O"], "frac": [[0, 0, 0]], "path_frac": path}
    return good | changes


def run(rows: list[dict[str, Any] | bytes], output: Path, *keys: str) -> pl.DataFrame:
    file = output.with_name("paths.jsonl.gz")
    file.write_bytes(gzip.compress(b"".join((r if isinstance(r, bytes) else orjson.dumps(r)) + b"\n" for r in rows)))
    barriers.run(load_config("barriers", [f"paths={file}", f"output={output}", *keys]))  # type: ignore[arg-type]
    return read_table(output)


def test_a_table_in_the_order_of_the_rows(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = run([row("b", 0.3), row("a", 0.2), row("c", 0.1)], tmp_path / "out.parquet")
    names = ["migration_barrier_eV", "migration_barrier_eV_lo", "migration_barrier_eV_hi"]
    assert table.columns == ["id", *names]
    assert table["id"].to_list() == ["b", "a", "c"]
    assert table[names[0]].to_list() == pytest.approx([0.3, 0.2, 0.1])
    assert read_table(tmp_path / "out.rejected.csv").is_empty()
    record = json.loads((tmp_path / "out.run.json").read_text())
    assert record["counts"] == {"read": 3, "predicted": 3, "rejected": 0}
    assert sorted(record["outputs"]) == ["out.parquet", "out.rejected.csv"]
    assert "3 barriers predicted, 0 rejected" in capsys.readouterr().out
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "out.parquet", "out.rejected.csv", "out.run.json", "paths.jsonl.gz",
    ]  # fmt: skip


BAD: dict[str, tuple[dict[str, Any] | bytes, str]] = {
    "points": (row("x", path_frac=[[0.2, 0.5, 0.5], [0.4, 0.5, 0.5]]), "expected 5"),
    "atom": (row("x", frac=[[0.35, 0.5, 0.5]]), "through an atom"),
    "ion": (row("x", ion="Xx"), "Xx"),
    "nan": (orjson.dumps(row("x")).replace(b"0.35", b"NaN"), "not finite"),
    "json": (b'{"id": "x", "ion"', "no JSON"),
    "list": (b"[1, 2]", "expected a JSON object"),
    "lacks": ({"id": "x", "ion": "Li"}, "lattice"),
    "flat": (row("x", lattice=[[10, 0, 0], [0, 10, 0], [0, 0, 0]]), "flat"),
    "shape": (row("x", frac=[[0, 0]]), "three numbers"),
    "element": (row("x", species=["Qq"]), "Qq"),
    "nested": (row("x", species=[["O"]]), "expected element symbols"),
    "overlap": (row("x", species=["O", "O"], frac=[[0, 0, 0], [0, 0, 0.99]]), "overlap: O and O are 0.10 Å apart"),
    "metal": (row("x", species=["Fe"]), "no anions"),
    "loop": (row("x", path_frac=[[x, 0.5, 0.5] for x in (0.2, 0.3, 0.4, 0.3, 0.2)]), "ends where it begins"),
}


@pytest.mark.parametrize("kind", BAD)
def test_a_bad_row_gets_its_reason_and_the_rest_is_done(tmp_path: Path, kind: str) -> None:
    bad, reason = BAD[kind]
    table = run([row("first"), bad, row("last")], tmp_path / "out.parquet")
    assert table["id"].to_list() == ["first", "last"]
    rejected = read_table(tmp_path / "out.rejected.csv")
    assert rejected.height == 1
    assert reason in rejected["reason"][0]


def test_goes_on_where_it_was_stopped(tmp_path: Path, model: type[LengthModel]) -> None:
    rows: list[dict[str, Any] | bytes] = [row(f"r{n}", 0.1 + n / 500) for n in range(40)]
    model.fails_at = 33
    with pytest.raises(KeyboardInterrupt):
        run(rows, tmp_path / "out.parquet")
    assert not (tmp_path / "out.parquet").exists()
    model.asked, model.fails_at = 0, 10**9
    table = run(rows, tmp_path / "out.parquet")
    assert table.height == 40
    assert model.asked == 40 - 32
    assert not (tmp_path / "out.progress.jsonl").exists()
    whole = run(rows, tmp_path / "again.parquet")
    assert whole.equals(table)


def test_nothing_usable_is_a_wrong_request(tmp_path: Path) -> None:
    with pytest.raises(RequestError, match=r"no valid path among 1 rows; the first: no barriers of 'Xx'"):
        run([row("x", ion="Xx")], tmp_path / "out.parquet")
    assert read_table(tmp_path / "out.rejected.csv").height == 1


@pytest.mark.parametrize("key", ["paths=missing.jsonl", "output=out.csv", "barrier=none", "barriers=x"])
def test_wrong_requests_name_the_key(tmp_path: Path, key: str) -> None:
    with pytest.raises(RequestError, match=key.partition("=")[0]):
        run([row("a")], tmp_path / "out.parquet", key)


def test_rows_from_python() -> None:
    found = screening.barriers([row("a"), row("b", ion="Xx")])
    assert found.table["id"].to_list() == ["a"]
    assert found.rejected["candidate_id"].to_list() == ["b"]
    assert found.units["migration_barrier_eV"] == "eV"
