"""Insertion against conversion: hosts that would rather turn into other phases than take ions into their voids."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from screening.chemistry.compositions import count_matrix
from screening.chemistry.elements import SYMBOLS
from screening.chemistry.formulas import cell_formula
from screening.chemistry.phase_hull import decomposition
from screening.materials.electrodes.end_members.pair import ElectrodePair, NoPair
from screening.materials.electrodes.end_members.redox import ION_CHARGES
from screening.materials.electrodes.phases.line_phases import LinePhases
from screening.materials.electrodes.phases.phase_kinds import Kind

_CLEARLY_V = 0.5
"""Insertion goes on where conversion gains less: it needs no atoms of the frame to move."""
_ENERGY = "formation_energy_eV_per_atom"


def converting_rows(
    table: pl.DataFrame, pairs: Sequence[ElectrodePair | NoPair], kinds: Sequence[Kind | None], lines: LinePhases
) -> list[int]:
    """The rows of hosts whose conversion has a clearly higher voltage than the insertion of the same number of ions.

    Args:
        table: Predictions of B candidates.
        pairs: Their ends.
        kinds: How they store the ion.
        lines: Finds phases.
    """
    voltages = table["voltage_calculated_V"].to_list()
    rows = {
        row: pair
        for row, (pair, kind) in enumerate(zip(pairs, kinds, strict=True))
        if kind == "insertion" and isinstance(pair, ElectrodePair) and pair.origin == "inserted"
        if voltages[row] is not None and set(pair.discharged.numbers.tolist()) <= lines.network.elements
    }
    energies = lines.predicted([pair.charged for pair in rows.values()])[f"{_ENERGY}_lo"].to_list()
    return [
        row
        for (row, pair), energy in zip(rows.items(), energies, strict=True)
        if _conversion_V(pair, energy, lines) > voltages[row] + _CLEARLY_V
    ]


def _conversion_V(pair: ElectrodePair, host_eV_per_atom: float, lines: LinePhases) -> float:
    """Voltage of the conversion into the most stable phases with as many ions; NaN for too many elements."""
    counts = count_matrix([cell_formula(pair.discharged.numbers)])[0]
    symbols = {SYMBOLS[z] for z in pair.discharged.numbers.tolist()}
    try:
        phases = lines.between(symbols, pair.working_ion)
    except ValueError:
        return float("nan")
    host_eV = host_eV_per_atom * pair.charged.n_atoms * pair.charged_cells
    gained = host_eV - decomposition(counts, phases).energy_eV
    return gained / (pair.n_ions_removed * ION_CHARGES[pair.working_ion])
