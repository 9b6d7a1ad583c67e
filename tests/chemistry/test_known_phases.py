"""The table of known phases, and mixtures of them."""

from __future__ import annotations

import polars as pl
import pytest

from screening.chemistry.compositions import chemical_system, count_matrix
from screening.chemistry.elements import ATOMIC_NUMBERS
from screening.chemistry.known_phases import PHASES_FILE, known_phases
from screening.chemistry.phase_hull import decomposition, open_to

LITHIUM = ATOMIC_NUMBERS["Li"]


def test_the_table_is_sorted_and_small_and_says_what_it_holds() -> None:
    table = pl.read_parquet(PHASES_FILE)
    assert PHASES_FILE.stat().st_size < 1e6
    assert table["chemical_system"].is_sorted()
    assert table["formula"].is_unique().all()
    assert table["mp_id"].str.contains("^(mp|mvc)-").all()
    some = table.sample(500, seed=0)
    assert [chemical_system(row) for row in count_matrix(some["formula"].to_list())] == some[
        "chemical_system"
    ].to_list()
    assert f"{table.height:,} calculated" in PHASES_FILE.with_name("README.md").read_text(encoding="utf-8")


def test_a_system_has_the_phases_of_its_parts_and_its_elements() -> None:
    phases = known_phases(["Si", "Li"])
    assert {"Li", "Si", "Li15Si4", "Li12Si7"} <= set(phases.formulas)
    assert set(known_phases(["Li", "Si", "O"]).formulas) > set(phases.formulas)
    silicon = phases.formulas.index("Si")
    assert phases.energy_eV_per_atom[silicon] == 0
    assert phases.volume_A3_per_atom[silicon] == pytest.approx(5.4310**3 / 8, rel=0.01)


def test_a_system_without_compounds_still_has_its_elements() -> None:
    assert known_phases(["He", "Ne"]).formulas == ("He", "Ne")
    with pytest.raises(ValueError, match="at most 12"):
        known_phases([f for f in ATOMIC_NUMBERS if f != "Og"])


def test_a_compound_above_the_hull_decomposes_into_its_neighbours() -> None:
    phases = known_phases(["Li", "Si"]).having("Li7Si4", 0.5, 20.0, "own")
    mixture = decomposition(count_matrix(["Li7Si4"])[0], phases)
    assert set(mixture.formulas) == {"Li12Si7", "Li13Si4"}
    assert mixture.counts == pytest.approx(count_matrix(["Li7Si4"])[0])
    assert mixture.energy_eV < 0


def test_the_hull_is_pymatgens() -> None:
    from pymatgen.analysis.phase_diagram import PDEntry, PhaseDiagram
    from pymatgen.core import Composition

    phases = known_phases(["Co", "F", "O"])
    entries = [PDEntry(Composition(f), e) for f, e in zip(phases.formulas, phases.energy_eV, strict=True)]
    expected = PhaseDiagram(entries).get_hull_energy(Composition("CoO2F"))
    assert decomposition(count_matrix(["CoO2F"])[0], phases).energy_eV == pytest.approx(expected, abs=1e-6)


def test_a_mixture_has_no_other_elements() -> None:
    assert decomposition(count_matrix(["Si"])[0], known_phases(["Li", "Si"])).formulas == ("Si",)


@pytest.mark.parametrize(("potential_eV", "expected"), [(-3.0, "Si"), (-0.05, "Li21Si5")])
def test_more_is_taken_from_a_reservoir_the_less_it_costs(potential_eV: float, expected: str) -> None:
    phases = known_phases(["Li", "Si"])
    assert open_to(count_matrix(["Si"])[0], phases, LITHIUM, potential_eV).formulas == (expected,)


def test_there_is_no_limit_beside_the_pure_element() -> None:
    with pytest.raises(ValueError, match="below that of the pure element"):
        open_to(count_matrix(["Si"])[0], known_phases(["Li", "Si"]), LITHIUM, 0.0)


def test_missing_elements_are_an_error() -> None:
    phases = known_phases(["Li", "Si"])
    with pytest.raises(ValueError, match="only these elements"):
        decomposition(count_matrix(["Ge"])[0], phases)
    with pytest.raises(ValueError, match="no mixture"):
        decomposition(count_matrix(["SiGe"])[0], phases)
