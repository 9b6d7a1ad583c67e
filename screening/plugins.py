"""What is plugged in from inside and outside the package: material classes, networks, potentials, importers,
targets.

All are found through entry points, ours included (but for targets), so that a package adds one by declaring it:

    [project.entry-points."screening.materials"]
    thermoelectrics = "my_package.thermoelectrics:Thermoelectrics"
"""

from __future__ import annotations

import ast
import logging
from collections.abc import Mapping
from functools import cache
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from screening.errors import RequestError
from screening.settings import nearest

MATERIALS = "screening.materials"
NETWORKS = "screening.networks"
POTENTIALS = "screening.potentials"
IMPORTERS = "screening.importers"
TARGETS = "screening.targets"
OWN = "screening"
logger = logging.getLogger(__name__)


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
    if group != TARGETS and not any(_package(point) == OWN for point in by_name.values()):
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
    except Exception as error:  # anything may go wrong in another package's module
        why = f"{type(error).__name__}: {error}"
        raise RequestError(f"{key}={name}: {point.value} of {_package(point)} cannot be loaded: {why}") from error


@cache
def loaded(group: str) -> Mapping[str, Any]:
    """Every object of a group that can be loaded, by name; of the others a warning says why, once."""
    objects = {}
    for name in names(group):
        try:
            objects[name] = load(group, name, group.rpartition(".")[2])
        except RequestError as error:
            logger.warning("left out: %s", error)
    return objects


def package(group: str, name: str) -> str:
    """The distribution that declares an entry point, for example `screening`."""
    return _package(found(group)[name])


def source_file(group: str, name: str) -> Path | None:
    """The file of the module that an entry point names; None if there is none. The module is not imported."""
    try:
        spec = find_spec(found(group)[name].module)
    except (ImportError, ValueError):
        return None
    return Path(spec.origin) if spec is not None and spec.has_location and spec.origin else None


def summary(group: str, name: str) -> str:
    """The first line of the docstring of what an entry point names, read without importing it; empty if it has none."""
    file, attribute = source_file(group, name), found(group)[name].attr
    try:
        tree = ast.parse(file.read_text(encoding="utf-8")) if file else ast.Module([], [])
    except (OSError, SyntaxError, ValueError):
        return ""
    nodes = (node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == attribute)
    node = next(nodes, None) if attribute else tree
    text = ast.get_docstring(node) if node is not None else None
    return text.partition("\n")[0] if text else ""


def imported(reference: str) -> Any:
    """The object that `module:name` names, imported when it is asked for."""
    module, _, name = reference.partition(":")
    return getattr(import_module(module), name)


def _package(point: EntryPoint) -> str:
    return point.dist.name if point.dist is not None else "?"
