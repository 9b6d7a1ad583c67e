"""What is plugged in from inside and outside the package: material classes, networks, potentials, importers.

All are found through entry points, ours included, so that a package of its own adds one by declaring it:

    [project.entry-points."screening.materials"]
    thermoelectrics = "my_package.thermoelectrics:Thermoelectrics"
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from screening.errors import RequestError
from screening.settings import nearest

MATERIALS = "screening.materials"
NETWORKS = "screening.networks"
POTENTIALS = "screening.potentials"
IMPORTERS = "screening.importers"
_OWN = "screening"


@cache
def found(group: str) -> Mapping[str, EntryPoint]:
    """Entry points of a group by name, sorted; nothing is imported yet.

    Raises:
        RequestError: Two packages declare the same name, or this package is not installed.
    """
    by_name: dict[str, EntryPoint] = {}
    for point in sorted(entry_points(group=group), key=lambda point: point.name):
        other = by_name.setdefault(point.name, point)
        if other.value != point.value:
            raise RequestError(f"{group}: {_package(other)} and {_package(point)} both declare {point.name!r}")
    if not any(_package(point) == _OWN for point in by_name.values()):
        raise RequestError(f"{group}: nothing of screening's own is declared; install it again (pip install -e .)")
    return by_name


def names(group: str) -> list[str]:
    """The names of a group, in alphabetical order."""
    return list(found(group))


@cache
def load(group: str, name: str, key: str) -> Any:
    """The object that an entry point names.

    Args:
        group: One of the groups above.
        name: Of the entry point.
        key: The setting that chose it, for messages.

    Raises:
        RequestError: There is none of this name, or it cannot be imported.
    """
    if name not in found(group):
        raise RequestError(f"{key}={name}: not known{nearest(name, names(group))}")
    point = found(group)[name]
    try:
        return point.load()
    except (ImportError, AttributeError) as error:
        raise RequestError(f"{key}={name}: {point.value} of {_package(point)} cannot be loaded: {error}") from error


def _package(point: EntryPoint) -> str:
    return point.dist.name if point.dist is not None else "?"
