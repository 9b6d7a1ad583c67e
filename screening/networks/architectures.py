"""The networks there are, found through entry points, and the one that a config names.

A network is one module with two names in it, here or in a package of its own, and one entry point:

- `Settings`: its parameters and their defaults, a class made by `screening.settings.settings_class`;
- `Network`: a torch module made by `Network(settings, neighbours)` that satisfies `screening.networks.outputs.Encoder`.

    [project.entry-points."screening.networks"]
    my_network = "my_package.my_network"

Then `screening train network=my_network` finds it. A file `my_network.yaml` beside the module may hold other defaults,
as `configs/network/edge_update.yaml` does. `screening.testing.check_network` tests a network.
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
    """Names of all networks, in alphabetical order; none of them is imported."""
    return plugins.names(plugins.NETWORKS)


def load_architecture(name: str) -> ModuleType:
    """The module of a network. Raises RequestError if there is none of this name, or it lacks what a network has."""
    module: ModuleType = plugins.load(plugins.NETWORKS, name, "network")
    for part in ("Settings", "Network"):
        if not hasattr(module, part):
            raise RequestError(f"network={name}: {module!r} has no {part}")
    return module


def full_parameters(name: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters of a network with those that are not given filled in. Raises as `build_network` does."""
    return asdict(build_settings(load_architecture(name).Settings, parameters, "network.parameters"))


def build_network(name: str, parameters: Mapping[str, Any], neighbours: int) -> Encoder:
    """Make a network with random weights.

    Args:
        name: Of the network.
        parameters: Values of its `Settings`; what is left out has its default.
        neighbours: How many each atom of a graph has, more or less.

    Raises:
        RequestError: There is no such network, a parameter is unknown, or its value is of the wrong type.
    """
    module = load_architecture(name)
    network: Encoder = module.Network(build_settings(module.Settings, parameters, "network.parameters"), neighbours)
    return network
