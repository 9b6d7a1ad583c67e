"""Axes of crystals of known symmetry; the pitfalls of NovaMag's table; fit, release and nulls of the sizes of K1."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from helpers.crystals import rotated, supercell
from pymatgen.core import Lattice, Structure

from screening.chemistry.elements import SYMBOLS
from screening.crystals import Crystal
from screening.crystals.packed import pack
from screening.errors import RequestError
from screening.materials.magnets.anisotropy.anisotropy import ANISOTROPY_COLUMNS, AnisotropyModel
from screening.materials.magnets.anisotropy.anisotropy_card import anisotropy_card
from screening.materials.magnets.anisotropy.anisotropy_data import anisotropy_examples
from screening.materials.magnets.anisotropy.anisotropy_fit import fit_anisotropy_part
from screening.materials.magnets.anisotropy.axes import AXIS_FEATURES, find_axes
from screening.tabular.composition_features import Compositions
from screening.tabular.fit_settings import ForestFitSettings
from screening.tabular.interval_forest import ForestSettings


def crystal(group: int, lattice: Lattice, species: list[str], sites: list[list[float]]) -> Crystal:
    return Crystal.from_structure(Structure.from_spacegroup(group, lattice, species, sites), f"{group}-{species}")


FE = crystal(229, Lattice.cubic(2.87), ["Fe"], [[0, 0, 0]])
FEPT = crystal(123, Lattice.tetragonal(2.72, 3.72), ["Fe", "Pt"], [[0, 0, 0], [0.5, 0.5, 0.5]])
ORDERED_CUBE = crystal(123, Lattice.tetragonal(2.6163, 3.7), ["Fe", "Ni"], [[0, 0, 0], [0.5, 0.5, 0.5]])
SMCO5 = crystal(191, Lattice.hexagonal(5.002, 3.964), ["Sm", "Co", "Co"], [[0, 0, 0], [1 / 3, 2 / 3, 0], [0.5, 0, 0.5]])
CEMENTITE = crystal(
    62, Lattice.orthorhombic(5.09, 6.74, 4.53), ["Fe", "Fe", "C"],
    [[0.036, 0.25, 0.837], [0.186, 0.063, 0.328], [0.877, 0.25, 0.444]],
)  # fmt: skip


def test_axes_follow_the_crystal_system() -> None:
    axes = find_axes(pack([FE, FEPT, ORDERED_CUBE, SMCO5, CEMENTITE]))
    assert axes.isotropic.tolist() == [True, False, False, False, False]
    assert axes.uniaxial.tolist() == [False, True, True, True, False]


def test_axes_do_not_depend_on_the_choice_of_cell() -> None:
    rng = np.random.default_rng(0)
    for one in (FEPT, SMCO5, CEMENTITE):
        same = find_axes(pack([one, supercell(one, (2, 1, 2)), rotated(one, rng)]))
        np.testing.assert_allclose(same.features[1:], np.tile(same.features[:1], (2, 1)), atol=1e-6)
        assert len(set(same.uniaxial.tolist())) == 1
        np.testing.assert_allclose(np.abs(same.axis[0] @ same.axis[1]), 1.0)


def test_bonds_along_and_across_the_axis() -> None:
    chains = crystal(123, Lattice.tetragonal(6.0, 2.5), ["Fe"], [[0, 0, 0]])
    planes = crystal(123, Lattice.tetragonal(2.5, 6.0), ["Fe"], [[0, 0, 0]])
    found = find_axes(pack([chains, planes])).features[:, AXIS_FEATURES.index("axis metal metal")]
    assert found == pytest.approx([2 / 3, -1 / 3], abs=1e-4)


def row(index: int, metal: str, other: str, K1: float) -> dict[str, Any]:
    return {
        "entry": f"row {index}",
        "chemical formula": f"{metal}1{other}1",
        "compound space group": 123,
        "lattice parameters": [2.8, 2.8, 3.6],
        "lattice angles": [90, 90, 90],
        "atomic positions": [f"{metal}1(1a)", 0, 0, 0, f"{other}1(1d)", 0.5, 0.5, 0.5],
        "magnetocrystalline anisotropy constants": [K1, 0.0],
    }


def moments(one: Crystal, moment_muB: list[list[float]]) -> dict[str, Any]:
    species = [SYMBOLS[number] for number in one.numbers]
    return {"lattice": one.lattice.tolist(), "species": species, "frac": one.frac.tolist(), "moment_muB": moment_muB}


OTHERS = ("Pt", "Pd", "Au", "Ir", "Os", "W", "Bi", "Al", "Si", "Ti", "V", "Ga", "Ge", "Zn", "Cu", "Mg", "Sc", "P")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Synthetic rule: heavy partners give a hundred times the anisotropy."""
    rng = np.random.default_rng(0)
    rows = [
        row(i, metal, other, float(rng.choice([-1, 1])) * 10 ** (rng.normal(scale=0.1) - 2 * (k >= 7)))
        for i, (metal, (k, other)) in enumerate(
            (m, o) for m in ("Cr", "Mn", "Fe", "Co", "Ni") for o in enumerate(OTHERS)
        )
    ]
    wrong = row(900, "Fe", "Pt", 1.0) | {"chemical formula": "Fe3Pt1"}
    huge = row(901, "Fe", "Pt", 1.0) | {"lattice parameters": [9, 9, 9]}
    broken = row(902, "Fe", "Pt", 1.0) | {"atomic positions": ["Fe1(1a)", 0]}
    cube = row(903, "Fe", "Fe", 1.0) | {"lattice parameters": [2.87] * 3, "chemical formula": "Fe2"}
    rows += [wrong, huge, broken, cube, row(904, "Fe", "Pt", 0.0)]
    target = tmp_path_factory.mktemp("tables")
    for name, content in (("novamag", rows), ("magndata", [moments(FEPT, [[0, 0, 2], [0, 0, 0]])])):
        (target / name).mkdir()
        (target / name / f"{name}.jsonl.gz").write_bytes(gzip.compress("\n".join(map(json.dumps, content)).encode()))
    return target


def test_pitfalls_of_the_table(folder: Path) -> None:
    found = anisotropy_examples(folder / "novamag")
    assert found.dropped == {"sites do not give the formula": 2, "impossible volume": 1, "no K1": 1}
    assert len(found.systems) == 5 * len(OTHERS) + 1
    with pytest.raises(RequestError, match=r"novamag\.jsonl\.gz"):
        anisotropy_examples(folder / "nowhere")


@pytest.mark.ci
def test_sizes_are_learned_and_a_random_sign_is_not(folder: Path) -> None:
    forest = ForestSettings(n_trees=15, least_rows=3, tried=0.5, error_trees=5, error_least_rows=10)
    part, report = fit_anisotropy_part(folder, ForestFitSettings(forest, n_seeds=1))
    cv = report["cross_validation"]
    assert cv["log10_mae"][0] < 0.6 * cv["log10_mae_constant"]
    assert cv["sign_accuracy"][0] < 0.7
    assert "base rate" in anisotropy_card(json.loads(json.dumps(report)))
    # one made-up structure with its moments along the axis, and signs by the toss of a coin
    assert report["directions"]["host"]["metals"] == {"axis": 1.0, "plane": 0.0, "tilted": 0.0}
    assert report["axial_share"]["metals"] == pytest.approx(0.5, abs=0.15)
    assert report["axial_share"]["others"] == 0.5
    model = AnisotropyModel.from_part(replace(part, settings=json.loads(json.dumps(part.settings))))
    check_answers(model)
    with pytest.raises(RequestError, match="other features"):
        AnisotropyModel.from_part(replace(part, settings={**part.settings, "features": []}))
    with pytest.raises(RequestError, match="axial_share"):
        AnisotropyModel.from_part(replace(part, settings={**part.settings, "axial_share": {"metals": 0.5}}))


def check_answers(model: AnisotropyModel) -> None:
    """Only known numbers are there, each with its method."""
    oxide = crystal(123, Lattice.tetragonal(2.8, 3.7), ["Fe", "O"], [[0, 0, 0], [0.5, 0.5, 0.5]])
    alloy = crystal(123, Lattice.tetragonal(2.8, 3.7), ["Fe", "Au"], [[0, 0, 0], [0.5, 0.5, 0.5]])
    aluminium = crystal(225, Lattice.cubic(4.05), ["Al"], [[0, 0, 0]])
    packed = pack([FE, FEPT, SMCO5, alloy, oxide, aluminium, CEMENTITE])
    table = pl.DataFrame(model.predict(packed, Compositions.of(packed.element_counts())).columns())
    assert tuple(table.columns) == ANISOTROPY_COLUMNS
    assert table["axis_symmetry"].to_list() == ["cubic", *["uniaxial"] * 4, "cubic", "lower"]
    methods = table["host_K1_method"].to_list()
    assert methods[:3] == [None, "family: L1_0", "family: CaCu5"]
    assert [text and text.partition(",")[0] for text in methods[3:]] == [
        "NovaMag forest",
        "sign by base rate",
        None,
        None,
    ]
    low, value, high = (table[f"host_K1_magnitude_MJ_per_m3{end}"] for end in ("_lo", "", "_hi"))
    assert value.is_null().to_list() == [True, False, False, False, True, True, True]
    assert ((low >= 0) & (low <= value) & (value <= high)).drop_nulls().all()
    assert table["host_K1_temperature_K"].to_list() == [None, 300, 300, 0, None, None, None]
    rates = [model.axial_share["metals"], model.axial_share["others"]]
    assert table["host_axial_probability"].to_list()[3:5] == rates
    assert table["host_axial_probability"][1:3].min() > 0.99
    assert table["four_f_K1_MJ_per_m3"].is_not_null().to_list() == [False, False, True, *[False] * 4]
