"""Predictions do not depend on orientation, origin, atom order or choice of cell."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from helpers.crystals import random_crystal, rotated, supercell
from hypothesis import given, settings
from hypothesis import strategies as st

from screening.crystals import Crystal
from screening.data.targets import TARGETS
from screening.graphs.batch import build_batch
from screening.graphs.nearest import GraphSettings
from screening.networks import edge_update
from screening.networks.architectures import build_network
from screening.networks.model import PropertyModel
from screening.networks.outputs import Prediction
from screening.testing import check_network

GRAPH = GraphSettings()
SMALL = {"width": 16, "edge_width": 16, "layers": 2, "readout_width": 32}


def tiny_model(seed: int = 0) -> PropertyModel:
    torch.manual_seed(seed)
    network = build_network("edge_update", SMALL, GRAPH.neighbours)
    model = PropertyModel([network], tuple(TARGETS)).eval()
    torch.nn.init.normal_(model.members[0].element_share.weight)  # type: ignore[union-attr, arg-type]
    return model


@torch.no_grad()
def predict(model: PropertyModel, crystals: Sequence[Crystal]) -> Prediction:
    return model(build_batch(crystals, GRAPH))


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10**6), atoms=st.integers(1, 6))
def test_invariant_to_rotation_translation_order_and_cell(seed: int, atoms: int) -> None:
    rng, model = np.random.default_rng(seed), tiny_model()
    crystal = random_crystal(rng, atoms)
    shapes = [
        crystal,
        rotated(crystal, rng),
        supercell(crystal, (2, 1, 1)),
        supercell(rotated(crystal, rng), (1, 2, 2)),
    ]
    prediction = predict(model, shapes)
    for row in prediction.value[1:]:
        torch.testing.assert_close(row, prediction.value[0], atol=3e-4, rtol=1e-3)
    for row in prediction.log_scale[1:]:
        torch.testing.assert_close(row, prediction.log_scale[0], atol=3e-4, rtol=1e-3)
    moments = prediction.site_moment_muB[: 2 * atoms].view(2, atoms).sort(dim=1).values
    torch.testing.assert_close(moments[1], moments[0], atol=3e-4, rtol=1e-3)


def test_it_satisfies_the_contract() -> None:
    for parameters in (SMALL, {**SMALL, "angular_channels": 0, "crystal_state": False, "readout_width": 0}):
        check_network(edge_update, parameters)


def test_angles_matter_where_distances_are_the_same() -> None:
    """Only a bond angle differs: iron is the only neighbour of each oxygen, and iron has both."""
    box = np.eye(3) * 40

    def bent(degrees: float) -> Crystal:
        angle = np.radians(degrees)
        ends = [[2, 0, 0], [2 * np.cos(angle), 2 * np.sin(angle), 0]]
        return Crystal.from_arrays("bent", box, [26, 8, 8], np.array([[0, 0, 0], *ends]) / 40)

    torch.manual_seed(1)
    network = build_network("edge_update", {"width": 16, "edge_width": 16, "layers": 1}, 1)
    model = PropertyModel([network], tuple(TARGETS)).eval()
    graph = GraphSettings(1, 0.2, 8.0)  # one neighbour, so that the two oxygens have no edge
    with torch.no_grad():
        values = [model(build_batch([bent(d)], graph)).value for d in (100.0, 179.0)]
    assert (values[0] - values[1]).abs().max() > 1e-5


def test_float32_on_the_fast_path_equals_the_plain_one() -> None:
    from screening.networks.linear import Linear

    layer, x = Linear(24, 40), torch.randn(5000, 24)
    with torch.no_grad():
        fast = layer(x)  # without gradients this calls the oneDNN kernel
    torch.testing.assert_close(fast, layer(x).detach(), atol=1e-5, rtol=1e-5)


def test_harmonics_are_orthogonal_rotation_invariant_in_power() -> None:
    from screening.networks.angular import DEGREES, solid_harmonics

    generator = torch.Generator().manual_seed(0)
    directions = torch.nn.functional.normalize(torch.randn(200000, 3, generator=generator, dtype=torch.float64), dim=1)
    values = solid_harmonics(directions)
    gram = values.T @ values / len(values)
    expected = torch.cat([torch.full((2 * d + 1,), 1 / (2 * d + 1), dtype=torch.float64) for d in DEGREES])
    torch.testing.assert_close(gram, torch.diag(expected), atol=5e-3, rtol=0)
    start = 0
    for degree in DEGREES:
        part = values[:, start : start + 2 * degree + 1]
        torch.testing.assert_close((part * part).sum(1), torch.ones(len(part), dtype=torch.float64), atol=1e-9, rtol=0)
        cosine = (directions[:-1] * directions[1:]).sum(1)
        legendre = torch.special.legendre_polynomial_p(cosine, degree)
        torch.testing.assert_close((part[:-1] * part[1:]).sum(1), legendre, atol=1e-9, rtol=0)
        start += 2 * degree + 1
