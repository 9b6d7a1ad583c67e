"""The comparison with peers runs, gives each the same rows, and says which are missing. No test looks at a score."""

from __future__ import annotations

import importlib
import importlib.util
import json
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch
from helpers.crystals import cubic, random_crystal
from helpers.labelled import small_store

from screening.crystals.packed import pack
from screening.data.splits import split_of
from screening.data.store import Store

SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"
INSTALLED = {name: importlib.util.find_spec(package) is not None for name, package in
             (("cgcnn", "torch_geometric"), ("megnet", "matgl"))}  # fmt: skip


@pytest.fixture
def peers(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(SCRIPTS))
    return importlib.import_module("compare_peers")


@pytest.fixture
def models(peers: ModuleType) -> ModuleType:
    return importlib.import_module("peers_models")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return small_store(tmp_path_factory.mktemp("data") / "store", 150)


@pytest.mark.ci
def test_one_table_with_a_row_for_each(
    peers: ModuleType, store: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "peers.json"
    keys = {"store": store.path, "minutes": 0.01, "threads": 1, "device": "cpu", "output": output, "rates": "1e-3"}
    peers.main([part for key, value in keys.items() for part in (f"--{key}", str(value))])
    report = json.loads(output.read_text(encoding="utf-8"))
    shown = capsys.readouterr().out
    for name, row in zip(("ours", "cgcnn", "megnet"), report["results"], strict=True):
        assert row["name"] in shown
        if name == "ours" or INSTALLED[name]:
            assert set(row["mae"]) == set(peers.TARGETS) and np.isfinite(list(row["mae"].values())).all()
            assert row["structures_seen"] > 0 and row["parameters"] > 10_000 and not row["note"]
        else:
            assert "not installed" in row["note"] and row["mae"] == {}
    assert report["rows"]["train"] + report["rows"]["validation"] + report["rows"]["test"] <= 150


def test_rows_are_split_by_system_and_drawn_the_same_way_every_time(peers: ModuleType, store: Store) -> None:
    arguments = peers.parse(["--store", str(store.path), "--train", "40"])
    rows = peers.choose_rows(store, arguments)
    assert 0 < len(rows["train"]) <= 40
    for split, found in rows.items():
        assert {split_of(store.index["chemical_system"][int(row)]) for row in found} == {split}
    again = peers.choose_rows(store, arguments)
    assert all(np.array_equal(rows[split], again[split]) for split in rows)


def test_cutoff_graphs_hold_every_pair_or_the_nearest_ones(models: ModuleType) -> None:
    fcc = pack([cubic(29, 3.61, "F")])
    every = models.cutoff_graphs(fcc, 3.0)  # the 12 nearest neighbours at a / sqrt(2) = 2.55 Å, the next at 3.61 Å
    assert every.n_edges.tolist() == [48] and every.vector.norm(dim=1).numpy() == pytest.approx(3.61 / 2**0.5)
    rng = np.random.default_rng(0)
    crystals = pack([random_crystal(rng, n) for n in (1, 4, 7)])
    all_pairs, nearest = models.cutoff_graphs(crystals, 8.0), models.cutoff_graphs(crystals, 8.0, 12)
    assert nearest.n_edges.tolist() == [12, 48, 84]
    for row in range(3):
        many, few = (graphs.take(torch.tensor([row])) for graphs in (all_pairs, nearest))
        for atom in range(int(few.n_atoms[0])):
            expected = many.vector[many.centre == atom].norm(dim=1).sort().values[:12]
            found = few.vector[few.centre == atom].norm(dim=1).sort().values
            assert found.numpy() == pytest.approx(expected.numpy())


def test_the_learning_rate_rises_and_falls_with_time(peers: ModuleType) -> None:
    rates = [peers.schedule(progress) for progress in (0.0, 0.01, 0.02, 0.5, 1.0, 1.2)]
    assert rates[0] < rates[1] < rates[2] == pytest.approx(1.0) and rates[2] > rates[3] > rates[4]
    assert rates[4] == rates[5] == pytest.approx(0.005)


@pytest.mark.parametrize("name", [name for name, there in INSTALLED.items() if there])
def test_peers_do_not_see_what_else_is_in_the_batch(models: ModuleType, name: str) -> None:
    rng = np.random.default_rng(1)
    crystals = pack([random_crystal(rng, n) for n in (3, 5, 4)])
    graphs = models.PEERS[name].graphs(crystals)
    network = models.PEERS[name].make(("formation_energy_eV_per_atom", "band_gap_eV"), None).module.eval()
    with torch.no_grad():
        together = network(graphs.take(torch.arange(3)))
        alone = torch.cat([network(graphs.take(torch.tensor([row]))) for row in range(3)])
    assert together.shape == (3, 2) and together.numpy() == pytest.approx(alone.numpy(), abs=1e-4)


def test_an_unknown_model_is_refused(peers: ModuleType) -> None:
    with pytest.raises(SystemExit):
        peers.parse(["--store", "x", "--models", "schnet"])
