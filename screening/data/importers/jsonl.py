"""Anyone's labelled crystals: `.jsonl(.gz)` rows of `lattice, species, frac`, an id, and labels by column name.

Labels are keys named as in `screening.data.targets` (`formation_energy_eV_per_atom`, ...) and `site_moment_muB`, a list
with a value for each site. Rows that are no sound crystal are left out with a warning that gives the reason.
"""

from __future__ import annotations

import gzip
import logging
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from screening.crystals import Crystal, ReadSettings
from screening.crystals.parts import UnreadableError
from screening.crystals.rows import parse_json, read_row
from screening.crystals.sanity import find_problem
from screening.data.store import LabelledCrystal
from screening.data.targets import SITE_MOMENT, TARGETS
from screening.errors import RequestError

logger = logging.getLogger(__name__)
_SETTINGS = ReadSettings()


def read_jsonl(source: Path) -> Iterator[LabelledCrystal]:
    """Stream the labelled crystals of a file; raises RequestError naming the file, line and key of a wrong label."""
    if not source.is_file() or not source.name.endswith((".jsonl", ".jsonl.gz")):
        raise RequestError(f"source: {source}: expected a .jsonl or .jsonl.gz file")
    opener = gzip.open if source.name.endswith(".gz") else open
    with opener(source, "rb") as lines:
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            where = f"source: {source}, line {number}"
            try:
                row = parse_json(line)
                sites = read_row(row)
            except UnreadableError as error:
                logger.warning("%s left out: %s", where, error)
                continue
            if problem := find_problem(sites, _SETTINGS):
                logger.warning("%s left out: %s", where, problem)
                continue
            own_id = sites.own_id or f"row#{number}"
            crystal = Crystal.from_arrays(own_id, sites.lattice, sites.numbers, sites.frac, flags=sites.flags)
            yield LabelledCrystal(crystal, _labels(row, where), _moments(row, crystal, where))


def _labels(row: dict[str, Any], where: str) -> dict[str, float]:
    labels: dict[str, float] = {}
    for column in TARGETS:
        value = row.get(column)
        if value is None:
            continue
        if not isinstance(value, int | float) or not math.isfinite(value):
            raise RequestError(f"{where}: {column}: expected a number, got {value!r}")
        labels[column] = float(value)
    return labels


def _moments(row: dict[str, Any], crystal: Crystal, where: str) -> np.ndarray | None:
    values = row.get(SITE_MOMENT)
    if values is None:
        return None
    if not isinstance(values, list) or len(values) != crystal.n_atoms:
        raise RequestError(f"{where}: {SITE_MOMENT}: expected a list of {crystal.n_atoms} numbers")
    return np.array(values, dtype=np.float32)
