"""The shipped data is what its cards say."""

from __future__ import annotations

import csv
import json
from typing import Any

import numpy as np
import pytest

from screening.resources import resource

DATASETS = resource("datasets")


def rows(kind: str, name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (DATASETS / kind / f"{name}.jsonl").read_text("utf-8").splitlines()]


def table(folder: str, name: str) -> list[dict[str, str]]:
    with (DATASETS / folder / f"{name}.csv").open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


@pytest.mark.parametrize("kind", ["candidates", "landmarks"])
@pytest.mark.parametrize("name", ["magnets", "electrodes"])
def test_crystals_parse_and_have_the_composition_they_state(kind: str, name: str) -> None:
    from pymatgen.core import Composition, Structure

    for row in rows(kind, name):
        structure = Structure(row["lattice"], row["species"], row["frac"])
        stated = Composition(row["formula"]).reduced_composition
        assert structure.is_ordered
        assert structure.composition.reduced_composition.almost_equals(stated), row["id"]
        distances = structure.distance_matrix[np.triu_indices(len(structure), 1)]
        assert not (distances < 0.7).any(), row["id"]


@pytest.mark.parametrize(("name", "count"), [("magnets", 61), ("electrodes", 33)])
def test_candidates_are_unique_primitive_and_documented(name: str, count: int) -> None:
    from pymatgen.core import Structure

    candidates = rows("candidates", name)
    assert len(candidates) == count
    assert len({row["id"] for row in candidates}) == count
    for row in candidates:
        structure = Structure(row["lattice"], row["species"], row["frac"])
        assert len(structure.get_primitive_structure()) == len(structure), row["id"]
        assert row["confidence"] in {"high", "med", "low"}
        assert row["reference"]


@pytest.mark.parametrize("name", ["magnets", "electrodes"])
def test_candidates_keep_the_density_of_the_reference_table(name: str) -> None:
    from pymatgen.core import Structure

    reference = {row["name"]: row for row in table("reference", name)}
    for row in rows("candidates", name):
        structure = Structure(row["lattice"], row["species"], row["frac"])
        assert structure.density == pytest.approx(float(reference[row["id"]]["density_g_cm3"]), rel=0.02), row["id"]


@pytest.mark.parametrize(
    ("name", "ids"),
    [("magnets", ["Nd2Fe14B", "SmCo5", "BaFe12O19"]), ("electrodes", ["LiCoO2", "LiFePO4", "NMC111"])],
)
def test_landmarks_are_present(name: str, ids: list[str]) -> None:
    assert [row["id"] for row in rows("landmarks", name)] == ids


def test_nmc_is_layered_with_unlike_metal_neighbours() -> None:
    from pymatgen.core import Structure

    row = rows("landmarks", "electrodes")[-1]
    structure = Structure(row["lattice"], row["species"], row["frac"])
    metals = [site for site in structure if site.specie.symbol in {"Ni", "Mn", "Co"}]
    assert sorted(site.specie.symbol for site in metals) == ["Co", "Mn", "Ni"]
    for site in metals:
        around = [near.specie.symbol for near in structure.get_neighbors(site, 3.0)]
        in_plane = [symbol for symbol in around if symbol in {"Ni", "Mn", "Co"}]
        assert len(in_plane) == 6
        assert site.specie.symbol not in in_plane
    assert row["flags"] == ["ordered_approximant"]


def test_approximants_carry_the_space_group_of_what_they_stand_for() -> None:
    found = {
        row["id"]: row.get("parent_space_group")
        for kind in ("magnets", "electrodes")
        for folder in ("candidates", "landmarks")
        for row in rows(folder, kind)
        if row["flags"]
    }
    assert found == {"SmFe11Ti": 139, "YFe11Ti": 139, "CoFe2O4": 227, "Na3V2(PO4)3": 167, "NMC111": 166}


def test_prices_have_a_source_and_air_is_free() -> None:
    prices = {row["element"]: row for row in table("elements", "prices")}
    assert len(prices) == 79
    assert all(row["price_source"] and row["price_period"] for row in prices.values())
    assert [float(prices[symbol]["price_USD_per_kg"]) for symbol in ("O", "N")] == [0.0, 0.0]
    assert float(prices["Nd"]["price_USD_per_kg"]) == 57.5


def test_every_redox_state_lies_between_the_lowest_and_the_highest() -> None:
    for row in table("elements", "redox"):
        accessible = [int(value) for name, value in row.items() if name.startswith("accessible_")]
        assert len(accessible) == 4
        lowest = min(int(row["lowest_oxide"]), int(row["lowest_other"]))
        assert lowest <= min(accessible) <= max(accessible) <= int(row["highest"]), row["element"]
        assert row["source"]


@pytest.mark.parametrize("folder", ["reference", "candidates", "landmarks", "elements"])
def test_every_folder_has_a_card(folder: str) -> None:
    card = (DATASETS / folder / "README.md").read_text("utf-8")
    assert "Rebuild" in card
    assert "licence" in card.lower()
