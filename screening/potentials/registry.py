"""The potentials there are, found through entry points, and the one that a key names."""

from __future__ import annotations

from screening import plugins
from screening.errors import RequestError
from screening.networks.predictor import resolve_device
from screening.potentials.base import Potential


def potential_names() -> list[str]:
    """Names of all potentials, in alphabetical order; none of them is imported."""
    return plugins.names(plugins.POTENTIALS)


def load_potential(name: str, device: str = "auto", key: str = "potential") -> Potential:
    """Load a potential by name.

    Args:
        name: `NAME` or `NAME:ARGUMENT`, for example `chgnet` or `ase:mace.calculators.MACECalculator:mace.model`.
        device: `auto`, `cpu` or `cuda`.
        key: The setting that named it, for messages.

    Raises:
        RequestError: There is none of this name, its argument is wrong, or there is no such device.
    """
    kind, _, argument = name.partition(":")
    found = _class_of(kind, key)
    place = resolve_device(device)
    try:
        return found.load(argument, place)
    except RequestError as error:
        raise RequestError(f"{key}={name}: {error}") from error


def missing_for(name: str, key: str = "potential") -> str:
    """What has to be installed before a potential can be loaded, and how; empty if nothing.

    Raises:
        RequestError: There is none of this name.
    """
    return _class_of(name.partition(":")[0], key).missing()


def _class_of(kind: str, key: str) -> type[Potential]:
    found = plugins.load(plugins.POTENTIALS, kind, key)
    if not (isinstance(found, type) and issubclass(found, Potential)):
        raise RequestError(f"{key}={kind}: {found!r} is not a subclass of screening.potentials.base.Potential")
    return found
