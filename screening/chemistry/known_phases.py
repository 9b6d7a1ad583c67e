"""The known phases of chemical systems: formation energies and volumes on and near the convex hull.

The table `datasets/phases/phases.parquet` is read on first use. Its energies are calculated (Materials Project).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations

import numpy as np
import polars as pl

from screening.array_types import Floats, Mask
from screening.chemistry.compositions import count_matrix
from screening.chemistry.constants import CM3_PER_MOL_PER_A3
from screening.chemistry.element_table import element_table
from screening.chemistry.elements import ATOMIC_NUMBERS, N_ELEMENTS
from screening.resources import resource

PHASES_FILE = resource("datasets") / "phases" / "phases.parquet"
_MOST_ELEMENTS = 12
_MEASURED = "measured"


@dataclass(frozen=True)
class Phases:
    """P phases.

    Attributes:
        formulas: Reduced formulas.
        counts: Atoms of each element in a formula unit, (P, 119).
        energy_eV_per_atom: Formation energies from the elements, (P,).
        volume_A3_per_atom: Volumes, (P,); NaN where unknown.
        ids: Materials Project ids; `measured` for the volumes of elements at room temperature.
    """

    formulas: tuple[str, ...]
    counts: Floats
    energy_eV_per_atom: Floats
    volume_A3_per_atom: Floats
    ids: tuple[str, ...]

    def __len__(self) -> int:
        """Number of phases."""
        return len(self.formulas)

    @property
    def n_atoms(self) -> Floats:
        """Atoms of a formula unit, (P,)."""
        return np.asarray(self.counts.sum(axis=1))

    @property
    def energy_eV(self) -> Floats:
        """Formation energies of a formula unit, (P,)."""
        return self.energy_eV_per_atom * self.n_atoms

    @property
    def volume_A3(self) -> Floats:
        """Volumes of a formula unit, (P,)."""
        return self.volume_A3_per_atom * self.n_atoms

    def where(self, mask: Mask) -> Phases:
        """Those of a mask, (P,)."""
        rows = np.flatnonzero(mask)
        formulas, ids = (tuple(names[row] for row in rows) for names in (self.formulas, self.ids))
        return Phases(formulas, self.counts[rows], self.energy_eV_per_atom[rows], self.volume_A3_per_atom[rows], ids)

    def having(self, formula: str, energy_eV_per_atom: float, volume_A3_per_atom: float, identity: str) -> Phases:
        """These and one more."""
        return Phases(
            (*self.formulas, formula),
            np.concatenate([self.counts, count_matrix([formula])]),
            np.append(self.energy_eV_per_atom, energy_eV_per_atom),
            np.append(self.volume_A3_per_atom, volume_A3_per_atom),
            (*self.ids, identity),
        )


def known_phases(elements: Collection[str]) -> Phases:
    """All known phases of these elements and of some of them, with the elements themselves.

    Elements have the energy 0 and their measured volume.

    Args:
        elements: Symbols; at most 12.

    Raises:
        ValueError: More elements.
    """
    symbols = tuple(sorted(set(elements)))
    if len(symbols) > _MOST_ELEMENTS:
        raise ValueError(f"expected at most {_MOST_ELEMENTS} elements, got {len(symbols)}")
    return _of_system(symbols)


@lru_cache(maxsize=4096)
def _of_system(symbols: tuple[str, ...]) -> Phases:
    table, rows = _read()
    systems = ("-".join(part) for size in range(2, len(symbols) + 1) for part in combinations(symbols, size))
    parts = [table.slice(*rows[system]) for system in systems if system in rows]
    found = pl.concat([table.clear(), *parts])
    formulas = [*symbols, *found["formula"]]
    volumes = [_element_volume_A3(symbol) for symbol in symbols]
    return Phases(
        tuple(formulas),
        count_matrix(formulas) if formulas else np.zeros((0, N_ELEMENTS)),
        np.append(np.zeros(len(symbols)), found["formation_energy_eV_per_atom"].to_numpy().astype(np.float64)),
        np.append(volumes, found["volume_A3_per_atom"].to_numpy().astype(np.float64)),
        (*[_MEASURED] * len(symbols), *found["mp_id"]),
    )


@lru_cache(maxsize=1)
def _read() -> tuple[pl.DataFrame, dict[str, tuple[int, int]]]:
    """The table, and the first row and number of rows of each chemical system; it is sorted by them."""
    table = pl.read_parquet(PHASES_FILE)
    spans = table.with_row_index().group_by("chemical_system").agg(pl.col("index").min(), pl.len())
    return table, {system: (start, length) for system, start, length in spans.iter_rows()}


def _element_volume_A3(symbol: str) -> float:
    # Red phosphorus, 2.20 g/cm³ (C. R. Hammond, The Elements, CRC Handbook of Chemistry and Physics): the table of
    # elements has the white form, which is hardly used.
    if symbol == "P":
        return 30.974 / 2.20 / CM3_PER_MOL_PER_A3
    return float(element_table().column("molar_volume_cm3")[ATOMIC_NUMBERS[symbol]]) / CM3_PER_MOL_PER_A3
