"""The magnetism predictor: magnetic order, moments, Curie temperature and anisotropy of batches of crystals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import polars as pl

from screening.array_types import Floats, Mask
from screening.crystals.crystal import Crystal
from screening.crystals.packed import PackedCrystals, pack
from screening.errors import RequestError
from screening.materials.approximants import alloy_counts
from screening.materials.arrays import interval_columns
from screening.materials.base import Description
from screening.materials.magnets.anisotropy import anisotropy
from screening.materials.magnets.carriers import may_be_magnetic
from screening.materials.magnets.curie import curie
from screening.materials.magnets.moments import moment
from screening.materials.magnets.moments.mixed_hosts import mixed_hosts
from screening.materials.magnets.moments.sublattices import host_of_ions, opposed_moments, share_columns
from screening.materials.magnets.order import order
from screening.materials.magnets.order.order_labels import FERRI, NONE
from screening.tabular.composition_features import Compositions
from screening.tabular.release import find_tabular_release, load_tabular_release

FORMAT, KEY, NO_MAGNETISM = "magnetism-1", "magnetism", "none"
_LIKELY = 0.5  # a Curie temperature and an anisotropy need moments that are at least this likely


@dataclass(frozen=True)
class MagnetismPredictor:
    """The parts of a release; only the magnetic order is always there.

    Attributes:
        folder: Where the release was loaded from.
        training: Its record of the training.
    """

    order: order.OrderModel
    moment: moment.HostMagnetization | None
    curie: curie.CurieModel | None
    anisotropy: anisotropy.AnisotropyModel | None
    folder: Path
    training: Mapping[str, Any]

    @classmethod
    def load(cls, release: str, settings: Mapping[str, Any] = MappingProxyType({})) -> MagnetismPredictor | None:
        """Load a release by its name or folder; None for `none`.

        Raises:
            RequestError: The release is unknown or damaged.
        """
        if release == NO_MAGNETISM:
            return None
        folder = find_tabular_release(release, KEY, FORMAT)
        loaded = load_tabular_release(folder, KEY, FORMAT)
        parts = loaded.parts
        if order.PART not in parts:
            raise RequestError(
                f"magnetism={release}: the release has no part {order.PART!r}, only {', '.join(parts) or 'none'}"
            )
        return cls(
            order.OrderModel.from_part(parts[order.PART]),
            moment.HostMagnetization.from_part(parts[moment.PART]) if moment.PART in parts else None,
            curie.CurieModel.from_part(parts[curie.PART]) if curie.PART in parts else None,
            anisotropy.AnisotropyModel.from_part(parts[anisotropy.PART]) if anisotropy.PART in parts else None,
            folder,
            loaded.training,
        )

    def describe(self, crystals: Sequence[Crystal]) -> Description:
        """Describe B crystals; no crystal is refused."""
        packed = pack(crystals)
        alloys = np.array([bool(crystal.composition) for crystal in crystals], dtype=bool)
        axes = np.array([crystal.parent_axis or (np.nan,) * 3 for crystal in crystals]).reshape(-1, 3)
        return Description(self.columns(packed, alloy_counts(crystals, packed.element_counts()), alloys, axes))

    def columns(
        self,
        packed: PackedCrystals,
        counts: Floats | None = None,
        alloys: Mask | None = None,
        axes: Floats | None = None,
    ) -> list[pl.Series]:
        """The columns of B crystals, (B,) each.

        These are `ORDER_COLUMNS`, `SHARE_COLUMNS` (ferrimagnets), `MOMENT_COLUMNS` (metallic hosts, µB/Å³), and if the
        release has these parts, `CURIE_COLUMNS` (K) and `ANISOTROPY_COLUMNS` (MJ/m³), which are null where there are
        probably no moments.

        Args:
            packed: The crystals.
            counts: Atoms of each element, (B, 119), if they stand for alloys of other compositions.
            alloys: Which of them do, (B,).
            axes: The main axes of these alloys, (B, 3); NaN where there is none.
        """
        counts = packed.element_counts() if counts is None else counts
        carriers = np.flatnonzero(may_be_magnetic(counts))
        compositions, crystals = Compositions.of(counts[carriers]), packed.take(carriers)
        answers = np.tile(self.order.otherwise, (len(packed), 1))
        if len(carriers):
            answers[carriers] = self.order.answers_of_carriers(crystals, compositions)
        probabilities = order.class_probabilities(answers)
        columns = order.order_columns(probabilities)
        own = probabilities[carriers]
        moments = np.flatnonzero(own[:, NONE] < _LIKELY)
        shares, hosts = np.full(len(packed), np.nan), np.full((len(packed), 3), np.nan)
        if self.moment is not None:
            own_alloys = np.zeros(len(carriers), dtype=bool) if alloys is None else alloys[carriers]
            own_hosts = self.moment.predict(crystals, compositions)
            hosts[carriers] = mixed_hosts(own_hosts, crystals, compositions.counts, own_alloys, self.moment.predict)
        opposed = order.most_probable(own) == FERRI
        opposed = np.flatnonzero(opposed & ~moment.metallic_hosts(compositions.counts))
        ionic = opposed_moments(crystals.take(opposed))
        shares[carriers[opposed]], hosts[carriers[opposed]] = ionic[:, 0], host_of_ions(ionic[:, 1])
        columns += [*share_columns(shares), *interval_columns(moment.COLUMN, hosts)]
        if self.curie is not None:
            temperatures = np.full((len(packed), 3), np.nan)
            if len(moments):
                temperatures[carriers[moments]] = self.curie.of_carriers(compositions.take(moments))
            columns += interval_columns(curie.COLUMN, temperatures)
        if self.anisotropy is not None:
            predicted = anisotropy.PredictedAnisotropy.unknown(len(packed))
            if len(moments):
                own_axes = None if axes is None else axes[carriers[moments]]
                found = self.anisotropy.predict(crystals.take(moments), compositions.take(moments), own_axes)
                predicted.put(carriers[moments], found)
            columns += predicted.columns()
        return columns
