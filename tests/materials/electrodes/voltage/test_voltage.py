"""Voltages: the formula, what the features depend on, a small fit, its release, and the columns of a ranking."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from helpers.crystals import rotated, supercell
from helpers.electrodes import METALS, Springs, electrode, electrode_row, write_rows
from helpers.models import tiny_release

from screening.crystals import Crystal
from screening.crystals.packed import pack
from screening.errors import RequestError
from screening.materials.electrodes.end_members.pair import ElectrodePair, NoPair
from screening.materials.electrodes.voltage import voltage as voltage_module
from screening.materials.electrodes.voltage.couples import Couples, balance_of
from screening.materials.electrodes.voltage.descriptors import voltage_feature_names, voltage_features
from screening.materials.electrodes.voltage.ends import STEPS, Ends, evaluate_ends, metal_energies, potential_voltages
from screening.materials.electrodes.voltage.ends_cache import cached_ends
from screening.materials.electrodes.voltage.voltage import FORMAT, VOLTAGE_COLUMNS, VoltagePredictor
from screening.materials.electrodes.voltage.voltage_card import voltage_card
from screening.materials.electrodes.voltage.voltage_fit import VoltageFitSettings, fit_voltage_parts
from screening.materials.electrodes.working_ions import CHARGES, pure_metal
from screening.networks.predictor import Predictor
from screening.tabular.interval_forest import ForestSettings
from screening.tabular.kernel_ridge import KernelSettings
from screening.tabular.release import TabularRelease, load_tabular_release, save_tabular_release

pytestmark = pytest.mark.ci

SMALL = ForestSettings(n_trees=3, least_rows=2, tried=0.5, error_trees=2, kernel=KernelSettings(columns=8))
ION_SETS = ("Li", "Na", "Mg", "K", "Zn", "Ca")


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Predictor:
    return Predictor.load(str(tiny_release(tmp_path_factory.mktemp("network") / "tiny")), "cpu", "32")


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory, network: Predictor) -> Path:
    """Fitted to synthetic electrodes whose voltage depends on their first metal and ion."""
    folder, rng = tmp_path_factory.mktemp("voltage"), np.random.default_rng(0)
    rows = []
    for ion in ION_SETS:
        for i, first in enumerate(METALS):
            for second in METALS[i:]:
                discharged, charged = electrode(rng, ion, (first, second))
                voltage_V = 2.0 + 0.2 * i + 0.1 * len(ion)
                rows.append(electrode_row(discharged, charged, ion, voltage_V, CHARGES[ion]))
    settings = VoltageFitSettings(SMALL, n_seeds=2, most_hosts=24)
    found = fit_voltage_parts(write_rows(folder / "tables", rows), Springs(), network, folder / "kept", settings)
    for part, report in found.values():
        part.settings["report"] = report
    training = {"potential": "springs", "network": str(network.folder), "seed": 0, "minutes": 0.1, "machine": "x"}
    kept = TabularRelease("v", {name: part for name, (part, _) in found.items()}, training, FORMAT)
    save_tabular_release(folder / "v", kept, voltage_card(kept))
    return folder / "v"


@pytest.fixture
def predictor(release: Path, monkeypatch: pytest.MonkeyPatch) -> VoltagePredictor:
    monkeypatch.setattr(voltage_module, "load_potential", lambda name, device: Springs())
    loaded = VoltagePredictor.load(str(release), "cpu")
    assert loaded is not None
    return loaded


def couples(*pairs: tuple[Crystal, Crystal], ion: str = "Li") -> Couples:
    number = {"Li": 3, "Mg": 12}[ion]
    charge = np.full(len(pairs), float(CHARGES[ion]))
    return Couples(pack([p[0] for p in pairs]), pack([p[1] for p in pairs]), np.full(len(pairs), number), charge)


def ends_of(pairs: Couples, network: Predictor, given: str = "pair") -> Ends:
    return evaluate_ends(Springs(), network, pairs, given)


def test_metals_are_as_dense_as_the_real_ones() -> None:
    """Densities in g/cm³ from the CRC Handbook, an independent measurement."""
    densities = {"Li": 0.534, "Na": 0.97, "K": 0.862, "Mg": 1.74, "Ca": 1.54, "Zn": 7.134, "Al": 2.70, "Y": 4.47}
    masses = {"Li": 6.94, "Na": 22.99, "K": 39.1, "Mg": 24.305, "Ca": 40.08, "Zn": 65.38, "Al": 26.98, "Y": 88.906}
    for symbol, density in densities.items():
        crystal = pure_metal(symbol)
        assert masses[symbol] * crystal.n_atoms * 1.66054 / crystal.volume_A3 == pytest.approx(density, rel=0.02)


@pytest.mark.parametrize("ion", ["Li", "Mg"])
def test_the_voltage_is_the_energy_of_charging_over_the_charge(ion: str, network: Predictor) -> None:
    discharged, charged = electrode(np.random.default_rng(0), ion, ("Fe",), ions=3)
    pairs = couples((discharged, charged), ion=ion)
    metals = metal_energies(Springs(), [ion])
    found = potential_voltages(pairs, balance_of(pairs), ends_of(pairs, network), metals)
    energy = [Springs().energies(pack([crystal]), False).energy_eV[0] for crystal in (discharged, charged)]
    metal = min(
        Springs().energies(pack([pure_metal(ion, scale)]), False).energy_eV[0] / pure_metal(ion).n_atoms
        for scale in np.linspace(0.94, 1.06, 13)
    )
    assert found[0] == pytest.approx((energy[1] + 3 * metal - energy[0]) / (3 * CHARGES[ion]), abs=1e-9)


def test_features_do_not_depend_on_the_choice_of_cells(network: Predictor) -> None:
    rng = np.random.default_rng(3)
    discharged, charged = electrode(rng, "Li", ("Fe", "V"))
    variants = couples(
        (discharged, charged),
        (supercell(discharged, (1, 2, 1)), supercell(charged, (3, 1, 1))),
        (rotated(discharged, rng), rotated(charged, rng)),
    )
    ends = ends_of(variants, network)
    # the springs are no function of distances alone, so their part is that of the first for all
    fields = ("energy_eV", "first_energy_eV", "force_eV_per_A", "pressure_eV_per_A3")
    discharged_end, charged_end = (
        replace(end, prerelaxed=replace(end.prerelaxed, **dict.fromkeys(fields, np.zeros(3))))
        for end in (ends.discharged, ends.charged)
    )
    ends = Ends(discharged_end, charged_end)
    features = voltage_features(variants, balance_of(variants), ends, np.ones(3))
    assert features.shape == (3, len(voltage_feature_names()))
    assert np.isfinite(features).all()
    np.testing.assert_allclose(features[1:], np.tile(features[0], (2, 1)), atol=2e-3, rtol=1e-3)


def test_the_redox_couple_is_read_from_the_charge_balance(network: Predictor) -> None:
    rng, names = np.random.default_rng(4), voltage_feature_names()
    discharged, charged = electrode(rng, "Li", ("Fe",), ions=4)
    pairs = couples((discharged, charged))
    row = voltage_features(pairs, balance_of(pairs), ends_of(pairs, network), np.ones(1))[0]
    # Li4Fe2O6: Fe carries 12 - 4 = 8 charges between two
    assert row[names.index("state discharged")] == pytest.approx(4.0)
    assert row[names.index("state charged")] == pytest.approx(6.0)
    assert row[names.index("share of Fe")] == pytest.approx(1.0)
    assert row[names.index("moved")] == pytest.approx(4 / 8)


def test_columns_of_every_kind_of_electrode(predictor: VoltagePredictor) -> None:
    discharged, charged = electrode(np.random.default_rng(5), "Li", ("Fe",), ions=4)
    bare = replace(discharged, numbers=charged.numbers, frac=discharged.frac[4:])
    pairs = [
        NoPair("no ion"),
        ElectrodePair(discharged, charged, "Li", 4.0, "given", n_ions_practical=4.0),
        ElectrodePair(discharged, bare, "Li", 4.0, "topotactic", n_ions_practical=4.0),
        ElectrodePair(discharged, bare, "Li", 4.0, "topotactic", n_ions_practical=2.5),
        ElectrodePair(discharged, bare, "Li", 4.0, "topotactic", n_ions_practical=0.0),
        ElectrodePair(discharged, bare, "Li", 4.0, "topotactic"),
        ElectrodePair(discharged, replace(bare, numbers=bare.numbers[1:], frac=bare.frac[1:]), "Li", 4.0, "given"),
    ]
    table = pl.DataFrame(predictor.columns(pairs))
    assert tuple(table.columns) == VOLTAGE_COLUMNS
    assert table["voltage_calculated_V"].is_null().to_list() == [True, False, False, False, False, False, True]
    assert table["voltage_calculated_practical_V"].is_null().to_list() == [True, False, False, False, True, True, True]
    for name in ("voltage_calculated_V", "voltage_calculated_practical_V", "volume_change_percent"):
        told = table.drop_nulls(name)
        assert (told[f"{name}_lo"] <= told[name]).all()
        assert (told[name] <= told[f"{name}_hi"]).all()
    assert table["volume_change_percent"][1] == pytest.approx(100 * (0.99**3 - 1))
    assert table["voltage_calculated_practical_V"][2] == table["voltage_calculated_V"][2]
    assert table["voltage_calculated_practical_V"][3] != table["voltage_calculated_V"][3]
    assert table["voltage_method"][0] is None
    assert "both ends" in table["voltage_method"][1]
    assert "6 steps downhill by springs" in table["voltage_method"][2]


def test_the_practical_part_of_a_given_pair_strains_in_proportion(predictor: VoltagePredictor) -> None:
    discharged, charged = electrode(np.random.default_rng(5), "Li", ("Fe",), ions=4)
    pairs = [ElectrodePair(discharged, charged, "Li", 4.0, "given", n_ions_practical=n) for n in (4.0, 1.0)]
    whole, part = pl.DataFrame(predictor.columns(pairs))["volume_change_percent"]
    assert part == pytest.approx(whole / 4)


def test_rows_do_not_depend_on_each_other(predictor: VoltagePredictor) -> None:
    rng = np.random.default_rng(7)
    pairs = []
    for metal in ("Fe", "Co", "U"):  # the springs know nothing beyond bismuth
        discharged, charged = electrode(rng, "Na", (metal,))
        pairs.append(ElectrodePair(discharged, charged, "Na", 2.0, "given"))
    together = pl.DataFrame(predictor.columns(pairs))
    for row, pair in enumerate(pairs):
        alone = pl.DataFrame(predictor.columns([pair]))
        for name in VOLTAGE_COLUMNS[:9]:
            assert alone[name][0] == (None if together[name][row] is None else pytest.approx(together[name][row]))
    assert together["voltage_calculated_V"].is_null().to_list() == [False, False, True]
    assert pl.DataFrame(predictor.columns([])).height == 0


def test_a_derived_end_follows_the_given_one(predictor: VoltagePredictor) -> None:
    discharged, charged = electrode(np.random.default_rng(8), "Li", ("Fe",), ions=2)
    bare = replace(discharged, numbers=charged.numbers, frac=discharged.frac[2:])
    moved = predictor.prepared(couples((discharged, bare)), "discharged")
    assert np.abs(moved.discharged.lattice - discharged.lattice).max() > 1e-3
    np.testing.assert_array_equal(moved.charged.lattice, moved.discharged.lattice)
    np.testing.assert_array_equal(moved.charged.frac, moved.discharged.frac[2:])
    host = Crystal.from_arrays("host", charged.lattice, charged.numbers, charged.frac)
    full = Crystal.from_arrays("full", host.lattice, [*host.numbers, 3], [*host.frac, [0.3, 0.4, 0.5]])
    moved = predictor.prepared(couples((full, host)), "charged")
    assert np.abs(moved.charged.frac - host.frac).max() > 1e-3
    np.testing.assert_array_equal(moved.discharged.frac[:-1], moved.charged.frac)
    np.testing.assert_array_equal(moved.discharged.frac[-1], [0.3, 0.4, 0.5])
    np.testing.assert_array_equal(moved.discharged.lattice, moved.charged.lattice)
    pair = predictor.prepared(couples((discharged, charged)), "pair")
    assert np.abs(pair.charged.lattice - pair.discharged.lattice).max() > 1e-6


def test_a_fit_reports_its_errors_and_continues_from_the_cache(release: Path) -> None:
    card = (release / "MODEL_CARD.md").read_text()
    assert "both ends given" in card
    assert "were trained on relaxations" in card
    report = load_tabular_release(release, "voltage", FORMAT).parts["voltage of pair"].get("report")
    found = report["scores"]["all"]
    assert len(found["maes"]) == 2
    assert found["n"] == report["rows"]["test"]
    assert 0 <= found["coverage"] <= 1
    assert list((release.parent / "kept").glob("*.safetensors"))
    assert not list(release.rglob("*.pkl"))


def test_evaluations_are_cached(network: Predictor, tmp_path: Path) -> None:
    rng, springs = np.random.default_rng(9), Springs()
    pairs = couples(electrode(rng, "Li", ("Fe",)), electrode(rng, "Li", ("V",)))
    first = cached_ends(tmp_path, springs, network, pairs, "discharged")
    calls = springs.calls
    second = cached_ends(tmp_path, springs, network, pairs, "discharged")
    assert springs.calls == calls
    np.testing.assert_array_equal(second.charged.prerelaxed.energy_eV, first.charged.prerelaxed.energy_eV)
    np.testing.assert_array_equal(second.charged.prerelaxed.packed.frac, first.charged.prerelaxed.packed.frac)
    cached_ends(tmp_path, springs, network, pairs, "charged")
    assert springs.calls > calls


def test_evaluations_of_other_models_of_the_same_name_are_not_taken(network: Predictor, tmp_path: Path) -> None:
    springs, pairs = Springs(), couples(electrode(np.random.default_rng(9), "Li", ("Fe",)))
    first = cached_ends(tmp_path / "kept", springs, network, pairs, "discharged")
    other = Predictor.load(str(tiny_release(tmp_path / network.folder.name, seed=5)), "cpu", "32")
    calls = springs.calls
    second = cached_ends(tmp_path / "kept", springs, other, pairs, "discharged")
    assert springs.calls > calls and not np.array_equal(second.charged.properties, first.charged.properties)
    weights, calls = tmp_path / "weights", springs.calls
    weights.write_text("other weights of a potential of the same name")
    springs.checkpoint = weights
    cached_ends(tmp_path / "kept", springs, other, pairs, "discharged")
    assert springs.calls > calls


def test_wrong_releases_are_refused(release: Path, tmp_path: Path) -> None:
    assert VoltagePredictor.load("none") is None
    with pytest.raises(RequestError, match="voltage=nothing-of-the-sort: expected none"):
        VoltagePredictor.load("nothing-of-the-sort")
    with pytest.raises(RequestError, match="voltage-1"):
        load_tabular_release(tiny_release(tmp_path / "network"), "voltage", FORMAT)
    kept = load_tabular_release(release, "voltage", FORMAT)
    save_tabular_release(tmp_path / "bare", TabularRelease("bare", kept.parts, {}, FORMAT), "card")
    with pytest.raises(RequestError, match="does not name the potential and network"):
        VoltagePredictor.load(str(tmp_path / "bare"))


def test_every_situation_has_steps_and_words() -> None:
    assert set(voltage_module._METHODS) == set(STEPS) == set(voltage_module._GIVEN.values())
