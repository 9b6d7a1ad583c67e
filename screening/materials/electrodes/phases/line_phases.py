"""The phases between a frame and an ion: those of the table, and simple salts that a network predicts."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

import numpy as np
import polars as pl

from screening.chemistry.known_phases import Phases, known_phases
from screening.crystals.crystal import Crystal
from screening.crystals.packed import pack
from screening.materials.electrodes.phases.binary_salts import missing_salt, salt_crystals
from screening.networks.predictor import Predictor
from screening.potentials.base import Potential

_PREDICTED = "predicted"
_BATCH = 32


@dataclass(frozen=True)
class LinePhases:
    """Finds phases.

    Attributes:
        potential: Chooses the volume of salts that the table lacks.
        network: Predicts their formation energies.
    """

    potential: Potential
    network: Predictor
    _salts: dict[tuple[str, str], Crystal] = field(default_factory=dict)
    _lines: dict[tuple[str, ...], Phases] = field(default_factory=dict)

    def between(self, symbols: Collection[str], ion: str) -> Phases:
        """The phases of the elements of a frame and an ion.

        Raises:
            ValueError: More elements than the table of phases can be asked for.
        """
        key = (ion, *sorted(set(symbols) - {ion}))
        if key not in self._lines:
            phases = known_phases(key)
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
        if unit is None:
            return phases
        best, energy = self._best(ion, partner, unit)
        return phases if np.isnan(energy) else phases.having(
            best.formula, energy, best.volume_A3 / best.n_atoms, _PREDICTED
        )

    def _best(self, ion: str, partner: str, unit: tuple[int, int]) -> tuple[Crystal, float]:
        chosen = []
        for grown in salt_crystals(ion, partner, unit):
            packed = pack(grown)
            if not self._covered(grown[0]):
                return grown[0], np.nan
            energies = self.potential.energies(packed, forces=False).energy_eV
            chosen.append(grown[int(np.argmin(energies))])
        energies = self.network.predict(chosen)["formation_energy_eV_per_atom"].to_numpy()
        row = int(np.argmin(energies))
        return chosen[row], float(energies[row])

    def _covered(self, crystal: Crystal) -> bool:
        known = self.potential.elements
        numbers = set(crystal.numbers.tolist())
        return numbers <= self.network.elements and (known is None or numbers <= set(known))
