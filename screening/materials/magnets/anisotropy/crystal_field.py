"""Single-ion anisotropy of rare earths, from the surroundings of their own sites.

The 4f shell of a rare earth is no sphere: a Stevens factor alpha_J < 0 means a charge flattened along the moment, > 0
one drawn out (Stevens, Proc. Phys. Soc. A 65, 209 (1952)). In the field of its neighbours the moment turns so that the
4f charge avoids the negative ones. To leading order, at 0 K and along the axis n of a uniaxial crystal,

    K1 = -(3/2) C / volume * sum over rare earths of alpha_J J (J - 1/2) <r^2> V,
    V = sum over neighbours of dX f(r) (3 cos^2 - 1),

where dX, the electronegativity of the neighbour (Pauling) minus that of the rare earth, stands for the electrons that
it draws to itself, cos is the cosine of the bond to n, and f falls from 1 at `FULL_A` to 0 at `CUTOFF_A` by a cosine.
V is the crystal-field parameter A20 up to a factor.

Of some 140 laws of distance (powers, Gaussians, cutoffs; about a dozen do equally well) f is the simplest of those that
give both the measured directions of MAGNDATA and equal C for the known families. C is the geometric mean of four:
R2Fe14B (R = Pr, Nd, Sm, Tb, Dy, Er) 1990, SmCo5 1950, Sm2Fe17N3 1390, SmFe11Ti 2870. For these the 3d part was taken
from the measured K1 at 300 K, and the rest brought to 0 K by the thermal mean of the quadrupole in an exchange field
of 2 µB H / kB = 600 K for light and 330 K for heavy rare earths (from their moments in R2Fe14B at 300 K; twice as much
for light ones as Cadogan et al., J. Appl. Phys. 61, 3974 (1987), found).

Where 3d metals are at least as many as rare earths, exchange holds the 4f moments and the leading order decides:
directions are right for 93 % of 26 compounds of MAGNDATA and for all of the families above and Th2Zn17. Elsewhere it
is 62 % of 73, which the additive error of V says.
"""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache

import numpy as np
import polars as pl
import torch
from numpy.typing import NDArray

from screening.array_types import Floats
from screening.chemistry.element_table import element_table
from screening.chemistry.elements import by_element, indicator
from screening.crystals.packed import PackedCrystals
from screening.graphs.neighbours import neighbour_pairs
from screening.resources import resource

FULL_A, CUTOFF_A = 3.5, 5.5
"""Neighbours count fully up to the first and not at all beyond the second distance."""
SCALE_MJ_PER_M3 = 1980.0
"""C, in MJ/m3 Å3 per Bohr radius squared and Pauling unit."""
FACTOR_ERROR = 0.45
"""Standard error of the size, relative; the nine compounds above scatter by 0.36 (of the logarithm)."""
FIELD_ERROR = {"held by 3d moments": 1.0, "alone": 6.6}
"""Standard error of V in Pauling units. The directions in MAGNDATA are likeliest with 0.75 and 6.6; the first is taken
larger, since the law of distance was chosen on the same directions."""
TENTH = 1.2816
"""Standard deviations from the mean to the 90th percentile."""
_HOSTS = ("Mn", "Fe", "Co")


@lru_cache(maxsize=1)
def quadrupoles() -> Floats:
    """(119,) alpha_J J (J - 1/2) <r^2> in Bohr radii squared by atomic number.

    0 without a 4f quadrupole or where the valence has no rule (Ce, Eu, Yb). Radii: Freeman and Desclaux, J. Magn. Magn.
    Mater. 12, 11 (1979).
    """
    values, folder = {}, resource("datasets") / "elements"
    radii = dict(pl.read_csv(folder / "four_f_radii.csv").iter_rows())
    for row in pl.read_csv(folder / "lanthanides.csv").iter_rows(named=True):
        J = float(Fraction(str(row["J"])))
        if row["signed_add_muB"] is not None and row["alphaJ"]:
            values[row["element"]] = float(row["alphaJ"]) * J * (J - 0.5) * radii[row["element"]]
    return by_element(values)


def four_f_anisotropy(packed: PackedCrystals, axis: Floats) -> Floats:
    """(B, 3) K1 of the 4f shells at 0 K with its 10th and 90th percentile in MJ/m3, positive along the axis.

    axis: (B, 3) unit vectors. NaN for crystals without a rare earth that has a rule.
    """
    result = np.full((len(packed), 3), np.nan)
    owner = packed.owner
    rows = np.unique(owner[quadrupoles()[packed.numbers] != 0])
    if len(rows):
        result[rows] = _of_rare_earths(packed.take(rows), axis[rows])
    return result


def held_by_3d_moments(counts: Floats) -> NDArray[np.bool_]:
    """(B,) at least as many Mn, Fe and Co as rare earths with a quadrupole; counts: (B, 119)."""
    return np.asarray(counts @ indicator(_HOSTS) >= counts @ (quadrupoles() != 0))


def _of_rare_earths(packed: PackedCrystals, axis: Floats) -> Floats:
    """(B, 3) as `four_f_anisotropy`; every crystal has a rare earth that has a rule."""
    size = len(packed)
    owner = packed.owner
    quadrupole = quadrupoles()[packed.numbers]
    total = np.bincount(owner, np.abs(quadrupole), size)
    mean_field = np.bincount(owner, quadrupole * site_fields(packed, axis), size) / total
    held = held_by_3d_moments(packed.element_counts())
    field_error = np.where(held, FIELD_ERROR["held by 3d moments"], FIELD_ERROR["alone"])
    error = np.hypot(field_error, FACTOR_ERROR * mean_field)
    scale = 1.5 * SCALE_MJ_PER_M3 * total / packed.volume_A3
    steps = np.stack([np.zeros(size), -TENTH * error, TENTH * error], axis=1)
    return np.asarray(scale[:, None] * (steps - mean_field[:, None]))


def site_fields(packed: PackedCrystals, axis: Floats) -> Floats:
    """(N,) fields V of all atoms in Pauling units, zero for those without a 4f quadrupole."""
    pairs = neighbour_pairs(packed, np.full(len(packed), CUTOFF_A))
    centre = pairs.centre.numpy()
    of_rare_earths = np.flatnonzero(quadrupoles()[packed.numbers[centre]] != 0)
    pairs = pairs.take(torch.from_numpy(of_rare_earths))
    centre, neighbour, distance = pairs.centre.numpy(), pairs.neighbour.numpy(), pairs.distance.numpy()
    owner = packed.owner
    cosine = np.einsum("ei,ei->e", pairs.vectors().numpy(), axis[owner[centre]]) / distance
    negativity = np.nan_to_num(element_table().column("electronegativity_pauling"))[packed.numbers]
    charge = (negativity[neighbour] - negativity[centre]) * _fade(distance)
    weights = np.asarray(charge * (3 * cosine**2 - 1), dtype=np.float64)
    return np.asarray(np.bincount(centre, weights, len(packed.numbers)), dtype=np.float64)


def _fade(distance: Floats) -> Floats:
    inside = np.clip((distance - FULL_A) / (CUTOFF_A - FULL_A), 0.0, 1.0)
    return np.asarray(0.5 + 0.5 * np.cos(np.pi * inside))
