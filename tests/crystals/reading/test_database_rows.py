"""Rows in the forms of pymatgen, OPTIMADE, JARVIS and ASE: the same crystal in all, a slab or a molecule in none."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from ase import Atoms
from ase.io.jsonio import encode
from pymatgen.core import Lattice, Structure

from screening.crystals.reading.parts import UnreadableError
from screening.crystals.reading.row_ids import ID_KEYS, own_id
from screening.crystals.reading.rows import read_row
from screening.crystals.sites import Sites

CELL = [[4.0, 0, 0], [1, 4, 0], [0, 0.5, 5]]
FRAC = [[0, 0, 0], [0.5, 0.25, 0.4]]
XYZ = (np.array(FRAC) @ CELL).tolist()
STRUCTURE = Structure(Lattice(CELL), ["Fe", "O"], FRAC)
PYMATGEN = json.loads(STRUCTURE.to_json())
OPTIMADE = {
    "lattice_vectors": CELL,
    "cartesian_site_positions": XYZ,
    "species_at_sites": ["Fe", "O"],
    "species": [{"name": name, "chemical_symbols": [name], "concentration": [1.0]} for name in ("Fe", "O")],
    "dimension_types": [1, 1, 1],
    "nperiodic_dimensions": 3,
    "nsites": 2,
    "structure_features": [],
}
JARVIS = {"lattice_mat": CELL, "coords": FRAC, "elements": ["Fe", "O"], "cartesian": False}
ASE = json.loads(encode(Atoms("FeO", positions=XYZ, cell=CELL, pbc=True)))
OWN = {"lattice": CELL, "species": ["Fe", "O"], "frac": FRAC}


def without(row: dict[str, Any], *keys: str) -> dict[str, Any]:
    return {key: value for key, value in row.items() if key not in keys}


def sites_with(**changes: Any) -> list[dict[str, Any]]:
    """The sites of PYMATGEN, the first one with changes; None takes a key away."""
    first = {**PYMATGEN["sites"][0], **changes}
    return [without(first, *(key for key, value in changes.items() if value is None)), PYMATGEN["sites"][1]]


FORMS = {
    "pymatgen": PYMATGEN,
    "pymatgen, Cartesian only": {**PYMATGEN, "sites": [without(site, "abc") for site in PYMATGEN["sites"]]},
    "pymatgen, oxidation states": {
        **PYMATGEN,
        "sites": sites_with(species=[{"element": "Fe", "oxidation_state": 3, "properties": {"spin": 5}, "occu": 1}]),
    },
    "OPTIMADE": OPTIMADE,
    "OPTIMADE without species": without(OPTIMADE, "species"),
    "OPTIMADE, other names": {
        **OPTIMADE,
        "species_at_sites": ["A", "B"],
        "species": [
            {"name": "A", "chemical_symbols": ["Fe"], "concentration": [1.0]},
            {"name": "B", "chemical_symbols": ["O", "vacancy"], "concentration": [1.0, 0.0]},
        ],
    },
    "JARVIS": JARVIS,
    "JARVIS, Cartesian": {**JARVIS, "coords": XYZ, "cartesian": True},
    "ASE": ASE,
    "ASE, symbols": {"symbols": ["Fe", "O"], "positions": XYZ, "cell": CELL, "pbc": [True, True, True]},
    "ASE, old": {"numbers": [26, 8], "positions": XYZ, "cell": CELL, "pbc": [True, True, True]},
    "our own": OWN,
    "our own, lattice of pymatgen": {**OWN, "lattice": PYMATGEN["lattice"]},
}


def deeper(row: dict[str, Any]) -> list[dict[str, Any]]:
    return [row, {"structure": row}, {"atoms": row}, {"id": "x", "attributes": row}, {"id": "x", "anything": row}]


@pytest.mark.parametrize("form", FORMS)
def test_a_form(form: str) -> None:
    for row in deeper(FORMS[form]):
        sites = read_row(row)
        assert sites.numbers.tolist() == [26, 8] and sites.occupancies is None
        assert np.allclose(sites.lattice, CELL) and np.allclose(sites.frac, FRAC)


def test_lengths_and_angles_give_the_cell_of_pymatgen() -> None:
    lattice = {key: PYMATGEN["lattice"][key] for key in ("a", "b", "c", "alpha", "beta", "gamma")}
    expected = Lattice.from_parameters(*lattice.values()).matrix
    assert np.allclose(read_row({**PYMATGEN, "lattice": lattice}).lattice, expected)
    with pytest.raises(UnreadableError, match="do not close a cell"):
        read_row({**PYMATGEN, "lattice": {**lattice, "alpha": 10, "beta": 10, "gamma": 170}})


def test_shares_of_a_site_in_optimade() -> None:
    species = [{"name": "Fe", "chemical_symbols": ["Fe", "Co", "vacancy"], "concentration": [0.5, 0.2, 0.3]}]
    sites: Sites = read_row({**OPTIMADE, "species": [*species, OPTIMADE["species"][1]]})  # type: ignore[index]
    assert sites.occupancies == [{26: 0.5, 27: 0.2}, {8: 1.0}]


NOT_CRYSTALS: dict[str, tuple[Any, str]] = {
    "slab of pymatgen": ({**PYMATGEN, "lattice": {**PYMATGEN["lattice"], "pbc": [True, True, False]}}, "(pbc T T F)"),
    "class of slabs": ({**PYMATGEN, "@class": "Slab"}, "a slab"),
    "molecule of pymatgen": (without({**PYMATGEN, "@class": "Molecule"}, "lattice"), "a molecule"),
    "slab of ASE": ({**ASE, "pbc": [1, 1, 0]}, "(pbc T T F)"),
    "molecule of ASE": ({**ASE, "pbc": [False] * 3}, "(pbc F F F)"),
    "no cell": (without(ASE, "cell"), "a molecule"),
    "cell of zeros": ({**ASE, "cell": [[0, 0, 0]] * 3}, "a molecule"),
    "no word about periodicity": (without(ASE, "pbc"), "along which directions"),
    "slab of OPTIMADE": ({**OPTIMADE, "dimension_types": [1, 1, 0]}, "(pbc T T F)"),
    "wire of OPTIMADE": (without({**OPTIMADE, "nperiodic_dimensions": 1}, "dimension_types"), "periodic in 1"),
    "slab of our own": ({**OWN, "pbc": [True, False, True]}, "(pbc T F T)"),
    "slab of our own, lattice": ({**OWN, "lattice": {"matrix": CELL, "pbc": [True, True, False]}}, "(pbc T T F)"),
    "unclear periodicity": ({**OWN, "pbc": "T T F"}, "must be a list"),
    "two directions": ({**OWN, "pbc": [True, True]}, "not 2"),
}  # fmt: skip


@pytest.mark.parametrize("form", NOT_CRYSTALS)
def test_what_is_not_a_crystal(form: str) -> None:
    row, reason = NOT_CRYSTALS[form]
    for each in deeper(row)[:3]:
        with pytest.raises(UnreadableError) as caught:
            read_row(each)
        assert reason in str(caught.value)


def ndarray(*content: Any) -> dict[str, Any]:
    return {"__ndarray__": list(content)}


FAULTS: dict[str, tuple[Any, str]] = {
    "positions as rows of x, y, z": ({**OWN, "frac": [[0, 0.5], [0, 0.25], [0, 0.4]]}, "three numbers per atom"),
    "a flat list": ({**OWN, "frac": [0, 0, 0, 0.5, 0.25, 0.4]}, "three numbers per atom"),
    "text": ({**OWN, "frac": [["0", "0", "0"], ["0.5", "0.25", "0.4"]]}, "three numbers per atom"),
    "truth": ({**OWN, "species": [True, "O"]}, "'True' is not an element"),
    "more species": ({**OWN, "species": ["Fe", "O", "O"]}, "3 species but 2 positions"),
    "one text of species": ({**OWN, "species": "FeO"}, "one entry per atom"),
    "an unknown species": ({**OWN, "species": ["Fe", "Xx"]}, "'Xx' is not an element"),
    "two species in one text": ({**OWN, "species": ["Fe,Co", "O"]}, "'Fe,Co' is not an element"),
    "a huge species": ({**OWN, "species": ["F" + "9" * 1_000_000 + "x", "O"]}, "is not an element"),
    "a species of lists": ({**OWN, "species": [["Fe"], "O"]}, "is not an element"),
    "huge numbers": ({**OWN, "lattice": [[10**400, 0, 0], [0, 4, 0], [0, 0, 4]]}, "three vectors"),
    "a lattice of six": ({**OWN, "lattice": [4, 4, 5, 90, 90, 90]}, "its shape is (6,)"),
    "sites without species": ({**PYMATGEN, "sites": sites_with(species=None)}, "KeyError: 'species'"),
    "dummy species": ({**PYMATGEN, "sites": sites_with(species=[{"element": "X0+", "occu": 1}])}, "'X0+' is not"),
    "too full": ({**PYMATGEN, "sites": sites_with(species=[{"element": "Fe", "occu": 1.2}])}, "between 0 and 1"),
    "no coordinates": ({**PYMATGEN, "sites": sites_with(abc=None, xyz=None)}, "KeyError: 'xyz'"),
    "no sites": ({**PYMATGEN, "sites": []}, "no atoms"),
    "JARVIS, unclear": (without(JARVIS, "cartesian"), "cartesian must be true or false"),
    "JARVIS, as text": ({**JARVIS, "cartesian": "False"}, "cartesian must be true or false"),
    "OPTIMADE, X": ({**OPTIMADE, "species_at_sites": ["X", "O"], "species": None}, "'X' is not an element"),
    "OPTIMADE, unknown name": ({**OPTIMADE, "species_at_sites": ["Fe", "N"]}, "species_at_sites names N"),
    "OPTIMADE, nsites": ({**OPTIMADE, "nsites": 3}, "nsites says 3, but 2"),
    "OPTIMADE, attached": (
        {**OPTIMADE, "species": [{**OPTIMADE["species"][0], "attached": ["H"], "nattached": [1]}]},  # type: ignore[index]
        "atoms without positions are attached to 'Fe'",
    ),
    "OPTIMADE, implicit": ({**OPTIMADE, "structure_features": ["implicit_atoms", "assemblies"]}, "assemblies, imp"),
    "OPTIMADE, assemblies": ({**OPTIMADE, "assemblies": [{"sites_in_groups": [[0], [1]]}]}, "assemblies"),
    "OPTIMADE, no lattice": ({**OPTIMADE, "lattice_vectors": None}, "its shape is ()"),
    "ASE, stated shape": ({**ASE, "positions": ndarray([10**12, 3], "float64", [0, 0, 0])}, "with 3 numbers"),
    "ASE, no shape": ({**ASE, "positions": ndarray("ab", "float64", [0, 0, 0])}, "an array of shape ab"),
    "ASE, damaged": ({**ASE, "positions": {"__ndarray__": 5}}, "a damaged array"),
    "ASE, no species": ({**ASE, "numbers": ndarray([2], "int64", [26, 0])}, "'0' is not an element"),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault(fault: str) -> None:
    row, reason = FAULTS[fault]
    with pytest.raises(UnreadableError) as caught:
        read_row(row)
    assert reason in str(caught.value)


def test_species_of_pymatgen_as_text() -> None:
    assert read_row({**OWN, "species": ["Fe3+,spin=5", "O2-"]}).numbers.tolist() == [26, 8]


def test_null_becomes_a_number_that_the_checks_refuse() -> None:
    assert np.isnan(read_row({**OWN, "frac": [[0, 0, None], [0.5, 0.25, 0.4]]}).frac).any()


@pytest.mark.parametrize("key", ID_KEYS)
def test_ids_of_databases(key: str) -> None:
    assert own_id({key: "mp-149"}) == "mp-149" and own_id({key: 7}) == "7"
    assert own_id({key: {"@class": "MPID", "string": "mp-149"}}) == "mp-149"
    assert own_id({key: {"$oid": "5f"}}) == "5f"
    assert own_id({key: True}) == own_id({key: None}) == own_id({key: []}) == own_id({key: " "}) == ""
    assert read_row({key: "＝a\u0430", "structure": OWN}).own_id == "＝a\u0430"


def test_the_order_of_ids() -> None:
    everything: dict[str, object] = {key: key for key in reversed(ID_KEYS)}
    assert own_id(everything) == "id"
    assert list(ID_KEYS[:6]) == ["id", "mp_id", "material_id", "entry_id", "task_id", "name"]
    assert read_row({"entry_id": None, "data": {"mat_id": "agm1"}, "structure": PYMATGEN}).own_id == "agm1"
    assert read_row({"id": "outer", "structure": {**OWN, "id": "inner"}}).own_id == "outer"
    assert read_row({"attributes": {**OPTIMADE, "immutable_id": "inner"}}).own_id == "inner"
