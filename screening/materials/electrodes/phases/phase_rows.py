"""The rows of alloys and conversion electrodes in the table of predictions, and how every candidate stores its ion."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from screening.chemistry.compositions import count_matrix
from screening.chemistry.formulas import cell_formula
from screening.crystals.crystal import Crystal
from screening.materials.electrodes.end_members.pair import ElectrodePair, NoPair
from screening.materials.electrodes.end_members.roles import working_ions
from screening.materials.electrodes.phases.carbon_and_layers import Cells, carbon_cells, layered_cells
from screening.materials.electrodes.phases.competition import converting_rows
from screening.materials.electrodes.phases.line_phases import LinePhases
from screening.materials.electrodes.phases.phase_electrodes import PhaseElectrode, phase_electrodes
from screening.materials.electrodes.phases.phase_kinds import CARBON_KIND, Kind, electrode_kind

_IONS = ("n_ions_removed", "n_ions_extractable", "n_ions_practical")
KIND_COLUMN, ORIGIN = "electrode_kind", "phases"
_MEASURED_V = {"alloy": 0.12, "conversion": 0.3}
"""Half the 80 % interval of a measured average around the calculated one; cases in docs/science/electrodes.md."""
_VOLUME_SHARE = 0.1
"""Half the interval of a volume change in parts of it: volumes of phases are calculated, and alloys are porous."""
_FRAME_FLAGS = {"frame_falls_apart", "not_an_electrode", "no_room", "host_without_ion", "ion_sites_blocked"}
_METHOD = "formation energies: {given} by the network, other phases from the table of known ones"


@dataclass(frozen=True)
class PhaseRows:
    """What phases say of B candidates.

    Attributes:
        kinds: How each stores its ion; None for what is no electrode.
        found: Row -> the electrode that turns into other phases, or why it has no voltage.
    """

    kinds: tuple[Kind | None, ...]
    found: Mapping[int, PhaseElectrode | str]

    def pairs_in_frames(self, pairs: Sequence[ElectrodePair | NoPair]) -> list[ElectrodePair | NoPair]:
        """The pairs, without those of electrodes that turn into other phases."""
        return [NoPair("") if row in self.found else pair for row, pair in enumerate(pairs)]


def phase_rows(
    crystals: Sequence[Crystal],
    pairs: Sequence[ElectrodePair | NoPair],
    working_ion: str | None,
    lines: LinePhases | None,
) -> PhaseRows:
    """What phases say of B candidates.

    Args:
        crystals: The candidates.
        pairs: Their ends, as long as frames stay.
        working_ion: The one that was asked for.
        lines: Finds phases; None leaves voltages open.
    """
    ions = _ions(crystals, pairs, working_ion)
    kinds = [electrode_kind(c, pair, ion) for c, pair, ion in zip(crystals, pairs, ions, strict=True)]
    rows = [row for row, kind in enumerate(kinds) if kind in _MEASURED_V]
    if lines is None:
        return PhaseRows(tuple(kinds), {})
    found = phase_electrodes({row: crystals[row] for row in rows}, {row: ions[row] for row in rows}, lines)
    for row in rows:
        if isinstance(found[row], str) and "alloy_anode" not in pairs[row].flags:  # nor is it an insertion host
            del found[row]
            kinds[row] = None
    return PhaseRows(tuple(kinds), found)


def with_phases(
    table: pl.DataFrame, rows: PhaseRows, pairs: Sequence[ElectrodePair | NoPair], lines: LinePhases | None
) -> pl.DataFrame:
    """The table of predictions with the rows of electrodes that turn into other phases, and with the kinds.

    Args:
        table: With the columns of pairs and voltages, B rows.
        rows: What phases say of them.
        pairs: Their ends, as long as frames stay.
        lines: Finds phases; None leaves voltages and volumes as they are.
    """
    columns = table.to_dict(as_series=False)
    cells: dict[int, Cells] = {}
    if lines is not None:
        carbons = {row: p for row, p in enumerate(pairs) if rows.kinds[row] == CARBON_KIND}
        cells |= {row: carbon_cells(p) for row, p in carbons.items() if isinstance(p, ElectrodePair)}
        cells |= layered_cells(table, pairs, rows.kinds, lines.potential)
        cells |= {row: _cells(electrode, rows.kinds[row], pairs[row]) for row, electrode in rows.found.items()}
    for row, changed in cells.items():
        for name, value in changed.items():
            columns[name][row] = value
    if lines is not None:
        for row in converting_rows(table, pairs, rows.kinds, lines):
            columns["flags"][row] = ";".join(filter(None, (columns["flags"][row], "may_convert")))
    kinds = pl.Series(KIND_COLUMN, rows.kinds, dtype=pl.String)
    return pl.DataFrame(columns, schema=table.schema).with_columns(kinds)


def _ions(crystals: Sequence[Crystal], pairs: Sequence[ElectrodePair | NoPair], working_ion: str | None) -> list[str]:
    """The working ion of each candidate, also of those without a pair."""
    found, _, _ = working_ions(count_matrix([cell_formula(crystal.numbers) for crystal in crystals]), working_ion)
    return [
        pair.working_ion if isinstance(pair, ElectrodePair) else ion for pair, ion in zip(pairs, found, strict=True)
    ]


def _cells(electrode: PhaseElectrode | str, kind: Kind | None, pair: ElectrodePair | NoPair) -> Cells:
    flags = [flag for flag in pair.flags if flag not in _FRAME_FLAGS]
    empty = dict.fromkeys(("electrode_origin", *_IONS))
    if isinstance(electrode, str):
        return {**empty, "no_pair_reason": electrode, "flags": ";".join(flags)}
    if kind == "conversion":
        flags.append("conversion_electrode")
    path = electrode.path
    measured = float(np.hypot(electrode.half_V, _MEASURED_V[str(kind)]))
    swelling = path.volume_change_percent
    given = "the crystal" if electrode.holds_ions else "the host"
    return {
        "working_ion": electrode.ion,
        "electrode_origin": ORIGIN,
        "discharged_cell_formula": electrode.discharged_formula,
        "discharged_volume_A3": path.stages[-1].volume_A3,
        **dict.fromkeys(_IONS, path.ions),
        "practical_limit": None,
        "no_pair_reason": None,
        "flags": ";".join(flags),
        **_around("voltage_calculated_V", path.average_V, electrode.half_V),
        **_around("voltage_calculated_practical_V", path.average_V, electrode.half_V),
        **_around("voltage_V", path.average_V, measured),
        **_around("volume_change_percent", swelling, _VOLUME_SHARE * abs(swelling)),
        **_hulls(electrode),
        "voltage_method": _METHOD.format(given=given) + _gaps(electrode),
    }


def _gaps(electrode: PhaseElectrode) -> str:
    missing = ", ".join(electrode.unlisted)
    return f"; it has none of {electrode.ion} with {missing}, so capacity may be missing" if missing else ""


def _hulls(electrode: PhaseElectrode) -> Cells:
    """Energies above the hull of both ends: that of the given crystal, and 0 for known stable phases."""
    own, other = ("discharged", "charged") if electrode.holds_ions else ("charged", "discharged")
    name = "_energy_above_hull_eV_per_atom"
    low, high = electrode.hull[1:]
    crystal = {f"{own}{name}": electrode.hull[0], f"{own}{name}_lo": low, f"{own}{name}_hi": high}
    return {**crystal, **_around(f"{other}{name}", 0.0, 0.0)}


def _around(name: str, value: float, half: float) -> Cells:
    return {name: value, f"{name}_lo": value - half, f"{name}_hi": value + half}
