"""The same crystal gives the same answer, whatever its axes, origin, handedness, order of atoms or supercell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest
import yaml
from helpers.crystals import cubic, descriptions

from screening.crystals import Crystal, ReadSettings, read_crystals
from screening.materials.predictors import Predictors
from screening.materials.registry import class_names, material_class, predictor_kind
from screening.networks.predictor import Predictor
from screening.networks.released_model import find_release
from screening.testing.same_answers import check_same_answers, learned_columns

FEW_ATOMS, FEW_CRYSTALS = 7, 4
WITHOUT_POTENTIAL = {"voltage": "none"}


@lru_cache(maxsize=1)
def network() -> Predictor:
    return Predictor.load(str(find_release("screening-v3")), "cpu")


def predictors_of(name: str, releases: Mapping[str, str]) -> Predictors:
    task = yaml.safe_load(material_class(name).config.read_text("utf-8"))
    kinds = [predictor_kind(kind, "predictors") for kind in task.get("predictors") or ()]
    loaded = {k.name: k.implementation.load(releases.get(k.name, k.default), {"device": "cpu"}) for k in kinds}
    return Predictors(network(), {kind: known for kind, known in loaded.items() if known is not None})


def crystals_of(name: str) -> list[Crystal]:
    file: Path | None = material_class(name).landmarks
    if file is None:
        return [cubic(26, 2.87, "I"), cubic(29, 3.61, "F")]
    read = [item for item in read_crystals(file, ReadSettings(workers=0)) if isinstance(item, Crystal)]
    return [crystal for crystal in read if crystal.n_atoms <= FEW_ATOMS][:FEW_CRYSTALS]


@pytest.mark.parametrize("releases", [WITHOUT_POTENTIAL, pytest.param({}, marks=pytest.mark.ci)], ids=["few", "all"])
@pytest.mark.parametrize("name", class_names())
def test_no_class_sees_how_a_crystal_is_described(name: str, releases: Mapping[str, str]) -> None:
    predictors, rng = predictors_of(name, releases), np.random.default_rng(0)
    crystals = crystals_of(name)
    others = [descriptions(crystal, rng) for crystal in crystals]
    expected = learned_columns(predictors, crystals)
    ways = list(others[0])
    found = learned_columns(
        predictors, [other[way] for way in ways for other in others]
    )  # together: potentials are slow
    for number, way in enumerate(ways):
        check_same_answers(expected, found[number * len(crystals) : (number + 1) * len(crystals)], way)


@pytest.mark.ci
@pytest.mark.parametrize("name", class_names())
def test_the_network_does_not_see_it_either(name: str) -> None:
    crystals, rng = crystals_of(name), np.random.default_rng(1)
    others = [descriptions(crystal, rng) for crystal in crystals]
    ways = list(others[0])
    targets = [f"{target}{end}" for target in network().config.targets for end in ("", "_lo", "_hi")]
    found = network().predict([*crystals, *(other[way] for way in ways for other in others)]).select(targets)
    for number, way in enumerate(ways, start=1):
        part = found[number * len(crystals) : (number + 1) * len(crystals)]
        check_same_answers(found[: len(crystals)], part, way)


@pytest.mark.ci
def test_what_was_given_stays_in_the_table() -> None:
    crystal = replace(descriptions(cubic(26, 2.87, "I"), np.random.default_rng(0))["supercell"], candidate_id="Fe")
    row = network().predict([crystal]).row(0, named=True)
    assert (row["n_atoms"], row["cell_formula"]) == (4, "Fe4")
