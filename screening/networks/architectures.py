"""From a name and parameters to a network: the file `screening/networks/NAME.py` is the whole registration.

Such a file has a dataclass `Settings` and a class `Network(settings, neighbours)` that satisfies
`screening.networks.outputs.Encoder`.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any

import screening.networks
from screening.errors import RequestError
from screening.networks.outputs import Encoder

_NOT_ARCHITECTURES = {"angular", "architectures", "blocks", "linear", "model", "outputs", "predictor", "release"}


def architectures() -> list[str]:
    """Names of the architectures that exist."""
    found = {module.name for module in pkgutil.iter_modules(screening.networks.__path__)}
    return sorted(found - _NOT_ARCHITECTURES)


def build_network(name: str, parameters: Mapping[str, Any], neighbours: int) -> tuple[Encoder, dict[str, Any]]:
    """The network and its full parameters (defaults filled in); raises RequestError naming what is unknown."""
    if name not in architectures():
        raise RequestError(f"network.name={name}: no such architecture; there are {', '.join(architectures())}")
    module = importlib.import_module(f"screening.networks.{name}")
    known = [field.name for field in fields(module.Settings)]
    for key in parameters:
        if key not in known:
            raise RequestError(f"network.parameters.{key}: unknown for {name}; it has {', '.join(known)}")
    settings = module.Settings(**parameters)
    return module.Network(settings, neighbours), asdict(settings)
