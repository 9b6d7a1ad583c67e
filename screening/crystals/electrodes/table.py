"""Pairs as columns of plain values, for steps that know no structures."""

from __future__ import annotations

from collections.abc import Sequence

from screening.crystals.electrodes.pair import ElectrodePair, NoPair
from screening.crystals.elements import cell_formula

COLUMNS = (
    "working_ion",
    "pair_origin",
    "discharged_cell_formula",
    "charged_cell_formula",
    "discharged_volume_A3",
    "n_ions_removed",
    "n_ions_extractable",
    "pair_flags",
    "pair_reason",
)

Value = str | float | None


def pair_columns(found: Sequence[ElectrodePair | NoPair]) -> dict[str, list[Value]]:
    """One list for each of COLUMNS, in the order given.

    Formulas are those of the whole cells, volume and counts those of the discharged one. pair_flags are joined by
    semicolons. Without a pair only the flags and the reason are set. NaN becomes None.
    """
    rows = [_of_pair(item) if isinstance(item, ElectrodePair) else _of_none(item) for item in found]
    return {name: [row.get(name) for row in rows] for name in COLUMNS}


def _of_pair(pair: ElectrodePair) -> dict[str, Value]:
    extractable = pair.n_ions_extractable
    return {
        "working_ion": pair.working_ion,
        "pair_origin": pair.origin,
        "discharged_cell_formula": cell_formula(pair.discharged.numbers),
        "charged_cell_formula": cell_formula(pair.charged.numbers),
        "discharged_volume_A3": pair.discharged.volume_A3,
        "n_ions_removed": pair.n_ions_removed,
        "n_ions_extractable": None if extractable != extractable else extractable,
        "pair_flags": ";".join(pair.flags),
    }


def _of_none(none: NoPair) -> dict[str, Value]:
    return {"pair_flags": ";".join(none.flags), "pair_reason": none.reason}
