"""Rows of `lattice, species, frac` and pymatgen structures as JSON, decoded without pymatgen."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from screening.chemistry.elements import ATOMIC_NUMBERS
from screening.crystals.reading.parts import UnreadableError
from screening.crystals.reading.species import atomic_number
from screening.crystals.sites import APPROXIMANT, Occupancy, Sites

ID_KEYS = ("id", "mp_id", "name", "material_id", "battery_id")
"""Keys for the id of a row, in order of preference."""

PAIR_KEYS = (("structure", "charged"), ("discharged", "charged"), ("discharge_structure", "charge_structure"))
"""Keys of the discharged and the charged crystal of an insertion pair in a row."""

OWN_FLAGS = (APPROXIMANT,)
"""Flags that a row may have; all others come from later steps."""


def own_id(row: Mapping[str, Any]) -> str:
    """The id in a row as text; empty if it has none."""
    for key in ID_KEYS:
        value = row.get(key)
        if isinstance(value, (str, int, float, np.integer)) and not isinstance(value, bool) and value == value:
            text = str(value).strip()
            if text:
                return text
    return ""


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
        try:
            return json.loads(data)
        except (ValueError, RecursionError):
            raise UnreadableError(f"not valid JSON: {error}") from None


def read_row(row: Any) -> Sites:
    """The crystal of a row.

    Args:
        row: An object with `lattice, species, frac` and perhaps an id, or a pymatgen structure as JSON, itself or under
            `structure`. The charged crystal of an insertion pair is under `charged` (other keys: `PAIR_KEYS`).

    Raises:
        UnreadableError: The row does not describe a crystal.
    """
    if not isinstance(row, Mapping):
        raise UnreadableError(f"expected an object with lattice, species and frac, found {type(row).__name__}")
    sites = _read_one(row)
    for _, key in PAIR_KEYS:
        if isinstance(row.get(key), Mapping):
            return replace(sites, charged=read_charged(row[key]))
    return sites


def read_charged(row: Mapping[str, Any]) -> Sites:
    """The charged crystal of a row.

    Raises:
        UnreadableError: It cannot be read; the message says that the charged crystal is meant.
    """
    try:
        return _read_one(row)
    except UnreadableError as error:
        raise UnreadableError(f"the charged crystal: {error}") from None


def _read_one(row: Mapping[str, Any]) -> Sites:
    for key, _ in PAIR_KEYS:
        if isinstance(row.get(key), Mapping):
            sites = _read_one(row[key])
            return _with_remarks(replace(sites, own_id=own_id(row) or sites.own_id), row)
    if "sites" in row:
        return _read_pymatgen(row)
    missing = [key for key in ("lattice", "species", "frac") if key not in row]
    if missing:
        raise UnreadableError(f"no {' and no '.join(missing)} in this row")
    sites = _assemble(row["lattice"], row["species"], row["frac"], own_id(row))
    return _with_remarks(sites, row) if "flags" in row else sites


def _with_remarks(sites: Sites, row: Mapping[str, Any]) -> Sites:
    """The sites with the flags of a row and, for an ordered approximant, the space group of its parent."""
    flags, group = own_flags(row), row.get("parent_space_group")
    known = APPROXIMANT in flags and isinstance(group, int) and not isinstance(group, bool) and 1 <= group <= 230
    return replace(sites, flags=flags, parent_space_group=group if known else None)


def _assemble(lattice: Any, species: Any, frac: Any, identity: str) -> Sites:
    cell = _matrix(lattice)
    if not isinstance(species, Sequence) or isinstance(species, str):
        raise UnreadableError("species must be a list with one entry per atom")
    try:
        positions = np.array(frac, dtype=np.float64).reshape(-1, 3)
    except (TypeError, ValueError):
        raise UnreadableError("frac must be a list of three numbers per atom") from None
    if len(species) != len(positions):
        raise UnreadableError(f"{len(species)} species but {len(positions)} positions")
    try:
        numbers = np.array([ATOMIC_NUMBERS[symbol] for symbol in species], dtype=np.int16)
    except (KeyError, TypeError):
        return Sites.from_occupancies(cell, [_occupancy(entry) for entry in species], positions, identity)
    return Sites(cell, numbers, positions, None, identity)


def _matrix(lattice: Any) -> NDArray[np.float64]:
    if isinstance(lattice, Mapping):
        lattice = lattice.get("matrix")
    try:
        cell = np.array(lattice, dtype=np.float64)
    except (TypeError, ValueError):
        raise UnreadableError("the lattice must be three vectors of three numbers") from None
    if cell.shape != (3, 3):
        raise UnreadableError(f"the lattice must be three vectors of three numbers, its shape is {cell.shape}")
    return cell


def _occupancy(entry: Any) -> Occupancy:
    """One site: a species, or a mapping of species to occupancies."""
    if not isinstance(entry, Mapping):
        return {atomic_number(entry if isinstance(entry, str | int) else str(entry)): 1.0}
    return _merge([(key, value) for key, value in entry.items()])


def _merge(pairs: list[tuple[Any, Any]]) -> Occupancy:
    """Occupancies summed by element: Fe2+ and Fe3+ on a site are one element."""
    site: Occupancy = {}
    for species, amount in pairs:
        if isinstance(amount, bool) or not isinstance(amount, int | float) or not 0 <= amount <= 1.001:
            raise UnreadableError(f"the occupancy of '{str(species)[:40]}' is not between 0 and 1")
        if amount > 0:
            number = atomic_number(species)
            site[number] = site.get(number, 0.0) + float(amount)
    if not site or sum(site.values()) > 1.01:
        raise UnreadableError("the occupancies of a site do not add up to between 0 and 1")
    return site


def _read_pymatgen(row: Mapping[str, Any]) -> Sites:
    """The crystal of JSON from pymatgen's `Structure.as_dict`."""
    if "lattice" not in row:
        raise UnreadableError("a structure without a lattice is a molecule, not a crystal")
    try:
        occupancies = [
            _merge([(entry["element"], entry.get("occu", 1.0)) for entry in site["species"]]) for site in row["sites"]
        ]
        frac = np.array([site["abc"] for site in row["sites"]], dtype=np.float64).reshape(-1, 3)
    except UnreadableError:
        raise
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise UnreadableError(f"not a pymatgen structure ({type(error).__name__}: {error})") from None
    properties = row.get("properties")
    identity = own_id(row) or (own_id(properties) if isinstance(properties, Mapping) else "")
    return Sites.from_occupancies(_matrix(row["lattice"]), occupancies, frac, identity)
