"""Finds networks through entry points and builds the one that a config names.

A network is a module with two names, here or in another package, and an entry point:

- `Settings`: its parameters and their defaults, a class decorated with `screening.settings.settings_class`;
- `Network`: a torch module, built by `Network(settings, neighbours)`, that implements
  `screening.networks.outputs.Encoder`.

    [project.entry-points."screening.networks"]
    my_network = "my_package.my_network"

Then `screening train network=my_network` finds it. A file `my_network.yaml` next to the module can set other defaults,
like `configs/network/edge_update.yaml`. `screening.testing.check_network` tests a network.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from types import ModuleType
from typing import Any

from screening import plugins
from screening.errors import RequestError
from screening.networks.outputs import Encoder
from screening.settings import build_settings


def architecture_names() -> list[str]:
    """Names of all networks in alphabetical order, without importing them."""
    return plugins.names(plugins.NETWORKS)


def load_architecture(name: str) -> ModuleType:
    """Import the module of a network.

    Raises:
        RequestError: If there is no such network, or it lacks `Settings` or `Network`.
    """
    module: ModuleType = plugins.load(plugins.NETWORKS, name, "network")
    for part in ("Settings", "Network"):
        if not hasattr(module, part):
            raise RequestError(f"network={name}: {module!r} has no {part}")
    return module


def full_parameters(name: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters of a network, completed with defaults; raises RequestError as `build_network` does."""
    return asdict(build_settings(load_architecture(name).Settings, parameters, "network.parameters"))


def build_network(name: str, parameters: Mapping[str, Any], neighbours: int) -> Encoder:
    """Build a network with random weights.

    Args:
        name: Name of the network.
        parameters: Values of its `Settings`; the others have their defaults.
        neighbours: Approximate number of neighbours of each atom.

    Raises:
        RequestError: If there is no such network, a parameter is unknown, or a value has the wrong type.
    """
    module = load_architecture(name)
    network: Encoder = module.Network(build_settings(module.Settings, parameters, "network.parameters"), neighbours)
    return network
