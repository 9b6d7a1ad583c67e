"""On a GPU: the same graphs and predictions as on the CPU, and a training step in bf16."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from helpers.crystals import cubic, random_crystal
from helpers.models import tiny_release

from screening.crystals.packed import pack
from screening.data.targets import TARGETS
from screening.graphs.batch import build_batch, build_graph_set
from screening.graphs.nearest import GraphSettings
from screening.learning.losses import masked_losses
from screening.networks.predictor import Predictor

pytestmark = pytest.mark.cuda
CRYSTALS = [cubic(26, 2.87, "I"), *(random_crystal(np.random.default_rng(i), 1 + i % 7) for i in range(40))]


def test_same_graphs_as_on_the_cpu() -> None:
    cpu, cuda = (build_batch(CRYSTALS, GraphSettings(), device) for device in ("cpu", "cuda"))
    assert cpu.n_edges.tolist() == cuda.n_edges.tolist()
    for batch, name in ((cpu, "cpu"), (cuda.to("cpu"), "cuda")):
        order = np.lexsort((batch.weight, batch.vector.norm(dim=1).round(decimals=4), batch.centre))
        torch.testing.assert_close(batch.weight[order].sort().values, cpu.weight.sort().values, msg=name)


def test_same_predictions_as_on_the_cpu(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = str(tiny_release(tmp_path_factory.mktemp("model")))
    cpu, cuda = (Predictor.load(folder, device).predict(CRYSTALS) for device in ("cpu", "cuda"))
    for target in TARGETS:
        np.testing.assert_allclose(cuda[target], cpu[target], atol=1e-3, rtol=1e-3)


def test_a_training_step_in_bf16_on_the_device() -> None:
    from helpers.models import tiny_model

    model = tiny_model().to("cuda")
    graphs = build_graph_set(pack(CRYSTALS), GraphSettings()).take(torch.arange(len(CRYSTALS))).to("cuda")
    with torch.autocast("cuda", torch.bfloat16):
        prediction = model(graphs)
    labels = torch.zeros(len(CRYSTALS), len(TARGETS), device="cuda")
    moments = torch.zeros(len(graphs.numbers), device="cuda")
    losses = masked_losses(prediction, labels, moments)
    (losses.value.sum() + losses.scale.sum() + losses.site_moment).backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in model.parameters())
