"""A pair of crystals given by the user: the ion that moves between them, and a check that their frames are equal."""

from __future__ import annotations

import numpy as np

from screening.array_types import Floats
from screening.chemistry.compositions import count_matrix
from screening.chemistry.elements import ATOMIC_NUMBERS, SYMBOLS
from screening.chemistry.formulas import cell_formula
from screening.crystals.crystal import Crystal
from screening.materials.electrodes.end_members.pair import ElectrodePair, NoPair
from screening.materials.electrodes.end_members.redox import ION_CHARGES
from screening.materials.electrodes.end_members.roles import ANIONS, roles

_TOLERANCE = 1e-6


def given_pair(crystal: Crystal, charged: Crystal, working_ion: str | None) -> ElectrodePair | NoPair:
    """The pair of a discharged crystal and the charged crystal given with it.

    Refused are frames that differ in composition, charged crystals with as much of the ion as the discharged one or
    more, and crystals without a frame.

    Args:
        crystal: The discharged end.
        charged: The charged end.
        working_ion: None finds it.
    """
    rich, poor = (count_matrix([cell_formula(c.numbers)])[0] for c in (crystal, charged))
    ions = [working_ion] if working_ion else list(ION_CHARGES)
    moving = [ion for ion in ions if _cells(rich, poor, ion) is not None]
    if not moving:
        return _refused(_why_different(crystal, charged, rich, poor, working_ion))
    # Several ions may fit, as for two equal crystals; the one with the largest loss is taken.
    left = {ion: _removed(rich, poor, ion) for ion in moving}
    ion = max(moving, key=lambda name: left[name])
    cells = _cells(rich, poor, ion)
    if cells is None or left[ion] <= _TOLERANCE:
        return _refused(
            f"the charged crystal of the given pair holds as much {ion} as the discharged one, or more: "
            f"{charged.formula} beside {crystal.formula}"
        )
    found = roles(rich[None, :], ion)
    flags = tuple(name for name, mask in found.kinds.items() if mask[0])
    if "not_an_electrode" in flags:
        return NoPair(f"{crystal.formula} is no electrode for {ion}: nothing in its frame changes its charge", flags)
    kept = tuple(flag for flag in flags if flag not in ("charged_host", "host_without_ion"))
    extractable = min(left[ion], float(found.extractable[0] / found.charges[0]))
    return ElectrodePair(crystal, charged, ion, left[ion], "given", kept, extractable, cells)


def _cells(rich: Floats, poor: Floats, ion: str) -> float | None:
    """Charged cells per discharged cell, by the atoms of the frame; None if the frames differ."""
    frame_rich, frame_poor = rich.copy(), poor.copy()
    frame_rich[ATOMIC_NUMBERS[ion]] = frame_poor[ATOMIC_NUMBERS[ion]] = 0
    if not frame_rich.any() or not frame_poor.any():
        return None
    cells = float(frame_rich.sum() / frame_poor.sum())
    return cells if np.abs(frame_rich - cells * frame_poor).max() < _TOLERANCE * frame_rich.sum() else None


def _why_different(crystal: Crystal, charged: Crystal, rich: Floats, poor: Floats, working_ion: str | None) -> str:
    """Why the crystals of a pair do not differ by a working ion alone."""
    both = f"{crystal.formula} and {charged.formula}"
    others = [symbol for symbol in SYMBOLS[1:] if rich[ATOMIC_NUMBERS[symbol]] and symbol not in ION_CHARGES]
    alone = next(
        (s for s in others if _cells(rich, poor, s) is not None and _removed(rich, poor, s) > _TOLERANCE), None
    )
    if alone is not None and alone not in ANIONS and working_ion is None:
        return (
            f"{alone} leaves the given pair ({both}), but voltages need a metal as reference, and there is none for "
            f"{alone}: expected one of {', '.join(ION_CHARGES)}"
        )
    anions = [ATOMIC_NUMBERS[symbol] for symbol in ANIONS]
    bare_rich, bare_poor = rich.copy(), poor.copy()
    bare_rich[anions] = bare_poor[anions] = 0
    ions = [working_ion] if working_ion else list(ION_CHARGES)
    if any(_cells(bare_rich, bare_poor, ion) is not None for ion in ions):
        return f"the anions of the given pair differ: {both}; the charged crystal must have the same frame"
    which = working_ion or f"one of {', '.join(ION_CHARGES)}"
    return f"the frames of the given pair differ in composition: {both} without {which}"


def _removed(rich: Floats, poor: Floats, ion: str) -> float:
    """Number of ions that leave a discharged cell."""
    number = ATOMIC_NUMBERS[ion]
    return float(rich[number] - (_cells(rich, poor, ion) or 0.0) * poor[number])


def _refused(reason: str) -> NoPair:
    return NoPair(reason, refused=True)
