"""Alloys and conversion electrodes: the range of ions, voltage and volume from formation energies of phases."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from screening.array_types import Floats
from screening.chemistry.compositions import count_matrix
from screening.chemistry.elements import ATOMIC_NUMBERS, SYMBOLS
from screening.chemistry.formulas import cell_formula
from screening.chemistry.known_phases import Phases
from screening.crystals.crystal import Crystal
from screening.materials.electrodes.end_members.redox import ION_CHARGES
from screening.materials.electrodes.phases.discharge_path import (
    LOWEST_STEP_V,
    DischargePath,
    Stage,
    path_from,
    path_to,
    with_steps,
)
from screening.materials.electrodes.phases.line_phases import LinePhases

_TABLE_V = 0.03
"""Half the 80 % interval of a voltage between phases of the table, whose corrections have changed over the years."""
_GIVEN = "given"
_ALLOYING = ("Al", "Si", "P", "Zn", "Ga", "Ge", "As", "Ag", "Cd", "In", "Sn", "Sb", "Pb", "Bi")
"""Elements that take up lithium or its relatives as alloys: Obrovac and Chevrier, Chem. Rev. 114, 11444 (2014)."""
_FORMATION, _HULL = "formation_energy_eV_per_atom", "energy_above_hull_eV_per_atom"


@dataclass(frozen=True)
class PhaseElectrode:
    """An electrode that turns into other phases; amounts are per cell of the given crystal.

    Attributes:
        ion: Symbol of the working ion.
        discharged_formula: Of the cell with all ions.
        path: Its ends.
        holds_ions: Whether the crystal is the discharged end.
        half_V: Half the interval of the calculated voltage.
        hull: Energy above the hull of the crystal with its interval in eV/atom.
        unlisted: Elements that may alloy with the ion, but of which no phase with it is known here.
    """

    ion: str
    discharged_formula: str
    path: DischargePath
    holds_ions: bool
    half_V: float
    hull: tuple[float, float, float]
    unlisted: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Energy:
    """Formation energy of a crystal and half its interval, and its energy above the hull with its interval, eV/atom."""

    value: float
    half: float
    hull: tuple[float, float, float]


def phase_electrodes(
    crystals: Mapping[int, Crystal], ions: Mapping[int, str], lines: LinePhases
) -> dict[int, PhaseElectrode | str]:
    """The electrodes that turn into other phases, or why they have no voltage.

    Args:
        crystals: Row -> crystal.
        ions: Row -> symbol of the working ion.
        lines: Finds phases.
    """
    energies = _energies(crystals, lines)
    return {row: _electrode(crystal, ions[row], energies.get(row), lines) for row, crystal in crystals.items()}


def discharge_steps(electrode: PhaseElectrode, crystal: Crystal, lines: LinePhases) -> DischargePath:
    """The path of the electrode of a crystal with all its steps."""
    frame, phases = _frame_and_phases(crystal, electrode.ion, lines)
    if not electrode.holds_ions:
        phases = _having(phases, crystal, electrode.path.stages[0].energy_eV)
    return with_steps(electrode.path, frame, phases)


def _electrode(crystal: Crystal, ion: str, energy: _Energy | None, lines: LinePhases) -> PhaseElectrode | str:
    if energy is None:
        unknown = sorted({SYMBOLS[z] for z in crystal.numbers.tolist() if z not in lines.network.elements})
        return f"the network does not know {', '.join(unknown)}: there is no formation energy of {crystal.formula}"
    try:
        frame, phases = _frame_and_phases(crystal, ion, lines)
        return _path(crystal, ion, energy, frame, phases)
    except ValueError as error:
        return f"{crystal.formula}: the phases that it turns into were not found ({error})"


def _path(crystal: Crystal, ion: str, energy: _Energy, frame: Floats, phases: Phases) -> PhaseElectrode | str:
    number, charge = ATOMIC_NUMBERS[ion], ION_CHARGES[ion]
    held = float((crystal.numbers == number).sum())
    own = Stage(held, energy.value * crystal.n_atoms, crystal.volume_A3, (crystal.formula,))
    if held:
        emptied = frame.copy()
        emptied[number] = _left(crystal, number)
        path: DischargePath | None = path_to(emptied, phases, own, number, charge)
        formula = cell_formula(crystal.numbers)
    else:
        path = path_from(frame, _having(phases, crystal, own.energy_eV), own, number, charge)
        formula = f"{ion}{_shown(path.ions)}{cell_formula(crystal.numbers)}" if path else ""
    unlisted = _unlisted(frame, phases, number)
    if path is None:
        gap = f"; the table of known phases has none of {ion} with {', '.join(unlisted)}" if unlisted else ""
        return f"no known phase of {crystal.formula} and {ion} forms at {LOWEST_STEP_V:g} V or more{gap}"
    half = energy.half * crystal.n_atoms / (path.ions * charge)
    return PhaseElectrode(ion, formula, path, bool(held), float(np.hypot(half, _TABLE_V)), energy.hull, unlisted)


def _unlisted(frame: Floats, phases: Phases, ion: int) -> tuple[str, ...]:
    """Alloying elements of a frame without a binary phase with the ion."""
    binary = phases.counts[(phases.counts[:, ion] > 0) & ((phases.counts > 0).sum(axis=1) == 2)].any(axis=0)
    return tuple(s for s in _ALLOYING if frame[ATOMIC_NUMBERS[s]] and not binary[ATOMIC_NUMBERS[s]])


def _left(crystal: Crystal, ion: int) -> float:
    """Ions that stay in the charged end of a given pair, per discharged cell; 0 for a crystal alone."""
    charged = crystal.charged
    if charged is None:
        return 0.0
    stay, own = charged.numbers == ion, crystal.numbers != ion
    return float(stay.sum()) * own.sum() / (~stay).sum()


def _frame_and_phases(crystal: Crystal, ion: str, lines: LinePhases) -> tuple[Floats, Phases]:
    frame = count_matrix([cell_formula(crystal.numbers)])[0]
    frame[ATOMIC_NUMBERS[ion]] = 0.0
    return frame, lines.between([SYMBOLS[z] for z in np.flatnonzero(frame)], ion)


def _having(phases: Phases, crystal: Crystal, energy_eV: float) -> Phases:
    n = crystal.n_atoms
    return phases.having(crystal.formula, energy_eV / n, crystal.volume_A3 / n, _GIVEN)


def _energies(crystals: Mapping[int, Crystal], lines: LinePhases) -> dict[int, _Energy]:
    """Formation energies by the network, without crystals that have an element unknown to it."""
    rows = [row for row, crystal in crystals.items() if set(crystal.numbers.tolist()) <= lines.network.elements]
    names = [f"{name}{end}" for name in (_FORMATION, _HULL) for end in ("", "_lo", "_hi")]
    table = lines.predicted([crystals[row] for row in rows]).select(names)
    return {
        row: _Energy(value, (high - low) / 2, tuple(hull))
        for row, (value, low, high, *hull) in zip(rows, table.iter_rows(), strict=True)
    }


def _shown(amount: float) -> str:
    return f"{amount:.4f}".rstrip("0").rstrip(".")
