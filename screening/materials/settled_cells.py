"""Stability on comparable ground: ionic crystals at the volume that the network's energies are for.

The network learned energies of crystals that were relaxed with PBE, whose oxides and halides are some percent larger
than measured ones. A measured cell looks strained to it: BaFe12O19 seems to lie 0.11 eV/atom above the hull as measured
and 0.02 after a few steps downhill. So ionic crystals take these steps with a potential of the same theory before their
energy is predicted. Metals are left alone unless asked for: the potential shrinks some with large moments by a tenth.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import polars as pl

from screening.array_types import Floats, Mask
from screening.chemistry.compositions import count_matrix
from screening.chemistry.elements import indicator
from screening.crystals.crystal import Crystal
from screening.crystals.packed import PackedCrystals, pack
from screening.crystals.standard_cell import standard_cells
from screening.errors import RequestError
from screening.materials.arrays import flagged, floats, names_with_interval, number_column
from screening.materials.predictor_kind import Description
from screening.networks.predictor import Predictor
from screening.potentials.base import Potential
from screening.potentials.registry import load_potential
from screening.relaxation.few_steps import prerelax

IONIC, ALL, AS_GIVEN = "ionic", "all", "none"
STEPS = 3
"""15 well-known compounds with anions are within 0.006 eV/atom after 3 steps of where 24 steps take them."""
FAR_PERCENT, FARTHEST_PERCENT = 5.0, 15.0
"""Changes of volume that are flagged, and those beyond which the crystal stays as it was given."""
CHANGE, FAR = "cell_volume_change_percent", "cell_far_from_potential"
_ENERGIES = (
    *names_with_interval("formation_energy_eV_per_atom"),
    *names_with_interval("energy_above_hull_eV_per_atom"),
)
_ANIONS = ("O", "F", "Cl", "Br", "I")
_POTENTIAL = "chgnet"
_GAIN_EV_PER_ATOM = 0.12
"""How much lower the energy of a measured ionic cell may come out after the steps; one of those 15 gains more."""


def ionic(counts: Floats) -> Mask:
    """Oxides and halides, (B,). Sulfides and their like are metals too often. counts: (B, 119)."""
    return np.asarray(counts @ indicator(_ANIONS) > 0)


@dataclass(frozen=True)
class _Cells:
    """Which crystals take the steps: `IONIC` or `ALL`."""

    choice: str

    @property
    def folder(self) -> Path | None:
        """None: it has no release of its own."""
        return None

    @property
    def training(self) -> Mapping[str, Any] | None:
        """None: it learned nothing."""
        return None

    def chosen(self, crystals: Sequence[Crystal]) -> Mask:
        """Which of B crystals take the steps."""
        if self.choice == ALL or not crystals:
            return np.ones(len(crystals), dtype=bool)
        return ionic(pack(crystals).element_counts())

    def describe(self, crystals: Sequence[Crystal]) -> Description:
        """The columns without figures: the network gives them (`describe_with`)."""
        names = [*_ENERGIES, CHANGE]
        return Description([number_column(name, np.full(len(crystals), np.nan)) for name in names])


@dataclass(frozen=True)
class SettledCells(_Cells):
    """Predicts the energies of crystals after a few steps downhill with a potential."""

    potential: Potential

    @classmethod
    def load(cls, release: str, settings: Mapping[str, Any] = MappingProxyType({})) -> SettledCells | None:
        """The choice `ionic` or `all`; None for `none`.

        Raises:
            RequestError: The choice is none of these.
        """
        _check(release)
        if release == AS_GIVEN:
            return None
        return cls(release, load_potential(_POTENTIAL, str(settings.get("device", "auto"))))

    @property
    def loads(self) -> Mapping[str, Path | None]:
        """The potential."""
        return {"potential": self.potential.checkpoint}

    def describe_with(self, network: Predictor, crystals: Sequence[Crystal], table: pl.DataFrame) -> Description:
        """The energies of B crystals, anew for those that take steps.

        Args:
            network: Predicts the energies.
            crystals: The crystals.
            table: What it predicted for them as they were given.
        """
        rows = np.flatnonzero(self.chosen(crystals) & _of_elements(crystals, self.potential.elements)).tolist()
        columns = {name: floats(table, name).copy() for name in _ENERGIES if name in table.columns}
        change = np.full(len(crystals), np.nan)
        if rows:
            chosen = [crystals[row] for row in rows]
            given = standard_cells(pack(chosen))  # a supercell takes the same steps
            settled = prerelax(self.potential, given, STEPS).packed
            change[rows] = 100 * (settled.volume_A3 / given.volume_A3 - 1)
            near = np.flatnonzero(np.abs(change[rows]) <= FARTHEST_PERCENT).tolist()
            anew = network.predict(_crystals(settled, near, chosen))
            for name, values in columns.items():
                values[[rows[place] for place in near]] = floats(anew, name)
        far = np.abs(np.nan_to_num(change)) > FAR_PERCENT
        named = [number_column(name, values) for name, values in columns.items()]
        flags = flagged(table.drop("flags", strict=False), {FAR: far})
        return Description([*named, number_column(CHANGE, change), flags])


@dataclass(frozen=True)
class CellsAsGiven(_Cells):
    """Stands in for `SettledCells` in the first stage of a ranking; its intervals reach down to what steps may gain."""

    @classmethod
    def load(cls, release: str, settings: Mapping[str, Any] = MappingProxyType({})) -> CellsAsGiven | None:
        """As for `SettledCells`, without a potential; the key `cells` decides for both, if it is among the settings."""
        choice = str(settings.get("cells") or release)
        _check(choice)
        return None if choice == AS_GIVEN else cls(choice)

    def describe_with(self, network: Predictor, crystals: Sequence[Crystal], table: pl.DataFrame) -> Description:
        """The energies of B crystals as they were given; arguments as for `SettledCells`."""
        gain = np.where(self.chosen(crystals), _GAIN_EV_PER_ATOM, 0.0)
        columns = []
        for name in _ENERGIES:
            if name in table.columns:
                values = floats(table, name) - (gain if name.endswith("_lo") else 0.0)
                columns.append(number_column(name, np.maximum(values, 0.0) if "hull" in name else values))
        return Description([*columns, number_column(CHANGE, np.full(len(crystals), np.nan))])

    def settled(self, table: pl.DataFrame) -> Mask:
        """Crystals that take no steps have their figures already, (B,)."""
        if self.choice == ALL:
            return np.zeros(table.height, dtype=bool)
        return ~ionic(count_matrix(table["cell_formula"].to_list()))


def _check(choice: str) -> None:
    if choice not in (IONIC, ALL, AS_GIVEN):
        raise RequestError(f"cells={choice}: expected {IONIC}, {ALL} or {AS_GIVEN}")


def _of_elements(crystals: Sequence[Crystal], elements: frozenset[int] | None) -> Mask:
    """Crystals of these elements alone, (B,); None: of any."""
    known = [elements is None or elements.issuperset(crystal.numbers.tolist()) for crystal in crystals]
    return np.array(known, dtype=bool)


def _crystals(packed: PackedCrystals, rows: Sequence[int], given: Sequence[Crystal]) -> list[Crystal]:
    return [
        Crystal.from_arrays(
            given[row].candidate_id,
            packed.lattice[row],
            packed.numbers[packed.atoms(row)],
            packed.frac[packed.atoms(row)],
            source=given[row].source,
        )
        for row in rows
    ]
