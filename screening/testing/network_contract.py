"""What every network must satisfy: a crystal is what it is, however it is described and whatever is beside it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, is_dataclass
from types import ModuleType
from typing import Any

import numpy as np
import torch
from torch import nn

from screening.crystals import Crystal
from screening.data.targets import TARGETS
from screening.errors import RequestError
from screening.graphs.batch import GraphBatch, build_batch, padded
from screening.graphs.nearest import GraphSettings
from screening.networks.model import PropertyModel
from screening.networks.outputs import Encoding
from screening.settings import build_settings
from screening.testing.contract import require, require_close, require_refused
from screening.testing.sample_crystals import cubic, random_crystal, redescribed, supercell

_GRAPH = GraphSettings()


def check_network(module: ModuleType, parameters: Mapping[str, Any] | None = None, tolerance: float = 1e-3) -> None:
    """Check a module with `Settings` and `Network`, as `screening.networks.architectures` describes it.

    Args:
        module: What the entry point of group `screening.networks` names.
        parameters: Of a small network, so that the check is quick; None for the defaults.
        tolerance: Of features in float32 that should be equal, relative where they are above 1.

    Raises:
        ContractError: Something that every network must do does not hold.
    """
    settings = _check_settings(module, dict(parameters or {}))
    torch.manual_seed(0)
    network, other = (module.Network(settings, _GRAPH.neighbours).eval() for _ in range(2))
    PropertyModel([network], tuple(TARGETS)).describe_elements()  # as before training
    rng = np.random.default_rng(0)
    crystals = [random_crystal(rng, atoms) for atoms in (1, 4, 2, 6)]
    _check_shapes(network, crystals)
    _check_descriptions(network, crystals, tolerance)
    _check_batches(network, crystals, tolerance)
    _check_continuity(network)
    _check_weights(network, other, crystals)
    _check_gradients(network, crystals, tolerance)


def _check_settings(module: ModuleType, parameters: dict[str, Any]) -> Any:
    for part in ("Settings", "Network"):
        require(hasattr(module, part), f"{module.__name__} has a class {part}")
    require(is_dataclass(module.Settings), "Settings is made by screening.settings.settings_class")
    settings = build_settings(module.Settings, parameters, "parameters")
    kept = json.loads(json.dumps(asdict(settings)))
    require(build_settings(module.Settings, kept, "parameters") == settings, "settings survive a JSON file")
    message = require_refused(
        lambda: build_settings(module.Settings, {"no_such_parameter": 1}, "parameters"),
        RequestError,
        "an unknown parameter is refused, as settings_class sees to",
    )
    require("no_such_parameter" in message, "the message names the unknown parameter")
    return settings


@torch.no_grad()
def _encoded(network: nn.Module, batch: GraphBatch) -> Encoding:
    encoding: Encoding = network(batch)
    return encoding


def _graphs(crystals: Sequence[Crystal]) -> GraphBatch:
    return build_batch(crystals, _GRAPH)


def _check_shapes(network: nn.Module, crystals: Sequence[Crystal]) -> None:
    lonely = Crystal.from_arrays("lonely", np.eye(3) * 20, [2], [[0, 0, 0]])
    batch = _graphs([*crystals, lonely])
    for dtype in (torch.bfloat16, torch.float32):
        network.inference_dtype = dtype  # type: ignore[assignment]
        found = _encoded(network, batch)
        for part, rows, width in (("atom", len(batch.numbers), "atom_width"), ("crystal", len(batch), "crystal_width")):
            features, expected = getattr(found, part), (rows, getattr(network, width))
            require(tuple(features.shape) == expected, f"{part} features have the shape (rows, {width}) {expected}")
            require(features.dtype == torch.float32, f"{part} features are float32 with inference_dtype {dtype}")
            require(features.isfinite().all(), f"{part} features are finite, for an atom without neighbours too")


def _check_descriptions(network: nn.Module, crystals: Sequence[Crystal], tolerance: float) -> None:
    rng = np.random.default_rng(1)
    for crystal in crystals:
        turned, _, order = redescribed(crystal, rng)
        found = _encoded(network, _graphs([crystal, turned, supercell(crystal, (2, 1, 1))]))
        atom, n = found.atom, crystal.n_atoms
        require_close(atom[n : 2 * n], atom[:n][order], tolerance, "turning and reordering atoms keeps their features")
        for row, what in ((1, "turning a crystal, another order or choice of its cell"), (2, "a larger cell")):
            require_close(found.crystal[row], found.crystal[0], tolerance, f"{what} keeps the crystal's features")


def _check_batches(network: nn.Module, crystals: Sequence[Crystal], tolerance: float) -> None:
    together = _encoded(network, _graphs(crystals))
    alone = torch.cat([_encoded(network, _graphs([crystal])).crystal for crystal in crystals])
    require_close(together.crystal, alone, tolerance / 10, "a crystal does not see the rest of its batch")
    filled = _encoded(network, padded(_graphs(crystals)))
    require_close(filled.crystal[:-1], together.crystal, tolerance / 10, "padding changes no other crystal")
    atoms = len(together.atom)
    require_close(filled.atom[:atoms], together.atom, tolerance / 10, "padding changes no other atom")


def _check_continuity(network: nn.Module) -> None:
    """Strained, bcc goes through the exchange of its first two shells, and the second one leaves the neighbours."""
    iron = cubic(26, 2.87, "I")
    strained = [
        Crystal.from_arrays("s", iron.lattice @ np.diag([1 + strain, 1, 1 - strain]), iron.numbers, iron.frac)
        for strain in np.linspace(-0.06, 0.06, 241)
    ]
    steps = _encoded(network, _graphs(strained)).crystal.diff(dim=0).abs().amax(1)
    require(
        steps.max() < 10 * steps.median() + 1e-4,
        "features change without a jump where an atom enters or leaves the neighbours: weight edges by batch.weight",
    )


def _check_weights(network: nn.Module, other: nn.Module, crystals: Sequence[Crystal]) -> None:
    batch = _graphs(crystals)
    other.load_state_dict(network.state_dict())
    same = torch.equal(_encoded(network, batch).crystal, _encoded(other, batch).crystal)
    require(same, "the state dict holds everything that the features depend on")


def _check_gradients(network: nn.Module, crystals: Sequence[Crystal], tolerance: float) -> None:
    batch = _graphs(crystals)
    found, plain = network(batch), _encoded(network, batch)
    require_close(found.crystal.detach(), plain.crystal, tolerance / 10, "features are the same without gradients")
    generator = torch.Generator().manual_seed(0)
    total = sum((part * torch.randn(part.shape, generator=generator)).sum() for part in found)
    torch.autograd.backward(total)
    for name, parameter in network.named_parameters():
        if parameter.requires_grad:
            reached = parameter.grad is not None and bool(parameter.grad.isfinite().all() and parameter.grad.any())
            require(reached, f"a finite gradient reaches the parameter {name}")
