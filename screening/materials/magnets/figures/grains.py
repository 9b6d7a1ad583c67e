"""What a grain of a magnet can attain: exchange stiffness, coercivity and the energy product that it allows.

Exchange stiffness. A spin wave of stiffness D lowers the magnetization by s (T / Tc)^(3/2), so (Bloch's law; Kuz'min et
al., Eur. Phys. J. Plus 135, 301 (2020))

    D = (kB Tc / 4 pi) (zeta(3/2) g muB / s M0)^(2/3),    A = D M0 / 2 g muB.

With s = 0.11 this gives A at 300 K within 35 % of what was measured on Fe, Co, Nd2Fe14B, SmCo5, BaFe12O19, MnBi and
FePt. A falls with the square of the magnetization (Atxitia et al., Phys. Rev. B 82, 134440 (2010)).

Ideal coercivity. That of a perfect cube of 50 nm, by a table from simulated loops
(`datasets/magnets/single_grain.csv`): in units of the anisotropy field it depends only on q = 2 K1 / µ0 Ms² and on the
edge over the exchange length.

Attainable coercivity. Hc = alpha 2 K1 / µ0 Ms - N Ms (Kronmüller, Phys. Status Solidi B 144, 385 (1987)). The range of
alpha goes from 0.06, that of sintered SmCo5, to 0.45, that of fine-grained Nd-Fe-B; N is 0.3 to 1.1. A loop that is
square until Hc has the energy product (µ0 Ms)² / 4µ0, or µ0 Hc (Ms - Hc) if Hc is below Ms / 2.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import polars as pl
from scipy.constants import Boltzmann, mu_0, physical_constants
from scipy.interpolate import RegularGridInterpolator
from scipy.special import zeta

from screening.array_types import Floats
from screening.materials.sampling import Z90, Distribution
from screening.resources import resource

EDGE_M = 50e-9
SCORES = ("stiffness", "alpha", "N")
"""The quantities that `grain_figures` samples, in the order of its scores."""
BLOCH_S = 0.11
STIFFNESS_FACTOR = 1.35
"""The interval reaches from A divided by this to A times it."""
ALPHA, DEMAGNETIZING = (0.28, 0.06, 0.45), (0.7, 0.3, 1.1)
"""Median, 10th and 90th percentile."""
_G_MUB = 2 * physical_constants["Bohr magneton"][0]


def exchange_stiffness_J_per_m(Ms_0_A_per_m: Floats, curie_K: Floats, ratio: Floats) -> Floats:
    """Exchange stiffness A; 0 without a magnetization. Arguments broadcast.

    Args:
        Ms_0_A_per_m: Magnetization at 0 K.
        curie_K: Curie temperature.
        ratio: Magnetization at the working temperature over that at 0 K.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        per_moment = float(zeta(1.5)) * _G_MUB / (BLOCH_S * Ms_0_A_per_m)
        D = Boltzmann * curie_K / (4 * np.pi) * per_moment ** (2 / 3)
    return np.where(Ms_0_A_per_m > 0, np.nan_to_num(D) * Ms_0_A_per_m / (2 * _G_MUB) * ratio**2, 0.0)


def ideal_coercivity_A_per_m(Ms_A_per_m: Floats, K1_J_per_m3: Floats, A_J_per_m: Floats) -> Floats:
    """Coercivity of a perfect cube of 50 nm. Arguments broadcast.

    NaN unless K1, Ms and A are positive, and for soft grains (q below 0.1), which do not reverse as a whole.
    """
    possible = (Ms_A_per_m > 0) & (K1_J_per_m3 > 0) & (A_J_per_m > 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        hardness = 2 * K1_J_per_m3 / (mu_0 * Ms_A_per_m**2)
        edge = EDGE_M / np.sqrt(2 * A_J_per_m / (mu_0 * Ms_A_per_m**2))
        field = 2 * K1_J_per_m3 / (mu_0 * Ms_A_per_m)
    table, nodes = _table()
    possible &= hardness >= np.exp(nodes[0][0])
    ends = [(axis[0], axis[-1]) for axis in nodes]
    logs = [np.clip(np.log(np.where(possible, x, 1.0)), *end) for x, end in zip((hardness, edge), ends, strict=True)]
    return np.where(possible, table(np.stack(np.broadcast_arrays(*logs), axis=-1)) * field, np.nan)


@lru_cache(maxsize=1)
def _table() -> tuple[RegularGridInterpolator, list[Floats]]:
    rows = pl.read_csv(resource("datasets") / "magnets" / "single_grain.csv")
    nodes = [np.log(rows[name].unique().sort().to_numpy()) for name in ("hardness_q", "edge_over_exchange_length")]
    values = rows["coercivity_over_anisotropy_field"].to_numpy().reshape([len(axis) for axis in nodes])
    return RegularGridInterpolator(nodes, values), nodes


def attainable_coercivity_A_per_m(Ms_A_per_m: Floats, K1_J_per_m3: Floats, alpha: Floats, N: Floats) -> Floats:
    """Kronmüller's estimate, at least 0; NaN unless K1 and Ms are positive. Arguments broadcast."""
    with np.errstate(divide="ignore", invalid="ignore"):
        found = alpha * 2 * K1_J_per_m3 / (mu_0 * Ms_A_per_m) - N * Ms_A_per_m
    return np.where((Ms_A_per_m > 0) & (K1_J_per_m3 > 0), np.maximum(found, 0.0), np.nan)


def attainable_energy_J_per_m3(Ms_A_per_m: Floats, coercivity_A_per_m: Floats) -> Floats:
    """Energy product of a loop that is square down to the coercivity. Arguments broadcast."""
    limit = np.minimum(coercivity_A_per_m, Ms_A_per_m / 2)
    return np.asarray(mu_0 * limit * (Ms_A_per_m - limit))


def grain_figures(
    mu0_Ms_T: Floats, K1_MJ_per_m3: Floats, host: Floats, curie_K: Floats, scores: Floats
) -> dict[str, Floats]:
    """Samples (B, S) of the figures of grains, by the names of their columns.

    Args:
        mu0_Ms_T: Polarization at the working temperature, (B, S).
        K1_MJ_per_m3: Anisotropy at it, (B, S).
        host: Magnetization of the host over its value at 0 K, (B, S).
        curie_K: Curie temperature, (B,); NaN where it is unknown.
        scores: Standard-normal scores, (3, S), one row for each of `SCORES`.
    """
    Ms, K1 = mu0_Ms_T / mu_0, 1e6 * K1_MJ_per_m3
    factor = np.exp(np.log(STIFFNESS_FACTOR) * scores[0] / Z90)
    at_0 = Ms / np.maximum(host, 0.1)
    A = factor * exchange_stiffness_J_per_m(at_0, np.broadcast_to(curie_K[:, None], Ms.shape), host)
    alpha, N = (_sampled(values, of) for values, of in zip((ALPHA, DEMAGNETIZING), scores[1:], strict=True))
    attainable = attainable_coercivity_A_per_m(Ms, K1, alpha, N)
    return {
        "exchange_stiffness_pJ_per_m": np.where((A > 0) & np.isfinite(curie_K)[:, None], 1e12 * A, np.nan),
        "coercivity_ideal_kA_per_m": 1e-3 * ideal_coercivity_A_per_m(Ms, K1, A),
        "coercivity_attainable_kA_per_m": 1e-3 * attainable,
        "BHmax_attainable_kJ_per_m3": 1e-3 * attainable_energy_J_per_m3(Ms, attainable),
    }


def _sampled(percentiles: tuple[float, float, float], scores: Floats) -> Floats:
    median, low, high = (np.full(1, value) for value in percentiles)
    return Distribution(median, low, high, lower=0.0).at(scores)
