"""Random and well-known crystals, and other descriptions of the same crystal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from screening.crystals import Crystal

_SKEW = np.array([[1, 1, 0], [0, 1, 0], [0, -1, 1]])


def random_crystal(
    rng: np.random.Generator, atoms: int = 5, elements: Sequence[int] = (3, 8, 26, 60), closest_A: float = 0.9
) -> Crystal:
    """A skewed cell with a sensible volume per atom and no atoms closer than `closest_A`."""
    while True:
        lattice = rng.normal(size=(3, 3)) + 2 * np.eye(3)
        volume = abs(np.linalg.det(lattice))
        if volume < 0.5:
            continue
        lattice *= (atoms * rng.uniform(9, 25) / volume) ** (1 / 3)
        frac = rng.uniform(-0.5, 1.5, size=(atoms, 3))
        delta = frac[:, None] - frac[None]
        shifts = np.stack(np.meshgrid(*[[-1, 0, 1]] * 3, indexing="ij"), -1).reshape(-1, 3)
        delta -= np.round(delta)
        distance = np.linalg.norm((delta[:, :, None] + shifts) @ lattice, axis=-1)
        if np.sort(distance.ravel())[atoms] > closest_A:
            return Crystal.from_arrays(f"random-{rng.integers(1 << 30)}", lattice, rng.choice(elements, atoms), frac)


def cubic(number: int, a_A: float, centring: str) -> Crystal:
    """A conventional cubic cell of an element: `P`, `I` (bcc) or `F` (fcc)."""
    sites_of: dict[str, list[list[float]]] = {
        "P": [[0, 0, 0]],
        "I": [[0, 0, 0], [0.5, 0.5, 0.5]],
        "F": [[0, 0, 0], [0, 0.5, 0.5], [0.5, 0, 0.5], [0.5, 0.5, 0]],
    }
    sites = sites_of[centring]
    return Crystal.from_arrays(f"cubic-{number}-{centring}", np.eye(3) * a_A, [number] * len(sites), sites)


def supercell(crystal: Crystal, repeats: tuple[int, int, int]) -> Crystal:
    """The same crystal in a larger cell."""
    shifts = np.stack(np.meshgrid(*[np.arange(n) for n in repeats], indexing="ij"), -1).reshape(-1, 3)
    frac = (crystal.frac[None] + shifts[:, None]).reshape(-1, 3) / np.array(repeats)
    lattice = crystal.lattice * np.array(repeats)[:, None]
    numbers = np.tile(crystal.numbers, int(np.prod(repeats)))
    return Crystal.from_arrays("super", lattice, numbers, frac)


def rotated(crystal: Crystal, rng: np.random.Generator) -> Crystal:
    """Turned, shifted, atoms in another order, another choice of lattice vectors."""
    return redescribed(crystal, rng)[0]


def redescribed(crystal: Crystal, rng: np.random.Generator) -> tuple[Crystal, NDArray[np.float64], NDArray[np.int64]]:
    """The same crystal turned, shifted, with atoms in another order and other lattice vectors.

    Returns:
        The crystal; the orthogonal matrix (3, 3) that turns row vectors; (N,) the old row of each atom.
    """
    turn, _ = np.linalg.qr(rng.normal(size=(3, 3)))
    order = rng.permutation(crystal.n_atoms)
    frac = crystal.frac @ np.linalg.inv(_SKEW) + rng.uniform(size=3)
    made = Crystal.from_arrays("turned", _SKEW @ crystal.lattice @ turn, crystal.numbers[order], frac[order])
    return made, turn, order


def descriptions(crystal: Crystal, rng: np.random.Generator) -> dict[str, Crystal]:
    """The same crystal in every way that must not matter, by the name of the way."""
    turn, _ = np.linalg.qr(rng.normal(size=(3, 3)))
    order = rng.permutation(crystal.n_atoms)
    lattice, frac = crystal.lattice, crystal.frac
    double = supercell(crystal, (2, 1, 1))
    return {
        "turned": replace(crystal, lattice=lattice @ turn),
        "mirrored": replace(crystal, frac=-frac),
        "shifted": replace(crystal, frac=frac + rng.uniform(size=3)),
        "other axes": replace(crystal, lattice=lattice[[2, 0, 1]], frac=frac[:, [2, 0, 1]]),
        "skewed": replace(crystal, lattice=_SKEW @ lattice, frac=frac @ np.linalg.inv(_SKEW)),
        "other order": replace(crystal, numbers=crystal.numbers[order], frac=frac[order]),
        "supercell": replace(crystal, lattice=double.lattice, numbers=double.numbers, frac=double.frac),
        "all at once": replace(redescribed(double, rng)[0], candidate_id=crystal.candidate_id),
    }
