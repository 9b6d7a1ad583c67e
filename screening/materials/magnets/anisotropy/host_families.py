"""Anisotropy of the 3d metals in well-measured families of magnets, identified by roles and lattice, not by elements.

A family is a ratio of roles (large atoms, 3d metals, light atoms) on a lattice of sites with one axis, for any elements
in these roles. Sites are labelled by role, so substituted members and ordered approximants of mixed sites stay in their
family. Sizes were measured on members without 4f anisotropy (`host_table`, with a source in every row) and are mixed by
the shares of the metals; unmeasured shares, and members that differ, widen the spread.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from screening.array_types import Floats
from screening.chemistry.elements import N_ELEMENTS, indicator
from screening.chemistry.families import ELEMENT_GROUPS
from screening.crystals.packed import PackedCrystals
from screening.crystals.symmetry import space_group_axis
from screening.materials.magnets.anisotropy.host_table import (
    LEAST_KNOWN,
    MagnetizationAt,
    measured_members,
    member_weights,
)
from screening.materials.magnets.figures.crystal_fields import FAMILY

_EARTHS = (*ELEMENT_GROUPS["rare_earth"], "Th", "U", "Zr", "Hf")
_TRANSITION = (
    *ELEMENT_GROUPS["metal_3d"],
    "Ti",
    "V",
    "Cu",
    "Zn",
    "Nb",
    "Mo",
    "Ta",
    "W",
    "Re",
    "Al",
    "Si",
    "Ga",
    "Ge",
    "Sn",
)
_EARTHS_ALONE = ELEMENT_GROUPS["rare_earth"]
_METALS_AND_ZR = (*_TRANSITION, "Zr", "Hf")
_LABELS = (1, 2, 3)  # large, metal, light
_RATIO_TOLERANCE = 0.02
_TOLERANCE_A = 0.3


@dataclass(frozen=True)
class Family:
    """A family of magnets.

    Attributes:
        name: As in the table of measurements.
        large: Elements that may be large atoms.
        ratio: Metals per large atom.
        groups: Space groups of the sites labelled by role.
        metal: Elements that may be metals.
        light: Elements that may be light atoms.
        light_ratio: Least and most light atoms per large atom.
    """

    name: str
    large: tuple[str, ...]
    ratio: float
    groups: tuple[int, ...]
    metal: tuple[str, ...] = _TRANSITION
    light: tuple[str, ...] = ()
    light_ratio: tuple[float, float] = (0.0, 0.0)


_INTERSTITIAL = ("N", "C")
FAMILIES = (
    Family("CaCu5", _EARTHS, 5, (191,)),
    Family("Nd2Fe14B", _EARTHS, 7, (136,), light=("B", "C"), light_ratio=(0.5, 0.5)),
    Family("ThMn12", _EARTHS, 12, (139,), light=_INTERSTITIAL, light_ratio=(0.0, 1.0)),
    Family("2:17", _EARTHS, 8.5, (166, 194)),
    Family("2:17 with interstitials", _EARTHS, 8.5, (166, 194), light=_INTERSTITIAL, light_ratio=(0.5, 1.5)),
    # as in magnets of Sm-Co with Cu and Zr, where Zr is on the sites of the metals
    Family("CaCu5", _EARTHS_ALONE, 5, (191,), metal=_METALS_AND_ZR),
    Family("2:17", _EARTHS_ALONE, 8.5, (166, 194), metal=_METALS_AND_ZR),
    Family("M-type ferrite", ("Ca", "Sr", "Ba", "Pb", "La"), 12, (194,), light=("O",), light_ratio=(19, 19)),
    Family("L1_0", ("Pt", "Pd", "Ni", "Al", "Ga"), 1, (123,), metal=("Mn", "Fe", "Co")),
    Family("D0_22", ("Ga", "Ge"), 3, (139,), metal=("Mn", "Fe", "Co")),
    Family("D0_19", ("Ga", "Ge", "Sn"), 3, (194,), metal=("Mn", "Fe", "Co")),
    Family("NiAs", ("As", "Sb", "Bi"), 1, (194,), metal=("Cr", "Mn", "Fe", "Co", "Ni")),
    Family("Fe2B", ("B",), 2, (140,), metal=("Cr", "Mn", "Fe", "Co", "Ni")),
    Family("Fe5SiB2", ("Si", "P", "Ge"), 5, (140,), metal=("Mn", "Fe", "Co"), light=("B",), light_ratio=(2.0, 2.0)),
    Family("hcp", ("Co",), 0, (194,), metal=()),
)


@dataclass(frozen=True)
class HostFamilies:
    """The families of B crystals; numbers are NaN without a family.

    Attributes:
        family: Index in `FAMILIES`, (B,); -1 for none.
        axis: Unit vectors, (B, 3).
        K1_MJ_per_m3: (B,).
        spread: Standard deviation of K1, (B,).
        temperature_K: Of the measurements, (B,).
    """

    family: NDArray[np.int64]
    axis: Floats
    K1_MJ_per_m3: Floats
    spread: Floats
    temperature_K: Floats

    def method(self, row: int) -> str:
        """The source of the anisotropy of a crystal in a family."""
        return f"{FAMILY}{FAMILIES[self.family[row]].name}"


def host_families(packed: PackedCrystals, counts: Floats) -> HostFamilies:
    """The families of B crystals with their measured anisotropy; counts: atoms of each element, (B, 119)."""
    size = len(packed)
    unknown = (np.full(size, np.nan) for _ in range(3))
    found = HostFamilies(np.full(size, -1), np.zeros((size, 3)), *unknown)
    for index, family in enumerate(FAMILIES):
        rows = np.flatnonzero(_has_roles(family, counts))
        measured = _mixed(family, counts[rows])
        known = np.isfinite(measured[:, 0])
        rows, measured = rows[known], measured[known]
        if len(rows):
            on_sites, axis = _on_sites(family, packed.take(rows))
            rows, axis = rows[on_sites], axis[on_sites]
            found.family[rows], found.axis[rows] = index, axis
            for column, value in zip((found.K1_MJ_per_m3, found.spread, found.temperature_K), measured.T, strict=True):
                column[rows] = value[on_sites]
    return found


def _has_roles(family: Family, counts: Floats) -> NDArray[np.bool_]:
    """Whether every atom has a role and the ratios are those of the family, (B,)."""
    large, metal, light = (counts @ indicator(role) for role in (family.large, family.metal, family.light))
    least, most = family.light_ratio
    slack = _RATIO_TOLERANCE * family.ratio
    return np.asarray(
        (large > 0)
        & np.isclose(large + metal + light, counts.sum(axis=1))
        & (np.abs(metal - family.ratio * large) <= slack * large)
        & (light >= (least - _RATIO_TOLERANCE) * large)
        & (light <= (most + _RATIO_TOLERANCE) * large)
    )


def _mixed(family: Family, counts: Floats) -> Floats:
    """K1, spread and temperature, mixed by shares, (B, 3); NaN where too few of the atoms have measurements."""
    members = measured_members()[family.name]
    weights = member_weights(members, counts, family.metal or family.large, family.large)
    known = weights.sum(axis=1)
    divisor = np.where(known >= LEAST_KNOWN, known, np.nan)
    value, spread = (weights @ np.array([member.described for member in members]) / divisor[:, None]).T
    apart = np.abs(np.array([member.described[0] for member in members])[None] - value[:, None])
    # the effect of unmeasured substituents may be as large as K1 itself
    spread = spread + (weights * apart).sum(axis=1) / divisor + 2 * (1 - known) * np.abs(value)
    # a value of low temperatures must not pass for one of 300 K, where the moment may be gone
    reference = np.where(weights > 0, [member.reference_K for member in members], np.inf).min(axis=1)
    return np.stack([value, spread, np.where(np.isfinite(divisor), reference, np.nan)], axis=1)


def family_anisotropy(
    name: str, counts: Floats, temperature_K: Floats, now: Floats, magnetization: MagnetizationAt
) -> Floats:
    """K1 of B members of a family in MJ/m³ at the working temperature, (B, S).

    Args:
        name: Of the family.
        counts: Atoms of each element, (B, 119).
        temperature_K: The working temperature, (B, 1).
        now: Samples of the magnetization at it over that at 0 K, (B, S).
        magnetization: Gives the same at other temperatures.
    """
    family = next(family for family in FAMILIES if family.name == name)
    members = measured_members()[name]
    weights = member_weights(members, counts, family.metal or family.large, family.large)
    weights = weights / np.maximum(weights.sum(axis=1), LEAST_KNOWN)[:, None]
    parts = [member.at(temperature_K, now, magnetization) for member in members]
    return np.asarray(sum(weights[:, i, None] * part for i, part in enumerate(parts)))


def _on_sites(family: Family, packed: PackedCrystals) -> tuple[NDArray[np.bool_], Floats]:
    """Whether the sites, labelled by role, are those of the family, (B,), and their axis, (B, 3)."""
    labels = np.zeros(N_ELEMENTS, dtype=np.int64)
    for role, label in zip((family.large, family.metal, family.light), _LABELS, strict=True):
        labels[indicator(role) > 0] = label
    right, axis = np.zeros(len(packed), dtype=bool), np.zeros((len(packed), 3))
    for row in range(len(packed)):
        atoms = packed.atoms(row)
        kinds, frac = labels[packed.numbers[atoms]], packed.frac[atoms]
        if family.light == _INTERSTITIAL:  # whose sites may be partly vacant
            frac, kinds = frac[kinds != _LABELS[2]], kinds[kinds != _LABELS[2]]
        found = space_group_axis(packed.lattice[row], frac, kinds.tolist(), _TOLERANCE_A)
        if found is not None and found[0] in family.groups:
            right[row], axis[row] = True, found[1]
    return right, axis
