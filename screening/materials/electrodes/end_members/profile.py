"""Voltage profiles: steps between the stable states, by pymatgen's InsertionElectrode.

That class is wrapped because it gives 0 V for a range without steps, fails without a useful message for a single stable
state or two states of equal energy and composition, and gives volume changes without a sign.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite, nan

import numpy as np

from screening.chemistry.elements import ATOMIC_NUMBERS
from screening.crystals.crystal import Crystal
from screening.materials.electrodes.end_members.redox import ION_CHARGES

_SAME_RATIO = 1e-9


@dataclass(frozen=True)
class State:
    """A crystal with some of the ion, in any cell of the frame, and the energy of this cell in eV."""

    crystal: Crystal
    energy_eV: float


@dataclass(frozen=True)
class Plateau:
    """One step of a profile.

    Attributes:
        voltage_V: Its voltage.
        x_charged: Ions per atom of the frame at its charged end.
        x_discharged: The same at its discharged end.
        capacity_mAh_per_g: Per mass of the most discharged state.
    """

    voltage_V: float
    x_charged: float
    x_discharged: float
    capacity_mAh_per_g: float


@dataclass(frozen=True)
class Profile:
    """A voltage profile.

    Attributes:
        steps: From the charged to the discharged end, with decreasing voltage.
        stable: Indices of the stable states, in the same order.
        volume_change_percent: On charge, over all steps.
    """

    steps: tuple[Plateau, ...]
    stable: tuple[int, ...]
    volume_change_percent: float

    def average_V(self, lowest_V: float = -np.inf, highest_V: float = np.inf) -> float:
        """Mean voltage of the steps in a range, weighted by capacity; NaN without steps."""
        inside = [step for step in self.steps if lowest_V <= step.voltage_V <= highest_V]
        total = sum(step.capacity_mAh_per_g for step in inside)
        return sum(step.voltage_V * step.capacity_mAh_per_g for step in inside) / total if inside else nan

    @property
    def capacity_mAh_per_g(self) -> float:
        """Capacity of all steps, per mass of the most discharged state."""
        return sum(step.capacity_mAh_per_g for step in self.steps)


def voltage_profile(states: Sequence[State], ion: str, metal_eV_per_atom: float) -> Profile:
    """The steps between the states on the lower hull of energy against content of the ion.

    Of states with the same content the lowest counts.

    Args:
        states: With energies from one method.
        ion: The working ion.
        metal_eV_per_atom: Energy of its metal from the same method.

    Raises:
        ValueError: Fewer than two contents, frames that differ, or an energy that is not finite.
    """
    from pymatgen.apps.battery.insertion_battery import InsertionElectrode
    from pymatgen.entries.computed_entries import ComputedEntry, ComputedStructureEntry

    if ion not in ION_CHARGES:
        raise ValueError(f"{ion} is not a working ion; expected one of {', '.join(ION_CHARGES)}")
    chosen = _lowest_of_each(states, ion, metal_eV_per_atom)
    entries = {
        index: ComputedStructureEntry(
            states[index].crystal.to_structure(), states[index].energy_eV, entry_id=str(index)
        )
        for index in chosen
    }
    electrode = InsertionElectrode.from_entries(list(entries.values()), ComputedEntry(ion, metal_eV_per_atom))
    ordered = electrode.get_stable_entries(charge_to_discharge=True)
    stable = tuple(int(entry.entry_id) for entry in ordered)
    mass = max(pair.mass_discharge for pair in electrode.voltage_pairs)
    steps = tuple(
        Plateau(
            float(pair.voltage), _content(states[a].crystal, ion), _content(states[b].crystal, ion), pair.mAh / mass
        )
        for pair, a, b in zip(electrode.voltage_pairs, stable, stable[1:], strict=False)
    )
    return Profile(steps, stable, _volume_change_percent(states[stable[-1]].crystal, states[stable[0]].crystal, ion))


def _lowest_of_each(states: Sequence[State], ion: str, metal_eV_per_atom: float) -> list[int]:
    """Indices of the lowest state of each content of the ion."""
    energies = [state.energy_eV for state in states]
    if not all(map(isfinite, [*energies, metal_eV_per_atom])):
        raise ValueError("expected finite energies of all states and of the metal")
    frames = [_frame(state.crystal, ion) for state in states]
    if any(frame.sum() == 0 for frame in frames):
        raise ValueError(f"a state has only {ion} and no frame")
    if any(np.abs(frame / frame.sum() - frames[0] / frames[0].sum()).max() > _SAME_RATIO for frame in frames):
        raise ValueError("the frames of the states differ in composition")
    best: dict[float, int] = {}
    for index, (state, frame) in enumerate(zip(states, frames, strict=True)):
        content = round(_content(state.crystal, ion), 9)
        each = state.energy_eV / frame.sum()
        if content not in best or each < states[best[content]].energy_eV / frames[best[content]].sum():
            best[content] = index
    if len(best) < 2:
        raise ValueError(f"expected states with at least two contents of {ion}, found {len(best)}")
    return [best[content] for content in sorted(best)]


def _frame(crystal: Crystal, ion: str) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    counts = np.bincount(crystal.numbers, minlength=len(ATOMIC_NUMBERS) + 1).astype(np.int64)
    counts[ATOMIC_NUMBERS[ion]] = 0
    return counts


def _content(crystal: Crystal, ion: str) -> float:
    """Ions per atom of the frame."""
    held = int((crystal.numbers == ATOMIC_NUMBERS[ion]).sum())
    return held / (crystal.n_atoms - held)


def _volume_change_percent(discharged: Crystal, charged: Crystal, ion: str) -> float:
    full, empty = (c.volume_A3 / _frame(c, ion).sum() for c in (discharged, charged))
    return float(100 * (empty / full - 1))
