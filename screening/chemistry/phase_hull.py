"""Mixtures of known phases of least energy: decomposition, and what is stable beside a reservoir of one element."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog

from screening.array_types import Floats
from screening.chemistry.known_phases import Phases

_TRACE = 1e-7


@dataclass(frozen=True)
class Mixture:
    """A mixture of phases with the composition that was asked for.

    Attributes:
        phases: Those to choose from, P.
        amounts: Formula units of each, (P,).
    """

    phases: Phases
    amounts: Floats

    @property
    def energy_eV(self) -> float:
        """Formation energy from the elements."""
        return float(self.amounts @ self.phases.energy_eV)

    @property
    def volume_A3(self) -> float:
        """NaN if that of a phase is unknown."""
        used = self.amounts > 0
        return float(self.amounts[used] @ self.phases.volume_A3[used])

    @property
    def counts(self) -> Floats:
        """Atoms of each element, (119,)."""
        return np.asarray(self.amounts @ self.phases.counts)

    @property
    def formulas(self) -> tuple[str, ...]:
        """Formulas of the phases in it, most atoms first."""
        atoms = self.amounts * self.phases.n_atoms
        order = np.argsort(-atoms, kind="stable")
        return tuple(self.phases.formulas[row] for row in order if atoms[row] > _TRACE)


def decomposition(counts: Floats, phases: Phases) -> Mixture:
    """The mixture of least energy; its energy is that of the convex hull at this composition.

    Args:
        counts: Atoms of each element, (119,).
        phases: To choose from.

    Raises:
        ValueError: An element is in none of the phases.
    """
    own = phases.where((phases.counts[:, counts == 0] == 0).all(axis=1))
    return _least(counts, own, own.energy_eV, np.flatnonzero(counts).astype(np.int64))


def open_to(counts: Floats, phases: Phases, element: int, potential_eV: float) -> Mixture:
    """The mixture of least energy beside a reservoir of one element, of which it takes up as much as it likes.

    Args:
        counts: Atoms of each element, (119,); the amount of the element in the reservoir is of no importance.
        phases: To choose from.
        element: Atomic number of the one in the reservoir.
        potential_eV: Its chemical potential above that of the pure element; below 0, else there is no limit.

    Raises:
        ValueError: An element is in none of the phases, or the potential is not below 0.
    """
    if not potential_eV < 0:
        raise ValueError(f"expected a chemical potential below that of the pure element, got {potential_eV} eV")
    fixed = np.flatnonzero(counts).astype(np.int64)
    energies = phases.energy_eV - potential_eV * phases.counts[:, element]
    return _least(counts, phases, energies, fixed[fixed != element])


def _least(counts: Floats, phases: Phases, energies: Floats, fixed: NDArray[np.int64]) -> Mixture:
    """Least sum of `energies` with the amounts of the `fixed` elements given."""
    total = counts[fixed].sum()
    if not len(phases):
        raise ValueError("no phase has only these elements")
    found = linprog(energies, A_eq=phases.counts[:, fixed].T, b_eq=counts[fixed] / total, bounds=(0, None))
    if found.x is None:
        raise ValueError("no mixture of the phases has this composition")
    return Mixture(phases, np.where(found.x * phases.n_atoms > _TRACE, found.x, 0.0) * total)
