"""Fixtures of CHGNet, loaded once for all tests: the package's own module, and ours with the same weights."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from screening.potentials.chgnet.chgnet import ChgnetPotential, chgnet_module


@pytest.fixture(scope="session")
def package_network() -> Any:
    """The package's CHGNet; atoms without neighbours are no error."""
    network = chgnet_module()
    network.graph_converter.set_isolated_atom_response("ignore")
    return network


@pytest.fixture(scope="session")
def chgnet() -> ChgnetPotential:
    """Ours, in float32 on the CPU."""
    return ChgnetPotential(chgnet_module(), torch.device("cpu"))
