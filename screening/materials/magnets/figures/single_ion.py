"""Anisotropy of a rare-earth ion in a crystal field and an exchange field, at any temperature.

The energies of the ion are those of its lowest multiplet J in the field of the 3d metals, along a direction at the
angle θ to the axis, and in the crystal field:

    H = 2 |gJ - 1| µB H n·J + Σ θn An0 <r^n> On0(J),  n = 2, 4, 6

with the operators and factors of Stevens (Proc. Phys. Soc. A 65, 209 (1952)). The free energy F(θ) = -kT ln Z is
written as K1 sin²θ + K2 sin⁴θ + K3 sin⁶θ + K4 sin⁸θ. No order of perturbation is left out, so reorientations and cones
come out.
Samarium has a first excited multiplet within reach (1080 cm⁻¹, Dieke, Spectra and Energy Levels of Rare Earth Ions,
Wiley 1968); its states are those of L = 5 and S = 5/2 with spin-orbit coupling, and the exchange field mixes them.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

import numpy as np
import polars as pl

from screening.array_types import Floats
from screening.materials.magnets.figures.crystal_fields import CrystalField
from screening.resources import resource

_ANGLES = np.linspace(0.0, np.pi / 2, 10)
RATIOS = np.linspace(0.0, 1.0, 13)
"""Magnetizations of the host over that at 0 K for which constants are tabulated."""
_SM_SPIN_ORBIT_K = 444.0
"""λ of λ L·S: the multiplet J = 7/2 lies 7/2 λ = 1080 cm⁻¹ above the lowest one."""
_COLDEST_K = 0.5


@dataclass(frozen=True)
class EarthIon:
    """The 4f shell of a rare earth.

    Attributes:
        J: Its total angular momentum.
        lande_g: Its Landé factor.
        heavy: More than half full.
        strengths: Stevens factor times mean power of the radius, for n = 2, 4 and 6.
    """

    J: float
    lande_g: float
    heavy: bool
    strengths: tuple[float, float, float]


@lru_cache(maxsize=1)
def ions() -> dict[str, EarthIon]:
    """Ions by symbol; without those of uncertain valence (Ce, Eu, Yb) and those without a quadrupole."""
    folder = resource("datasets") / "elements"
    shells = {row["element"]: row for row in pl.read_csv(folder / "four_f_radii.csv").iter_rows(named=True)}
    found = {}
    for row in pl.read_csv(folder / "lanthanides.csv").iter_rows(named=True):
        if row["signed_add_muB"] is None or not row["alphaJ"]:
            continue
        shell = shells[row["element"]]
        strengths = (
            float(row["alphaJ"]) * shell["r2_a02"],
            float(shell["betaJ"]) * shell["r4_a04"],
            float(shell["gammaJ"]) * shell["r6_a06"],
        )
        J = float(Fraction(str(row["J"])))
        found[row["element"]] = EarthIon(J, float(row["gJ"]), int(row["f_n"]) > 7, strengths)
    return found


ORDERS = 4
"""Constants of one ion: K1 to K4."""


def constants_K(symbol: str, field: CrystalField, temperature_K: float, ratio: Floats) -> Floats:
    """K1 to K4 of one ion in K.

    Args:
        symbol: A key of `ions`.
        field: The crystal field, and the exchange field at 0 K.
        temperature_K: Of the ion.
        ratio: Magnetizations of the host over that at 0 K, any shape; the exchange field is proportional to them.

    Returns:
        (ORDERS, *ratio.shape).
    """
    table = _table(symbol, field, round(float(temperature_K), 3))
    return np.stack([np.interp(ratio, RATIOS, column) for column in table.T])


@lru_cache(maxsize=1024)
def _table(symbol: str, field: CrystalField, temperature_K: float) -> Floats:
    """(R, ORDERS) constants in K at `RATIOS`."""
    ion = ions()[symbol]
    along, across, potential = _samarium(ion, field) if symbol == "Sm" else _multiplet(ion, field)
    strength = RATIOS[:, None] * field.field_K(ion.heavy)
    directions = np.stack([np.cos(_ANGLES), np.sin(_ANGLES)])
    turned: Floats = directions[0][:, None, None] * along + directions[1][:, None, None] * across
    energies = np.linalg.eigvalsh(potential + strength[:, :, None, None] * turned)
    lowest = energies[..., :1]
    temperature = max(temperature_K, _COLDEST_K)
    free = lowest[..., 0] - temperature * np.log(np.exp(-(energies - lowest) / temperature).sum(axis=-1))
    sine = np.sin(_ANGLES[1:]) ** 2
    powers = np.stack([sine**order for order in range(1, ORDERS + 1)], axis=1)
    found, *_ = np.linalg.lstsq(powers, (free[:, 1:] - free[:, :1]).T, rcond=None)
    return np.asarray(found.T)


def _multiplet(ion: EarthIon, field: CrystalField) -> tuple[Floats, Floats, Floats]:
    """Operators of the exchange field along and across the axis, for a unit field, and the crystal field, in K."""
    Jz, Jx = _spin(ion.J)
    factor = abs(ion.lande_g - 1)
    parameters = (field.A20, field.A40, field.A60)
    operators = _stevens(ion.J)
    terms = zip(parameters, ion.strengths, operators, strict=True)
    potential = np.diag(sum(A * strength * diagonal for A, strength, diagonal in terms))
    return factor * Jz, factor * Jx, potential


def _samarium(ion: EarthIon, field: CrystalField) -> tuple[Floats, Floats, Floats]:
    """The same for all multiplets of L = 5, S = 5/2.

    The crystal field acts on L; in the lowest multiplet it is that of J = 5/2.
    """
    L, S = 5.0, 2.5
    one_L, one_S = np.eye(int(2 * L + 1)), np.eye(int(2 * S + 1))
    Lz = np.kron(_spin(L)[0], one_S)
    Sz, Sx = (np.asarray(np.kron(one_L, own), dtype=np.float64) for own in _spin(S))
    raising_L, raising_S = np.kron(_raising(L), one_S), np.kron(one_L, _raising(S))
    product = Lz @ Sz + 0.5 * (raising_L @ raising_S.T + raising_L.T @ raising_S)
    spin_orbit: Floats = _SM_SPIN_ORBIT_K * product
    # the state of J = 5/2 with the largest Jz fixes the factors of the operators of L
    values, states = np.linalg.eigh(product + 1e-6 * (Lz + Sz))
    lowest = np.flatnonzero(values < values[0] + 1e-4)
    state = states[:, lowest[np.argmax([states[:, k] @ (Lz + Sz) @ states[:, k] for k in lowest])]]
    potential: Floats = np.zeros(product.shape)
    of_J, of_L = _stevens(ion.J), _stevens(L)
    for A, strength, own, whole in zip((field.A20, field.A40), ion.strengths, of_J, of_L, strict=False):
        operator = np.kron(np.diag(whole), one_S)
        potential += A * strength * own[0] / float(state @ operator @ state) * operator
    # 2 µB H S lowers the energy of the spin along the field, as 2 |g - 1| µB H J does in the lowest multiplet
    return Sz, Sx, spin_orbit + potential


def _spin(J: float) -> tuple[Floats, Floats]:
    """Jz and Jx in the basis of falling m."""
    raising = _raising(J)
    return np.diag(np.arange(J, -J - 1, -1)), 0.5 * (raising + raising.T)


def _raising(J: float) -> Floats:
    m = np.arange(J, -J - 1, -1)[1:]
    return np.diag(np.sqrt(J * (J + 1) - m * (m + 1)), 1)


def _stevens(J: float) -> tuple[Floats, Floats, Floats]:
    """Diagonals of the operators O20, O40 and O60, (2J + 1,) each, in the basis of falling m."""
    m, X = np.arange(J, -J - 1, -1), J * (J + 1)
    second = 3 * m**2 - X
    fourth = 35 * m**4 - (30 * X - 25) * m**2 + 3 * X**2 - 6 * X
    sixth = 231 * m**6 - (315 * X - 735) * m**4 + (105 * X**2 - 525 * X + 294) * m**2 - 5 * X**3 + 40 * X**2 - 60 * X
    return second, fourth, sixth
