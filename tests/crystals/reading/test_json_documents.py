"""Documents of databases and libraries: each crystal once, under its own id, and what is no crystal refused by name."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from screening.crystals import Crystal, Rejection, read_crystals


def own(element: str = "Fe", **more: object) -> dict[str, Any]:
    """A crystal whose cell tells its element."""
    edge = 3 + ord(element[0]) / 100
    return {"lattice": (np.eye(3) * edge).tolist(), "species": [element], "frac": [[0, 0, 0]], **more}


def pymatgen(element: str = "Fe", **more: object) -> dict[str, Any]:
    lattice = {"matrix": own(element)["lattice"], "pbc": [True, True, True]}
    sites = [{"species": [{"element": element, "occu": 1}], "abc": [0, 0, 0], "xyz": [0, 0, 0], "label": "a"}]
    return {"@module": "pymatgen.core.structure", "@class": "Structure", "lattice": lattice, "sites": sites, **more}


def ase(number: int = 26, **more: object) -> dict[str, Any]:
    def array(shape: list[int], kind: str, values: list[Any]) -> dict[str, Any]:
        return {"__ndarray__": [shape, kind, values]}

    cell = array([3, 3], "float64", [4.0 + number / 100, 0, 0, 0, 4, 0, 0, 0, 4])
    return {
        "numbers": array([1], "int64", [number]),
        "positions": array([1, 3], "float64", [0, 0, 0]),
        "cell": {"array": cell, "__ase_objtype__": "cell"},
        "pbc": array([3], "bool", [True, True, True]),
        **more,
    }


def optimade(identity: str, element: str) -> dict[str, Any]:
    attributes = {
        "lattice_vectors": own(element)["lattice"],
        "cartesian_site_positions": [[0, 0, 0]],
        "species_at_sites": ["one"],
        "species": [{"name": "one", "chemical_symbols": [element], "concentration": [1.0]}],
        "dimension_types": [1, 1, 1],
        "nperiodic_dimensions": 3,
        "nsites": 1,
    }
    return {"id": identity, "type": "structures", "attributes": attributes}


def jarvis(element: str = "Fe", **more: object) -> dict[str, Any]:
    return {
        "lattice_mat": own(element)["lattice"], "coords": [[0, 0, 0]], "elements": [element], "cartesian": False, **more
    }  # fmt: skip


def read(document: object, folder: Path, name: str = "doc.json") -> dict[str, str]:
    """Formula of each crystal, or `-` and the reason, by id."""
    text = document if isinstance(document, str) else json.dumps(document)
    (folder / name).write_text(text)
    return {
        item.candidate_id: item.formula if isinstance(item, Crystal) else f"- {item.reason}"
        for item in read_crystals(folder / name)
    }


FE_CO = {"a": "Fe", "b": "Co"}
ROWS = [{"material_id": "a", "structure": pymatgen("Fe")}, {"material_id": "b", "structure": pymatgen("Co")}]
ENTRIES = [
    {"@class": "ComputedStructureEntry", "entry_id": "a", "data": {"mat_id": "x"}, "structure": pymatgen("Fe")},
    {"@class": "ComputedStructureEntry", "entry_id": None, "data": {"mat_id": "b"}, "structure": pymatgen("Co")},
]
DOCUMENTS: dict[str, tuple[Any, dict[str, str]]] = {
    "list": (ROWS, FE_CO),
    "list of lists": ([[ROWS[0]], [ROWS[1]]], FE_CO),
    "answer of the Materials Project": ({"data": ROWS, "meta": {"total_doc": 2}}, FE_CO),
    "older answer": ({"response": ROWS, "valid_response": True, "copyright": "us"}, FE_CO),
    "pages": ([{"data": ROWS[:1]}, {"data": ROWS[1:]}], FE_CO),
    "entries": (ENTRIES, FE_CO),
    "entries in an object": ({"entries": ENTRIES}, FE_CO),
    "by id": ({"a": pymatgen("Fe"), "b": pymatgen("Co")}, FE_CO),
    "own rows by id": ({"a": own("Fe"), "b": own("Co")}, FE_CO),
    "one by id": ({"a": own("Fe")}, {"a": "Fe"}),
    "rows by id": ({"a": {"structure": pymatgen("Fe"), "e": 1}, "b": {"structure": pymatgen("Co"), "e": 2}}, FE_CO),
    "by number": ({"0": own("Fe"), "1": own("Co")}, {"doc#1": "Fe", "doc#2": "Co"}),
    "own ids before keys": ({"x": own("Fe", id="a"), "y": own("Co", id="b")}, FE_CO),
    "parts of a set": ({"train": {"a": own("Fe")}, "test": [own("Co", id="b")]}, FE_CO),
    "matbench": (
        {"index": ["a", "b"], "columns": ["structure", "e"], "data": [[pymatgen("Fe"), 1], [pymatgen("Co"), 2]]},
        FE_CO,
    ),
    "pandas split, numbered": (
        {"index": [0, 1], "columns": ["material_id", "structure"], "data": [["a", own("Fe")], ["b", own("Co")]]},
        FE_CO,
    ),
    "pandas index": ({"0": ROWS[0], "1": ROWS[1]}, FE_CO),
    "pandas columns": (
        {"material_id": {"0": "a", "1": "b"}, "structure": {"0": pymatgen("Fe"), "1": pymatgen("Co")}},
        FE_CO,
    ),
    "pandas columns, named": ({"structure": {"a": pymatgen("Fe"), "b": pymatgen("Co")}}, FE_CO),
    "pandas table": ({"schema": {"fields": []}, "data": [{"index": 0, **ROWS[0]}, {"index": 1, **ROWS[1]}]}, FE_CO),
    "JARVIS": ([{"jid": "a", "atoms": jarvis("Fe")}, {"jid": "b", "atoms": jarvis("Co")}], FE_CO),
    "OPTIMADE": ({"data": [optimade("a", "Fe"), optimade("b", "Co")], "meta": {}, "links": {}, "included": []}, FE_CO),
    "OPTIMADE, one": ({"data": optimade("a", "Fe")}, {"a": "Fe"}),
    "ASE's database": (
        {"1": ase(26, key_value_pairs={"mp_id": "a"}), "3": ase(27), "ids": [1, 3], "nextid": 4},
        {"a": "Fe", "doc#2": "Co"},
    ),
    "ASE's atoms": (ase(26, __ase_objtype__="atoms"), {"doc": "Fe"}),
    "a named set": ({"name": "mine", "structures": ROWS}, FE_CO),
}


@pytest.mark.parametrize("form", DOCUMENTS)
def test_each_crystal_once(form: str, tmp_path: Path) -> None:
    document, expected = DOCUMENTS[form]
    assert read(document, tmp_path) == expected


@pytest.mark.parametrize("form", DOCUMENTS)
def test_the_same_on_a_line(form: str, tmp_path: Path) -> None:
    document, expected = DOCUMENTS[form]
    if any("#" in key for key in expected):
        expected = {key.replace("#", "#1."): formula for key, formula in expected.items()}
    assert read(document, tmp_path, "doc.jsonl") == expected


def test_an_export_of_optimade(tmp_path: Path) -> None:
    lines = [{"x-optimade": {"meta": {"api_version": "1.1.0"}}}, optimade("a", "Fe"), optimade("b", "Co")]
    assert read("\n".join(map(json.dumps, lines)), tmp_path, "doc.jsonl") == FE_CO


def test_what_is_no_crystal_is_refused_under_its_name(tmp_path: Path) -> None:
    document = {
        "@version": "1",
        "a": own("Fe"),
        "broken": {"lattice": 1, "species": [], "frac": []},
        "none": None,
        "word": "Fe",
    }
    found = read(document, tmp_path)
    assert list(found) == ["a", "broken", "none", "word"] and found["a"] == "Fe"
    assert "three vectors" in found["broken"] and all("no lattice" in found[key] for key in ("none", "word"))


def test_rows_without_crystals_are_refused_one_by_one(tmp_path: Path) -> None:
    found = read({"data": [{"material_id": "mp-1"}, {"material_id": "mp-2"}, ROWS[0]]}, tmp_path)
    assert list(found) == ["mp-1", "mp-2", "a"] and "no lattice" in found["mp-1"]


def test_a_choice_of_structures_is_no_answer(tmp_path: Path) -> None:
    row = {"id": "t", "initial_structure": pymatgen("Fe"), "final_structure": pymatgen("Co")}
    assert "several structures to choose from: initial_structure, final_structure" in read(row, tmp_path)["t"]
    assert read({**row, "structure": pymatgen("Ni")}, tmp_path) == {"t": "Ni"}


def test_a_key_that_stands_twice_is_refused(tmp_path: Path) -> None:
    text = f'{{"a": {json.dumps(own("Fe"))}, "a": {json.dumps(own("Co"))}}}'
    (found,) = read(text, tmp_path).values()
    assert "the key 'a' stands twice" in found


@pytest.mark.parametrize("key", ["lattice", "species", "frac"])
@pytest.mark.parametrize("ending", ["json", "jsonl"])
def test_a_row_that_has_a_key_twice_is_refused(key: str, ending: str, tmp_path: Path) -> None:
    row, other = own("Fe"), own("Co")
    (found,) = read(json.dumps(row)[:-1] + f', "{key}": {json.dumps(other[key])}}}', tmp_path, f"doc.{ending}").values()
    assert f"the key '{key}' stands twice" in found


@pytest.mark.parametrize("text", ['{"data": []}', '{"a": {}}', "5", '"Fe"', "null", "[[]]", '{"data": {"data": []}}'])
def test_a_document_without_crystals_is_one_refusal(text: str, tmp_path: Path) -> None:
    (found,) = read(text, tmp_path).values()
    assert found.startswith("- unreadable")


@pytest.mark.parametrize("shape", ['{"lattice":', '{"data":[', "[[", '{"lattice":1,"sites":'])
def test_depth_is_one_refusal(shape: str, tmp_path: Path) -> None:
    closing = shape.replace('"lattice":1,"sites":', "").replace('"lattice":', "").replace('"data":', "")
    closing = closing[::-1].replace("[", "]").replace("{", "}")
    (found,) = read(shape * 100_000 + "1" + closing * 100_000, tmp_path).values()
    assert "depth limit" in found or "nested too deeply" in found


def test_numbers_that_no_crystal_has(tmp_path: Path) -> None:
    document = {"a": own("Fe"), "b": {**own("Co"), "note": "X"}}
    text = json.dumps(document).replace('"X"', "9" * 4000)
    found = read(text, tmp_path)
    assert found["a"] == "Fe" and any(reason.startswith("- ") for reason in found.values()) and len(found) == 2


@pytest.mark.parametrize("ending", ["json", "jsonl"])
def test_nothing_is_lost_in_a_mixed_file(ending: str, tmp_path: Path) -> None:
    elements = ["Fe", "Co", "Ni", "Mn", "Cr", "V", "Ti", "Sc"]
    parts = [own(e) if i % 3 else {"data": [own(e), pymatgen("Al")]} for i, e in enumerate(elements)]
    text = "\n".join(map(json.dumps, parts)) if ending == "jsonl" else json.dumps(parts)
    (tmp_path / f"doc.{ending}").write_text(text)
    items = list(read_crystals(tmp_path / f"doc.{ending}"))
    assert len(items) == text.count('"lattice"')  # each lattice is a crystal: an independent count
    assert len({item.candidate_id for item in items}) == len(items)
    assert sum(isinstance(item, Rejection) for item in items) == 2  # two repeats of aluminum
