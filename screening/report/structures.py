"""Crystal structures as plain lists of atoms, bonds and cell edges, which the page's script draws.

Atoms on faces, edges and corners are shown on every side; a small cell is shown several times, outlined once. The
script makes one plotly mesh of shaded spheres for each element, which keeps the page small and drawing quick.
"""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from screening.chemistry.elements import SYMBOLS
from screening.crystals.crystal import Crystal

MOST_ATOMS = 500
"""Bonds are drawn up to this number of atoms, periodic images included."""
_SHORT = 6.5
_MOST_REPEATS = 3
"""A cell edge shorter than `_SHORT` (Å) is repeated, at most `_MOST_REPEATS` times."""
_ON_FACE = 1e-3
"""Fractional distance from a face within which an atom is shown on the opposite face too."""
_BOND_SLACK = 1.15
"""Longest bond as a multiple of the sum of covalent radii."""
_SPHERE = 0.4
"""Radius of a sphere as a multiple of the covalent radius."""
Floats = NDArray[np.float64]
Integers = NDArray[np.int16]


def structure_data(crystal: Crystal) -> dict[str, Any]:
    """Data of a picture; lengths in Å.

    Returns:
        `elements` with symbol, colour, radius and atoms; `bonds` as pairs of atoms, numbered through all elements,
        without those between two metals, which would hide a close-packed crystal; `cell` edges as pairs of points;
        `axes`, the lattice vectors.
    """
    from ase.data import covalent_radii

    numbers, frac = with_images(crystal)
    order = np.argsort(numbers, kind="stable")
    numbers, xyz = numbers[order], frac[order] @ crystal.lattice
    elements = [
        {
            "symbol": SYMBOLS[z],
            "colour": colour(z),
            "radius": round(_SPHERE * float(covalent_radii[z]), 3),
            "atoms": _rounded(xyz[numbers == z]),
        }
        for z in np.unique(numbers).tolist()
    ]
    return {
        "elements": elements,
        "bonds": _bonds(numbers, xyz) if len(numbers) <= MOST_ATOMS else [],
        "cell": _rounded(_edges(crystal.lattice)),
        "axes": _rounded(crystal.lattice),
    }


def colour(z: int) -> str:
    """Colour of an element as in VESTA, which most chemists know and where cobalt and boron differ."""
    from pymatgen.vis.structure_vtk import EL_COLORS

    red, green, blue = EL_COLORS["VESTA"].get(SYMBOLS[z], (128, 128, 128))
    return f"#{red:02x}{green:02x}{blue:02x}"


def with_images(crystal: Crystal) -> tuple[Integers, Floats]:
    """The atoms to show: (m,) atomic numbers and (m, 3) fractional coordinates.

    A small cell is repeated until its edges are about 7 Å long. Atoms on a face of what is shown appear on the opposite
    face as well.
    """
    frac = crystal.frac % 1.0
    frac = np.where(frac > 1 - _ON_FACE, frac - 1.0, frac)
    times = _repeats(crystal)
    numbers, places = [], []
    for shift in product(*(range(n + 1) for n in times)):
        beyond = np.array(shift) == times  # beyond the last cell only atoms on its face are shown
        rows = (np.abs(frac[:, beyond]) < _ON_FACE).all(axis=1)
        numbers.append(crystal.numbers[rows])
        places.append(frac[rows] + shift)
    return np.concatenate(numbers), np.concatenate(places)


def _repeats(crystal: Crystal) -> NDArray[np.int64]:
    """How often the cell is shown along each axis."""
    edges = np.linalg.norm(crystal.lattice, axis=1)
    times = np.clip(np.ceil(_SHORT / edges), 1, _MOST_REPEATS).astype(int)
    return times if crystal.n_atoms * times.prod() <= MOST_ATOMS else np.ones(3, dtype=int)


def _bonds(numbers: Integers, xyz: Floats) -> list[list[int]]:
    """Pairs of bonded atoms."""
    from ase.data import covalent_radii

    radii = covalent_radii[numbers]
    metal = _is_metal(numbers)
    far = np.linalg.norm(xyz[:, None] - xyz[None], axis=-1)
    bonded = (far < _BOND_SLACK * (radii[:, None] + radii[None])) & ~(metal[:, None] & metal[None])
    found: list[list[int]] = np.argwhere(np.triu(bonded, k=1)).tolist()
    return found


def _is_metal(numbers: Integers) -> NDArray[np.bool_]:
    from pymatgen.core.periodic_table import Element

    known = {z: Element.from_Z(z).is_metal for z in set(numbers.tolist())}
    return np.array([known[z] for z in numbers.tolist()], dtype=bool)


def _edges(lattice: Floats) -> Floats:
    """(24, 3) both ends of the twelve edges of the cell."""
    corners = [np.array(corner, dtype=float) for corner in product((0, 1), repeat=3)]
    pairs = [(a, a + step) for a in corners for step in np.eye(3) if not (a * step).any()]
    return np.array(pairs).reshape(-1, 3) @ lattice


def _rounded(points: Floats) -> list[list[float]]:
    """Round to 0.01 Å, which is enough for a picture."""
    found: list[list[float]] = (np.round(points, 2) + 0.0).tolist()
    return found
