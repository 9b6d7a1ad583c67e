"""Descriptors of the coupling of moments: bridges over anions, direct contacts, unlike sites, d-electron counts.

Superexchange through an anion is antiferromagnetic near 180 degrees and ferromagnetic near 90 (Goodenough, Phys. Rev.
100, 564 (1955); Kanamori, J. Phys. Chem. Solids 10, 87 (1959)). Direct exchange depends on the distance of the magnetic
atoms (Slater, Phys. Rev. 36, 57 (1930)). Ferrimagnets need unlike sites. All descriptors are averages or per atom, so
they are the same for a supercell.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from screening.array_types import Floats, Mask
from screening.chemistry.element_table import element_table, usual_charges
from screening.chemistry.elements import indicator
from screening.chemistry.families import ELEMENT_GROUPS
from screening.crystals.packed import PackedCrystals
from screening.materials.arrays import FEATURE_DECIMALS

Integers = NDArray[np.int64]

D_CARRIERS = ("Ti", "V", "Cr", "Mn", "Fe", "Co", "Ni", "Cu", "Mo", "Tc", "Ru", "Rh", "Re", "Os", "Ir")
F_CARRIERS = (
    "Ce", "Pr", "Nd", "Pm", "Sm", "Eu", "Gd", "Tb", "Dy", "Ho", "Er", "Tm", "Yb", "U", "Np", "Pu", "Am", "Cm",
)  # fmt: skip
GEOMETRY_FEATURES = (
    "bridges_per_d_atom",
    "bridge_cos",
    "bridge_cos2",
    "bridge_straight_share",
    "bridge_right_angle_share",
    "bridge_unlike_share",
    "bridge_length_A",
    "d_d_contact_share",
    "d_d_distance_A",
    "d_d_unlike_share",
    "f_d_contact_share",
    "d_anion_contacts",
    "d_anion_contacts_spread",
    "d_distance_spread_A",
)
CHARGE_FEATURES = ("d_share", "f_share", "d_of_carriers", "d_oxidation", "d_electrons")
EXCHANGE_FEATURES = (*GEOMETRY_FEATURES, *CHARGE_FEATURES)

_CUTOFF_A = 3.7
_SAME_ATOM_A = 1e-6
_BOND_ENDS, _BOND_FADES = 1.3, 0.15  # in sums of the two covalent radii
_FAR_A = 9.0
"""Stands for a missing distance; larger than the cutoff."""

_IS_D, _IS_F = indicator(D_CARRIERS) > 0, indicator(F_CARRIERS) > 0
_IS_ANION = indicator((*ELEMENT_GROUPS["anion"], "P", "As")) > 0


@dataclass(frozen=True)
class _Contacts:
    """E bonds and contacts of the d and f atoms of B crystals with N atoms; crystals without d atoms have none.

    Attributes:
        size: B.
        numbers: Atomic number of each atom, (N,).
        owner: Crystal of each atom, (N,).
        centre: First atom, (E,).
        neighbour: Second atom, (E,).
        vector: From centre to neighbour in Å, (E, 3).
        distance: In Å, (E,).
        weight: 1 for a bond, decreasing to 0 with the distance, (E,).
    """

    size: int
    numbers: Integers
    owner: Integers
    centre: Integers
    neighbour: Integers
    vector: Floats
    distance: Floats
    weight: Floats


def exchange_features(packed: PackedCrystals, counts: Floats) -> Floats:
    """The columns `EXCHANGE_FEATURES` of B crystals, (B, F); counts: atoms of each element, (B, 119)."""
    contacts = _find_contacts(packed)
    columns = [*_bridges(contacts, counts @ _IS_D), *_neighbours(contacts), *_charges(counts)]
    return np.asarray(np.round(np.stack(columns, axis=1), FEATURE_DECIMALS), dtype=np.float64)


def _find_contacts(packed: PackedCrystals) -> _Contacts:
    # pymatgen's search expects atoms within the cell
    frac = packed.frac - np.floor(packed.frac)
    owner = packed.owner
    lattice = np.ascontiguousarray(packed.lattice, dtype=np.float64)
    positions = np.einsum("ni,nij->nj", frac, lattice[owner])
    numbers = packed.numbers.astype(np.int64)
    # f atoms matter only through their d neighbours
    has_d = np.bincount(owner, weights=_IS_D[numbers], minlength=len(packed)) > 0
    carriers = np.flatnonzero(_IS_D[numbers] | (_IS_F[numbers] & has_d[owner]))
    centre, neighbour, image, distance = _search(packed, lattice, positions, carriers)
    radius = element_table().column("covalent_radius_A")[numbers]
    weight = np.clip((_BOND_ENDS - distance / (radius[centre] + radius[neighbour])) / _BOND_FADES, 0.0, 1.0)
    keep = np.flatnonzero(weight * (distance > _SAME_ATOM_A))
    centre, neighbour = centre[keep], neighbour[keep]
    shift = np.einsum("ei,eij->ej", image[keep], lattice[owner[centre]])
    vector = positions[neighbour] - positions[centre] + shift
    return _Contacts(len(packed), numbers, owner, centre, neighbour, vector, distance[keep], weight[keep])


def _search(packed: PackedCrystals, lattice: Floats, positions: Floats, carriers: Integers) -> tuple[Any, ...]:
    """All pairs within the cutoff: carrier, neighbour, lattice translation of the neighbour, distance."""
    from pymatgen.optimization.neighbors import find_points_in_spheres

    none = np.zeros(0, dtype=np.int64)
    found: list[tuple[Any, ...]] = [(none, none, np.zeros((0, 3)), np.zeros(0))]
    bounds = packed.offsets.tolist()
    first = np.searchsorted(carriers, packed.offsets).tolist()
    pbc = np.ones(3, dtype=np.int64)
    for row, cell in enumerate(lattice):
        own = carriers[first[row] : first[row + 1]]
        if not len(own):
            continue
        atoms = positions[bounds[row] : bounds[row + 1]]
        pairs = find_points_in_spheres(atoms, positions[own], _CUTOFF_A, pbc, cell, _SAME_ATOM_A)
        found.append((own[pairs[0]], pairs[1] + bounds[row], *pairs[2:]))
    return tuple(np.concatenate(part) for part in zip(*found, strict=True))


@dataclass(frozen=True)
class Bridges:
    """P pairs of bonds of d atoms to the same anion, (P,) each.

    Attributes:
        first: One of the d atoms.
        second: The other one.
        owner: Their crystal.
        weight: Product of the weights of the two bonds.
        cosine: Of the angle at the anion.
        length_A: Mean length of the two bonds.
    """

    first: Integers
    second: Integers
    owner: Integers
    weight: Floats
    cosine: Floats
    length_A: Floats


def find_bridges(packed: PackedCrystals) -> Bridges:
    """The d-anion-d bridges of crystals."""
    return _bridges_of(_find_contacts(packed))


def _bridges_of(contacts: _Contacts) -> Bridges:
    numbers = contacts.numbers
    bonds = np.flatnonzero(_IS_D[numbers[contacts.centre]] & _IS_ANION[numbers[contacts.neighbour]])
    bonds = bonds[np.argsort(contacts.neighbour[bonds], kind="stable")]
    first, second = (bonds[side] for side in _pairs_of_groups(contacts.neighbour[bonds]))
    lengths = contacts.distance[first], contacts.distance[second]
    cosine = np.einsum("ei,ei->e", contacts.vector[first], contacts.vector[second]) / (lengths[0] * lengths[1])
    return Bridges(
        first=contacts.centre[first],
        second=contacts.centre[second],
        owner=contacts.owner[contacts.centre[first]],
        weight=contacts.weight[first] * contacts.weight[second],
        cosine=cosine,
        length_A=0.5 * (lengths[0] + lengths[1]),
    )


def _bridges(contacts: _Contacts, n_d: Floats) -> list[Floats]:
    """Averages over the d-anion-d bridges, (B,) each."""
    found = _bridges_of(contacts)
    cosine = found.cosine
    unlike = contacts.numbers[found.first] != contacts.numbers[found.second]

    def total(values: Floats) -> Floats:
        weights = found.weight * values
        return np.bincount(found.owner, weights=weights, minlength=contacts.size).astype(np.float64)

    bridges = total(np.ones(len(cosine)))
    straight = np.clip((-cosine - 0.77) / 0.17, 0.0, 1.0)  # above 140 degrees, 1 above 160
    right = np.clip((0.34 - np.abs(cosine)) / 0.17, 0.0, 1.0)  # 70 to 110 degrees, 1 from 80 to 100
    averages = [_ratio(total(v), bridges) for v in (cosine, cosine**2, straight, right, unlike.astype(np.float64))]
    return [_ratio(bridges, n_d), *averages, _ratio(total(found.length_A), bridges, _FAR_A)]


def _neighbours(contacts: _Contacts) -> list[Floats]:
    """Averages over the neighbours of d and f atoms, (B,) each."""
    zc, zn = contacts.numbers[contacts.centre], contacts.numbers[contacts.neighbour]
    owner = contacts.owner[contacts.centre]
    n_atoms = len(contacts.numbers)

    def total(weight: Floats) -> Floats:
        return np.bincount(owner, weights=weight, minlength=contacts.size).astype(np.float64)

    def of_atoms(weight: Floats) -> Floats:
        return np.bincount(contacts.centre, weights=weight, minlength=n_atoms).astype(np.float64)

    of_d, of_f = contacts.weight * _IS_D[zc], contacts.weight * _IS_F[zc]
    d_d = of_d * _IS_D[zn]
    all_d_d = total(d_d)
    mean_distance = _ratio(of_atoms(of_d * contacts.distance), of_atoms(of_d))
    is_d = _IS_D[contacts.numbers]
    anions = _mean_and_spread(of_atoms(of_d * _IS_ANION[zn]), is_d, contacts)
    return [
        _ratio(all_d_d, total(of_d)),
        _ratio(total(d_d * contacts.distance), all_d_d, _FAR_A),
        _ratio(total(d_d * (zc != zn)), all_d_d),
        _ratio(total(of_f * _IS_D[zn]), total(of_f)),
        *anions,
        _mean_and_spread(mean_distance, is_d, contacts)[1],
    ]


def _charges(counts: Floats) -> list[Floats]:
    """Shares of d and f atoms, and mean oxidation state and d count of the d atoms by neutrality, (B,) each."""
    n_d, n_f, atoms = counts @ _IS_D, counts @ _IS_F, counts.sum(axis=1)
    left = -(counts @ np.where(_IS_D, 0.0, usual_charges()))
    ionic = (counts @ indicator(ELEMENT_GROUPS["anion"]) > 0) & (n_d > 0)
    oxidation = np.where(ionic, np.clip(_ratio(left, n_d), 0.0, 8.0), 0.0)
    group = _ratio(counts @ (_IS_D * element_table().column("group")), n_d)
    return [n_d / atoms, n_f / atoms, _ratio(n_d, n_d + n_f), oxidation, np.maximum(group - oxidation, 0.0)]


def _pairs_of_groups(group: Integers) -> tuple[Integers, Integers]:
    """All pairs of rows with the same group; `group` is sorted."""
    _, start, sizes = np.unique(group, return_index=True, return_counts=True)
    end = np.repeat(start + sizes, sizes)
    rows = np.arange(len(group))
    later = end - rows - 1
    first = np.repeat(rows, later)
    before = np.cumsum(later) - later
    second = np.arange(len(first)) - np.repeat(before, later) + first + 1
    return first, second


def _mean_and_spread(values: Floats, of: Mask, contacts: _Contacts) -> tuple[Floats, Floats]:
    """Mean and standard deviation over some atoms of each crystal, (B,)."""
    own, values = contacts.owner[of], values[of]
    number = np.bincount(own, minlength=contacts.size).astype(np.float64)
    mean = _ratio(np.bincount(own, weights=values, minlength=contacts.size).astype(np.float64), number)
    square = np.bincount(own, weights=(values - mean[own]) ** 2, minlength=contacts.size).astype(np.float64)
    return mean, np.sqrt(_ratio(square, number))


def _ratio(above: Floats, below: Floats, otherwise: float = 0.0) -> Floats:
    """Above over below; `otherwise` where below is 0."""
    result = np.full(len(above), otherwise)
    np.divide(above, below, out=result, where=below > 0)
    return result
