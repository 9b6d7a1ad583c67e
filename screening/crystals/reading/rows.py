"""Rows: decoded JSON objects that describe one crystal each, in all forms that are read, decoded without pymatgen."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import orjson

from screening.crystals.reading.database_rows import read_ase, read_jarvis, read_optimade, read_pymatgen
from screening.crystals.reading.json_documents import crystals_of
from screening.crystals.reading.parts import UnreadableError
from screening.crystals.reading.periodicity import check_periodic
from screening.crystals.reading.recipes import read_recipe
from screening.crystals.reading.row_arrays import assemble, cell_of, coordinates, directions
from screening.crystals.reading.row_forms import PAIR_KEYS, inner_crystals, is_crystal, is_recipe, key_of_crystal
from screening.crystals.reading.row_ids import own_id
from screening.crystals.sites import APPROXIMANT, Sites

OWN_FLAGS = (APPROXIMANT,)
"""Flags that a row may have; all others come from later steps."""

_DEEPEST = 4


def own_flags(row: Mapping[str, Any]) -> tuple[str, ...]:
    """The flags in a row that are among `OWN_FLAGS`."""
    flags = row.get("flags")
    return tuple(flag for flag in OWN_FLAGS if isinstance(flags, Sequence) and flag in flags)


def parse_json(data: bytes) -> Any:
    """Decode JSON, including Python's NaN and Infinity, so that a refusal can name them.

    Raises:
        UnreadableError: It is not valid JSON.
    """
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError as error:
        if b"NaN" in data or b"Infinity" in data:
            try:
                return json.loads(data)
            except (ValueError, RecursionError):
                pass
        raise UnreadableError(f"not valid JSON: {error}") from None


def read_row(row: Any) -> Sites:
    """The crystal of a row.

    Args:
        row: An object with `lattice, species, frac` and perhaps an id; or a crystal as pymatgen, OPTIMADE, JARVIS or
            ASE write it, itself or one level deeper. The charged crystal of an insertion pair is under `charged` (other
            keys: `PAIR_KEYS`). A document of a single crystal counts as its row.

    Raises:
        UnreadableError: The row does not describe a crystal.
    """
    row = _single(row)
    sites = _read_one(row)
    for _, key in PAIR_KEYS:
        if isinstance(row.get(key), Mapping):
            return replace(sites, charged=read_charged(row[key]))
    return sites


def _single(value: Any) -> Mapping[str, Any]:
    """The row that a value is, or that a document with only one crystal holds."""
    if isinstance(value, Mapping) and is_crystal(value):
        return value
    rows = crystals_of(value)
    if len(rows) > 1:
        raise UnreadableError(f"{len(rows)} crystals where one is expected")
    if not rows or not isinstance(rows[0], Mapping):
        raise UnreadableError(f"expected an object with lattice, species and frac, found {type(value).__name__}")
    return rows[0]


def read_charged(row: Mapping[str, Any]) -> Sites:
    """The charged crystal of a row.

    Raises:
        UnreadableError: It cannot be read; the message says that the charged crystal is meant.
    """
    try:
        return _read_one(row)
    except UnreadableError as error:
        raise UnreadableError(f"the charged crystal: {error}") from None


def _read_one(row: Mapping[str, Any], depth: int = 0) -> Sites:
    key = None if is_crystal(row) or depth >= _DEEPEST else key_of_crystal(row) or _broken_key(row)
    if key is not None:
        sites = _read_one(row[key], depth + 1)
        data = row.get("data")  # of an entry of pymatgen, whose entry_id may be empty
        identity = own_id(row) or (own_id(data) if isinstance(data, Mapping) else "")
        return _with_remarks(replace(sites, own_id=identity or sites.own_id), row)
    if "sites" in row:
        return read_pymatgen(row)
    if "lattice_mat" in row:
        return read_jarvis(row)
    if "lattice_vectors" in row:
        return read_optimade(row)
    if "positions" in row and ("numbers" in row or "symbols" in row):
        return read_ase(row)
    if is_recipe(row):
        return read_recipe(row)
    missing = [key for key in ("lattice", "species", "frac") if key not in row]
    if missing:
        several = inner_crystals(row)
        found = f"; several structures to choose from: {', '.join(several)[:80]}" if len(several) > 1 else ""
        raise UnreadableError(f"no {' and no '.join(missing)} in this row{found}")
    check_periodic(directions(row.get("pbc")))
    sites = assemble(cell_of(row["lattice"]), row["species"], coordinates(row["frac"], "frac"), own_id(row))
    return _with_remarks(sites, row) if "flags" in row else sites


def _broken_key(row: Mapping[str, Any]) -> str | None:
    """The key that should hold the crystal of a row, so that the refusal says what is wrong with it."""
    return next((key for key, _ in PAIR_KEYS if isinstance(row.get(key), Mapping)), None)


def _with_remarks(sites: Sites, row: Mapping[str, Any]) -> Sites:
    """The sites with the flags of a row and, for an ordered approximant, the space group of its parent."""
    flags, group = own_flags(row), row.get("parent_space_group")
    known = APPROXIMANT in flags and isinstance(group, int) and not isinstance(group, bool) and 1 <= group <= 230
    return replace(sites, flags=flags, parent_space_group=group if known else None)
