"""Energies by a second potential at ends that the first one relaxes, and `voltage=accurate` with and without it."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from helpers.electrodes import METALS, Springs, electrode, electrode_row, write_rows
from helpers.models import tiny_release

from screening.commands.fit import run
from screening.configuration import load_config
from screening.configuration.fit import FitConfig
from screening.crystals.packed import pack
from screening.errors import RequestError
from screening.materials.electrodes.voltage import release_choice, voltage_release
from screening.materials.electrodes.voltage import voltage as voltage_module
from screening.materials.electrodes.voltage.couples import Couples, balance_of
from screening.materials.electrodes.voltage.ends import Refinement, evaluate_ends, potential_voltages
from screening.materials.electrodes.voltage.ends_cache import cached_ends
from screening.materials.electrodes.voltage.insertion_data import electrode_examples
from screening.materials.electrodes.voltage.two_potentials import widened
from screening.materials.electrodes.voltage.voltage import FORMAT, VoltagePredictor
from screening.materials.exclusions import formulas_to_exclude
from screening.networks.predictor import Predictor
from screening.potentials import registry
from screening.potentials.base import PotentialOutput
from screening.potentials.state import CrystalState
from screening.tabular.release import load_tabular_release


class Shifted(Springs):
    """Half an electronvolt an atom above the other springs."""

    name = "shifted"

    def evaluate(self, state: CrystalState, forces: bool = True) -> PotentialOutput:
        found = super().evaluate(state, forces)
        return replace(found, energy_eV=found.energy_eV + 0.5 * state.n_atoms)


def couples(*pairs: tuple) -> Couples:
    ends = (pack([pair[side] for pair in pairs]) for side in (0, 1))
    return Couples(*ends, np.full(len(pairs), 3), np.ones(len(pairs)))


@pytest.mark.ci
def test_the_second_potential_gives_energies_and_nothing_else(tmp_path: Path) -> None:
    network = Predictor.load(str(tiny_release(tmp_path / "tiny")), "cpu", "32")
    pairs = couples(electrode(np.random.default_rng(0), "Li", ("Fe",)))
    alone = evaluate_ends(Springs(), network, pairs, "discharged")
    both = evaluate_ends(Springs(), network, pairs, "discharged", Refinement(Shifted()))
    for one, two in ((alone.discharged, both.discharged), (alone.charged, both.charged)):
        np.testing.assert_array_equal(two.prerelaxed.packed.frac, one.prerelaxed.packed.frac)
        np.testing.assert_array_equal(two.prerelaxed.force_eV_per_A, one.prerelaxed.force_eV_per_A)
        np.testing.assert_allclose(two.energy_eV, one.energy_eV + 0.5 * one.prerelaxed.packed.n_atoms, atol=1e-9)


@pytest.mark.ci
def test_intervals_are_wide_where_the_potentials_contradict_each_other(tmp_path: Path) -> None:
    network = Predictor.load(str(tiny_release(tmp_path / "tiny")), "cpu", "32")
    pairs = couples(*(electrode(np.random.default_rng(i), "Li", ("Fe",)) for i in (4, 5)))
    both, balance = evaluate_ends(Springs(), network, pairs, "pair", Refinement(Shifted())), balance_of(pairs)
    metals = np.zeros(119)
    by_first = potential_voltages(pairs, balance, evaluate_ends(Springs(), network, pairs, "pair"), metals)
    learned = np.stack([by_first, by_first - 0.2, by_first + 0.2], axis=1)
    alike = widened(learned, pairs, balance, both, by_first + 0.5, metals)
    np.testing.assert_array_equal(alike, learned)
    contradicting = widened(learned, pairs, balance, both, by_first - np.array([2.6, 0.7]), metals)
    np.testing.assert_allclose(contradicting[:, 2] - by_first, [2.0, 0.2], atol=1e-9)
    np.testing.assert_allclose(by_first - contradicting[:, 1], [2.0, 0.2], atol=1e-9)


@pytest.mark.ci
def test_further_steps_go_on_from_the_first_and_only_at_derived_ends(tmp_path: Path) -> None:
    network = Predictor.load(str(tiny_release(tmp_path / "tiny")), "cpu", "32")
    pairs, springs = couples(electrode(np.random.default_rng(3), "Li", ("Mn",))), Springs()
    few = evaluate_ends(springs, network, pairs, "discharged")
    more = evaluate_ends(springs, network, pairs, "discharged", Refinement(further_steps=9))
    np.testing.assert_array_equal(more.discharged.energy_eV, few.discharged.energy_eV)
    np.testing.assert_array_equal(more.charged.prerelaxed.first_energy_eV, few.charged.energy_eV)
    assert (more.charged.energy_eV < few.charged.energy_eV).all()
    kept = cached_ends(tmp_path / "kept", springs, network, pairs, "discharged", Refinement(further_steps=9))
    np.testing.assert_array_equal(kept.charged.energy_eV, more.charged.energy_eV)


@pytest.mark.ci
def test_another_second_potential_relaxes_nothing_anew(tmp_path: Path) -> None:
    network = Predictor.load(str(tiny_release(tmp_path / "tiny")), "cpu", "32")
    pairs, springs, shifted = couples(electrode(np.random.default_rng(1), "Li", ("V",))), Springs(), Shifted()
    first = cached_ends(tmp_path / "kept", springs, network, pairs, "charged", Refinement(shifted))
    calls = springs.calls, shifted.calls
    again = cached_ends(tmp_path / "kept", springs, network, pairs, "charged", Refinement(shifted))
    assert (springs.calls, shifted.calls) == calls
    np.testing.assert_array_equal(again.discharged.energy_eV, first.discharged.energy_eV)
    without = cached_ends(tmp_path / "kept", springs, network, pairs, "charged")
    assert springs.calls == calls[0]
    assert (first.charged.energy_eV > without.charged.energy_eV).all()


@pytest.mark.ci
def test_a_fit_with_a_second_potential_and_without_some_compounds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(0)
    tiny_release(tmp_path / "tiny")
    ends = [electrode(rng, "Li", (metal,), ions) for metal in METALS for ions in (1, 2)]
    write_rows(tmp_path / "tables", [electrode_row(*pair, "Li", 3.0 + 0.1 * i) for i, pair in enumerate(ends)])
    every = electrode_examples(tmp_path / "tables")
    (tmp_path / "kept_apart.txt").write_text(f"{ends[0][0].formula}\nNaCl\n")
    by_name = {"chgnet": Springs(), "sevennet": Shifted()}
    monkeypatch.setattr(voltage_release, "load_potential", lambda name, device, key="": by_name[name])
    monkeypatch.setattr(voltage_module, "load_potential", lambda name, device, key="": by_name[name])
    keys = {
        "electrodes": str(tmp_path / "tables"),
        "output_dir": str(tmp_path / "out"),
        "model": str(tmp_path / "tiny"),
    }
    keys |= {"energies_by": "sevennet", "exclude": str(tmp_path / "kept_apart.txt")}
    config = load_config("fit", ["voltage", "n_trees=2", "n_seeds=1", "device=cpu"], keys)
    assert isinstance(config, FitConfig)
    run(config)
    release = load_tabular_release(tmp_path / "out", "voltage", FORMAT)
    assert release.training["energies_by"] == "sevennet"
    assert release.training["excluded"] == 2
    report = release.parts["voltage of pair"].settings["report"]
    assert report["dropped"]["an excluded compound"] == len(every) - sum(report["rows"].values()) > 0
    loaded = VoltagePredictor.load(str(tmp_path / "out"), "cpu")
    assert loaded is not None
    assert "springs, energies by shifted" in loaded.method("discharged")


def test_a_list_of_compounds_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "list.txt").write_text("LiFePO4\nnot a formula\n")
    with pytest.raises(RequestError, match=r"exclude=.*list\.txt: expected one formula a line, got 'not'"):
        formulas_to_exclude(str(tmp_path / "list.txt"))
    assert formulas_to_exclude(None) == ()
    with pytest.raises(RequestError, match="cannot be read"):
        formulas_to_exclude(str(tmp_path / "other.txt"))


def test_accurate_is_the_best_that_is_installed(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    release_choice.best_release.cache_clear()
    monkeypatch.setattr(registry, "missing_for", lambda name: "")
    assert release_choice.best_release() == (release_choice.ACCURATE_RELEASE, "")
    release_choice.best_release.cache_clear()
    monkeypatch.setattr(registry, "missing_for", lambda name: "its package is not installed; pip install it")
    with caplog.at_level(logging.WARNING):
        name, remark = release_choice.best_release()
    assert name == release_choice.RELEASE
    assert remark == "not the accurate one, because its package is not installed"
    assert "pip install it" in caplog.text
    release_choice.best_release.cache_clear()
