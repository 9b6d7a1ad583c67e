"""Magnetization at the working temperature, with one law for each sublattice.

A metallic host of 3d moments follows m(t) = [1 - s t^(3/2) - (1 - s) t^p]^(1/3), t = T / Tc (Kuz'min, Phys. Rev. Lett.
94, 107204 (2005)), with p = 4, s = 0.35 as for iron and p = 5/2, s = 0.11 as for cobalt. Iron beside a rare earth falls
faster: p = 5/2 and s = 0.57 from Y2Fe14B, 1.59 T at 4 K and 1.41 T at 295 K with Tc = 571 K (Hirosawa et al., J. Appl.
Phys. 59, 873 (1986)). The 4f moment of a rare earth follows its Brillouin function in the exchange field of the host.
This field acts on the 4f spin, 2 (gJ - 1) J µB H, and is proportional to the magnetization of the host. 2 µB H / kB at
0 K is 330 K for the heavy rare earths and 600 K for the light ones, from their moments in R2Fe14B at 300 K; the light
ones couple about twice as strongly in all of these compounds (Cadogan et al., J. Appl. Phys. 61, 3974 (1987)). Rare
earths therefore lose their moment well below Tc.

A ferrimagnet with only 3d moments, such as a ferrite, has two opposed sublattices of the same ions, each in the field
of the other (Néel, Ann. Phys. (Paris) 12, 137 (1948)). The larger sublattice is in the weaker field and decreases
first, so the net moment decreases faster than either.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from screening.array_types import Floats, Mask

USUAL_FIELDS_K = 600.0, 330.0
"""2 µB H / kB at 0 K in K that acts on light and on heavy rare earths."""
_SHAPES = {"iron": (0.35, 4.0), "iron beside a rare earth": (0.57, 2.5), "cobalt": (0.11, 2.5)}
"""(s, p) of Kuz'min's law."""
_FERRITE_J = 2.5
"""Spin of Fe3+ and Mn2+."""
_N_SHARES, _N_TEMPERATURES = 41, 401
_ITERATIONS = 400


def reduced_temperature(temperature_K: Floats | float, curie_temperature_K: Floats) -> Floats:
    """T / Tc, at most 1; NaN where Tc is unknown. Arguments broadcast."""
    T, curie = np.asarray(temperature_K, dtype=np.float64), np.asarray(curie_temperature_K, dtype=np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        reduced = np.where(T == 0, 0.0, np.minimum(T / curie, 1.0))
    return np.where(np.isnan(curie), np.nan, reduced)


def host_ratio(reduced: Floats, cobalt_share: Floats | float = 0.0, with_earth: Mask | bool = False) -> Floats:
    """Magnetization of a metallic 3d host over its value at 0 K. Arguments broadcast.

    Args:
        reduced: T / Tc.
        cobalt_share: Share of Co among Fe and Co, which mixes the two shapes.
        with_earth: Whether there is a rare earth beside the host.
    """
    share = np.asarray(cobalt_share)
    alone, beside, (s_cobalt, p_cobalt) = _SHAPES.values()
    s_iron, p_iron = (np.where(with_earth, there, without) for there, without in zip(beside, alone, strict=True))
    s, p = s_iron + share * (s_cobalt - s_iron), p_iron + share * (p_cobalt - p_iron)
    t = np.asarray(reduced)
    return np.asarray(np.cbrt(np.maximum(1 - s * t**1.5 - (1 - s) * t**p, 0.0)))


def ferrimagnet_ratio(reduced: Floats, share: Floats) -> Floats:
    """Net moment of two opposed sublattices of the same ions over its value at 0 K. Arguments broadcast.

    Args:
        reduced: T / Tc.
        share: Net moment over the sum of moments at 0 K, between 0 and 1; the ratio has a limit as it goes to 0.
    """
    t, f = np.broadcast_arrays(np.asarray(reduced, dtype=np.float64), np.asarray(share, dtype=np.float64))
    table = _ferrimagnet_table()
    column = np.clip(np.nan_to_num(t), 0.0, 1.0) * (_N_TEMPERATURES - 1)
    row = np.clip(f, 0.0, 1.0) * (_N_SHARES - 1)
    i, j = np.minimum(row.astype(int), _N_SHARES - 2), np.minimum(column.astype(int), _N_TEMPERATURES - 2)
    u, v = row - i, column - j
    low = (1 - v) * table[i, j] + v * table[i, j + 1]
    high = (1 - v) * table[i + 1, j] + v * table[i + 1, j + 1]
    return np.where(np.isnan(t), np.nan, (1 - u) * low + u * high)


@lru_cache(maxsize=1)
def _ferrimagnet_table() -> Floats:
    """Ratios by share and temperature, from an iteration of the two molecular fields that starts at saturation."""
    # shares of 0 and 1 are left out: a sublattice without a partner has no field
    share = np.clip(np.linspace(0, 1, _N_SHARES), 1e-3, 1 - 1e-3)[:, None]
    t = np.linspace(0, 1, _N_TEMPERATURES)[None, :]
    large, small = (1 + share) / 2, (1 - share) / 2
    slope = (_FERRITE_J + 1) / (3 * _FERRITE_J)
    with np.errstate(divide="ignore"):
        strength = 1 / (slope * t)
    m_large, m_small = np.ones((_N_SHARES, _N_TEMPERATURES)), np.ones((_N_SHARES, _N_TEMPERATURES))
    for _ in range(_ITERATIONS):
        m_large = brillouin(_FERRITE_J, np.sqrt(small / large) * m_small * strength)
        m_small = brillouin(_FERRITE_J, np.sqrt(large / small) * m_large * strength)
    ratio = np.maximum((large * m_large - small * m_small) / share, 0.0)
    ratio[:, -1] = 0.0
    return np.asarray(ratio)


def exchange_over_thermal(
    temperature_K: Floats | float, total_J: float, lande_g: float, field_K: Floats | float, host: Floats
) -> Floats:
    """x = 2 |gJ - 1| J µB H / kB T of a 4f shell in the exchange field of the host. Arguments broadcast.

    Args:
        temperature_K: T.
        total_J: J of the shell.
        lande_g: gJ of the shell.
        field_K: 2 µB H / kB at 0 K.
        host: Magnetization of the host over its value at 0 K, to which H is proportional.
    """
    strength = abs(lande_g - 1) * total_J * field_K * np.asarray(host)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(strength > 0, strength / np.asarray(temperature_K), 0.0)


def quadrupole_ratio(total_J: float, x: Floats) -> Floats:
    """Thermal mean of 3 Jz² - J (J + 1) over its value J (2J - 1) at 0 K; the energies are -x Jz / J in units of kB T.

    The leading single-ion anisotropy is proportional to it. For small deviations from 1 it is the third power of the
    moment (Callen and Callen, J. Phys. Chem. Solids 27, 1271 (1966)).
    """
    # at larger x only the lowest level is occupied
    x = np.minimum(x, 500.0)
    total, partition = np.zeros_like(x), np.zeros_like(x)
    for m in np.arange(-total_J, total_J + 0.5):
        weight = np.exp(x * (m / total_J - 1))
        total += weight * (3 * m**2 - total_J * (total_J + 1))
        partition += weight
    return np.asarray(total / partition / (total_J * (2 * total_J - 1)))


def brillouin(total_J: Floats | float, x: Floats) -> Floats:
    """The Brillouin function B_J(x); (J + 1) x / 3J for small x."""
    J, x = np.asarray(total_J, dtype=np.float64), np.asarray(x, dtype=np.float64)
    a, b = (2 * J + 1) / (2 * J), 1 / (2 * J)
    with np.errstate(divide="ignore", invalid="ignore"):
        value = a / np.tanh(a * x) - b / np.tanh(b * x)
    return np.where(np.abs(x) < 1e-4, (J + 1) / (3 * J) * x, value)
