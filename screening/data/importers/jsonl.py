"""Imports a user's labelled crystals from JSON lines with `lattice, species, frac`, an id and labels.

Labels are keys named as in `screening.data.targets` (`formation_energy_eV_per_atom`, ...) and `site_moment_muB`, a list
with a value (or null) for each site. Rows that are not a valid ordered crystal, have no label, or repeat an id are
rejected.
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from screening.crystals import Crystal, ReadSettings, Rejection
from screening.crystals.reading.parts import UnreadableError
from screening.crystals.reading.rows import parse_json, read_row
from screening.crystals.sanity import describe_partial, find_problem
from screening.data.importers.base import Importer, Labelled
from screening.data.importers.labels import check_label
from screening.data.store import LabelledCrystal
from screening.data.targets import SITE_MOMENT, TARGETS
from screening.errors import RequestError

_SETTINGS = ReadSettings()


class Jsonl(Importer):
    """Rows of JSON with lattice, species, frac, an id and labels, in a file `.jsonl` or `.jsonl.gz`."""

    def read(self, source: Path, labels: Path | None = None, passed_over: frozenset[Path] = frozenset()) -> Labelled:
        if not source.is_file() or not self.recognises(source):
            found = "expected a .jsonl or .jsonl.gz file" if source.exists() else "no such file"
            raise RequestError(f"source: {source}: {found}")
        line_of: dict[str, int] = {}
        for number, line in _lines(source):
            where = f"{source.name}, line {number}"
            own_id = f"row#{number}"
            try:
                row = parse_json(line)
                sites = read_row(row)
            except UnreadableError as error:
                yield Rejection(own_id, where, "read", f"unreadable: {error}")
                continue
            own_id = sites.own_id or own_id
            problem = find_problem(sites, _SETTINGS) or (describe_partial(sites) if sites.occupancies else "")
            if problem:
                yield Rejection(own_id, where, "sanity", problem)
                continue
            if line_of.setdefault(own_id, number) != number:
                yield Rejection(own_id, where, "labels", f"line {line_of[own_id]} has this id already")
                continue
            crystal = Crystal.from_arrays(own_id, sites.lattice, sites.numbers, sites.frac, flags=sites.flags)
            place = f"source: {source}, line {number}"
            labelled = LabelledCrystal(crystal, _labels_of(row, place), _moments(row, crystal, place))
            if labelled.labels or labelled.site_moment_muB is not None:
                yield labelled
            else:
                yield Rejection(own_id, where, "labels", "it has no label")

    def recognises(self, source: Path) -> bool:
        return source.name.endswith((".jsonl", ".jsonl.gz"))


def _lines(source: Path) -> Iterator[tuple[int, bytes]]:
    """Non-blank lines with their numbers."""
    opener = gzip.open if source.name.endswith(".gz") else open
    try:
        with opener(source, "rb") as lines:
            for number, line in enumerate(lines, 1):
                if line.strip():
                    yield number, line
    except (OSError, EOFError, zlib.error) as error:
        raise RequestError(f"source: {source}: {error}") from None


def _labels_of(row: dict[str, Any], where: str) -> dict[str, float]:
    labels: dict[str, float] = {}
    for column in TARGETS:
        value = row.get(column)
        if value is None:
            continue
        labels[column] = check_label(column, value, f"{where}: {column}")
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
