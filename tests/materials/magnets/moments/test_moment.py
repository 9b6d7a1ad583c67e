"""Magnetization of metallic hosts: the training rows, predictions and the release."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from helpers.crystals import random_crystal, rotated, supercell

from screening.crystals.packed import pack
from screening.data.store import LabelledCrystal, Store, open_store, write_store
from screening.errors import RequestError
from screening.materials.magnets.moments.moment import HostMagnetization, metallic_hosts
from screening.materials.magnets.moments.moment_fit import fit_moment_part, moment_card, moment_rows
from screening.tabular.composition_features import Compositions
from screening.tabular.fit_settings import ForestFitSettings
from screening.tabular.interval_forest import ForestSettings

MOMENTS = {24: 1.0, 25: 3.0, 26: 2.2, 27: 1.6, 28: 0.6}
FOREST = ForestSettings(n_trees=3, least_rows=2, tried=0.4, error_trees=2)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """Alloys with the moments of `MOMENTS`; a third have none, a quarter have site moments; and some oxides."""
    rng = np.random.default_rng(0)
    rows = []
    for index in range(240):
        others = (8, 13, 60) if index % 10 == 0 else (13, 22, 39, 46, 78, 60, 5)
        crystal = replace(random_crystal(rng, 4, (*MOMENTS, *others)), candidate_id=f"c{index}")
        sites = np.array([MOMENTS.get(int(z), 0.0) for z in crystal.numbers]) * (index % 3 != 0)
        if index % 4 == 0:
            rows.append(LabelledCrystal(crystal, {}, sites.astype(np.float32)))
        else:
            rows.append(LabelledCrystal(crystal, {"magnetization_muB_per_A3": sites.sum() / crystal.volume_A3}))
    folder = tmp_path_factory.mktemp("store") / "alloys"
    write_store(folder, rows, sources=["made up"])
    return open_store(folder)


def test_only_calculations_that_kept_their_moments_are_learned(store: Store) -> None:
    rows, counts, without = moment_rows(store)
    own = sum(moment * counts[:, z] for z, moment in MOMENTS.items())
    assert without > 20
    assert (rows.target > 0).all() and len(rows.target) == len(counts)
    assert metallic_hosts(counts).all() and (counts[:, 8] == 0).all()
    # the sum of moments over the volume, which is the same for totals and sites
    volumes = own / rows.target
    assert np.median(volumes) > 4 and volumes.min() > 0


def test_a_loaded_release_predicts_the_same_as_the_fit(store: Store) -> None:
    part, report = fit_moment_part(store, ForestFitSettings(FOREST, n_seeds=2))
    assert report["test"]["mae_T"][0] < report["test"]["mae_T_constant"]
    assert "## Magnetization of metallic hosts" in moment_card(report)
    model = HostMagnetization.from_part(part)
    rng = np.random.default_rng(1)
    metal, oxide = random_crystal(rng, 4, (26, 13)), random_crystal(rng, 4, (26, 8))
    crystals = [metal, oxide, supercell(metal, (2, 1, 1)), rotated(metal, rng)]
    packed = pack(crystals)
    found = model.predict(packed, Compositions.of(packed.element_counts()))
    hosts = metallic_hosts(packed.element_counts())
    assert np.isnan(found[~hosts]).all() and np.isfinite(found[hosts]).all()
    assert (found[hosts][:, 1] <= found[hosts][:, 0]).all() and (found[hosts] >= 0).all()
    np.testing.assert_allclose(found[2:], np.tile(found[:1], (2, 1)), rtol=1e-6)


def test_errors_name_what_cannot_be_learned_or_loaded(store: Store, tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    rows = [LabelledCrystal(random_crystal(rng, 4, (13, 22)), {"magnetization_muB_per_A3": 0.0})]
    write_store(tmp_path / "none", rows, sources=["made up"])
    with pytest.raises(RequestError, match="no metal of Cr, Mn, Fe, Co or Ni with moments"):
        moment_rows(open_store(tmp_path / "none"))
    part, _ = fit_moment_part(store, ForestFitSettings(FOREST, n_seeds=1))
    part.settings["target"] = "T"
    with pytest.raises(RequestError, match="gives T, not muB/A3"):
        HostMagnetization.from_part(part)
