"""Calculated anisotropy constants of NovaMag (Nieves et al., Comput. Mater. Sci. 168, 188 (2019)), with crystals."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from screening.array_types import Floats
from screening.chemistry.compositions import chemical_system, formula_counts
from screening.crystals.crystal import Crystal
from screening.crystals.packed import PackedCrystals, pack
from screening.data.raw_tables import json_rows

FILE = "novamag.jsonl.gz"
K1_FIELD, POLARIZATION_FIELD = "magnetocrystalline anisotropy constants", "saturation magnetization"
LEAST_POLARIZATION_T = 0.2
"""Calculations with less have lost their moments, or hardly had any: their K1 says nothing of a magnet's."""
_SITE = re.compile(r"[A-Z][a-z]?")
_VOLUME_PER_ATOM_A3 = (7.0, 40.0)
_SITE_FIELDS = 4  # label, x, y, z
_SAME = 0.01


@dataclass(frozen=True)
class AnisotropyExamples:
    """R crystals with an anisotropy constant.

    Attributes:
        packed: The crystals.
        counts: Atoms of each element, (R, 119).
        K1_MJ_per_m3: (R,); positive values favour the axis.
        systems: Chemical systems, (R,).
        dropped: Number of rows with a K1 that were left out, by reason.
    """

    packed: PackedCrystals
    counts: Floats
    K1_MJ_per_m3: Floats
    systems: NDArray[np.str_]
    dropped: dict[str, int]


def anisotropy_examples(folder: Path) -> AnisotropyExamples:
    """Examples from `novamag.jsonl.gz` in a folder.

    Positions refer to the first origin choice. Left out are rows whose sites and symmetry do not give the stated
    formula, volumes that no solid has, polarizations below 0.2 T, and a K1 of exactly zero.

    Raises:
        RequestError: The file is missing or cannot be read.
    """
    dropped: Counter[str] = Counter()
    crystals, constants = [], []
    for row in json_rows(folder / FILE):
        if not row.get(K1_FIELD):
            continue
        value = float(row[K1_FIELD][0])
        crystal = _crystal(row)
        if crystal is None:
            dropped["sites do not give the formula"] += 1
        elif not _VOLUME_PER_ATOM_A3[0] <= crystal.volume_A3 / crystal.n_atoms <= _VOLUME_PER_ATOM_A3[1]:
            dropped["impossible volume"] += 1
        elif _polarization_T(row) < LEAST_POLARIZATION_T:
            dropped["polarization below 0.2 T"] += 1
        elif value == 0 or not np.isfinite(value):
            dropped["no K1"] += 1
        else:
            crystals.append(crystal)
            constants.append(value)
    packed = pack(crystals)
    counts = packed.element_counts()
    systems = np.array([chemical_system(row) for row in counts], dtype=np.str_)
    return AnisotropyExamples(packed, counts, np.array(constants, dtype=np.float64), systems, dict(dropped))


def _polarization_T(row: dict[str, Any]) -> float:
    """That of a row; infinite where it is not given."""
    value = row.get(POLARIZATION_FIELD)
    return np.inf if value is None else abs(float(value))


def _crystal(row: dict[str, Any]) -> Crystal | None:
    from pymatgen.core.lattice import Lattice
    from pymatgen.core.structure import Structure

    try:
        cells = row["atomic positions"]
        sites = [cells[i : i + _SITE_FIELDS] for i in range(0, len(cells), _SITE_FIELDS)]
        species = [_SITE.match(site[0])[0] for site in sites]  # type: ignore[index]
        lattice = Lattice.from_parameters(*row["lattice parameters"], *row["lattice angles"])
        group, places = row["compound space group"], [site[1:] for site in sites]
        structure = Structure.from_spacegroup(group, lattice, species, places, tol=_SAME)
        crystal = Crystal.from_structure(structure, str(row["entry"]))
    except (KeyError, ValueError, TypeError):
        return None
    stated, found = formula_counts([row["chemical formula"]])[0], np.bincount(crystal.numbers, minlength=119)
    same = np.allclose(stated / stated.sum(), found / found.sum(), atol=_SAME)
    return crystal if same else None
