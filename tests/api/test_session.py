"""A session in memory: nothing is loaded twice, and nothing is written, drawn or worked out that nobody asked for."""

from __future__ import annotations

import html
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from ase import Atoms
from helpers.crystals import cubic
from helpers.labelled import small_store
from helpers.models import tiny_release
from polars.testing import assert_frame_equal
from pymatgen.core import Lattice, Structure

import screening
from screening.jobs import opening, ranking_outcome
from screening.learning import baselines
from screening.networks.predictor import Predictor
from screening.resources import resource

pytestmark = pytest.mark.ci

HOSTILE = '<img src=x onerror="alert(1)">'
EMT = "ase:ase.calculators.emt.EMT"


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(tiny_release(tmp_path_factory.mktemp("released") / "tiny"))


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty working folder, which stays empty."""
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    yield folder
    assert list(folder.iterdir()) == []


def alloy(name: str = "", strain: float = 0.0) -> Structure:
    structure = Structure(Lattice.cubic(2.87 + strain), ["Fe", "Co"], [[0, 0, 0], [0.5, 0.5, 0.5]])
    structure.properties |= {"id": name} if name else {}
    return structure


def _counted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    loaded: list[str] = []
    load, kind_of = Predictor.load, opening.predictor_kind

    def load_network(model: str, *rest: str) -> Predictor:
        loaded.append("network")
        return load(model, *rest)

    def kind(name: str, key: str) -> Any:
        loaded.append(name)
        return kind_of(name, key)

    monkeypatch.setattr(Predictor, "load", load_network)
    monkeypatch.setattr(opening, "predictor_kind", kind)
    return loaded


def test_a_second_call_loads_nothing(model: str, monkeypatch: pytest.MonkeyPatch) -> None:
    loaded, session = _counted(monkeypatch), screening.Session()
    first = session.predict(alloy(), model=model, device="cpu", magnetism="none")
    assert "network" in loaded
    loaded.clear()
    again = session.predict(alloy(), model=model, device="cpu", magnetism="none")
    assert_frame_equal(again.table, first.table)
    session.rank([alloy()], "magnets", model=model, device="cpu", magnetism="none")
    assert "network" not in loaded
    session.predict(alloy(), model=model, device="cpu", precision="32", magnetism="none")
    assert loaded.count("network") == 1
    session.clear()
    session.predict(alloy(), model=model, device="cpu", magnetism="none")
    assert loaded.count("network") == 2


def test_a_model_that_changed_is_loaded_again(tmp_path: Path) -> None:
    session, folder = screening.Session(), tiny_release(tmp_path / "model")
    first = session.predict(alloy(), model=str(folder), magnetism="none").table
    tiny_release(folder, seed=1)
    second = session.predict(alloy(), model=str(folder), magnetism="none").table
    assert first["band_gap_eV"][0] != second["band_gap_eV"][0]


def test_predictions_know_units_and_crystals(model: str) -> None:
    atoms = Atoms("FeCo", cell=np.eye(3) * 3.0, scaled_positions=[[0, 0, 0], [0.5, 0.5, 0.5]], pbc=True)
    done = screening.predict([alloy("mine"), atoms], model=model)
    assert isinstance(done, screening.Predictions) and len(done) == 2
    assert done.units["volume_A3"] == "Å³" and done.units["band_gap_eV_lo"] == "eV" and done.units["formula"] == ""
    assert done.units.keys() == set(done.table.columns)
    assert done.crystal("mine").matches(alloy()) and done.crystal("structure#1").volume == pytest.approx(27.0)
    assert np.array_equal(done.crystal("mine").frac_coords, alloy().frac_coords)
    with pytest.raises(screening.RequestError, match="candidate_id=yours: not in the table"):
        done.crystal("yours")


def test_predictions_in_a_file_are_the_same(model: str, tmp_path: Path) -> None:
    kept = screening.predict([alloy("mine")], tmp_path / "t.parquet", model=model)
    assert_frame_equal(kept.table, screening.predict([alloy("mine")], model=model).table)
    assert_frame_equal(kept.table, pl.read_parquet(tmp_path / "t.parquet"))
    assert kept.crystal("mine").matches(alloy())


def test_nothing_is_drawn_until_it_is_asked_for(model: str, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    for name in ("finalists", "structure_png", "render", "rank_landmarks"):
        original = getattr(ranking_outcome, name)
        monkeypatch.setattr(
            ranking_outcome, name, lambda *a, name=name, original=original: asked.append(name) or original(*a)
        )
    ranking = screening.rank([alloy("a"), alloy("b", 0.05)], "magnets", model=model, magnetism="none")
    assert asked == [] and ranking.record["mlflow"]["run_id"] is None
    assert ranking.best(1)["rank"].to_list() == [1]
    assert "µ" in ranking._repr_html_() and asked == []
    card = ranking.card("b")
    assert asked == ["finalists", "structure_png"] and "FeCo" in card.html
    assert ranking.card("b") is card
    report = ranking.report()
    assert asked[2:] == ["finalists", "rank_landmarks", "render"]
    assert "<title>" in report.html and 'href="finalists/' not in report.html
    assert ranking.crystal("b").matches(alloy("", 0.05))
    with pytest.raises(screening.RequestError, match="candidate_id=c"):
        ranking.card("c")


def test_names_from_files_never_become_markup(model: str) -> None:
    ranking = screening.rank([alloy(HOSTILE)], "magnets", model=model, magnetism="none")
    shown = [ranking._repr_html_(), ranking.card(HOSTILE).html, ranking.card(HOSTILE)._repr_html_()]
    assert all(HOSTILE not in text for text in shown)
    assert html.escape(HOSTILE) in shown[0] and len(shown[0]) < 20_000


def test_relaxed_crystals(tmp_path: Path) -> None:
    start = cubic(29, 3.75, "F")
    done = screening.relax([start, cubic(26, 2.9, "I")], potential=EMT, device="cpu")
    assert isinstance(done, screening.Relaxation) and len(done) == 1 and done.counts["converged"] == 1
    assert "EMT" in done.rejected["reason"][0] or "Fe" in done.rejected["reason"][0]
    name = done.table["candidate_id"][0]
    assert done.crystal(name).volume != pytest.approx(start.volume_A3, rel=1e-3)
    assert done.units["energy_eV_per_atom"] == "" or "eV" in done.units["energy_eV_per_atom"]
    kept = screening.relax([start], tmp_path / "out", potential=EMT, device="cpu", tracking="none")
    assert kept.crystal(name).matches(done.crystal(name)) and (tmp_path / "out" / "relaxed.extxyz").is_file()


def test_generated_crystals_are_candidates(model: str, tmp_path: Path) -> None:
    made = screening.generate(prototypes=["CaCu5"], elements={"rare_earth": ["Sm"], "transition_metal": ["Co"]})
    assert isinstance(made, screening.GeneratedCandidates) and "CaCu5__SmCo5" in set(made.table["candidate_id"])
    assert made.crystal("CaCu5__SmCo5").composition.reduced_formula == "SmCo5" and "SmCo5" in made._repr_html_()
    written = screening.generate(
        tmp_path / "rows.jsonl", prototypes=["CaCu5"], elements={"rare_earth": ["Sm"], "transition_metal": ["Co"]}
    )
    assert written.table.equals(made.table)
    from_rows = screening.predict(tmp_path / "rows.jsonl", model=model, magnetism="none").table
    assert_frame_equal(
        screening.predict(made, model=model, magnetism="none").table.drop("source"), from_rows.drop("source")
    )


def test_an_evaluation(model: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(baselines._BOOSTING, "max_iter", 5)
    store = small_store(tmp_path / "store", 100)
    done = screening.evaluate(store=store.path, model=model, device="cpu")
    assert isinstance(done, screening.Evaluation)
    assert {"mae", "coverage"} <= set(done.table.columns) and done.predictions.height > 0
    assert "<table>" in done._repr_html_() and "Accuracy" in done.model_card
    assert "plotly" in done.report().html.lower()


def test_a_training_and_its_model(tmp_path: Path) -> None:
    store = small_store(tmp_path / "store", 100)
    small = {"network.parameters.width": 16, "network.parameters.edge_width": 16, "network.parameters.layers": 1}
    quick = {"trainer.max_steps": 2, "trainer.precision": "32"}
    done = screening.train(
        tmp_path / "out", store=store.path, device="cpu", tracking="none", settings={**small, **quick}
    )
    assert isinstance(done, screening.Training) and done.registered == "" and done.result.steps == 2
    assert str(done.model) in done._repr_html_() and done.validation
    assert len(screening.predict(alloy(), model=str(done.model), magnetism="none")) == 1


def test_a_ranking_of_measured_materials(model: str, tmp_path: Path) -> None:
    table = resource("datasets") / "reference" / "magnets.csv"
    few = pl.read_csv(table, infer_schema=False).filter(pl.col("ordered") == "yes").head(12)
    few.write_csv(tmp_path / "few.csv")
    done = screening.evaluate(task="magnets", reference=tmp_path / "few.csv", model=model, device="cpu", order=False)
    assert isinstance(done, screening.ReferenceEvaluation)
    assert done.table.height > 10 and done.statistics and "learned_by_network" in done.table.columns
    assert done.record["mlflow"]["run_id"] is None and "<table>" in done._repr_html_()


def test_errors_and_names_are_the_packages_own() -> None:
    assert set(screening.__all__) <= set(dir(screening))
    assert all(getattr(screening, name) is not None for name in screening.__all__)
    assert issubclass(screening.RequestError, screening.ScreeningError)
    assert issubclass(screening.Interrupted, screening.ScreeningError)
    with pytest.raises(AttributeError, match="no attribute 'rnak'"):
        _ = screening.rnak  # type: ignore[attr-defined]
    with pytest.raises(screening.RequestError, match="did you mean model"):
        screening.predict(alloy(), modle="x")
    with pytest.raises(screening.RequestError, match=r"supply\.prices\.Zz"):
        screening.rank(alloy(), "magnets", settings={"supply.prices": {"Zz": 1.0}})
