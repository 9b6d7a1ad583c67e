"""The phases between a frame and an ion: those of the table, and simple salts that a network predicts."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

import numpy as np
import polars as pl

from screening.array_types import Mask
from screening.chemistry.elements import ATOMIC_NUMBERS
from screening.chemistry.known_phases import Phases, known_phases
from screening.crystals.crystal import Crystal
from screening.materials.electrodes.phases.binary_salts import missing_salt, salt_crystals
from screening.networks.predictor import Predictor
from screening.potentials.base import Potential

_PREDICTED = "predicted"
_UNMIXED = {"Li": "Cu", "Na": "Cu", "K": "Cu"}
"""Ion -> metal with which it forms no compound: Cu-Li is a simple eutectic (Pelton, Bull. Alloy Phase Diagrams 7, 142
(1986)), although calculations have a LiCu3 slightly below the hull; so the copper of Cu2O takes up no lithium."""
_BATCH = 32

_ONLY_HOT = ("Li21Si5", "Li22Si5", "Li17Si4", "Li3Al2", "Li9Al4", "Li3Al")
"""Phases that do not form at room temperature. Li15Si4 is the fully lithiated silicon (Obrovac and Christensen,
Electrochem. Solid-State Lett. 7, A93 (2004)), LiAl the aluminum; phases with more Li need warmth (Zheng et al., ACS
Appl. Energy Mater. (2023), doi 10.1021/acsaem.2c03673)."""


@dataclass(frozen=True)
class LinePhases:
    """Finds phases.

    Attributes:
        network: Predicts formation energies.
        potential: Moves the frames of layered hosts towards a minimum; None leaves them.
    """

    network: Predictor
    potential: Potential | None = None
    _lines: dict[tuple[str, ...], Phases] = field(default_factory=dict)

    def between(self, symbols: Collection[str], ion: str) -> Phases:
        """The phases of the elements of a frame and an ion.

        Raises:
            ValueError: More elements than the table of phases can be asked for.
        """
        key = (ion, *sorted(set(symbols) - {ion}))
        if key not in self._lines:
            phases = known_phases(key)
            phases = phases.where(np.array([formula not in _ONLY_HOT for formula in phases.formulas], dtype=np.bool_))
            if (metal := _UNMIXED.get(ion)) in key:
                phases = phases.where(~_only_of(phases, [ion, metal]))
            for partner in key[1:]:
                phases = self._with_salt(phases, ion, partner)
            self._lines[key] = phases
        return self._lines[key]

    def predicted(self, crystals: Sequence[Crystal]) -> pl.DataFrame:
        """The predictions of the network for crystals of elements that it knows, in small batches."""
        batches = range(0, max(len(crystals), 1), _BATCH)
        return pl.concat([self.network.predict(crystals[start : start + _BATCH]) for start in batches])

    def _with_salt(self, phases: Phases, ion: str, partner: str) -> Phases:
        unit = missing_salt(ion, partner, phases)
        if unit is None or not {ATOMIC_NUMBERS[ion], ATOMIC_NUMBERS[partner]} <= self.network.elements:
            return phases
        crystals = salt_crystals(ion, partner, unit)
        energies = self.predicted(crystals)["formation_energy_eV_per_atom"].to_numpy()
        best = int(np.argmin(energies))
        found = crystals[best]
        return phases.having(found.formula, float(energies[best]), found.volume_A3 / found.n_atoms, _PREDICTED)


def _only_of(phases: Phases, symbols: Sequence[str]) -> Mask:
    """Phases of all of these elements and no others, (P,)."""
    numbers = [ATOMIC_NUMBERS[symbol] for symbol in symbols]
    own = phases.counts[:, numbers]
    return np.asarray((own > 0).all(axis=1) & (own.sum(axis=1) == phases.n_atoms))
