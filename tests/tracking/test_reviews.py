"""Decisions come back from MLflow as they were made; what is not understood causes a warning, never a guess."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from helpers.reviews import ReviewStore, review_store

from screening.errors import RequestError, ScreeningError
from screening.tracking import child_runs
from screening.tracking.address import TrackingSettings
from screening.tracking.reviews import read_review

pytestmark = pytest.mark.xdist_group("reviews")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> ReviewStore:
    return review_store(tmp_path_factory.mktemp("store"))


def test_entries_hold_what_was_logged_and_decided(store: ReviewStore) -> None:
    parent = store.ranking(task="electrodes")
    metrics = {"score": 0.5, "voltage_V": 3.5, "voltage_V_lo": 3.2, "gate_redox_probability": 0.9, "seconds": 3.0}
    metrics |= {"capacity_mAh_per_g": float("nan")}
    child = store.finalist(
        parent, "../a b/#1", "LiCoO2", rank=2, metrics=metrics, decision="hold", comment=" wait\nand see ", by="Анна"
    )
    store.client.set_tag(child, "electrode_role", "cathode")
    store.client.set_tag(child, "uniaxial", "no")
    review = read_review(store.settings, parent)
    (entry,) = review.entries
    assert (review.run_id, review.run_name, review.task) == (parent, "magnets: set", "electrodes")
    assert (entry.candidate_id, entry.formula, entry.rank, entry.score) == ("../a b/#1", "LiCoO2", 2, 0.5)
    assert (entry.decision, entry.comment, entry.by, entry.run_id) == ("hold", "wait and see", "Анна", child)
    assert entry.figures == {
        "score": 0.5, "voltage_V": 3.5, "voltage_V_lo": 3.2, "gate_redox_probability": 0.9,
        "electrode_role": "cathode", "uniaxial": False, "formula": "LiCoO2", "candidate_id": "../a b/#1",
    }  # fmt: skip
    assert review.counts == {"approve": 0, "reject": 0, "hold": 1, "open": 0} and review.warnings == ()


@pytest.mark.parametrize(
    ("written", "decision", "warned"),
    [
        ("approve", "approve", False),
        (" Approve\n", "approve", False),
        ("REJECT", "reject", False),
        ("open", "open", False),
        ("", "open", False),
        ("aprove", "open", True),
        ("approved", "open", True),
        ("ap prove", "open", True),
        ("approve, reject", "open", True),
        ("одобрить", "open", True),
        ("<script>\x1b[2J", "open", True),
    ],
)
def test_a_decision_is_one_of_three_words(store: ReviewStore, written: str, decision: str, warned: bool) -> None:
    parent = store.ranking()
    child = store.finalist(parent, "the-id", decision=written)
    review = read_review(store.settings, parent)
    assert [entry.decision for entry in review.entries] == [decision]
    assert len(review.warnings) == warned
    for warning in review.warnings:
        assert "FeO the-id" in warning and child in warning and "approve, reject, hold" in warning
        assert warning.isprintable()


def test_entries_are_sorted_by_rank_without_deleted_ones(store: ReviewStore) -> None:
    parent, other = store.ranking(), store.ranking()
    store.finalist(parent, "third", rank=3)
    gone = store.finalist(parent, "deleted", rank=1, decision="approve")
    store.finalist(parent, "unranked", rank=None)
    store.finalist(parent, "first", rank=1)
    store.finalist(other, "of another ranking", rank=2)
    store.client.delete_run(gone)
    assert [entry.candidate_id for entry in read_review(store.settings, parent).entries] == [
        "first", "third", "unranked"
    ]  # fmt: skip


def test_former_finalists_stay_only_with_a_decision(store: ReviewStore) -> None:
    """The folder was ranked again, with other finalists."""
    parent = store.ranking()
    store.finalist(parent, "new", rank=1)
    for name, decision in (("former", "open"), ("former and decided", "approve"), ("former and mistyped", "aprove")):
        store.client.set_tag(store.finalist(parent, name, rank=1, decision=decision), "finalist", "no")
    review = read_review(store.settings, parent)
    assert [(entry.candidate_id, entry.rank) for entry in review.entries] == [("new", 1), ("former and decided", None)]
    assert len(review.warnings) == 1 and "aprove" in review.warnings[0]


def test_all_pages_are_read(store: ReviewStore, monkeypatch: pytest.MonkeyPatch) -> None:
    parent = store.ranking()
    for rank in range(1, 8):
        store.finalist(parent, f"c{rank}", rank=rank)
    monkeypatch.setattr(child_runs, "_PAGE", 3)
    assert [entry.rank for entry in read_review(store.settings, parent).entries] == list(range(1, 8))


def test_several_reviews_of_one_candidate(store: ReviewStore) -> None:
    parent = store.ranking()
    store.finalist(parent, "agreed", decision="approve", by="ann")
    store.finalist(parent, "agreed", decision="Approve", by="bob")
    store.finalist(parent, "decided before", decision="reject")
    store.finalist(parent, "decided before")
    one = store.finalist(parent, "contradicting", decision="approve")
    two = store.finalist(parent, "contradicting", decision="reject")
    store.finalist(parent, "same id", "CoO", decision="hold")
    store.finalist(parent, "same id", "NiO", decision="reject")
    review = read_review(store.settings, parent)
    found = {(entry.candidate_id, entry.formula): entry.decision for entry in review.entries}
    assert found == {
        ("agreed", "FeO"): "approve",
        ("decided before", "FeO"): "reject",
        ("contradicting", "FeO"): "open",
        ("same id", "CoO"): "hold",
        ("same id", "NiO"): "reject",
    }
    assert len(review.entries) == 5
    (warning,) = review.warnings
    assert "contradicting" in warning and one in warning and two in warning


def test_missing_and_mistyped_tags_cause_warnings(store: ReviewStore) -> None:
    parent = store.ranking()
    nameless = store.finalist(parent, "", "FeO", decision="approve")
    mistyped = store.finalist(parent, "c2", rank=None)
    store.client.set_tag(mistyped, "Review.Decision", "approve")
    store.client.set_tag(mistyped, "rank", "first")
    bare = store.finalist(parent, "c3")
    for tag in ("review.decision", "rank"):
        store.client.delete_tag(bare, tag)
    store.client.set_tag(parent, "review.decision", "approve")
    review = read_review(store.settings, parent)
    assert {(entry.candidate_id, entry.rank, entry.decision) for entry in review.entries} == {
        ("c2", None, "open"), ("c3", None, "open")
    }  # fmt: skip
    about = {run: [text for text in review.warnings if run in text] for run in (nameless, mistyped, parent)}
    assert len(review.warnings) == 3 and "on the ranking itself" in about[parent][0]
    assert "candidate_id" in about[nameless][0] and "Review.Decision" in about[mistyped][0]


def test_the_ranking_is_found_from_a_finalist_and_from_its_folder(store: ReviewStore, tmp_path: Path) -> None:
    parent = store.ranking(**{"mlflow.parentRunId": store.ranking()})
    child = store.finalist(parent, "c1")
    record = {"run_id": parent, "tracking_uri": store.settings.uri, "experiment_id": store.experiment}
    file = tmp_path / "mlflow_run_id.json"
    file.write_text(json.dumps(record))
    elsewhere = TrackingSettings("")
    assert read_review(store.settings, parent).run_id == parent
    assert read_review(store.settings, f" {child}\n").run_id == parent
    assert read_review(elsewhere, str(tmp_path)).run_id == parent
    assert read_review(elsewhere, str(file)).run_id == parent
    assert read_review(TrackingSettings("none"), str(tmp_path)).run_id == parent
    file.write_text(json.dumps(record | {"tracking_uri": "postgresql://ann:***@host/db"}))
    assert read_review(store.settings, str(tmp_path)).run_id == parent
    with pytest.raises(RequestError, match="needs a password"):
        read_review(elsewhere, str(tmp_path))


@pytest.mark.parametrize("run_id", ["0" * 32, "no such'; DROP", "*", "", "нет", "a" * 500])
def test_an_unknown_run_is_refused(store: ReviewStore, run_id: str) -> None:
    with pytest.raises(RequestError, match=r"review=.*no such run; expected the id of a ranking's run"):
        read_review(store.settings, run_id, "review")


def test_other_runs_are_refused(store: ReviewStore, tmp_path: Path) -> None:
    training = store.client.create_run(store.experiment, run_name="train").info.run_id
    empty = store.ranking()
    deleted = store.ranking()
    store.client.delete_run(deleted)
    for run_id, words in ((training, "'train' is not a ranking"), (empty, "no finalists"), (deleted, "was deleted")):
        with pytest.raises(RequestError, match=words):
            read_review(store.settings, run_id)
    with pytest.raises(RequestError, match="a ranking with task=magnets; expected task=electrodes"):
        read_review(store.settings, store.ranking(), task="electrodes")
    with pytest.raises(RequestError, match=r"no mlflow_run_id\.json with a run there"):
        read_review(store.settings, str(tmp_path))
    with pytest.raises(RequestError, match=r"no mlflow_run_id\.json with a run there"):
        read_review(store.settings, str(tmp_path / "missing"))
    record = {"run_id": empty, "tracking_uri": store.settings.uri, "experiment_id": store.experiment}
    (tmp_path / "mlflow_run_id.json").write_text(json.dumps(record))
    with pytest.raises(RequestError, match=r"no mlflow_run_id\.json with a run there"):
        read_review(store.settings, str(tmp_path / "missing"))
    (tmp_path / "mlflow_run_id.json").write_text("[]")
    with pytest.raises(ScreeningError, match="not a valid run record"):
        read_review(store.settings, str(tmp_path))


def test_no_store_is_created(tmp_path: Path) -> None:
    with pytest.raises(RequestError, match="tracking is off"):
        read_review(TrackingSettings("none"), "x")
    missing = tmp_path / "missing" / "mlflow.db"
    with pytest.raises(RequestError, match="no such file"):
        read_review(TrackingSettings(f"sqlite:///{missing}"), "x")
    assert not missing.parent.exists()


def test_a_store_that_does_not_answer_is_named_with_the_run() -> None:
    with pytest.raises(ScreeningError, match=r"http://127\.0\.0\.1:9: cannot read run=x there.*refused") as caught:
        read_review(TrackingSettings("http://127.0.0.1:9"), "x")
    assert "tracking=none" not in str(caught.value) and caught.value.exit_status == 1


def test_a_store_does_not_show_its_password(store: ReviewStore) -> None:
    parent = store.ranking()
    store.finalist(parent)
    assert store.settings.uri not in repr(read_review(store.settings, parent))
