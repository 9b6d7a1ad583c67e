"""What a crystal is to a working ion, by composition alone: discharged end, charged end, host, alloy, or none of these.

What composition leaves open (whether a close-packed host has room, whether the ion can get out) is decided by
`screening.materials.electrodes.end_members.finding`, which looks at the structure.
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
"""Ions too large for the metals' sites, which keeps layered oxides from filling up with migrated metal."""

ANIONS = ("H", "N", "O", "F", "S", "Cl", "Se", "Br", "Te", "I")
ALLOYING = (
    *("C", "Si", "Ge", "Sn", "Pb", "P", "As", "Sb", "Bi"),
    *("Al", "Ga", "In", "Zn", "Cd", "Hg", "Mg", "Ag", "Au"),
)
"""Elements that take up lithium or another ion by alloying or, as carbon does, between their sheets."""


_ANION_NUMBERS = np.array([ATOMIC_NUMBERS[symbol] for symbol in ANIONS if symbol != "H"])


@dataclass(frozen=True)
class Roles:
    """Of B cells. ions: symbols; numbers, charges, n_ions: (B,) atomic number, charge and count of the working ion.

    kinds: flag -> (B,) mask. extractable: electrons per cell that leave with the ion within the redox limit, 0 for
    what is no electrode, NaN where not known. insertable: electrons that the metals can still take, at most one each.
    crowded: d0 hosts that composition calls full; their structure may show room.
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
        """Hosts that take up ions to be discharged, (B,)."""
        return np.asarray(self.kinds["host_without_ion"] | self.kinds["charged_host"])


def roles(counts: Floats, working_ion: str | None) -> Roles:
    """Roles of the cells with these atoms, (B, 119); the ion is the given one or found in each."""
    ions, numbers, charges = working_ions(counts, working_ion)
    n_ions = counts[np.arange(len(counts)), numbers]
    balance = charge_balance(counts, large_ion=np.isin(ions, LARGE_IONS))
    electrons = n_ions * charges
    kinds = _classify(counts, numbers, n_ions, electrons, balance)
    # The second electron of a metal comes at the voltage of an anode or with the host's decomposition (conversion).
    insertable = np.minimum(balance.insertable, balance.metals)
    reducible = balance.d0 & balance.possible & (balance.insertable > 1e-6) & ~_is_garnet(counts, n_ions, balance)
    crowded = kinds["not_an_electrode"] & (n_ions > 0) & reducible
    extractable = _extractable(electrons, balance, kinds)
    return Roles(ions, numbers, charges, n_ions, kinds, extractable, insertable, crowded)


def has_anions(numbers: NDArray[np.integer]) -> bool:
    """Whether atoms with these atomic numbers form an ionic frame, hydrides aside."""
    return bool(np.isin(numbers, _ANION_NUMBERS).any())


def working_ions(counts: Floats, given: str | None) -> tuple[list[str], Integers, Floats]:
    """Symbol, atomic number and charge of each row's working ion: the given one, or the first one present."""
    symbols: Sequence[str] = [given] if given else list(ION_CHARGES)
    present = counts[:, [ATOMIC_NUMBERS[symbol] for symbol in symbols]] > 0
    # argmax gives 0, lithium, for a host without any of them.
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
    # Room for more ions is a question of structure; open polyanionic frames and frames with fewer ions than metals
    # have it, while in close-packed ones the ions that are there already fill it.
    roomy = balance.polyanionic | (n_ions < balance.metals)
    charged = spent & (balance.insertable > 0) & roomy & ~_is_garnet(counts, n_ions, balance)
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


def _is_garnet(counts: Floats, n_ions: Floats, balance: ChargeBalance) -> Mask:
    """Stuffed garnets Li3A3B2O12 to Li7A3B2O12 with d0 metals, (B,): electrolytes, whatever B might be reduced to."""
    oxygen = counts[:, ATOMIC_NUMBERS["O"]]
    large = counts.sum(axis=1) - oxygen - balance.metals - n_ions
    frame = np.isclose(oxygen, 6 * balance.metals) & np.isclose(large, 1.5 * balance.metals)
    return np.asarray(balance.d0 & frame & (n_ions >= 1.5 * balance.metals - 1e-6))


def _extractable(electrons: Floats, balance: ChargeBalance, kinds: dict[str, Mask]) -> Floats:
    """Electrons per cell that leave with the ion within the redox limit, (B,); NaN where that is not known."""
    limited = np.minimum(electrons, balance.extractable)
    limited = np.where(kinds["alloy_anode"], electrons, limited)
    limited = np.where(kinds["not_an_electrode"], 0.0, limited)
    return np.where(kinds["charge_balance_unclear"], np.nan, limited)
