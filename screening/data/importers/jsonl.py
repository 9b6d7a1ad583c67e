"""Anyone's labelled crystals: `.jsonl(.gz)` rows of `lattice, species, frac`, an id, and labels by column name.

Labels are keys named as in `screening.data.targets` (`formation_energy_eV_per_atom`, ...) and `site_moment_muB`, a list
with a value (or null) for each site. Rows that are no sound ordered crystal, or have no label, are left out with a
warning that gives the reason.
"""

from __future__ import annotations

import gzip
import logging
import math
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from screening.crystals import Crystal, ReadSettings
from screening.crystals.parts import UnreadableError
from screening.crystals.rows import parse_json, read_row
from screening.crystals.sanity import describe_partial, find_problem
from screening.data.store import LabelledCrystal
from screening.data.targets import SITE_MOMENT, TARGETS
from screening.errors import RequestError

logger = logging.getLogger(__name__)
_SETTINGS = ReadSettings()


def read_jsonl(source: Path) -> Iterator[LabelledCrystal]:
    """Stream the labelled crystals of a file.

    Raises RequestError naming the file, line and key of a wrong label, or the file if it is missing or damaged.
    """
    if not source.is_file() or not source.name.endswith((".jsonl", ".jsonl.gz")):
        found = "expected a .jsonl or .jsonl.gz file" if source.exists() else "no such file"
        raise RequestError(f"source: {source}: {found}")
    for number, line in _lines(source):
        where = f"source: {source}, line {number}"
        try:
            row = parse_json(line)
            sites = read_row(row)
        except UnreadableError as error:
            logger.warning("%s left out: %s", where, error)
            continue
        problem = find_problem(sites, _SETTINGS) or (describe_partial(sites) if sites.occupancies else "")
        if problem:
            logger.warning("%s left out: %s", where, problem)
            continue
        own_id = sites.own_id or f"row#{number}"
        crystal = Crystal.from_arrays(own_id, sites.lattice, sites.numbers, sites.frac, flags=sites.flags)
        labelled = LabelledCrystal(crystal, _labels(row, where), _moments(row, crystal, where))
        if labelled.labels or labelled.site_moment_muB is not None:
            yield labelled
        else:
            logger.warning("%s left out: it has no label", where)


def _lines(source: Path) -> Iterator[tuple[int, bytes]]:
    """Numbered lines that are not blank."""
    opener = gzip.open if source.name.endswith(".gz") else open
    try:
        with opener(source, "rb") as lines:
            for number, line in enumerate(lines, 1):
                if line.strip():
                    yield number, line
    except (OSError, EOFError, zlib.error) as error:
        raise RequestError(f"source: {source}: {error}") from None


def _labels(row: dict[str, Any], where: str) -> dict[str, float]:
    labels: dict[str, float] = {}
    for column in TARGETS:
        value = row.get(column)
        if value is None:
            continue
        if not isinstance(value, int | float) or isinstance(value, bool) or not math.isfinite(value):
            raise RequestError(f"{where}: {column}: expected a number, got {value!r}")
        labels[column] = float(value)
    return labels


def _moments(row: dict[str, Any], crystal: Crystal, where: str) -> np.ndarray | None:
    values = row.get(SITE_MOMENT)
    if values is None:
        return None
    try:
        moments = np.array(values, dtype=np.float32)
    except (TypeError, ValueError):
        moments = np.zeros(0, dtype=np.float32)
    if moments.shape != (crystal.n_atoms,):
        raise RequestError(f"{where}: {SITE_MOMENT}: expected a list of {crystal.n_atoms} numbers")
    return moments if np.isfinite(moments).any() else None
