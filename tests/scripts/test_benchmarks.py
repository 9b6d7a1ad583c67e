"""The benchmark scripts run, count the same edges and write what they promise. No test looks at a timing."""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from helpers.labelled import small_store
from helpers.models import tiny_release

from screening.crystals import Crystal, read_crystals
from screening.data.store import Store

SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"


@pytest.fixture
def scripts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(SCRIPTS))


@pytest.fixture
def graphs(scripts: None) -> ModuleType:
    return importlib.import_module("benchmark_graphs")


@pytest.fixture
def predict(scripts: None) -> ModuleType:
    return importlib.import_module("benchmark_predict")


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return small_store(tmp_path / "store", crystals=12)


def _common(store: Store, crystals: int) -> list[str]:
    return ["--store", str(store.path), "--crystals", str(crystals), "--threads", "1", "--passes", "1"]


@pytest.mark.ci
def test_all_searches_find_the_same_edges(
    graphs: ModuleType, store: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "graphs.json"
    report = graphs.main([*_common(store, 10), "--ase-crystals", "4", "--output", str(output)])
    assert json.loads(output.read_text(encoding="utf-8")) == report
    assert len(report["neighbours"]) >= 4
    for row in report["neighbours"]:
        assert row["structures_per_s"] > 0
        assert row["edges"] == row["expected"] > 0
    assert [row["crystals"] for row in report["neighbours"] if row["name"].startswith("ASE")] == [4]
    assert {row["name"] for row in report["graphs"]} >= {"graphs of packed crystals, cpu", "packing"}
    assert "matscipy" in capsys.readouterr().out


@pytest.mark.ci
def test_a_search_that_loses_an_edge_is_named(
    graphs: ModuleType, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    honest = graphs.ase
    monkeypatch.setattr(graphs, "ase", lambda parts, cutoff: honest(parts, cutoff) - 1)
    with pytest.raises(SystemExit, match=r"ASE, one by one: \d+ edges, expected \d+"):
        graphs.main([*_common(store, 4), "--ase-crystals", "4"])


def test_crystals_with_a_pair_at_the_cutoff_are_left_out(graphs: ModuleType) -> None:
    def cube(edge_A: float) -> Crystal:
        return Crystal.from_arrays(f"{edge_A}", np.eye(3) * edge_A, [26], [[0, 0, 0]])

    assert [c.candidate_id for c in graphs.clear_of_cutoff([cube(2.5), cube(2.6), cube(5.0)], 5.0)] == ["2.6"]


@pytest.mark.ci
def test_predict_in_memory_and_end_to_end(
    predict: ModuleType, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def absent(device: str) -> None:
        raise ImportError("no such package")

    monkeypatch.setitem(predict.PEERS, "megnet", ("a peer", absent))
    output = tmp_path / "predict.json"
    model = ["--model", str(tiny_release(tmp_path / "tiny")), "--peers", "megnet"]
    report = predict.main([*_common(store, 8), *model, "--end-to-end", "9", "--output", str(output)])
    assert json.loads(output.read_text(encoding="utf-8")) == report
    ours, structures, peer = report["in_memory"]
    assert ours["structures_per_s"] > 0
    assert structures["structures_per_s"] > 0
    assert (ours["ratio"], peer["ratio"], peer["structures_per_s"]) == (1.0, None, None)
    assert peer["note"] == "not measured: ImportError: no such package"
    assert {"graphs", "network", "table"} <= set(report["stages_s"])
    assert [(run["command"], run["crystals"]) for run in report["end_to_end"]] == [("predict", 9), ("predict", 18)]
    for run in report["end_to_end"]:
        assert 0 <= run["network_share"] <= 1
        assert 0.05 < run["peak_memory_GiB"] < 8
        assert run["stages_s"] >= 0


def test_peers_take_their_best_batch_size(predict: ModuleType, store: Store) -> None:
    calls = []
    structures = [store.crystal(0).to_structure()] * 12
    row = predict.measure_peer("peer", lambda given, size: calls.append((len(given), size)), structures, passes=2)
    assert {size for count, size in calls if count == 4} >= {1, 4}
    assert {f"{size} structures" for count, size in calls if count == 12} == {row.batch}
    assert row.crystals == 12


def test_a_part_of_the_sample_has_its_sizes(predict: ModuleType) -> None:
    sizes = [9, 1, 8, 2, 7, 3, 6, 4, 5, 10, 12, 11]
    part = predict.same_sizes(sizes, 4, lambda size: size)
    assert part == [8, 2, 5, 11]  # the middle of each quarter, in the given order
    assert predict.same_sizes(sizes, 99, lambda size: size) == sizes


def test_an_unknown_peer_is_refused(predict: ModuleType, store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        predict.main([*_common(store, 4), "--peers", "alignn"])
    assert "unknown alignn; there are chgnet, megnet" in capsys.readouterr().err


def test_a_small_source_is_repeated_as_distinct_crystals(predict: ModuleType, store: Store, tmp_path: Path) -> None:
    arguments = predict.parse([*_common(store, 30)])
    crystals = predict.sample_crystals(arguments, 30)
    file = tmp_path / "crystals.jsonl.gz"
    predict.write_jsonl(file, crystals)
    read = list(read_crystals(file))
    assert [c.candidate_id for c in read] == [c.candidate_id for c in crystals]
    assert all(isinstance(c, Crystal) for c in read)
    assert len({c.candidate_id for c in crystals}) == 30
    again = predict.sample_crystals(arguments, 30)
    assert [c.candidate_id for c in again] == [c.candidate_id for c in crystals]
