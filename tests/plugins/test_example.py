"""The example plug-in keeps the contracts, and is found by name like what comes with the package."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from helpers.crystals import cubic

from screening import plugins
from screening.crystals import Rejection
from screening.crystals.packed import pack
from screening.data.importers.base import accepted
from screening.data.importers.registry import importer_names, kind_of, load_importer, read_labelled
from screening.data.targets import TARGETS
from screening.errors import RequestError
from screening.graphs.nearest import GraphSettings
from screening.materials.registry import class_names, material_class
from screening.networks.architectures import architecture_names, build_network, load_architecture
from screening.networks.predictor import Predictor
from screening.networks.released_model import ModelConfig, build_model, load_release, save_release
from screening.potentials.registry import load_potential, potential_names
from screening.testing import check_importer, check_material_class, check_network, check_potential
from screening.testing.sample_crystals import random_crystal

pytestmark = pytest.mark.usefixtures("plugged_in")
TABLE = "id,element,a_A,centring,band_gap_eV\niron,Fe,2.87,I,0\nsilicon,Si,2.4,P,0.6\nodd,Xx,3,P,1\nnone,Cu,3.6,F,\n"


@pytest.mark.parametrize("name", ["thermoelectrics", "heavy"])
def test_the_classes(name: str) -> None:
    assert name in class_names()
    check_material_class(material_class(name))


def test_the_network() -> None:
    assert "distances" in architecture_names()
    check_network(load_architecture("distances"))
    assert plugins.summary(plugins.NETWORKS, "distances") == "A small network that sees elements and distances alone."
    with pytest.raises(RequestError, match=r"network\.parameters\.depth: unknown key"):
        build_network("distances", {"depth": 3}, 8)


def test_a_released_model_of_the_network_names_the_package_that_it_needs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = ModelConfig("m", "distances", {"width": 8, "layers": 1}, GraphSettings(), tuple(TARGETS), (26,), {})
    save_release(tmp_path, build_model(config), config)
    assert load_release(tmp_path)[1] == config
    assert Predictor.load(str(tmp_path), "cpu").predict([cubic(26, 2.87, "I")]).height == 1
    assert json.loads((tmp_path / "config.json").read_text())["package"] == "example-plugin"
    own = {"edge_update": plugins.found(plugins.NETWORKS)["edge_update"]}
    monkeypatch.setattr(plugins, "found", lambda group: own)
    with pytest.raises(RequestError, match="'distances' is from the package example-plugin, which is not installed"):
        load_release(tmp_path)


def test_the_potential() -> None:
    assert "lennard_jones" in potential_names()
    potential = load_potential("lennard_jones", "cpu")
    rng = np.random.default_rng(0)
    check_potential(potential, [random_crystal(rng, n, (10, 18, 36), closest_A=2.4) for n in (4, 1, 3)], tolerance=1e-8)
    argon = cubic(18, 5.3, "F")
    small, large = (load_potential(f"lennard_jones:{sigma}", "cpu") for sigma in (3.0, 3.4))
    assert small.energies(pack([argon])).energy_eV > large.energies(pack([argon])).energy_eV
    with pytest.raises(RequestError, match="relax=lennard_jones:wide: expected lennard_jones or lennard_jones:SIGMA"):
        load_potential("lennard_jones:wide", "cpu", "relax")
    with pytest.raises(RequestError, match="did you mean lennard_jones"):
        load_potential("lennardjones", "cpu")
    assert potential.device == torch.device("cpu")


def test_the_importer(tmp_path: Path) -> None:
    assert "cubic_table" in importer_names()
    table = tmp_path / "my.cubic.csv"
    table.write_text(TABLE.replace("none,Cu,3.6,F,\n", ""))
    check_importer(load_importer("cubic_table"), table)
    assert kind_of(table) == "cubic_table"
    rejected: list[Rejection] = []
    rows = list(accepted(read_labelled("cubic_table", table), rejected))
    assert [row.labels for row in rows] == [{"band_gap_eV": 0.0}, {"band_gap_eV": 0.6}]
    assert [rejection.candidate_id for rejection in rejected] == ["odd"]
    with pytest.raises(RequestError, match="only kind=csv accepts a separate file of labels"):
        read_labelled("cubic_table", table, table)
