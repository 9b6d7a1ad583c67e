"""From a name and parameters to a network: the file `screening/networks/NAME.py` is the whole registration.

Such a file has a dataclass `Settings` and a class `Network(settings, neighbours)` that satisfies
`screening.networks.outputs.Encoder`.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from dataclasses import asdict, fields
from types import ModuleType
from typing import Any

import screening.networks
from screening.errors import RequestError
from screening.networks.outputs import Encoder


def architectures() -> list[str]:
    """Names of the architectures that exist."""
    names = [module.name for module in pkgutil.iter_modules(screening.networks.__path__)]
    return [name for name in names if hasattr(_module(name), "Network")]


def _module(name: str) -> ModuleType:
    return importlib.import_module(f"screening.networks.{name}")


def build_networks(n: int, name: str, parameters: Mapping[str, Any], neighbours: int) -> list[Encoder]:
    """Several networks of one kind, each with random weights of its own; see `build_network`."""
    return [build_network(name, parameters, neighbours)[0] for _ in range(n)]


def build_network(name: str, parameters: Mapping[str, Any], neighbours: int) -> tuple[Encoder, dict[str, Any]]:
    """The network and its full parameters (defaults filled in); raises RequestError naming what is unknown."""
    if name not in architectures():
        raise RequestError(f"network.name={name}: no such architecture; there are {', '.join(architectures())}")
    module = _module(name)
    known = [field.name for field in fields(module.Settings)]
    for key in parameters:
        if key not in known:
            raise RequestError(f"network.parameters.{key}: unknown for {name}; it has {', '.join(known)}")
    settings = module.Settings(**parameters)
    return module.Network(settings, neighbours), asdict(settings)
