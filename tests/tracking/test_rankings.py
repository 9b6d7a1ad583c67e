"""A ranking in MLflow: complete, safe to log again, never forked, and it leaves reviews alone."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from helpers.logged_runs import all_runs, children, client, files, logged
from helpers.rankings import finished_ranking

from screening.checksums import file_sha256
from screening.errors import RequestError
from screening.tracking.address import TrackingSettings
from screening.tracking.provenance import output_hashes, write_run_record
from screening.tracking.ranking_folder import FINALISTS, PAGE, TABLES, edited_since
from screening.tracking.reviews import read_review
from screening.tracking.run_file import read_record, write_record

pytestmark = pytest.mark.ci


def test_the_run_holds_what_the_folder_holds(store: TrackingSettings, tmp_path: Path) -> None:
    run_id = logged(store, finished_ranking(tmp_path))
    run = client(store).get_run(run_id)
    assert run.info.status == "FINISHED" and run.info.run_name == "magnets: my cifs"
    assert run.data.params["model"] == "screening-v3" and run.data.params["task.name"] == "magnets"
    assert run.data.tags["sha256.model"] == "a" * 64 and run.data.tags["versions"] == "python 3.12, torch 2.9"
    assert run.data.tags["mlflow.source.git.commit"].startswith("0123456")
    metrics = run.data.metrics
    assert metrics["funnel/00 read"] == 5 and metrics["funnel/01 scored"] == 3 and metrics["funnel/02 strong"] == 2
    assert metrics["rejected/sanity"] == 1 and metrics["rejected/sanity/too few atoms"] == 1
    assert metrics["seconds/network"] == 1.5
    assert [(item.dataset.name, item.dataset.digest) for item in run.inputs.dataset_inputs] == [("my cifs", "b" * 8)]
    assert files(store, run_id) == {
        *("ranking.parquet", "ranking.csv", "rejected.csv", "landmarks.parquet", "report.html", "run.json"),
        *("config.yaml", "ranking.json", "rejected.json"),
    }
    note = run.data.tags["mlflow.note.content"]
    assert f"runs/{run_id}/artifacts/report.html" in note and "review.decision" in note
    assert all(f"runs/{child.info.run_id}" in note for child in children(store, run_id).values())


def test_the_table_has_the_reader_s_columns_first(store: TrackingSettings, tmp_path: Path) -> None:
    run_id = logged(store, finished_ranking(tmp_path))
    table = json.loads(Path(client(store).download_artifacts(run_id, "ranking.json")).read_text())
    assert table["columns"][:5] == ["rank", "candidate_id", "formula", "score", "mu0_Ms_T"]
    assert table["columns"][-2:] == ["mu0_Ms_T_lo", "mu0_Ms_T_hi"]
    assert table["data"][0][:4] == [1, "Nd2Fe14B", "Nd2Fe14B", "0.900"]


def test_a_finalist_is_a_run_to_review(store: TrackingSettings, tmp_path: Path) -> None:
    run_id = logged(store, finished_ranking(tmp_path))
    finalists = children(store, run_id)
    assert {run.info.run_name for run in finalists.values()} == {"Nd2Fe14B", "Nd3Fe14B b"}
    first = finalists["Nd2Fe14B"]
    assert first.info.status == "FINISHED" and first.info.end_time
    expected = {"rank": "1", "formula": "Nd2Fe14B", "limiting_gate": "strong", "flags": "metastable", "finalist": "yes"}
    expected |= {
        "review.decision": "open",
        "gate.strong": "pass (97 %)",
        "easy_axis": "axis",
        "why": "Candidate: strong.",
    }
    assert expected.items() <= first.data.tags.items()
    assert first.data.metrics == pytest.approx(
        {
            "rank": 1,
            "score": 0.9,
            "mu0_Ms_T": 1.6,
            "mu0_Ms_T_lo": 1.5,
            "mu0_Ms_T_hi": 1.7,
            "gate_strong_probability": 0.97,
        }
    )
    assert set(first.data.metrics) == set(finalists["b"].data.metrics)
    assert files(store, first.info.run_id) == {"crystal.cif", "picture.png", "card.html"}
    assert "Candidate&#58; strong." in first.data.tags["mlflow.note.content"]
    record = read_record(tmp_path)
    assert record is not None and record.finalists == {name: run.info.run_id for name, run in finalists.items()}


def test_a_repetition_adds_nothing(store: TrackingSettings, tmp_path: Path) -> None:
    finished_ranking(tmp_path)
    first = logged(store, tmp_path)
    before = {run.info.run_id: (run.data.metrics, run.data.params) for run in all_runs(store)}
    assert logged(store, tmp_path) == first
    assert {run.info.run_id: (run.data.metrics, run.data.params) for run in all_runs(store)} == before
    child = next(iter(children(store, first).values()))
    assert len(client(store).get_metric_history(child.info.run_id, "score")) == 1
    assert len(client(store).get_run(first).inputs.dataset_inputs) == 1


@pytest.mark.parametrize("lost", ["file", "run", "finalists"])
def test_runs_are_found_without_their_record(store: TrackingSettings, tmp_path: Path, lost: str) -> None:
    """A job may be killed after it created a run and before it recorded the id."""
    first = logged(store, finished_ranking(tmp_path))
    record = read_record(tmp_path)
    assert record is not None
    if lost == "run":
        write_record(tmp_path, replace(record, run_id=None, finalists={}))
    elif lost == "finalists":
        write_record(tmp_path, replace(record, finalists={}))
    else:  # it has moved to another store
        write_record(tmp_path, replace(record, run_id="0" * 32, tracking_uri="http://elsewhere:5000"))
    assert logged(store, tmp_path) == first
    assert len(all_runs(store)) == 3
    assert read_record(tmp_path) == record


@pytest.mark.parametrize(
    ("method", "calls"), [("create_run", 0), ("create_run", 1), ("log_batch", 2), ("log_batch", 4), ("search_runs", 0)]
)
def test_a_job_killed_at_any_moment_and_repeated_doubles_nothing(
    store: TrackingSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, method: str, calls: int
) -> None:
    finished_ranking(tmp_path)
    left = calls

    def killed(self: object, *arguments: object, **options: object) -> object:
        nonlocal left
        left -= 1
        done = real(self, *arguments, **options)
        if left < 0:
            raise KeyboardInterrupt
        return done

    from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

    real = getattr(SqlAlchemyStore, method)
    monkeypatch.setattr(SqlAlchemyStore, method, killed)
    try:
        first = logged(store, tmp_path)
    except KeyboardInterrupt:
        first = ""
    monkeypatch.undo()
    second = logged(store, tmp_path)
    assert first in ("", second)
    assert len(all_runs(store)) == 3
    assert all(run.info.status == "FINISHED" for run in all_runs(store))


def test_a_review_survives_logging_again(store: TrackingSettings, tmp_path: Path) -> None:
    first = logged(store, finished_ranking(tmp_path, ids=("a", "b", "c")))
    decided = {"review.decision": "approve", "review.comment": "make it", "review.by": "anna"}
    for name, value in decided.items():
        client(store).set_tag(children(store, first)["a"].info.run_id, name, value)
    client(store).delete_tag(children(store, first)["b"].info.run_id, "review.decision")
    # Now b is first, c is second and a is not a finalist.
    again = logged(store, finished_ranking(tmp_path, ids=("b", "c", "a"), day=2))
    finalists = children(store, again)
    assert again == first and set(finalists) == {"a", "b", "c"}
    assert decided.items() <= finalists["a"].data.tags.items()
    assert (
        finalists["a"].data.tags["finalist"] == "no" and "2026-01-02" in finalists["a"].data.tags["mlflow.note.content"]
    )
    assert "review.decision" not in finalists["b"].data.tags and finalists["b"].data.tags["rank"] == "1"
    assert finalists["c"].data.tags["review.decision"] == "open"
    # And a comes back.
    logged(store, finished_ranking(tmp_path, ids=("a", "b", "c"), day=3))
    back = children(store, first)["a"]
    assert decided.items() <= back.data.tags.items() and back.data.tags["finalist"] == "yes"


def test_a_decision_does_not_apply_to_another_formula_with_the_same_id(store: TrackingSettings, tmp_path: Path) -> None:
    parent = logged(store, finished_ranking(tmp_path, ids=("POSCAR", "b", "c")))
    approved = children(store, parent)["POSCAR"]
    client(store).set_tag(approved.info.run_id, "review.decision", "approve")
    finished_ranking(tmp_path, ids=("POSCAR", "b", "c"), day=2)
    table = pl.read_parquet(tmp_path / "ranking.parquet")
    table.with_columns(formula=pl.lit("Fe16N2")).write_parquet(tmp_path / "ranking.parquet")
    logged(store, tmp_path)
    found = {run.data.tags["formula"]: run for run in all_runs(store) if run.data.tags.get("candidate_id") == "POSCAR"}
    former, new = found[approved.data.tags["formula"]].data.tags, found["Fe16N2"].data.tags
    assert (former["review.decision"], former["finalist"]) == ("approve", "no")
    assert (new["review.decision"], new["finalist"]) == ("open", "yes")


def test_a_decision_does_not_apply_to_another_crystal_with_the_same_id(store: TrackingSettings, tmp_path: Path) -> None:
    def logged_with(digest: str, day: int) -> str:
        index = finished_ranking(tmp_path, ids=("POSCAR", "b", "c"), day=day) / "finalists" / "index.json"
        entries = [entry | {"crystal": digest} for entry in json.loads(index.read_text())]
        index.write_text(json.dumps(entries))
        return logged(store, tmp_path)

    approved = children(store, logged_with("0123", 1))["POSCAR"]
    client(store).set_tag(approved.info.run_id, "review.decision", "approve")
    assert logged_with("0123", 2) == logged_with("4567", 3)
    found = {run.data.tags["crystal.digest"]: run for run in all_runs(store) if run.data.tags.get("rank") == "1"}
    assert found.keys() == {"0123", "4567"} and found["0123"].info.run_id == approved.info.run_id
    assert found["4567"].data.tags["review.decision"] == "open"
    review = read_review(store, str(tmp_path))
    assert {(e.crystal, e.rank, e.decision) for e in review.entries} == {
        ("0123", None, "approve"), ("4567", 1, "open"), ("4567", 2, "open")
    }  # fmt: skip
    (entry,) = review.decided("approve")
    assert entry.hashes == {"crystal": file_sha256(tmp_path / "finalists" / "01-Nd2Fe14B" / "crystal.cif")}


@pytest.mark.parametrize("name", ["ranking.csv", "run.json", "finalists/index.json"])
def test_what_was_changed_after_the_ranking_is_not_recorded(store: TrackingSettings, tmp_path: Path, name: str) -> None:
    folder = finished_ranking(tmp_path)
    record = json.loads((folder / "run.json").read_text())
    write_run_record(folder / "run.json", record | {"outputs": output_hashes(folder, (*TABLES, PAGE, FINALISTS))})
    logged(store, folder)
    (folder / name).write_text((folder / name).read_text().replace("Nd2Fe14B", "Nd2Fe15B").replace("magnets", "magnet"))
    with pytest.raises(RequestError, match=f"{name.split('/')[0]} changed after the ranking"):
        logged(store, folder)


def test_tables_that_were_edited_after_a_ranking_are_named(tmp_path: Path) -> None:
    assert edited_since(tmp_path) == []
    folder = finished_ranking(tmp_path)
    assert edited_since(folder) == [], "the record of an earlier version has no hashes"
    write_run_record(folder / "run.json", {"outputs": output_hashes(folder, (*TABLES, PAGE, FINALISTS))})
    assert edited_since(folder) == []
    (folder / "rejected.csv").unlink()
    (folder / "ranking.csv").write_text("my own\n")
    assert edited_since(folder) == ["ranking.csv", "rejected.csv"]


def test_figures_that_a_new_ranking_lacks_become_nan(store: TrackingSettings, tmp_path: Path) -> None:
    first = logged(store, finished_ranking(tmp_path, ids=("a", "b", "c")))
    logged(store, finished_ranking(tmp_path, ids=("b", "a"), finalists=2, day=2))  # the last candidate has no moment
    assert math.isnan(children(store, first)["a"].data.metrics["mu0_Ms_T"])
    assert children(store, first)["b"].data.metrics["mu0_Ms_T"] == pytest.approx(1.6)


HOSTILE = "<script>alert(1)</script>[x](javascript:1)|`*\0\n=cmd()" + "\ud800" + "й" * 9000


def test_hostile_ids_are_text(store: TrackingSettings, tmp_path: Path) -> None:
    finished_ranking(tmp_path, ids=("a", "b", "c"))
    index = tmp_path / "finalists" / "index.json"
    name = HOSTILE.encode("utf-8", "replace").decode()  # a table cannot hold lone surrogates
    table = pl.read_parquet(tmp_path / "ranking.parquet").with_columns(candidate_id=pl.Series([name, "b", "c"]))
    table.with_columns(formula=pl.lit(name), why=pl.lit(name)).write_parquet(tmp_path / "ranking.parquet")
    index.write_text(index.read_text().replace('"candidate_id": "a"', f'"candidate_id": {json.dumps(name)}'))
    run_id = logged(store, tmp_path)
    assert logged(store, tmp_path) == run_id
    found = children(store, run_id)
    assert len(found) == 2
    for run in (*found.values(), client(store).get_run(run_id)):
        note = run.data.tags["mlflow.note.content"]
        assert "<script" not in note and "](javascript" not in note and len(run.info.run_name) <= 250
        assert "\0" not in "".join(run.data.tags.values())


def test_an_unfinished_folder_is_refused(store: TrackingSettings, tmp_path: Path) -> None:
    finished_ranking(tmp_path)
    (tmp_path / "report.html").unlink()
    with pytest.raises(RequestError, match=r"report\.html missing"):
        logged(store, tmp_path)


def test_without_finalists_there_are_no_runs_under_it(store: TrackingSettings, tmp_path: Path) -> None:
    run_id = logged(store, finished_ranking(tmp_path, finalists=0))
    assert children(store, run_id) == {}
    assert "review.decision" not in client(store).get_run(run_id).data.tags["mlflow.note.content"]


def test_the_saved_view_names_existing_columns(store: TrackingSettings, tmp_path: Path) -> None:
    run_id = logged(store, finished_ranking(tmp_path))
    experiment = client(store).get_experiment_by_name(store.experiment)
    state = json.loads(experiment.tags[f"mlflow.sharedViewState.{run_id}"])
    found = client(store).search_runs([experiment.experiment_id], state["searchFilter"], order_by=["metrics.rank ASC"])
    assert [run.data.tags["candidate_id"] for run in found] == ["Nd2Fe14B", "b"]
    shown = {name.split("`")[1] for name in state["selectedColumns"]}
    assert {"rank", "score", "mu0_Ms_T", "review.decision"} <= shown
    assert f"viewStateShareKey={run_id}" in client(store).get_run(run_id).data.tags["mlflow.note.content"]


def test_the_description_is_in_the_report_s_language(store: TrackingSettings, tmp_path: Path) -> None:
    run_id = logged(store, finished_ranking(tmp_path, language="ru"))
    assert "Открыть отчёт" in client(store).get_run(run_id).data.tags["mlflow.note.content"]
    assert "funnel/00 read" in client(store).get_run(run_id).data.metrics
