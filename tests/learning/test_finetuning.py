"""A release learns the labels of a few hundred crystals and keeps its other targets."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
import torch
from helpers.crystals import random_crystal
from helpers.labelled import labelled_crystal
from helpers.models import change_config

from screening.data.store import LabelledCrystal, open_store, write_store
from screening.data.targets import TARGETS
from screening.errors import RequestError
from screening.learning.calibration import predict_labelled
from screening.learning.data import DataSettings, labelled_graphs, split_rows
from screening.learning.finetuning import inherit_settings, initial_model, load_parent, straight_line
from screening.learning.labelled_graphs import LabelledGraphs
from screening.learning.module import OptimiserSettings
from screening.learning.run import TrainingResult, TrainingSettings
from screening.learning.training import _knows_anew, train
from screening.networks.model import EnsembleMember
from screening.networks.released_model import load_release

pytestmark = pytest.mark.ci

ALL = tuple(TARGETS)
GAP = "band_gap_eV"
SIZE = {"width": 16, "edge_width": 16, "layers": 1}


def made_up(folder: Path, crystals: int, seed: int, *, shifted: bool) -> Path:
    """A store with all labels, or only with larger gaps as from another method, above all of oxides."""
    rng = np.random.default_rng(seed)
    rows = []
    for _ in range(crystals):
        row = labelled_crystal(random_crystal(rng, int(rng.integers(2, 6)), (3, 8, 9, 11, 16, 22, 25, 26, 27)))
        if shifted:
            gap = 1.3 * row.labels[GAP] + 1.0 + float((row.crystal.numbers == 8).mean())
            row = LabelledCrystal(row.crystal, {GAP: gap})
        rows.append(row)
    return write_store(folder, rows, ["made up"]).path


def fit(store: Path, folder: Path, targets: tuple[str, ...], epochs: int, parent: Path | None = None) -> TrainingResult:
    return train(TrainingSettings(
        name=folder.name, output_dir=folder, data=DataSettings(store, targets, batch_atoms=150), network="edge_update",
        parameters=SIZE, optimiser=OptimiserSettings(0, learning_rate=5e-3), max_epochs=epochs, ema_decay=0.9,
        precision="32", parent=parent, members=2,
    ))  # fmt: skip


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small release of two members, two hundred crystals of a user, and the release fine-tuned on them."""
    folder = tmp_path_factory.mktemp("tuning")
    made_up(folder / "all", 250, 0, shifted=False)
    made_up(folder / "own", 250, 1, shifted=True)
    fit(folder / "all", folder / "release", ALL, 12)
    fit(folder / "own", folder / "tuned", (GAP,), 15, folder / "release" / "model")
    return folder


def held_out(store: Path, targets: tuple[str, ...]) -> LabelledGraphs:
    """Crystals of systems not in training."""
    opened, settings = open_store(store), DataSettings(store, targets, columns=ALL)
    rows = split_rows(opened, settings)
    unseen = np.sort(np.concatenate([rows[split] for split in ("validation", "calibration", "test")]))
    return labelled_graphs(opened, unseen, settings, load_release(store.parent / "release" / "model")[1].graph)


def errors(model: Path, data: LabelledGraphs) -> np.ndarray:
    """(T,) mean absolute errors."""
    values, _ = predict_labelled(load_release(model)[0], data, 1000)
    return np.abs(values - data.labels.double().numpy()).mean(axis=0)


def test_it_beats_the_release_on_systems_that_it_never_saw(work: Path) -> None:
    data = held_out(work / "own", (GAP,))
    release, tuned = (errors(work / name / "model", data)[ALL.index(GAP)] for name in ("release", "tuned"))
    assert len(data) > 30
    assert tuned < 0.5 * release


def test_other_targets_are_not_forgotten(work: Path) -> None:
    data = held_out(work / "all", ALL)
    release, tuned = (errors(work / name / "model", data) for name in ("release", "tuned"))
    constant = (data.labels - data.labels.median(dim=0).values).abs().mean(dim=0).numpy()
    others = [i for i, target in enumerate(ALL) if target != GAP]
    assert (tuned[others] < release[others] + 0.15 * constant[others]).all()


def test_a_fine_tuned_model_names_its_parent_and_keeps_its_settings(work: Path) -> None:
    parent, given = load_release(work / "release" / "model")
    model, config = load_release(work / "tuned" / "model")
    assert (config.targets, config.graph, config.parameters) == (ALL, given.graph, given.parameters)
    assert config.members == given.members == 2
    assert set(config.elements) >= set(given.elements)
    assert config.training["started_from"].startswith("release, weights with sha256 ")
    assert config.training["learned"] == [GAP]
    used = config.training["calibrated_on"]
    assert used[GAP] >= 20 and sum(used.values()) == used[GAP]
    others = [i for i, target in enumerate(ALL) if target != GAP]
    for ours, theirs in ((model.centre, parent.centre), (model.scale, parent.scale), (model.interval, parent.interval)):
        torch.testing.assert_close(ours[others], theirs[others])


def test_a_straight_line_resists_outliers_and_few_points() -> None:
    rng = np.random.default_rng(0)
    x = rng.uniform(0, 5, 200)
    y = 1.3 * x + 0.4
    y[:20] += 50
    assert straight_line(x, y) == pytest.approx((1.3, 0.4), abs=1e-3)
    assert straight_line(x[30:40], y[30:40]) == (1.0, pytest.approx(np.median(0.3 * x[30:40] + 0.4)))
    assert straight_line(np.zeros(50), np.full(50, 2.0)) == (1.0, 2.0)
    assert straight_line(x, -x)[0] == 1.0, "labels of the opposite sign are no other scale"


def test_it_starts_from_the_release_on_the_scale_of_the_labels(work: Path) -> None:
    training, parent = held_out(work / "own", (GAP,)), load_parent(work / "release" / "model")
    model = initial_model(parent, ALL, training, 1000)
    before, after = (predict_labelled(m, training, 1000)[0][:, ALL.index(GAP)] for m in (parent.model, model))
    label = training.labels[:, ALL.index(GAP)].numpy()
    slope, offset = straight_line(before, label)
    free = before > 0  # the others are clipped at the physical minimum
    np.testing.assert_allclose(after[free], slope * before[free] + offset, atol=1e-4)
    assert np.abs(after - label).mean() < np.abs(before - label).mean()


def test_a_new_target_gets_a_new_head(work: Path) -> None:
    store = work / "all"
    other = fit(store, work / "other", ("formation_energy_eV_per_atom",), 1)
    parent = load_parent(other.model_dir)
    settings = TrainingSettings("x", work, DataSettings(work / "own", (GAP,)))
    inherited = inherit_settings(settings, parent)
    assert inherited.data.columns == (GAP,) and inherited.parameters == parent.config.parameters
    training = held_out(work / "own", (GAP,))
    training.labels = training.labels[:, [ALL.index(GAP)]]
    model = initial_model(parent, inherited.data.columns, training, 1000)
    assert model.targets == (GAP,)
    for member, of_parent in zip(model.members, parent.model.members, strict=True):
        now = cast(EnsembleMember, member).network.state_dict()
        for name, value in cast(EnsembleMember, of_parent).network.state_dict().items():
            torch.testing.assert_close(now[name], value)
    torch.testing.assert_close(model.centre, training.labels.nanmedian(dim=0).values)


def test_weights_of_targets_follow_the_columns(work: Path) -> None:
    parent = load_parent(work / "release" / "model")
    settings = TrainingSettings("x", work, DataSettings(work / "own", (GAP,)))
    settings = replace(settings, optimiser=OptimiserSettings(0, target_weights=(4.0,)))
    assert inherit_settings(settings, parent).optimiser.target_weights == (5.0, 1.0, 4.0, 3.0)


def test_the_learned_splits_include_those_of_the_release(work: Path) -> None:
    seen = work / "seen"
    shutil.copytree(work / "release" / "model", seen)
    training = json.loads((seen / "config.json").read_text())["training"]
    change_config(seen, {"training": training | {"learned_splits": ["train", "validation"]}})
    fit(work / "own", work / "initial_model", (GAP,), 1, seen)
    assert load_release(work / "initial_model" / "model")[1].learned_splits == ("train", "validation")


def test_each_learned_target_needs_a_weight(work: Path) -> None:
    parent = load_parent(work / "release" / "model")
    settings = TrainingSettings("x", work, DataSettings(work / "own", (GAP,)))
    settings = replace(settings, optimiser=OptimiserSettings(0, target_weights=(1.0, 2.0, 3.0)))
    with pytest.raises(RequestError, match="one number for each of band_gap_eV, got 3"):
        inherit_settings(settings, parent)


@pytest.mark.parametrize(("crystals", "targets", "anew"), [(40, "ab", False), (50, "ab", True), (1, "a", True)])
def test_the_known_region_is_set_anew_by_as_many_crystals_as_the_release_had(
    crystals: int, targets: str, anew: bool
) -> None:
    release = SimpleNamespace(config=SimpleNamespace(targets=("a", "b"), training={"crystals": {"train": 100}}))
    data = SimpleNamespace(split_rows={"train": np.arange(crystals)})
    model = SimpleNamespace(targets=tuple(targets))
    assert _knows_anew(cast(Any, model), cast(Any, data), cast(Any, release)) == anew
    assert _knows_anew(cast(Any, model), cast(Any, data), None)
