"""Paths of ions in rock salt, and tables of them."""

from __future__ import annotations

import gzip
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from screening.materials.electrodes.barriers.migration_path import MigrationPath

_CATIONS = [(0, 0, 0), (0, 2, 2), (2, 0, 2), (2, 2, 0)]


def rock_salt_row(
    ion: str = "Li", metal: str = "Fe", anion: str = "O", a: float = 4.2, rattle_A: float = 0.05, seed: int = 0
) -> dict[str, Any]:
    """A hop between two neighboring cation sites of A M X2, 2 x 2 x 2 cells; the atoms are a little off their sites."""
    cells = list(product(range(2), repeat=3))
    cations = np.array([np.add(np.multiply(4, cell), site) for cell in cells for site in _CATIONS]) / 8
    anions = (cations + 0.25) % 1.0
    at, to = np.array([0.0, 0.0, 0.0]), np.array([0.25, 0.25, 0.0])
    free = [i for i, site in enumerate(cations) if not (np.allclose(site, at) or np.allclose(site, to))]
    species = [ion if i % 2 else metal for i in range(len(free))] + [anion] * len(anions)
    frac = np.vstack([cations[free], anions])
    frac += np.random.default_rng(seed).normal(scale=rattle_A / (2 * a), size=frac.shape)
    return {
        "id": f"{ion}{metal}{anion}2-{seed}",
        "ion": ion,
        "lattice": (2 * a * np.eye(3)).tolist(),
        "species": species,
        "frac": frac.tolist(),
        "path_frac": np.linspace(at, to, 5).tolist(),
    }


def write_barriers(folder: Path, rows: list[dict[str, Any]]) -> None:
    """`barriers.jsonl.gz` in a new folder."""
    folder.mkdir()
    with gzip.open(folder / "barriers.jsonl.gz", "wb") as file:
        file.writelines(orjson.dumps(row) + b"\n" for row in rows)


@dataclass(frozen=True)
class Same:
    """One barrier for all paths, as a model gives it."""

    barrier_eV: float

    def predict(self, paths: Sequence[MigrationPath]) -> Any:
        return np.tile([self.barrier_eV, self.barrier_eV - 0.1, self.barrier_eV + 0.1], (len(paths), 1))
