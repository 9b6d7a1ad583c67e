"""Battery electrodes, first version: working ion, capacity within the redox limit, stability and supply.

Capacities follow from composition and cell alone and are exact: Q = F n z / M. The voltage, and with it the specific
energy, the price per kWh and the volume change, is not estimated here and has no column.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import polars as pl
from numpy.typing import NDArray

from screening.crystals.elements import ATOMIC_NUMBERS
from screening.errors import RequestError
from screening.merit.composition import Floats, Mask, atomic_masses, count_matrix, indicator
from screening.merit.redox import ION_CHARGES, ChargeBalance, charge_balance
from screening.merit.settings import nearest
from screening.merit.supply import SupplySettings, supply_columns
from screening.merit.tables import flagged, floats, number_column, require_columns

Integers = NDArray[np.int64]

FARADAY_MAH_PER_MOL = 26801.4815
"""Faraday constant, 96485.33212 C/mol (CODATA 2018), in mAh/mol."""

CM3_PER_MOL_A3 = 0.602214076
"""Volume in cm³/mol of 1 Å³ per formula unit (Avogadro constant)."""

LARGE_IONS = ("Na", "K")
"""Ions too large for the metals' sites, which keeps layered oxides from filling up with migrated metal."""

ANIONS = ("H", "N", "O", "F", "S", "Cl", "Se", "Br", "Te", "I")
ALLOYING = (
    *("C", "Si", "Ge", "Sn", "Pb", "P", "As", "Sb", "Bi"),
    *("Al", "Ga", "In", "Zn", "Cd", "Hg", "Mg", "Ag", "Au"),
)
"""Elements that take up lithium or another ion by alloying or, as carbon does, between their sheets."""


@dataclass(frozen=True)
class ElectrodeSettings:
    """Settings of `evaluate`; energies in eV/atom.

    working_ion: null finds it in each crystal (the first of Li, Na, K, Mg, Ca, Zn, Al; Li in a host without any).
    supply: prices and origin of the elements. stable_below, metastable_below: limits of the energy above the hull.
    """

    working_ion: str | None = None
    supply: SupplySettings = field(default_factory=SupplySettings)
    stable_below_eV_per_atom: float = 0.05
    metastable_below_eV_per_atom: float = 0.1

    def __post_init__(self) -> None:
        if self.working_ion is not None and self.working_ion not in ION_CHARGES:
            hint = nearest(self.working_ion, list(ION_CHARGES))
            raise RequestError(f"working_ion={self.working_ion}: not a working ion{hint}")


def evaluate(table: pl.DataFrame, settings: ElectrodeSettings) -> pl.DataFrame:
    """The prediction table with working ion, capacities, supply and flags."""
    require_columns(table, ["cell_formula", "volume_A3", "energy_above_hull_eV_per_atom"])
    counts = count_matrix(table["cell_formula"].to_list())
    ions, numbers, charges = working_ions(counts, settings.working_ion)
    n_ions = counts[np.arange(len(counts)), numbers]
    balance = charge_balance(counts, large_ion=np.isin(ions, LARGE_IONS))
    kinds = classify(counts, numbers, n_ions, n_ions * charges, balance)
    electrons = n_ions * charges
    # The discharged composition, and with it the range, is unknown where ions would be added.
    electrons = np.where(kinds["host_without_ion"] | kinds["charged_host"], np.nan, electrons)
    extractable = extractable_electrons(electrons, balance, kinds)
    masses = counts @ atomic_masses()
    hull = floats(table, "energy_above_hull_eV_per_atom")
    supply, supply_flags = supply_columns(counts, settings.supply)
    stable, metastable = settings.stable_below_eV_per_atom, settings.metastable_below_eV_per_atom
    flags = {
        **kinds,
        "redox_limited": (extractable > 0) & (extractable < electrons - 1e-6),
        "prediction_missing": np.isnan(hull),
        "metastable": (hull > stable) & (hull <= metastable),
        "unstable": hull > metastable,
        **supply_flags,
    }
    volumetric = FARADAY_MAH_PER_MOL * electrons / (floats(table, "volume_A3") * CM3_PER_MOL_A3)
    columns = [
        pl.Series("working_ion", ions, dtype=pl.String),
        number_column("capacity_mAh_per_g", FARADAY_MAH_PER_MOL * electrons / masses),
        number_column("capacity_extractable_mAh_per_g", FARADAY_MAH_PER_MOL * extractable / masses),
        number_column("capacity_mAh_per_cm3", volumetric),
        *supply,
        flagged(table, flags),
    ]
    return table.with_columns(columns)


def working_ions(counts: Floats, given: str | None) -> tuple[list[str], Integers, Floats]:
    """Symbol, atomic number and charge of each row's working ion: the given one, or the first one present."""
    symbols = [given] if given else list(ION_CHARGES)
    present = counts[:, [ATOMIC_NUMBERS[symbol] for symbol in symbols]] > 0
    # argmax gives 0, lithium, for a host without any of them.
    ions = [symbols[index] for index in present.argmax(axis=1)]
    numbers = np.array([ATOMIC_NUMBERS[ion] for ion in ions], dtype=np.int64)
    return ions, numbers, np.array([ION_CHARGES[ion] for ion in ions], dtype=np.float64)


def classify(
    counts: Floats, numbers: Integers, n_ions: Floats, electrons: Floats, balance: ChargeBalance
) -> dict[str, Mask]:
    """The electrode flags of each row, by charge balance over its frame; the masks are (B,).

    electrons: charge of all working ions in the cell.
    """
    rows = np.arange(len(counts))
    frame = counts.copy()
    frame[rows, numbers] = 0
    empty = frame.sum(axis=1) == 0
    holds = n_ions > 0
    metallic = counts @ indicator(ANIONS) == 0
    alloy = metallic & ~empty & (holds | (frame @ indicator(ALLOYING) > 0))
    redox = (balance.metals > 0) & ~metallic & ~empty
    unclear = redox & ~balance.possible
    usable = redox & balance.possible
    spent = usable & holds & (balance.extractable < 1e-6)
    # Room for more ions is a question of structure; open polyanionic frames and frames with fewer ions than metals
    # have it, while in close-packed ones the ions that are there already fill it.
    roomy = balance.polyanionic | (n_ions < balance.metals)
    charged = spent & (balance.insertable > 0) & roomy
    rich = usable & holds & ~balance.polyanionic & ~balance.d0 & (n_ions > balance.metals)
    anion = rich & (balance.extractable < electrons - 1e-6) & ~charged
    dead = spent & ~charged & ~anion & balance.d0
    full = usable & ~holds & (balance.insertable < 1e-6)
    return {
        "not_an_electrode": empty | (~redox & ~alloy) | dead | full,
        "alloy_anode": alloy,
        "host_without_ion": ((usable & ~full) | alloy) & ~holds,
        "charged_host": charged,
        "anion_redox": anion,
        "inactive_redox_couple": spent & ~charged & ~anion & ~dead,
        "charge_balance_unclear": unclear,
    }


def extractable_electrons(electrons: Floats, balance: ChargeBalance, kinds: dict[str, Mask]) -> Floats:
    """Electrons per cell that leave with the ion within the redox limit, (B,); NaN where that is not known."""
    limited = np.minimum(electrons, balance.extractable)
    limited = np.where(kinds["alloy_anode"], electrons, limited)
    limited = np.where(kinds["not_an_electrode"], 0.0, limited)
    return np.where(kinds["charge_balance_unclear"], np.nan, limited)
