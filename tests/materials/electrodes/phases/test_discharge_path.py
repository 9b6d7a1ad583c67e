"""Paths of discharge: what lies between a frame and its phase with most ions."""

from __future__ import annotations

import numpy as np
import pytest

from screening.chemistry.compositions import count_matrix
from screening.chemistry.elements import ATOMIC_NUMBERS, SYMBOLS
from screening.chemistry.known_phases import Phases, known_phases
from screening.chemistry.phase_hull import decomposition
from screening.materials.electrodes.phases.discharge_path import (
    LOWEST_STEP_V,
    DischargePath,
    Stage,
    path_from,
    path_to,
    with_steps,
)

LITHIUM = ATOMIC_NUMBERS["Li"]


def discharged(host: str, ion: str, charge: int = 1) -> DischargePath | None:
    frame = count_matrix([host])[0]
    phases = known_phases({SYMBOLS[z] for z in np.flatnonzero(frame)} | {ion})
    start = decomposition(frame, phases)
    own = Stage(0.0, start.energy_eV, start.volume_A3, start.formulas)
    path = path_from(frame, phases, own, ATOMIC_NUMBERS[ion], charge)
    return with_steps(path, frame, phases) if path else None


def test_lithium_and_silicon() -> None:
    path = discharged("Si", "Li")
    assert path is not None
    assert [stage.phases for stage in path.stages] == [("Si",), ("Li12Si7",), ("Li13Si4",), ("Li21Si5",)]
    assert path.ions == pytest.approx(21 / 5)
    # Wen and Huggins, J. Solid State Chem. 37, 271 (1981): 0.33, 0.29 and 0.16 V up to Li13Si4 at 415 °C
    assert [round(voltage, 1) for voltage, _ in path.steps] == [0.4, 0.3, 0.1]
    assert path.volume_change_percent == pytest.approx(-75, abs=3)


@pytest.mark.parametrize(("host", "ion"), [("Sn", "Li"), ("P", "K"), ("Cu6Sn5", "Li"), ("FeS2", "Na")])
def test_voltages_fall_and_steps_add_up_to_the_average(host: str, ion: str) -> None:
    path = discharged(host, ion)
    assert path is not None
    voltages, ions = zip(*path.steps, strict=True)
    assert list(voltages) == sorted(voltages, reverse=True)
    assert voltages[-1] > LOWEST_STEP_V - 1e-6
    assert np.dot(voltages, ions) == pytest.approx(path.average_V * path.ions)


@pytest.mark.ci
def test_steps_of_a_conversion_are_those_of_pymatgen() -> None:
    from pymatgen.analysis.phase_diagram import PDEntry, PhaseDiagram
    from pymatgen.core.composition import Composition
    from pymatgen.core.periodic_table import Element

    phases = known_phases(["Fe", "Li", "S"])
    diagram = PhaseDiagram([PDEntry(Composition(f), e) for f, e in zip(phases.formulas, phases.energy_eV, strict=True)])
    profile = diagram.get_element_profile(Element("Li"), Composition("FeS2"))
    path = discharged("FeS2", "Li")
    assert path is not None
    expected = {round(-step["chempot"], 4) for step in profile if -step["chempot"] > LOWEST_STEP_V}
    assert {round(voltage, 4) for voltage, _ in path.steps} == expected


def test_a_given_state_is_the_end_even_above_the_hull() -> None:
    frame, phases = count_matrix(["Si"])[0], known_phases(["Li", "Si"])
    path = path_to(frame, phases, Stage(1.0, -0.1, 30.0, ("LiSi",)), LITHIUM, 1)
    assert path.average_V == pytest.approx(0.1)
    assert len(with_steps(path, frame, phases).stages) == 2


def test_the_charge_of_the_ion_counts() -> None:
    single, double = discharged("Sn", "Mg", 1), discharged("Sn", "Mg", 2)
    assert single is not None and double is not None
    assert double.average_V == pytest.approx(single.average_V / 2)


def test_nothing_takes_up_ions_without_a_phase() -> None:
    frame = count_matrix(["Bi"])[0]
    phases = known_phases(["Bi", "Li"])
    elements: Phases = phases.where(np.array([formula in ("Bi", "Li") for formula in phases.formulas]))
    assert path_from(frame, elements, Stage(0.0, 0.0, 35.0, ("Bi",)), LITHIUM, 1) is None
