"""Rows as databases and libraries write them: pymatgen, OPTIMADE, JARVIS and ASE."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from screening.crystals.reading.parts import UnreadableError
from screening.crystals.reading.periodicity import check_lattice, check_periodic, fractional
from screening.crystals.reading.row_arrays import (
    assemble,
    cell_of,
    coordinates,
    directions,
    from_sites,
    matrix,
    occupancy_of,
    plain,
)
from screening.crystals.reading.row_ids import own_id
from screening.crystals.sites import Sites

_NOT_COMPLETE = {"implicit_atoms", "unknown_positions", "site_attachments", "assemblies"}
"""Features of a structure in OPTIMADE that its sites alone do not tell."""


def read_pymatgen(row: Mapping[str, Any]) -> Sites:
    """The crystal of JSON from pymatgen's `Structure.as_dict`.

    Raises:
        UnreadableError: It is not one, or it is not periodic in three directions.
    """
    if "lattice" not in row:
        raise UnreadableError("a structure without a lattice is a molecule, not a crystal")
    if row.get("@class") == "Slab":
        raise UnreadableError("a slab, not a crystal")
    cell = cell_of(row["lattice"])
    sites = row["sites"]
    try:
        occupancies = [occupancy_of([(each["element"], each["occu"]) for each in s["species"]]) for s in sites]
        if any("abc" not in site for site in sites):
            frac = fractional(coordinates([site["xyz"] for site in sites], "xyz"), cell)
        else:
            frac = coordinates([site["abc"] for site in sites], "abc")
    except (KeyError, TypeError, AttributeError) as error:
        raise UnreadableError(f"not a pymatgen structure ({type(error).__name__}: {error})") from None
    properties = row.get("properties")
    identity = own_id(row) or (own_id(properties) if isinstance(properties, Mapping) else "")
    return from_sites(cell, occupancies, frac, identity)


def read_jarvis(row: Mapping[str, Any]) -> Sites:
    """The crystal of JARVIS's atoms: `lattice_mat, coords, elements, cartesian`.

    Raises:
        UnreadableError: It is not one, or it does not say whether its coordinates are Cartesian.
    """
    cell = matrix(row["lattice_mat"])
    positions = coordinates(row.get("coords"), "coords")
    cartesian = row.get("cartesian")
    if not isinstance(cartesian, bool):
        raise UnreadableError("cartesian must be true or false: it says what coords are")
    return assemble(cell, row.get("elements"), fractional(positions, cell) if cartesian else positions, own_id(row))


def read_optimade(row: Mapping[str, Any]) -> Sites:
    """The crystal of the attributes of an OPTIMADE structure.

    Raises:
        UnreadableError: It is not one, it is not periodic in three directions, or the sites alone are not the crystal.
    """
    if "dimension_types" in row:
        check_periodic(directions(row["dimension_types"]))
    if row.get("nperiodic_dimensions", 3) != 3:
        raise UnreadableError(f"periodic in {row['nperiodic_dimensions']} directions, not in three")
    features = row.get("structure_features") or []
    missing = sorted(_NOT_COMPLETE.intersection(map(str, features if isinstance(features, Sequence) else [])))
    if missing or row.get("assemblies"):
        raise UnreadableError(f"the sites alone are not the crystal (OPTIMADE: {', '.join(missing) or 'assemblies'})")
    cell = matrix(row.get("lattice_vectors"))
    positions = coordinates(row.get("cartesian_site_positions"), "cartesian_site_positions")
    names = row.get("species_at_sites")
    if not isinstance(names, Sequence) or isinstance(names, str):
        raise UnreadableError("species_at_sites must be a list with one name per site")
    if "nsites" in row and row["nsites"] != len(names):
        raise UnreadableError(f"nsites says {row['nsites']}, but {len(names)} sites are listed")
    known = _optimade_species(row.get("species"))
    missing = sorted({str(name)[:20] for name in names if str(name) not in known}) if known else []
    if missing:
        raise UnreadableError(f"species_at_sites names {missing[0]}, which species does not describe")
    species = [known[str(name)] if known else name for name in names]
    return assemble(cell, species, fractional(positions, cell), own_id(row))


def _optimade_species(species: Any) -> dict[str, dict[str, float]]:
    """Occupancies by the names of species; a vacancy is what is missing from 1."""
    if not species:
        return {}
    known: dict[str, dict[str, float]] = {}
    try:
        for each in species:
            if each.get("attached") or each.get("nattached"):
                raise UnreadableError(f"atoms without positions are attached to '{str(each['name'])[:20]}'")
            shares: dict[str, float] = {}
            for symbol, amount in zip(each["chemical_symbols"], each["concentration"], strict=True):
                if symbol != "vacancy":
                    shares[symbol] = shares.get(symbol, 0.0) + amount
            known[each["name"]] = shares
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        if isinstance(error, UnreadableError):
            raise
        raise UnreadableError(f"not a list of OPTIMADE species ({type(error).__name__}: {error})") from None
    return known


def read_ase(row: Mapping[str, Any]) -> Sites:
    """The crystal of atoms in ASE's JSON: `numbers` or `symbols`, `positions` in Å, `cell`, `pbc`.

    Raises:
        UnreadableError: It is not one, or it is not periodic in three directions.
    """
    cell = row.get("cell")
    inner = cell if isinstance(cell, Mapping) and "__ndarray__" not in cell else {"array": cell}
    vectors = plain(inner.get("array"))
    if vectors is None:
        raise UnreadableError("no lattice: a molecule, not a crystal")
    lattice = matrix(vectors)
    check_lattice(lattice)
    if "pbc" not in row and "pbc" not in inner:
        raise UnreadableError("the row does not say along which directions it is periodic (pbc)")
    check_periodic(directions(plain(row.get("pbc", inner.get("pbc")))))
    positions = coordinates(plain(row["positions"]), "positions")
    species = plain(row["numbers"] if "numbers" in row else row["symbols"])
    pairs = row.get("key_value_pairs")
    identity = own_id(row) or (own_id(pairs) if isinstance(pairs, Mapping) else "")
    return assemble(lattice, species, fractional(positions, lattice), identity)
