"""Separately trained models are combined; those that do not match are refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from helpers.labelled import small_store
from helpers.models import tiny_config, tiny_model, tiny_release

from screening.errors import RequestError
from screening.learning.calibration import calibrate
from screening.learning.combining import combine
from screening.learning.data import CrystalData, DataSettings
from screening.learning.known_region import fit_domain
from screening.networks.released_model import load_release, save_release

TRAINED = {"store_sha256": "abc", "crystals": {"train": 90}, "hours": 1.0, "steps": 5}


def trained(folder: Path, seed: int, **changes: object) -> Path:
    config = replace(tiny_config(), training={**TRAINED, "seed": seed} | changes)
    model = tiny_model(seed)
    model.standardise(torch.arange(4.0), torch.ones(4))
    save_release(folder, model, config)
    return folder


def test_members_are_those_of_the_parts(tmp_path: Path) -> None:
    folders = [trained(tmp_path / str(seed), seed) for seed in range(2)]
    model, config = combine("both", folders)
    assert (config.name, config.members) == ("both", 2)
    assert [run["seed"] for run in config.training["member_runs"]] == [0, 1] and config.training["hours"] == 2.0
    torch.testing.assert_close(model.centre, torch.arange(4.0))
    for member, folder in zip(model.members, folders, strict=True):
        source = load_release(folder)[0].members[0].state_dict()
        assert all(torch.equal(tensor, source[name]) for name, tensor in member.state_dict().items())
    save_release(tmp_path / "both", model, config)
    _, three = combine("three", [tmp_path / "both", trained(tmp_path / "2", 2)])
    assert three.members == 3 and [run["seed"] for run in three.training["member_runs"]] == [0, 1, 2]


@pytest.mark.parametrize(
    ("changes", "what"), [({"store_sha256": "def"}, "store_sha256"), ({"crystals": {"train": 91}}, "crystals")]
)
def test_other_crystals_are_refused(tmp_path: Path, changes: dict[str, object], what: str) -> None:
    with pytest.raises(RequestError, match=f"models: .*b differs from .*a in {what}"):
        combine("x", [trained(tmp_path / "a", 0), trained(tmp_path / "b", 1, **changes)])


def test_other_networks_are_refused(tmp_path: Path) -> None:
    save_release(tmp_path / "b", tiny_model(), replace(tiny_config(), elements=(1, 2)))
    with pytest.raises(RequestError, match="in elements"):
        combine("x", [tiny_release(tmp_path / "a"), tmp_path / "b"])


@pytest.mark.ci
def test_intervals_and_region_are_set_from_unseen_crystals(tmp_path: Path) -> None:
    model, config = combine("x", [tiny_release(tmp_path / str(seed), seed) for seed in range(2)])
    store = small_store(tmp_path / "store", 1800)
    data = CrystalData(DataSettings(store.path, config.targets), config.graph)
    unseen = data.labelled("calibration")
    used = calibrate(model, unseen, 1000)
    fit_domain(model, data.labelled("train"), unseen, 1000)
    assert used["formation_energy_eV_per_atom"] == len(unseen)
    with torch.no_grad():
        everything = unseen.take(torch.arange(len(unseen)))
        prediction = model(everything.graphs)
        value, half_width = model.physical(prediction)
    inside = ((value - everything.labels).abs() <= half_width)[:, 0].float().mean()
    assert abs(float(inside) - 0.8) < 0.02
    assert 0 < int(model.domain.outside(prediction.features).sum()) <= 0.06 * len(unseen) + 1


def test_scales_set_by_other_labels_are_refused(tmp_path: Path) -> None:
    other = tiny_model(1)
    other.standardise(torch.arange(4.0) + 1, torch.ones(4))
    save_release(tmp_path / "b", other, replace(tiny_config(), training={**TRAINED, "seed": 1}))
    with pytest.raises(RequestError, match="in the scales of its targets"):
        combine("x", [trained(tmp_path / "a", 0), tmp_path / "b"])


def test_the_same_model_twice_is_refused(tmp_path: Path) -> None:
    folder = trained(tmp_path / "a", 0)
    with pytest.raises(RequestError, match="two of them are the same"):
        combine("x", [folder, folder])
