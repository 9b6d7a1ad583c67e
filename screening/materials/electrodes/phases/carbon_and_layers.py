"""Graphite and layered hosts: what semilocal energies get wrong without van der Waals forces, by rules with sources."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import polars as pl

from screening.chemistry.elements import ATOMIC_NUMBERS
from screening.chemistry.known_phases import known_phases
from screening.crystals.crystal import Crystal
from screening.crystals.packed import pack
from screening.materials.electrodes.end_members.frame_layers import layers
from screening.materials.electrodes.end_members.graphite import CARBON
from screening.materials.electrodes.end_members.pair import ElectrodePair, NoPair
from screening.materials.electrodes.phases.phase_kinds import Kind
from screening.materials.electrodes.working_ions import RADII_A
from screening.potentials.base import Potential
from screening.relaxation.few_steps import PRERELAX_STEPS, prerelax

GRAPHITE_V: Mapping[str, tuple[float, float, str]] = {
    "Li": (0.10, 0.05, "Dahn, Phys. Rev. B 44, 9170 (1991)"),
    "K": (0.25, 0.08, "Jian, Luo and Ji, J. Am. Chem. Soc. 137, 11566 (2015)"),
}
"""Measured averages between graphite and LiC6 or KC8, and half their 80 % intervals."""
_CARBON_PERCENT, _LAYERS_PERCENT = 2.0, 3.0
"""Half the 80 % intervals of volume changes: of the distance of graphite's compounds, and by the measured changes of
LiTiS2, NaTiS2, LiVS2, LiCoO2 and LiNiO2."""
_WHOLE, _TOO_FAR = 0.9, 1.1
_SAME_PERCENT = 1e-3
_VOLUME = "volume_change_percent"

Cells = dict[str, float | str | None]


def carbon_cells(pair: ElectrodePair) -> Cells:
    """Voltage and volume change of graphite and its compounds, in the place of calculated ones.

    The charged end is graphite, whose layers are 3.35 Å apart, whatever distance the crystal has; if some ions stay,
    its volume is as given.
    """
    change = pair.volume_change_percent
    if (pair.charged.numbers == CARBON).all():
        n_carbon = int((pair.discharged.numbers == CARBON).sum())
        phases = known_phases(["C", pair.working_ion])
        graphite_A3 = phases.volume_A3_per_atom[phases.formulas.index("C")]
        change = 100.0 * (n_carbon * graphite_A3 / pair.discharged.volume_A3 - 1.0)
    cells: Cells = {
        _VOLUME: change,
        f"{_VOLUME}_lo": change - _CARBON_PERCENT,
        f"{_VOLUME}_hi": change + _CARBON_PERCENT,
    }
    measured = GRAPHITE_V.get(pair.working_ion)
    if measured is None:
        return cells
    value, half, source = measured
    for name in ("voltage_V", "voltage_calculated_V", "voltage_calculated_practical_V"):
        cells |= {name: value, f"{name}_lo": value - half, f"{name}_hi": value + half}
    return {**cells, "voltage_method": f"measured average of graphite ({source}), as layers need van der Waals forces"}


def layered_cells(
    table: pl.DataFrame,
    pairs: Sequence[ElectrodePair | NoPair],
    kinds: Sequence[Kind | None],
    potential: Potential | None,
) -> dict[int, Cells]:
    """Row -> volume change of layered hosts that lose all ions between their layers.

    The charged frame has its area and thickness after some steps downhill, and gaps by `CONTACT`.

    Args:
        table: Predictions of B candidates.
        pairs: Their ends.
        kinds: How they store the ion.
        potential: For the steps; None takes the frames as they stand.
    """
    predicted = table[_VOLUME].to_list()
    rows = {
        row: pair
        for row, (pair, kind) in enumerate(zip(pairs, kinds, strict=True))
        if kind == "insertion" and isinstance(pair, ElectrodePair) and predicted[row] is not None and _empties(pair)
    }
    if not rows:
        return {}
    frames = pack([pair.charged for pair in rows.values()])
    if potential is not None:
        frames = prerelax(potential, frames, PRERELAX_STEPS).packed
    found: dict[int, Cells] = {}
    for index, (row, pair) in enumerate(rows.items()):
        atoms = frames.atoms(index)
        frame = Crystal("", frames.lattice[index], frames.numbers[atoms], frames.frac[atoms])
        stacked = layers(frame, np.zeros(frame.n_atoms, dtype=bool))
        if stacked is None:
            continue
        full_A3 = pair.discharged.volume_A3
        if pair.origin == "inserted":  # the host was given, and the volume with ions is predicted from its volume,
            full_A3 = pair.charged.volume_A3 / (1.0 + predicted[row] / 100.0)
            drifted = (stacked.gaps_A > _TOO_FAR * stacked.empty_gaps_A).any()
            if drifted or abs(pair.volume_change_percent) > _SAME_PERCENT:  # unless its layers were or had to be apart
                full_A3 = stacked.full_volume_A3(RADII_A[ATOMIC_NUMBERS[pair.working_ion]])
        change = 100.0 * (stacked.empty_volume_A3 / full_A3 - 1.0)
        found[row] = {
            _VOLUME: change,
            f"{_VOLUME}_lo": change - _LAYERS_PERCENT,
            f"{_VOLUME}_hi": change + _LAYERS_PERCENT,
        }
    return found


def _empties(pair: ElectrodePair) -> bool:
    """Whether the layers of a derived pair lose all their ions in practice, and no others stay between them."""
    if pair.origin == "given" or pair.n_ions_practical < _WHOLE * pair.n_ions_removed:
        return False
    moving = pair.discharged.numbers == ATOMIC_NUMBERS[pair.working_ion]
    stay = bool((pair.charged.numbers == ATOMIC_NUMBERS[pair.working_ion]).any())
    return not stay and layers(replace(pair.discharged, charged=None), moving) is not None
