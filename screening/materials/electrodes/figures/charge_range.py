"""The charge that moves in an electrode, and its capacities: exact, from composition and cell, Q = F n z / M."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from screening.array_types import Floats
from screening.chemistry.compositions import count_matrix
from screening.chemistry.constants import CM3_PER_MOL_PER_A3, FARADAY_MAH_PER_MOL
from screening.chemistry.elements import ATOMIC_NUMBERS, atomic_masses
from screening.materials.arrays import floats
from screening.materials.electrodes.end_members.redox import ION_CHARGES
from screening.materials.electrodes.end_members.roles import Roles


@dataclass(frozen=True)
class ChargeRange:
    """The charge that moves, per cell of the discharged crystal, (B,) each; NaN where it is unknown.

    Attributes:
        ions: The working ion of each candidate.
        counts: Atoms of the discharged crystal by atomic number, (B, 119).
        volume_A3: Its volume.
        electrons: Charge of all ions.
        extractable: Charge within the redox limit.
        practical: Charge that moves in practice; that within the redox limit where no limit of the class is known.
    """

    ions: list[str]
    counts: Floats
    volume_A3: Floats
    electrons: Floats
    extractable: Floats
    practical: Floats

    def mAh_per_g(self, electrons: Floats) -> Floats:
        """Capacity per discharged mass."""
        return np.asarray(FARADAY_MAH_PER_MOL * electrons / (self.counts @ atomic_masses()))

    def mAh_per_cm3(self, electrons: Floats) -> Floats:
        """Capacity per discharged volume."""
        return np.asarray(FARADAY_MAH_PER_MOL * electrons / (self.volume_A3 * CM3_PER_MOL_PER_A3))

    @property
    def ion_g_per_mAh(self) -> Floats:
        """Mass of the ions that carry a charge."""
        masses = np.array([atomic_masses()[ATOMIC_NUMBERS[ion]] for ion in self.ions])
        charges = np.array([ION_CHARGES[ion] for ion in self.ions], dtype=np.float64)
        return np.asarray(masses / charges / FARADAY_MAH_PER_MOL)


def charge_range(table: pl.DataFrame, counts: Floats, found: Roles) -> ChargeRange:
    """The range of each row, from the pair of crystals if the table has one, otherwise by composition.

    Args:
        table: Predictions of B crystals.
        counts: Atoms of each element, (B, 119).
        found: What the compositions alone say.
    """
    volume, ions = floats(table, "volume_A3"), list(found.ions)
    # The composition alone does not give the range of hosts that take up ions.
    electrons = np.where(found.inserts, np.nan, found.n_ions * found.charges)
    extractable = np.where(found.inserts, np.nan, found.extractable)
    practical = extractable
    if "electrode_origin" in table.columns:
        paired = table["electrode_origin"].is_not_null().to_numpy()
        ions = [own or ion for own, ion in zip(table["working_ion"].to_list(), ions, strict=True)]
        charges = np.array([ION_CHARGES[ion] for ion in ions])
        discharged = count_matrix(table["discharged_cell_formula"].fill_null("H").to_list())
        counts = np.where(paired[:, None], discharged, counts)
        volume = np.where(paired, floats(table, "discharged_volume_A3"), volume)
        electrons = np.where(paired, floats(table, "n_ions_removed") * charges, electrons)
        extractable = np.where(paired, floats(table, "n_ions_extractable") * charges, extractable)
        limit = floats(table, "n_ions_practical") * charges
        practical = np.where(paired & np.isfinite(limit), limit, extractable)
    return ChargeRange(ions, counts, volume, electrons, extractable, practical)
