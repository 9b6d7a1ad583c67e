"""`screening.predict` and `screening.rank` from Python: what comes back, what lies on disk, what wrong requests get."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow.parquet as pq
import pytest
import torch
from helpers.crystals import cubic
from helpers.mixed_folder import build_mixed_folder, cif_text, row
from helpers.models import tiny_config, tiny_model, tiny_release
from polars.testing import assert_frame_equal

import screening
from screening.checksums import checksum_fails
from screening.errors import RequestError
from screening.jobs.rank import Ranking
from screening.networks.released_model import save_release
from screening.resources import resource
from screening.tables import read_table
from screening.tracking.provenance import sha256
from screening.tracking.ranking_folder import FILES

GOOD = 40
ROCK_SALT = (2.95, 4.2, ["Li", "Co", "O", "O"])


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(tiny_release(tmp_path_factory.mktemp("released") / "tiny"))


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    folder = tmp_path_factory.mktemp("mixed") / "кристаллы [new], a=b #1"
    return folder, build_mixed_folder(folder, GOOD, seed=3)


@pytest.fixture(scope="module")
def ranked(tmp_path_factory: pytest.TempPathFactory, model: str, mixed: tuple[Path, dict[str, str]]) -> Any:
    """Output folder, key of the tracking store, the ranking."""
    folder = tmp_path_factory.mktemp("ranked")
    keys = {"model": model, "tracking.uri": f"sqlite:///{folder / 'runs.db'}", "seed": 7, "voltage": "none"}
    return folder / "out", keys, screening.rank(mixed[0], "electrodes", folder / "out", **keys)


@pytest.mark.ci
def test_every_input_is_in_one_table_and_landmarks_in_neither(ranked: Any, mixed: tuple[Path, dict[str, str]]) -> None:
    out, _, ranking = ranked
    expected = mixed[1]
    assert (ranking.table.height, ranking.rejected.height) == (GOOD, len(expected))
    assert dict(zip(ranking.rejected["source"], ranking.rejected["reason"], strict=True)).keys() == expected.keys()
    for source, reason in ranking.rejected.select("source", "reason").iter_rows():
        assert expected[source] in reason, source
    ids = [*ranking.table["candidate_id"], *ranking.rejected["candidate_id"]]
    assert len(set(ids)) == len(ids)
    assert set(ranking.landmarks["candidate_id"]) == {"LiFePO4", "LiCoO2", "NMC111"}
    assert set(ranking.landmarks["candidate_id"]).isdisjoint(ids)
    assert "rank" not in ranking.landmarks.columns and "score" in ranking.landmarks.columns
    assert ranking.table["rank"].to_list() == list(range(1, GOOD + 1))
    assert ranking.table["score"].is_sorted(descending=True)
    assert {path.name for path in out.iterdir()} == {*FILES, "config.yaml", "mlflow_run_id.json", "finalists"}


@pytest.mark.ci
def test_files_hold_what_was_returned(ranked: Any) -> None:
    out, _, ranking = ranked
    assert_frame_equal(pl.read_parquet(out / "ranking.parquet"), ranking.table)
    assert_frame_equal(pl.read_parquet(out / "landmarks.parquet"), ranking.landmarks)
    assert read_table(out / "ranking.csv")["candidate_id"].to_list() == ranking.table["candidate_id"].to_list()
    assert_frame_equal(read_table(out / "rejected.csv"), ranking.rejected)


@pytest.mark.ci
def test_the_record_says_what_was_done_with_what(ranked: Any, model: str, mixed: tuple[Path, dict[str, str]]) -> None:
    out, _, _ranking = ranked
    record = json.loads((out / "run.json").read_text())
    assert record["command"] == "rank" and record["seeds"] == {"seed": 7}
    assert record["config"]["candidates"] == str(mixed[0]) and record["config"]["task"]["name"] == "electrodes"
    assert record["sha256"] == {"model": sha256(Path(model)), "candidates": sha256(mixed[0])}
    assert record["mlflow"]["run_id"] == json.loads((out / "mlflow_run_id.json").read_text())["run_id"]
    counts = record["counts"]
    assert (counts["read"], counts["scored"]) == (GOOD + 50, GOOD)
    assert sum(sum(reasons.values()) for reasons in counts["rejected"].values()) == 50
    assert {"reading", "network", "graphs", "ranking", "symmetry"} <= record["timing_s"].keys()
    assert record["versions"]["screening"] == screening.__version__


@pytest.mark.ci
def test_the_record_has_the_hashes_of_what_was_written(ranked: Any) -> None:
    out, _, ranking = ranked
    record = json.loads((out / "run.json").read_text())
    names = {"ranking.parquet", "ranking.csv", "rejected.csv", "landmarks.parquet", "report.html"}
    assert record["outputs"] == {name: sha256(out / name) for name in (*names, "finalists", "config.yaml")}
    assert ranking.record["outputs"] == record["outputs"]
    assert not checksum_fails(record)


def test_a_prediction_has_its_record_within_and_beside(
    model: str, mixed: tuple[Path, dict[str, str]], tmp_path: Path
) -> None:
    output = tmp_path / "a.b=1.parquet"
    (tmp_path / "a.b=1.run.json").write_text("of an earlier table")
    done = screening.predict(mixed[0], output, model=model, seed=7)
    ends = ("parquet", "rejected.csv", "run.json")
    assert {path.name for path in tmp_path.iterdir()} == {f"a.b=1.{end}" for end in ends}
    record = json.loads((tmp_path / "a.b=1.run.json").read_text())
    assert not checksum_fails(record)
    assert record["command"] == "predict" and record["config"]["candidates"] == str(mixed[0])
    hashes = {"model": sha256(Path(model)), "candidates": sha256(mixed[0])}
    assert hashes.items() <= record["sha256"].items() and "magnetism" in record["sha256"]
    assert record["outputs"] == {name: sha256(tmp_path / name) for name in (output.name, "a.b=1.rejected.csv")}
    within = json.loads(pq.read_metadata(output).metadata[b"screening"])
    assert within == {name: value for name, value in record.items() if name not in ("outputs", "checksum")}
    assert done.record["outputs"] == record["outputs"] and done.record["finished"] == record["finished"]
    assert screening.predict(mixed[0], model=model).record["sha256"] == record["sha256"]


@pytest.mark.ci
def test_running_again_continues_the_run_and_changes_nothing(ranked: Any, mixed: tuple[Path, dict[str, str]]) -> None:
    out, keys, first = ranked
    again: Ranking = screening.rank(mixed[0], "electrodes", out, **keys)
    assert_frame_equal(again.table, first.table)
    assert again.record["mlflow"] == first.record["mlflow"]
    with sqlite3.connect(out.parent / "runs.db") as database:
        runs = database.execute("SELECT run_uuid, status FROM runs").fetchall()
    assert (first.record["mlflow"]["run_id"], "FINISHED") in runs
    assert len(runs) == 21 and {status for _, status in runs} == {"FINISHED"}  # with a run for each finalist


@pytest.mark.ci
def test_structures_in_memory(model: str) -> None:
    from pymatgen.core import Lattice, Structure

    whole = Structure(Lattice.cubic(4.2), ["Li", "Co", "O", "O"], [[0, 0, 0], [0.5] * 3, [0.5, 0.5, 0], [0, 0.5, 0.5]])
    named = whole.copy()
    named.apply_strain(0.01)
    named.properties["id"] = "mine"
    partial = Structure(Lattice.cubic(4.2), [{"Li": 0.5, "Na": 0.5}, "Cl"], [[0, 0, 0], [0.5] * 3])
    done = screening.predict([whole, partial, named, 5, whole], model=model)
    assert done.table["candidate_id"].to_list() == ["structure#0", "mine"]
    assert [reason.split(" (")[0] for reason in done.rejected["reason"]] == [
        "partial occupancies",
        "expected a pymatgen Structure, ASE Atoms or a Crystal, found int",
        "exact duplicate of structure#0",
    ]
    assert screening.predict(partial, model=model, order=True).table["flags"].to_list() == ["ordered_approximant"]
    ranking = screening.rank((s for s in [whole, named]), "electrodes", model=model)
    assert ranking.table.height == 2 and ranking.record["mlflow"]["run_id"] is None
    used = {"voltage": ("network", "potential", "offsets"), "network_voltage": ("network", "offsets")}
    parts = {f"{name}.{part}" for name, own in used.items() for part in own}
    assert (
        ranking.record["sha256"].keys() >= {"model", *used}
        and ranking.record["sha256"].keys() - used - {"model"} <= parts
    )


def test_an_approximant_is_ranked_by_the_symmetry_it_stands_for(
    model: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from screening.jobs import scoring

    monkeypatch.setattr(scoring, "rows_needing_symmetry", lambda table, task: np.ones(table.height, dtype=bool))
    plain = {"lattice": (np.eye(3) * 4.0).tolist(), "species": ["Fe", "O"], "frac": [[0, 0, 0], [0.5, 0.5, 0.5]]}
    remarks = {"flags": ["ordered_approximant"], "parent_space_group": 139}
    stand_in = {**plain, "lattice": (np.eye(3) * 4.1).tolist(), "id": "stand-in", **remarks}
    file = tmp_path / "rows.jsonl"
    file.write_text(f"{json.dumps({**plain, 'id': 'itself'})}\n{json.dumps(stand_in)}\n", encoding="utf-8")
    table = screening.rank(file, "magnets", model=model).table
    assert dict(zip(table["candidate_id"], table["space_group_number"], strict=True)) == {
        "itself": 221,
        "stand-in": 139,
    }


def test_a_list_of_paths(model: str, tmp_path: Path) -> None:
    (tmp_path / "a.cif").write_text(cif_text(ROCK_SALT))
    (tmp_path / "b.jsonl").write_text(json.dumps({"id": 7, **row((3.0, 4.3, ROCK_SALT[2]))}) + "\n")
    done = screening.predict([tmp_path / "a.cif", str(tmp_path / "b.jsonl"), tmp_path / "none.cif"], model=model)
    assert done.table["candidate_id"].to_list() == ["a", "7"]
    assert done.rejected["candidate_id"].to_list() == ["none"]
    assert "does not exist" in done.rejected["reason"][0]


@pytest.mark.ci
def test_a_bundled_set_is_hashed(model: str) -> None:
    record = screening.rank("electrodes", "electrodes", model=model, voltage="none").record
    assert record["sha256"]["candidates"] == sha256(resource("datasets") / "candidates" / "electrodes.jsonl")


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"modle": "x"}, "did you mean model?"),
        ({"model": "nowhere"}, "model=nowhere was not found"),
        ({"candidates": "nowhere.cif"}, r"nowhere\.cif does not exist"),
        ({"candidates": None}, "candidates: expected paths, structures or crystals, found NoneType"),
        ({"task": "magnet"}, "did you mean magnets?"),
        ({"supply.prices": {"Zz": 1.0}}, r"supply\.prices\.Zz"),
        ({"task.ranking.objective.column": "nonsense"}, "no column 'nonsense'"),
        ({"working_ion": "Xx"}, "working_ion=Xx: expected one of Li"),
        ({"output_dir": "file"}, "output_dir=file: not a folder"),
        ({"output_dir": "file/below"}, "output_dir=file/below: not a folder"),
    ],
)
def test_a_wrong_request_is_refused_before_anything_is_made(
    model: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, keys: dict[str, Any], said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").touch()
    (tmp_path / "a.cif").write_text(cif_text(ROCK_SALT))
    request = {"candidates": "a.cif", "task": "electrodes", "output_dir": "out", "model": model, **keys}
    with pytest.raises(RequestError, match=said):
        screening.rank(**request)
    assert {path.name for path in tmp_path.iterdir()} == {"file", "a.cif"}


def test_an_output_that_cannot_be_written_is_refused_at_once(model: str, tmp_path: Path) -> None:
    (tmp_path / "a.cif").write_text(cif_text(ROCK_SALT))
    (tmp_path / "folder.parquet").mkdir()
    for output in (tmp_path / "folder.parquet", tmp_path / "a.cif" / "t.parquet", tmp_path / "t.csv"):
        with pytest.raises(RequestError, match="output="):
            screening.predict(tmp_path / "a.cif", output, model=model)
    assert {path.name for path in tmp_path.iterdir()} == {"a.cif", "folder.parquet"}


def test_no_valid_candidate_leaves_the_reasons_and_no_table(model: str, tmp_path: Path) -> None:
    (tmp_path / "bad.jsonl").write_text('{"id": 1}\n{"id": 2}\n')
    with pytest.raises(RequestError, match=r"no valid candidate among 2 inputs; .*no lattice.*t\.rejected\.csv"):
        screening.predict(tmp_path / "bad.jsonl", tmp_path / "t.parquet", model=model)
    assert read_table(tmp_path / "t.rejected.csv")["candidate_id"].to_list() == ["1", "2"]
    with pytest.raises(RequestError, match=r"no valid candidate among 2 inputs; .*rejected\.csv"):
        screening.rank(tmp_path / "bad.jsonl", "magnets", tmp_path / "out", model=model, tracking="none")
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"rejected.csv"}
    assert {path.name for path in tmp_path.iterdir()} == {"bad.jsonl", "t.rejected.csv", "out"}
    for nothing in ([], [cubic(26, 1.0, "P")]):
        with pytest.raises(RequestError) as error:
            screening.predict(nothing, model=model)
        assert "no valid candidate" in str(error.value) and ".csv" not in str(error.value)


@pytest.mark.ci
def test_results_inside_the_folder_that_is_read_are_no_candidates(
    model: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.cif").write_text(cif_text(ROCK_SALT))
    (tmp_path / "run.json").write_text("{}")  # someone else's file of that name, elsewhere than in the output folder
    for _ in range(2):
        ranking = screening.rank(".", "electrodes", "out", model=model, tracking="none", voltage="none")
        assert ranking.table["candidate_id"].to_list() == ["a"]
        assert ranking.rejected["source"].to_list() == ["run.json"]
    (tmp_path / "run.json").unlink()
    for _ in range(2):
        again = screening.rank(".", "electrodes", ".", model=model, tracking="none", voltage="none")
        assert again.table["candidate_id"].to_list() == ["a"]
        of_another = {"out/config.yaml", *(f"out/{name}" for name in FILES)}  # its finalists are passed over
        assert set(again.rejected["source"]) == of_another


def test_numbers_that_are_not_finite_are_refused(tmp_path: Path) -> None:
    network = tiny_model()
    with torch.no_grad():
        network.members[0].element_share.weight[26] = 3e38  # overflows; NaN itself would be refused
    save_release(tmp_path / "model", network, tiny_config())
    crystals = [cubic(z, 2.9, "I") for z in (26, 27, 28)]
    done = screening.predict(crystals, model=str(tmp_path / "model"), batch_atoms=1)
    assert done.table["formula"].to_list() == ["Co", "Ni"]
    assert done.rejected.rows() == [
        ("cubic-26-I", "structure#0", "predict", "the network gave numbers that are not finite")
    ]
