"""The role of a crystal for a working ion, by composition alone: discharged end, charged end, host, alloy, or none.

Questions about the structure (whether a close-packed host has room, whether the ion can leave) are left to
`screening.materials.electrodes.end_members.pair_search`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from screening.array_types import Floats, Mask
from screening.chemistry.elements import ATOMIC_NUMBERS, indicator
from screening.materials.electrodes.end_members.redox import ION_CHARGES, ChargeBalance, charge_balance

Integers = NDArray[np.int64]

LARGE_IONS = ("Na", "K")
"""Ions that are too large for the sites of metals, so that metals do not migrate into the layers of layered oxides."""

ANIONS = ("H", "N", "O", "F", "S", "Cl", "Se", "Br", "Te", "I")
ALLOYING = (
    *("C", "Si", "Ge", "Sn", "Pb", "P", "As", "Sb", "Bi"),
    *("Al", "Ga", "In", "Zn", "Cd", "Hg", "Mg", "Ag", "Au"),
)
"""Elements that take up lithium or another ion by alloying or, as carbon does, between their sheets."""


_ANION_NUMBERS = np.array([ATOMIC_NUMBERS[symbol] for symbol in ANIONS if symbol != "H"])


@dataclass(frozen=True)
class Roles:
    """The roles of B cells.

    Attributes:
        ions: Symbols of the working ions.
        numbers: Their atomic numbers, (B,).
        charges: Their charges, (B,).
        n_ions: Their number, (B,).
        kinds: Flag -> mask, (B,).
        extractable: Electrons that leave with the ion within the redox limit, (B,); 0 for cells that are no electrode,
            NaN if unknown.
        insertable: Electrons that the metals can still take, at most one each, (B,).
        crowded: d0 hosts that are full by composition, but whose structure may have room, (B,).
    """

    ions: list[str]
    numbers: Integers
    charges: Floats
    n_ions: Floats
    kinds: dict[str, Mask]
    extractable: Floats
    insertable: Floats
    crowded: Mask

    @property
    def inserts(self) -> Mask:
        """Hosts that take up ions on discharge, (B,)."""
        return np.asarray(self.kinds["host_without_ion"] | self.kinds["charged_host"])


def roles(counts: Floats, working_ion: str | None) -> Roles:
    """The roles of cells.

    Args:
        counts: Atoms of each element, (B, 119).
        working_ion: None takes the one found in each cell.
    """
    ions, numbers, charges = working_ions(counts, working_ion)
    n_ions = counts[np.arange(len(counts)), numbers]
    balance = charge_balance(counts, large_ion=np.isin(ions, LARGE_IONS))
    electrons = n_ions * charges
    kinds = _classify(counts, numbers, n_ions, electrons, balance)
    # A second electron per metal has the voltage of an anode or decomposes the host (conversion).
    insertable = np.minimum(balance.insertable, balance.metals)
    reducible = balance.d0 & balance.possible & (balance.insertable > 1e-6) & ~_is_garnet(counts, n_ions, balance)
    crowded = kinds["not_an_electrode"] & (n_ions > 0) & reducible
    extractable = _extractable(electrons, balance, kinds)
    return Roles(ions, numbers, charges, n_ions, kinds, extractable, insertable, crowded)


def has_anions(numbers: NDArray[np.integer]) -> bool:
    """Whether atoms with these atomic numbers form an ionic frame; hydrides do not count."""
    return bool(np.isin(numbers, _ANION_NUMBERS).any())


def is_cyanide(numbers: NDArray[np.integer]) -> bool:
    """Whether all carbon and nitrogen among these atoms can be cyanide, as in Prussian blues."""
    carbon = int((numbers == ATOMIC_NUMBERS["C"]).sum())
    return carbon > 0 and carbon == int((numbers == ATOMIC_NUMBERS["N"]).sum())


def working_ions(counts: Floats, given: str | None) -> tuple[list[str], Integers, Floats]:
    """Symbol, atomic number and charge of the working ion of each row: the given one, or the first one present."""
    symbols: Sequence[str] = [given] if given else list(ION_CHARGES)
    present = counts[:, [ATOMIC_NUMBERS[symbol] for symbol in symbols]] > 0
    # argmax is 0, lithium, for a host without any of them.
    ions = [symbols[index] for index in present.argmax(axis=1)]
    numbers = np.array([ATOMIC_NUMBERS[ion] for ion in ions], dtype=np.int64)
    return ions, numbers, np.array([ION_CHARGES[ion] for ion in ions], dtype=np.float64)


def _classify(
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
    # Room for more ions depends on the structure. Open polyanionic frames and frames with fewer ions than metals have
    # it; in close-packed frames the ions already fill it.
    roomy = balance.polyanionic | (n_ions < balance.metals)
    charged = spent & (balance.insertable > 0) & roomy & ~_is_garnet(counts, n_ions, balance)
    rich = usable & holds & ~balance.polyanionic & ~balance.d0 & (n_ions > balance.metals)
    anion = rich & (balance.extractable < electrons - 1e-6) & ~charged
    dead = spent & ~charged & ~anion & balance.d0
    full = usable & ~holds & (balance.insertable < 1e-6)
    both = usable & holds & ~spent & (balance.insertable > 1e-6) & roomy
    return {
        "not_an_electrode": empty | (~redox & ~alloy) | dead | full,
        "alloy_anode": alloy,
        "host_without_ion": ((usable & ~full) | alloy) & ~holds,
        "charged_host": charged,
        "takes_more_ions": both,
        "anion_redox": anion,
        "inactive_redox_couple": spent & ~charged & ~anion & ~dead,
        "charge_balance_unclear": unclear,
    }


def _is_garnet(counts: Floats, n_ions: Floats, balance: ChargeBalance) -> Mask:
    """Stuffed garnets Li3A3B2O12 to Li7A3B2O12 with d0 metals, (B,): electrolytes, although B could be reduced."""
    oxygen = counts[:, ATOMIC_NUMBERS["O"]]
    large = counts.sum(axis=1) - oxygen - balance.metals - n_ions
    frame = np.isclose(oxygen, 6 * balance.metals) & np.isclose(large, 1.5 * balance.metals)
    return np.asarray(balance.d0 & frame & (n_ions >= 1.5 * balance.metals - 1e-6))


def _extractable(electrons: Floats, balance: ChargeBalance, kinds: dict[str, Mask]) -> Floats:
    """Electrons per cell that leave with the ion within the redox limit, (B,); NaN where they are unknown."""
    limited = np.minimum(electrons, balance.extractable)
    limited = np.where(kinds["alloy_anode"], electrons, limited)
    limited = np.where(kinds["not_an_electrode"], 0.0, limited)
    return np.where(kinds["charge_balance_unclear"], np.nan, limited)
