"""What an alloy or a conversion electrode turns into as it takes up ions: stable mixtures and the voltages between."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from screening.array_types import Floats
from screening.chemistry.known_phases import Phases
from screening.chemistry.phase_hull import Mixture, decomposition, open_to

LOWEST_STEP_V = 0.05
"""Steps below this voltage are not reached: the overvoltage of an electrode in use is of this size, so metal plates."""
_SAME = 1e-6


@dataclass(frozen=True)
class Stage:
    """A state of discharge.

    Attributes:
        ions: Ions that were taken up.
        energy_eV: Formation energy of the frame with these ions.
        volume_A3: Volume of the same; NaN if unknown.
        phases: Formulas of what it consists of.
    """

    ions: float
    energy_eV: float
    volume_A3: float
    phases: tuple[str, ...]


@dataclass(frozen=True)
class DischargePath:
    """Stages in the order of discharge, at least two, with decreasing voltages between them.

    Attributes:
        stages: K + 1 stages; only the ends unless they come from `with_steps`.
        ion: Atomic number of the ion.
        charge: Of an ion.
    """

    stages: tuple[Stage, ...]
    ion: int
    charge: int

    @property
    def ions(self) -> float:
        """Ions that are taken up in all."""
        return self.stages[-1].ions - self.stages[0].ions

    @property
    def average_V(self) -> float:
        """Average voltage against the ion's metal, V = -dE / (dx z): energies refer to the metal already."""
        return -(self.stages[-1].energy_eV - self.stages[0].energy_eV) / (self.ions * self.charge)

    @property
    def steps(self) -> tuple[tuple[float, float], ...]:
        """Voltage and number of ions of each of K steps."""
        return tuple(
            (-(b.energy_eV - a.energy_eV) / ((b.ions - a.ions) * self.charge), b.ions - a.ions)
            for a, b in zip(self.stages, self.stages[1:], strict=False)
        )

    @property
    def volume_change_percent(self) -> float:
        """On charge, relative to the discharged end."""
        return 100.0 * (self.stages[0].volume_A3 / self.stages[-1].volume_A3 - 1.0)


def path_to(frame: Floats, phases: Phases, end: Stage, ion: int, charge: int) -> DischargePath:
    """The ends of the path from the frame, as stable as it can be, to a given state.

    Args:
        frame: Atoms of each element at the start, (119,); without the ion unless some stays.
        phases: To choose from.
        end: The given state.
        ion: Atomic number of the ion.
        charge: Of an ion.

    Raises:
        ValueError: No mixture has the frame's composition.
    """
    return DischargePath((_stage(decomposition(frame, phases), ion), end), ion, charge)


def path_from(frame: Floats, phases: Phases, start: Stage, ion: int, charge: int) -> DischargePath | None:
    """The ends of the path from a given state to the mixture that takes up most ions above `LOWEST_STEP_V`.

    Args:
        frame: Atoms of each element besides the ion, (119,).
        phases: To choose from.
        start: The given state.
        ion: Atomic number of the ion.
        charge: Of an ion.

    Returns:
        The path; None if nothing takes up ions at such a voltage.

    Raises:
        ValueError: No mixture has the frame's composition.
    """
    end = _stage(open_to(frame, phases, ion, -LOWEST_STEP_V * charge), ion)
    return DischargePath((start, end), ion, charge) if end.ions > start.ions + _SAME else None


def with_steps(path: DischargePath, frame: Floats, phases: Phases) -> DischargePath:
    """The same path with the stable mixtures between its ends."""
    start, end = path.stages[0], path.stages[-1]
    between = _between(frame, path.ion, phases, start, end)
    return replace(path, stages=_lower_hull([start, *between, end]))


def _stage(mixture: Mixture, ion: int) -> Stage:
    ions = float(mixture.counts[ion])
    return Stage(ions, mixture.energy_eV, mixture.volume_A3, mixture.formulas)


def _between(frame: Floats, ion: int, phases: Phases, start: Stage, end: Stage) -> list[Stage]:
    """Stable mixtures between two states and below the line that joins them: the lowest one, and so on."""
    ions = end.ions - start.ions
    slope = (end.energy_eV - start.energy_eV) / ions
    if not slope < 0:
        return []
    middle = _stage(open_to(frame, phases, ion, slope), ion)
    below = start.energy_eV + slope * (middle.ions - start.ions) - middle.energy_eV
    if below < _SAME * frame.sum() or not start.ions + _SAME < middle.ions < end.ions - _SAME:
        return []
    return [
        *_between(frame, ion, phases, start, middle),
        middle,
        *_between(frame, ion, phases, middle, end),
    ]


def _lower_hull(stages: Sequence[Stage]) -> tuple[Stage, ...]:
    """The stages on the lower convex hull between the first and the last one, which stay."""
    kept: list[Stage] = []
    for stage in stages:
        while len(kept) > 1 and _slope(kept[-2], kept[-1]) >= _slope(kept[-1], stage):
            kept.pop()
        kept.append(stage)
    return tuple(kept)


def _slope(first: Stage, second: Stage) -> float:
    return (second.energy_eV - first.energy_eV) / np.maximum(second.ions - first.ions, _SAME)
