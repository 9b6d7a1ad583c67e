"""Objects in memory: one, many, or by id."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pymatgen.core import Lattice, Structure
from pymatgen.io.ase import AseAtomsAdaptor

from screening.crystals import Crystal, Rejection, as_crystals
from screening.errors import RequestError


def cell(element: str, **properties: str) -> Structure:
    edge = 3 + ord(element[0]) / 100
    return Structure(Lattice.cubic(edge), [element], [[0, 0, 0]], properties=properties)


def read(items: Any) -> dict[str, str]:
    return {
        item.candidate_id: item.formula if isinstance(item, Crystal) else f"- {item.reason}"
        for item in as_crystals(items)
    }


def test_a_dictionary_by_id() -> None:
    crystal = Crystal.from_arrays("another", np.eye(3) * 4, [28], [[0, 0, 0]])
    items = {
        "a": cell("Fe"),
        "b": AseAtomsAdaptor.get_atoms(cell("Co")),
        "c": crystal,
        "d": cell("Mn").as_dict(),
        5: {"lattice": (np.eye(3) * 4.1).tolist(), "species": ["Cr"], "frac": [[0, 0, 0]]},
        "key": cell("Ti", id="its own"),
    }
    assert read(items) == {"a": "Fe", "b": "Co", "c": "Ni", "d": "Mn", "5": "Cr", "key": "Ti"}
    assert read({"a": cell("Fe")}) == {"a": "Fe"} and read({}) == {}


def test_what_is_no_crystal_in_a_dictionary_is_refused_under_its_key(tmp_path: Path) -> None:
    slab = Structure(Lattice(np.diag([3.0, 3, 15]), pbc=(True, True, False)), ["Fe"], [[0, 0, 0]])
    found = read({"a": cell("Fe"), "b": None, "c": 5, "d": slab, "e": {"x": 1}, "f": tmp_path / "no.cif"})
    assert list(found) == ["a", "b", "c", "d", "e", "f"] and found.pop("a") == "Fe"
    expected = {"b": "found NoneType", "c": "found int", "d": "(pbc T T F)", "e": "no lattice", "f": "does not exist"}
    assert all(expected[key] in reason for key, reason in found.items())


def test_paths_in_a_dictionary(tmp_path: Path) -> None:
    cell("Fe").to(filename=str(tmp_path / "x.vasp"), fmt="poscar")
    (tmp_path / "two.json").write_text("[" + cell("Co", id="c").to_json() + "," + cell("Ni").to_json() + "]")
    assert read({"a": tmp_path / "x.vasp", "b": str(tmp_path / "two.json")}) == {"a": "Fe", "b#1": "Co", "b#2": "Ni"}


def test_a_single_row_is_not_a_dictionary_of_crystals() -> None:
    assert read(cell("Fe", id="x").as_dict()) == {"x": "Fe"}
    assert read({"id": "x", "structure": cell("Fe").as_dict()}) == {"x": "Fe"}


def test_keys_that_are_equal_as_text_stay_apart() -> None:
    items = list(as_crystals({1: cell("Fe"), "1": cell("Co")}))
    assert len({item.candidate_id for item in items}) == 2 and all(isinstance(item, Crystal) for item in items)


def test_a_slab_of_pymatgen_is_refused() -> None:
    slab = Structure(Lattice(np.diag([3.0, 3, 15]), pbc=(True, True, False)), ["Fe"], [[0, 0, 0]])
    (item,) = as_crystals(slab)
    assert isinstance(item, Rejection) and "not periodic in three directions (pbc T T F)" in item.reason


@pytest.mark.parametrize("items", [5, None, 1.5])
def test_another_type_is_a_wrong_request(items: Any) -> None:
    with pytest.raises(RequestError, match="expected paths, structures or crystals"):
        list(as_crystals(items))
