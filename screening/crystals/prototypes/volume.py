"""The volume of a crystal from that of its parent and the radii of its ions or atoms."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from screening.crystals.prototypes.ions import Ion, ionic_radius, metallic_radius
from screening.crystals.prototypes.library import Prototype

Counts = NDArray[np.intp]


def volume_ratio(prototype: Prototype, atoms: Counts, ions: Sequence[Ion]) -> float:
    """Volume relative to that of the parent.

    Metals and alloys keep the fraction of space that spheres of their metallic radii fill: V ~ sum n r^3. That atomic
    volumes add up is the rule of Zen, Am. Mineral. 41, 523 (1956); that the fraction is equal within a structure type
    is that of Parthé, Z. Kristallogr. 115, 52 (1961). Ionic crystals scale with their mean bond length, the sum of two
    ionic radii (Shannon, Acta Cryst. A 32, 751 (1976)): V ~ (sum n (r_cation + r_anion))^3 over the cations.

    Args:
        prototype: The structure type.
        atoms: (s,) atoms of each site.
        ions: The ion or atom on each site.
    """
    size = _ionic_size if prototype.bonding == "ionic" else _filled
    return size(prototype, atoms, ions) / size(prototype, atoms, [site.parent for site in prototype.sites])


def _filled(prototype: Prototype, atoms: Counts, ions: Sequence[Ion]) -> float:
    return float(sum(n * metallic_radius(ion) ** 3 for n, ion in zip(atoms, ions, strict=True)))


def _ionic_size(prototype: Prototype, atoms: Counts, ions: Sequence[Ion]) -> float:
    radii = [ionic_radius(ion, site.coordination) for ion, site in zip(ions, prototype.sites, strict=True)]
    anion = np.array([ion.charge < 0 for ion in ions])
    mean_anion = np.average(np.array(radii)[anion], weights=atoms[anion])
    return float(np.sum(atoms[~anion] * (np.array(radii)[~anion] + mean_anion))) ** 3
