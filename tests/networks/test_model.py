"""A model with several members: their mean and its calibration."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from helpers.crystals import random_crystal
from helpers.models import tiny_config, tiny_model

from screening.graphs.batch import GraphBatch, build_batch
from screening.networks.predictor import Predictor
from screening.networks.released_model import build_model, load_release, save_release

CRYSTALS = [random_crystal(np.random.default_rng(i), 4) for i in range(5)]


def batch() -> GraphBatch:
    return build_batch(CRYSTALS, tiny_config().graph)


@torch.no_grad()
def test_members_differ_and_their_mean_predicts() -> None:
    torch.manual_seed(0)
    model = build_model(replace(tiny_config(), members=3)).eval()
    said, together = model.predict_members(batch()), model(batch())
    values = torch.stack([prediction.value for prediction in said])
    assert (values.std(0) > 0).all()
    torch.testing.assert_close(together.value, values.mean(0))
    moments = torch.stack([prediction.site_moment_muB for prediction in said])
    torch.testing.assert_close(together.site_moment_muB, moments.mean(0))
    own = torch.stack([prediction.log_scale for prediction in said]).exp().mean(0)
    torch.testing.assert_close(together.log_scale.exp(), own)


@torch.no_grad()
def test_members_that_agree_are_as_good_as_one() -> None:
    single = tiny_model().eval()
    double = build_model(replace(tiny_config(), members=2)).eval()
    for member in double.members:
        member.load_state_dict(single.members[0].state_dict())
    for together, alone in zip(double(batch()), single(batch()), strict=True):
        torch.testing.assert_close(together, alone)


def test_a_density_is_a_content_over_a_volume() -> None:
    """Twice the volume with the same features halves a density, if the head ignores the volume."""
    model = tiny_model().eval()
    with torch.no_grad():
        model.members[0].head[0].weight[:, -1] = 0.0  # type: ignore[index, union-attr]
        graphs = batch()
        larger = replace(graphs, volume_A3=2 * graphs.volume_A3)
        ratio = model(larger).value / model(graphs).value
    density = [target.startswith("magnetization") for target in model.targets]
    torch.testing.assert_close(ratio, torch.where(torch.tensor(density), 0.5, 1.0).expand_as(ratio))


def test_a_release_keeps_its_members_and_its_region(tmp_path: Path) -> None:
    config = replace(tiny_config(), members=2)
    model = build_model(config).eval()
    features = model(batch()).features.detach()
    model.domain.fit(features.repeat(40, 1) + 0.1 * torch.randn(200, features.shape[1]), features, 0.4)
    save_release(tmp_path, model, config)
    loaded, read = load_release(tmp_path)
    assert read == config and len(loaded.members) == 2
    outside = model.domain.outside(features)
    assert 0 < int(outside.sum()) < len(CRYSTALS)
    flags = Predictor(loaded, read, tmp_path, "cpu", "32").predict(CRYSTALS)["flags"].to_list()
    assert flags == ["out_of_domain" if unlike else "" for unlike in outside]
