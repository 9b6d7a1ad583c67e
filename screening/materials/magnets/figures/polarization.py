"""From predicted magnetizations to the polarization µ0Ms at the working temperature.

The prediction is the sum of all 3d moments at 0 K, taken parallel. The polarization of a magnet differs from it for
three reasons: the 4f moments of rare earths, which are parallel or antiparallel to the host; opposed sublattices in
ferrimagnets; and the temperature.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.special import ndtr

from screening.array_types import Floats, Mask
from screening.chemistry.constants import TESLA_PER_MUB_PER_A3
from screening.chemistry.elements import indicator
from screening.chemistry.families import ELEMENT_GROUPS
from screening.materials.arrays import floats
from screening.materials.magnets.figures.crystal_fields import exchange_fields_K, family_names
from screening.materials.magnets.figures.magnetic_order import MagneticElements, MagneticOrder
from screening.materials.magnets.figures.rare_earths import four_f_moment_muB, rare_earth_table, valence_4f_muB
from screening.materials.magnets.figures.temperature import ferrimagnet_ratio, host_ratio, reduced_temperature
from screening.materials.magnets.moments.mixed_hosts import manganese_in_iron
from screening.materials.sampling import Distribution

HOST_ELEMENTS = ("Mn", "Fe", "Co", "Ni")
_NET_LABELS = ("ferromagnetic", "ferrimagnetic", "ferrimagnetic_or_antiferromagnetic", "unknown")


@dataclass(frozen=True)
class Moments:
    """The magnetic moments of B crystals.

    Attributes:
        counts: Atoms of each element in the cell, (B, 119).
        volume_A3: (B,).
        host: Magnetization at 0 K of all 3d moments in parallel, in µB/Å³.
        aligned: Whether the host aligns 4f shells, (B,).
        curie_K: Curie temperature.
        net: P(net moment), (B,).
        net_likely: Whether an order with a net moment is the most probable one, (B,).
        opposed: P(3d sublattices are opposed | net moment), (B,).
        share: Net moment over the sum of moments if they are opposed.
        fields_K: Exchange fields that act on light and on heavy rare earths, as 2 µB H / kB at 0 K, (B, 2).
    """

    counts: Floats
    volume_A3: Floats
    host: Distribution
    aligned: Mask
    curie_K: Distribution
    net: Floats
    net_likely: Mask
    opposed: Floats
    share: Distribution
    fields_K: Floats

    def rows(self, rows: slice | NDArray[np.int64]) -> Moments:
        """A part of the rows."""
        return Moments(
            self.counts[rows],
            self.volume_A3[rows],
            self.host.rows(rows),
            self.aligned[rows],
            self.curie_K.rows(rows),
            self.net[rows],
            self.net_likely[rows],
            self.opposed[rows],
            self.share.rows(rows),
            self.fields_K[rows],
        )


@dataclass(frozen=True)
class Polarization:
    """Samples of the polarization of B crystals.

    Attributes:
        mu0_Ms_T: (B, S).
        host: Magnetization of the 3d sublattice over its value at 0 K, (B, S); 0 at and above Tc.
        temperature_K: Their temperature, (B, 1); 0 where no Curie temperature is known.
    """

    mu0_Ms_T: Floats
    host: Floats
    temperature_K: Floats


SCORES = ("host", "curie", "opposed", "share", "net")
"""The quantities that `polarization` samples, in the order of its scores."""


def polarization(moments: Moments, temperature_K: float, scores: Floats) -> Polarization:
    """Sample µ0Ms at a temperature.

    If an order with a net moment is most probable, all samples are those of a ferro- or ferrimagnet. Otherwise samples
    are zero, except for a share equal to the probability of a net moment. Where no Curie temperature is known, moments
    are those at 0 K.

    Args:
        moments: Of B crystals.
        temperature_K: The working temperature.
        scores: Standard-normal scores, (5, S), one row for each of `SCORES`.
    """
    of_host, of_curie, of_opposed, of_share, of_net = scores
    curie = moments.curie_K.at(of_curie)
    temperature = np.where(np.isnan(moments.curie_K.value), 0.0, temperature_K)[:, None]
    reduced = np.nan_to_num(reduced_temperature(temperature, curie))
    ratio = host_ratio(reduced, cobalt_share(moments.counts)[:, None], with_earth(moments.counts)[:, None])
    opposed = ndtr(of_opposed) < moments.opposed[:, None]
    share = moments.share.at(of_share)
    aligned = np.where(opposed, share * ferrimagnet_ratio(reduced, share), ratio)
    # 4f shells that no host aligns add no net moment
    counts = moments.counts * moments.aligned[:, None]
    shells = four_f_moment_muB(counts, temperature, ratio, moments.fields_K) / moments.volume_A3[:, None]
    net = np.abs(moments.host.at(of_host) * aligned + shells)
    present = moments.net_likely[:, None] | (ndtr(of_net) < moments.net[:, None])
    return Polarization(TESLA_PER_MUB_PER_A3 * np.where(present, net, 0.0), ratio, temperature)


def cobalt_share(counts: Floats) -> Floats:
    """Share of Co among the Fe and Co atoms of each cell, (B,); 0 without Fe and Co."""
    cobalt, both = counts @ indicator(["Co"]), counts @ indicator(["Fe", "Co"])
    return np.asarray(cobalt / np.maximum(both, 1.0))


def with_earth(counts: Floats) -> Mask:
    """Whether a cell has a rare earth, (B,)."""
    return np.asarray(counts @ indicator(ELEMENT_GROUPS["rare_earth"]) > 0)


def find_moments(
    table: pl.DataFrame,
    counts: Floats,
    elements: MagneticElements,
    order: MagneticOrder,
    insulating: Floats,
    share: tuple[float, float, float],
    least_host_muB: float,
) -> tuple[Moments, dict[str, Mask]]:
    """The moments in a prediction table, with the treatment of the 4f shells.

    Args:
        table: B predictions.
        counts: Atoms of each element, (B, 119).
        elements: The magnetic elements of each cell.
        order: The magnetic order of each cell.
        insulating: P(the crystal is an insulator), (B,).
        share: Median, 10th and 90th percentile of the net share where the table has no `opposed_moment_share`.
        least_host_muB: Least moment per Mn, Fe, Co or Ni atom of a host that aligns 4f shells. In insulators the 3d-4f
            exchange is too weak for that at any useful temperature.

    Returns:
        The moments, and the flags about 4f shells: flag -> mask (B,).
    """
    volume = floats(table, "volume_A3")
    measured = Distribution.from_table(table, "host_magnetization_muB_per_A3", lower=0.0)
    total = Distribution.from_table(table, "magnetization_muB_per_A3", lower=0.0)
    known_share = Distribution.from_table(table, "opposed_moment_share", 0.0, 1.0)
    has_host = np.isfinite(measured.value)
    hosts = counts @ indicator(HOST_ELEMENTS)
    needed = least_host_muB * hosts
    # A ferromagnetic total includes the f shell of Gd besides the moment of the host. A smaller total comes from a
    # calculation with another order and says nothing about the host.
    valence = valence_4f_muB(counts)
    content = np.nan_to_num(np.where(has_host, measured.value, total.value) * volume)
    metallic = (hosts > 0) & (insulating < 0.5) & (content >= needed)
    unclear = metallic & ~has_host & (content - valence < needed)
    aligned = metallic & ~unclear
    held = np.where(aligned & ~has_host, valence, 0.0) / volume
    earths = rare_earth_table()
    flags = {
        "rare_earth_moment_added": aligned & (counts @ np.abs(earths.moment_muB) > 0),
        "rare_earth_moment_uncertain": metallic & ((unclear & (valence > 0)) | (counts @ earths.uncertain > 0)),
        "rare_earth_moment_omitted": (counts @ earths.frozen > 0) & ~metallic,
    }
    moments = Moments(
        counts=counts,
        volume_A3=volume,
        host=measured.where(has_host, total.shifted(-held)),
        aligned=aligned,
        curie_K=Distribution.from_table(table, "curie_temperature_K", lower=0.0),
        net=np.nan_to_num(order.net),
        net_likely=order.label.is_in(_NET_LABELS).to_numpy(),
        # the moment of an iron host counts its manganese as opposed already
        opposed=np.where(has_host & manganese_in_iron(counts), 0.0, opposed_probability(table, elements, insulating)),
        share=known_share.where(np.isfinite(known_share.value), _same_for_all(share, len(counts))),
        fields_K=exchange_fields_K(family_names(table), counts),
    )
    return moments, flags


def opposed_probability(table: pl.DataFrame, elements: MagneticElements, insulating: Floats) -> Floats:
    """P(3d sublattices are opposed | there is a net moment), (B,).

    In crystals with anions, Cr or Mn it is the predicted probability, or 1 where superexchange shows which moments are
    opposed. Metals of only Fe, Co and Ni are ferrimagnets because of their 4f shells, whose signs are counted
    separately. Without a prediction, insulators are taken for ferrimagnets.
    """
    ferri, ferro = floats(table, "ferrimagnetic_probability"), floats(table, "ferromagnetic_probability")
    with np.errstate(invalid="ignore"):
        predicted = ferri / (ferro + ferri)
    probability = np.where(np.isfinite(predicted), predicted, insulating)
    probability = np.where(np.isfinite(floats(table, "opposed_moment_share")), 1.0, probability)
    return np.where(elements.ionic | elements.weak, probability, 0.0)


def _same_for_all(percentiles: tuple[float, float, float], n_rows: int) -> Distribution:
    median, low, high = percentiles
    return Distribution(np.full(n_rows, median), np.full(n_rows, low), np.full(n_rows, high))
