"""Magnetisation at the working temperature: a law for the 3d metals, a molecular field for the rare earths.

The 3d sublattice follows m(t) = [1 - s t^(3/2) - (1 - s) t^p]^(1/3), t = T / Tc (Kuz'min, Phys. Rev. Lett. 94, 107204
(2005)), with p = 4, s = 0.35 as for iron and p = 5/2, s = 0.11 as for cobalt. The 4f moment of a rare earth follows
its Brillouin function in the exchange field of the 3d moments, which acts on the 4f spin, 2 (gJ - 1) J µB H, and is
proportional to the 3d magnetisation. One field serves all hosts: 2 µB H / kB = 300 K at 0 K, the middle of what is
found for R2Fe14B, R2Fe17, RFe12 and RCo5 (200 to 450 K; Herbst, Rev. Mod. Phys. 63, 819 (1991)). So the rare earths
lose their moment well below Tc, which is why Nd2Fe14B loses more than its iron does.
"""

from __future__ import annotations

import numpy as np

from screening.merit.composition import Floats

EXCHANGE_FIELD_K = 300.0
"""2 µB H / kB at 0 K in K."""
_SHAPES = {"iron": (0.35, 4.0), "cobalt": (0.11, 2.5)}
"""(s, p) of Kuz'min's law."""


def host_ratio(temperature_K: float, curie_temperature_K: Floats, cobalt_share: Floats | float = 0.0) -> Floats:
    """3d magnetisation over that at 0 K, the shape of the Curie temperatures; 0 from the Curie temperature on.

    cobalt_share: of Co among Fe and Co, which blends the two shapes. NaN where the Curie temperature is unknown.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        reduced = np.where(temperature_K == 0, 0.0, temperature_K / np.asarray(curie_temperature_K))
    reduced = np.where(np.isnan(curie_temperature_K), np.nan, reduced)
    share = np.asarray(cobalt_share)
    (s_iron, p_iron), (s_cobalt, p_cobalt) = _SHAPES["iron"], _SHAPES["cobalt"]
    s, p = s_iron + share * (s_cobalt - s_iron), p_iron + share * (p_cobalt - p_iron)
    inside = np.clip(reduced, 0.0, 1.0)
    return np.asarray(np.maximum(1 - s * inside**1.5 - (1 - s) * inside**p, 0.0) ** (1 / 3))


def four_f_ratio(temperature_K: float, total_J: Floats, lande_g: Floats, host: Floats) -> Floats:
    """4f moment over gJ J in the field of a 3d sublattice at `host` of its moment at 0 K; broadcasts."""
    if temperature_K == 0:
        return np.where(np.asarray(host) > 0, 1.0, 0.0) * np.ones(np.broadcast(total_J, host).shape)
    field = np.abs(np.asarray(lande_g) - 1) * np.asarray(total_J) * EXCHANGE_FIELD_K * np.asarray(host) / temperature_K
    return brillouin(total_J, field)


def brillouin(total_J: Floats | float, x: Floats) -> Floats:
    """The Brillouin function B_J(x); (J + 1) x / 3J for small x."""
    J, x = np.asarray(total_J, dtype=np.float64), np.asarray(x, dtype=np.float64)
    a, b = (2 * J + 1) / (2 * J), 1 / (2 * J)
    with np.errstate(divide="ignore", invalid="ignore"):
        value = a / np.tanh(a * x) - b / np.tanh(b * x)
    return np.where(np.abs(x) < 1e-4, (J + 1) / (3 * J) * x, value)
