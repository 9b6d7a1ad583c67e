"""From predicted magnetizations to the polarization µ0Ms at the working temperature.

What is predicted is the sum of the 3d moments at 0 K, all parallel. Three things are between it and a magnet: the 4f
moments of rare earths, which follow the host with a sign of their own; opposed sublattices, in ferrimagnets; and the
temperature.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from scipy.special import ndtr

from screening.array_types import Floats, Mask
from screening.chemistry.constants import TESLA_PER_MUB_PER_A3
from screening.chemistry.elements import indicator
from screening.materials.arrays import floats
from screening.materials.magnets.figures.magnetic_order import MagneticElements, MagneticOrder
from screening.materials.magnets.figures.rare_earths import four_f_moment_muB, rare_earth_table, valence_4f_muB
from screening.materials.magnets.figures.temperature import ferrimagnet_ratio, host_ratio, reduced_temperature
from screening.materials.sampling import Distribution

HOST_ELEMENTS = ("Mn", "Fe", "Co", "Ni")
_NET_LABELS = ("ferromagnetic", "ferrimagnetic", "ferrimagnetic_or_antiferromagnetic", "unknown")


@dataclass(frozen=True)
class Moments:
    """What B crystals have to magnetize with.

    counts: (B, 119) of the cells; volume_A3: (B,). host: magnetization of the 3d moments, all parallel, at 0 K, in
    µB/Å³. aligned: (B,) whether the host aligns 4f shells. curie_K: Curie temperature. net: (B,) P(net moment).
    net_likely: (B,) whether that is the most probable order. opposed: (B,) P(3d sublattices are opposed | net moment).
    share: net moment over the sum of moments if they are.
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

    def rows(self, rows: slice) -> Moments:
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
        )


@dataclass(frozen=True)
class Polarization:
    """Samples (B, S): mu0_Ms_T; host: magnetization of the 3d sublattice over that at 0 K, 0 from Tc on.

    temperature_K: (B, 1) at which they are meant, 0 where no Curie temperature is known.
    """

    mu0_Ms_T: Floats
    host: Floats
    temperature_K: Floats


SCORES = ("host", "curie", "opposed", "share", "net")
"""The quantities that `polarization` draws, in the order of its scores."""


def polarization(moments: Moments, temperature_K: float, scores: Floats) -> Polarization:
    """Samples of µ0Ms at a temperature; scores: (5, S) standard normal, one row for each of `SCORES`.

    Given the most probable order: with a net moment, that of a ferro- or ferrimagnet; without one mostly zero, and as
    often not as a net moment is probable all the same. Where no Curie temperature is known the moments are those of
    0 K.
    """
    of_host, of_curie, of_opposed, of_share, of_net = scores
    curie = moments.curie_K.at(of_curie)
    temperature = np.where(np.isnan(moments.curie_K.value), 0.0, temperature_K)[:, None]
    reduced = np.nan_to_num(reduced_temperature(temperature, curie))
    ratio = host_ratio(reduced, cobalt_share(moments.counts)[:, None])
    opposed = ndtr(of_opposed) < moments.opposed[:, None]
    share = moments.share.at(of_share)
    aligned = np.where(opposed, share * ferrimagnet_ratio(reduced, share), ratio)
    # shells that no host aligns are those of atoms that do not count here
    counts = moments.counts * moments.aligned[:, None]
    shells = four_f_moment_muB(counts, temperature, ratio) / moments.volume_A3[:, None]
    net = np.abs(moments.host.at(of_host) * aligned + shells)
    present = moments.net_likely[:, None] | (ndtr(of_net) < moments.net[:, None])
    return Polarization(TESLA_PER_MUB_PER_A3 * np.where(present, net, 0.0), ratio, temperature)


def cobalt_share(counts: Floats) -> Floats:
    """Of Co among the Fe and Co atoms of each cell, (B,); 0 without either."""
    cobalt, both = counts @ indicator(["Co"]), counts @ indicator(["Fe", "Co"])
    return np.asarray(cobalt / np.maximum(both, 1.0))


def find_moments(
    table: pl.DataFrame,
    counts: Floats,
    elements: MagneticElements,
    order: MagneticOrder,
    insulating: Floats,
    share: tuple[float, float, float],
    least_host_muB: float,
) -> tuple[Moments, dict[str, Mask]]:
    """The moments of a prediction table and the flags that say what was done about the 4f shells.

    insulating: (B,) P(the gap is open). share: median, 10th and 90th percentile where the table has no
    `opposed_moment_share`. least_host_muB: moment per Mn, Fe, Co or Ni atom from which on a host aligns 4f shells; in
    an insulator the 3d-4f exchange is too weak for that at any useful temperature.
    """
    volume = floats(table, "volume_A3")
    measured = Distribution.from_table(table, "host_magnetization_muB_per_A3", lower=0.0)
    total = Distribution.from_table(table, "magnetization_muB_per_A3", lower=0.0)
    known_share = Distribution.from_table(table, "opposed_moment_share", 0.0, 1.0)
    has_host = np.isfinite(measured.value)
    hosts = counts @ indicator(HOST_ELEMENTS)
    needed = least_host_muB * hosts
    # A ferromagnetic total holds the f shell of Gd beside the host's moment. A smaller one is from a calculation that
    # found another order, and nothing can be said of it.
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
        opposed=opposed_probability(table, elements, insulating),
        share=known_share.where(np.isfinite(known_share.value), _same_for_all(share, len(counts))),
    )
    return moments, flags


def opposed_probability(table: pl.DataFrame, elements: MagneticElements, insulating: Floats) -> Floats:
    """P(3d sublattices are opposed | there is a net moment), (B,).

    As predicted where ions or Cr or Mn are there; certain where superexchange says which moments oppose which. In
    metals of Fe, Co and Ni alone a ferrimagnet is one because of its 4f shells, which have signs of their own. Without
    a prediction: insulators are ferrimagnets.
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
