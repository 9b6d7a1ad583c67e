"""Faulty electrodes are rejected with their reason, whichever form they come in, and the others are ranked."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers.models import tiny_release

import screening
from screening.chemistry.elements import ATOMIC_NUMBERS
from screening.crystals import Crystal
from screening.materials.electrodes.voltage.voltage import VoltagePredictor

pytestmark = pytest.mark.ci

FRAC = {"A": [0, 0, 0], "M": [0.5, 0.5, 0.5], "X": [0.5, 0.5, 0], "Y": [0, 0, 0.5], "Z": [0.5, 0, 0.25]}
LAYERS = ("A", "M", "X", "Y")


def crystal(name: str, symbols: tuple[str, ...], sites: tuple[str, ...] = LAYERS, scale: float = 1.0) -> Crystal:
    lattice = np.diag([2.9, 2.9, 4.2]) * scale
    return Crystal.from_arrays(name, lattice, [ATOMIC_NUMBERS[s] for s in symbols], [FRAC[site] for site in sites])


def pair(name: str, full: tuple[str, ...], empty: tuple[str, ...], sites: tuple[str, ...], scale: float) -> Crystal:
    return replace(crystal(name, full, scale=scale), charged=crystal(name, empty, sites, scale * 1.02))


def perovskite(name: str) -> Crystal:
    frac = [[0, 0, 0], [0.5, 0.5, 0.5], [0.5, 0.5, 0], [0.5, 0, 0.5], [0, 0.5, 0.5]]
    return Crystal.from_arrays(name, np.eye(3) * 3.93, [57, 26, 8, 8, 8], frac)


CANDIDATES = [
    pair("sound", ("Li", "Co", "O", "O"), ("Co", "O", "O"), ("M", "X", "Y"), 1.0),
    pair("anions", ("Li", "Co", "O", "O"), ("Co", "O", "O", "O"), ("M", "X", "Y", "Z"), 1.01),
    pair("other_anions", ("Li", "Co", "O", "O"), ("Co", "S", "S"), ("M", "X", "Y"), 1.02),
    pair("no_reference", ("Rb", "Co", "O", "O"), ("Co", "O", "O"), ("M", "X", "Y"), 1.2),
    perovskite("no_site"),
]
REFUSED = {
    "anions": "the anions of the given pair differ: LiCoO2 and CoO3",
    "other_anions": "the anions of the given pair differ: LiCoO2 and CoS2",
    "no_reference": "Rb leaves the given pair (RbCoO2 and CoO2), but voltages need a metal as reference",
}


def in_a_folder(folder: Path) -> Any:
    folder.mkdir()
    for one in CANDIDATES:
        one.to_structure().to(str(folder / f"{one.candidate_id}.cif"), fmt="cif")
        if one.charged is not None:
            one.charged.to_structure().to(str(folder / f"{one.candidate_id}.charged.cif"), fmt="cif")
    return folder


def in_rows(folder: Path) -> Any:
    def row(one: Crystal) -> dict[str, Any]:
        species = [site.specie.symbol for site in one.to_structure()]
        return {"lattice": one.lattice.tolist(), "species": species, "frac": one.frac.tolist()}

    folder.mkdir()
    rows = [
        {"id": one.candidate_id, **row(one), **({"charged": row(one.charged)} if one.charged is not None else {})}
        for one in CANDIDATES
    ]
    (folder / "rows.jsonl").write_text("\n".join(map(json.dumps, rows)))
    return folder / "rows.jsonl"


def in_memory(folder: Path) -> Any:
    return CANDIDATES


@pytest.mark.parametrize("form", [in_a_folder, in_rows, in_memory], ids=lambda form: form.__name__)
def test_each_fault_has_its_reason_and_the_rest_is_ranked(form: Callable[[Path], Any], tmp_path: Path) -> None:
    model = str(tiny_release(tmp_path / "tiny"))
    found = screening.rank(form(tmp_path / "in"), "electrodes", model=model, voltage="none")
    rejected = dict(zip(found.rejected["candidate_id"], found.rejected["reason"], strict=True))
    assert rejected.keys() == REFUSED.keys()
    assert all(reason in rejected[name] for name, reason in REFUSED.items())
    assert set(found.rejected["stage"]) == {"electrode"}
    rows = {row["candidate_id"]: row for row in found.table.to_dicts()}
    assert rows.keys() == {"sound", "no_site"}
    assert rows["sound"]["electrode_origin"] == "given"
    assert rows["no_site"]["no_pair_reason"] == "no void of LaFeO3 is large enough for Li"
    assert {"no_room", "not_an_electrode"} <= set(rows["no_site"]["flags"].split(";"))


def test_an_ion_without_a_reference_is_a_wrong_request() -> None:
    with pytest.raises(screening.RequestError, match="working_ion=Rb: expected one of Li, Na"):
        screening.rank(CANDIDATES, "electrodes", working_ion="Rb", voltage="none")


def layered(ion: str, c_over_a: float) -> Crystal:
    """Layered ACoO2 with one formula unit in the cell."""
    lattice = 2.82 * np.array([[1, 0, 0], [-0.5, 0.75**0.5, 0], [0, 0, c_over_a]])
    frac = [[0, 0, 0.5], [0, 0, 0], [1 / 3, 2 / 3, 0.22], [2 / 3, 1 / 3, 0.78]]
    return Crystal.from_arrays(f"{ion}CoO2", lattice, [ATOMIC_NUMBERS[s] for s in (ion, "Co", "O", "O")], frac)


def test_an_ion_whose_metal_has_no_energy_is_named_and_the_rest_ranked(monkeypatch: pytest.MonkeyPatch) -> None:
    load = VoltagePredictor.load

    def without_sodium(name: str, device: str = "auto") -> VoltagePredictor | None:
        found = load(name, device)
        if found is None:
            return None
        metals = found.metals.copy()
        metals[ATOMIC_NUMBERS["Na"]] = np.nan
        return replace(found, metals=metals)

    monkeypatch.setattr(VoltagePredictor, "load", without_sodium)
    given = [layered("Na", 1.85), layered("Li", 1.66)]
    given.append(replace(layered("Na", 1.86), candidate_id="both_ends", charged=without_ion(given[0])))
    found = screening.Session().rank(given, "electrodes", cards=0)
    assert not len(found.rejected)
    rows = {row["candidate_id"]: row for row in found.table.to_dicts()}
    assert rows["LiCoO2"]["rank"] == 1
    assert rows["LiCoO2"]["voltage_V"] > 3
    for name in ("NaCoO2", "both_ends"):
        assert rows[name]["voltage_V"] is None
        assert rows[name]["voltage_calculated_V"] is None
        reason = "not predicted: voltage-v2 has no energy of the metal Na as reference"
        assert rows[name]["voltage_method"] == reason
        assert rows[name]["why"].endswith(f" Voltage {reason}.")


def without_ion(crystal: Crystal) -> Crystal:
    return replace(crystal, numbers=crystal.numbers[1:], frac=crystal.frac[1:])
