"""Prototypes from `datasets/prototypes/*.yaml`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from fractions import Fraction
from pathlib import Path
from typing import Any

import yaml

from screening.crystals.prototypes.ions import Ion
from screening.errors import RequestError
from screening.resources import resource

BONDINGS = ("metallic", "ionic")


@dataclass(frozen=True)
class Site:
    """A Wyckoff position of a prototype.

    Attributes:
        label: Its name in ids, unique in the prototype.
        parent: The ion or atom of the parent crystal.
        at: Fractional coordinates of one atom.
        role: The role whose elements may occupy it; empty: only the parent's.
        mixed: Further roles whose elements may occupy this site alone, while other sites of its role keep theirs.
        coordination: Roman numeral, for ionic radii.
    """

    label: str
    parent: Ion
    at: tuple[float, float, float]
    role: str = ""
    mixed: tuple[str, ...] = ()
    coordination: str = ""


@dataclass(frozen=True)
class Prototype:
    """A structure type and its parent crystal, whose cell is scaled for all members.

    Attributes:
        name: Name of its file.
        pattern: General formula.
        parent: Formula of the parent.
        source: Publication of the parent's structure.
        space_group: International number.
        cell: a, b, c in Å, then alpha, beta, gamma in degrees.
        bonding: `metallic` or `ionic`: the rule for the volume.
        sites: Its Wyckoff positions.
        average_space_group: That of the disordered crystal if members represent one, else `space_group`.
        mixed_sites: Most sites that may differ from their role's element at once (two can balance charges).
    """

    name: str
    pattern: str
    parent: str
    source: str
    space_group: int
    cell: tuple[float, float, float, float, float, float]
    bonding: str
    sites: tuple[Site, ...]
    average_space_group: int
    mixed_sites: int

    @property
    def roles(self) -> tuple[str, ...]:
        """Roles of the sites, in their order."""
        return tuple(dict.fromkeys(site.role for site in self.sites if site.role))

    @property
    def all_roles(self) -> frozenset[str]:
        """The roles, with those that only mixed sites use."""
        return frozenset(self.roles).union(*(site.mixed for site in self.sites))


def prototype_names() -> list[str]:
    """Names of all bundled prototypes, sorted."""
    return sorted(path.stem for path in _folder().glob("*.yaml"))


def read_prototypes(names: Sequence[str] | None = None) -> list[Prototype]:
    """Prototypes by name.

    Args:
        names: In this order, each once; None: all.

    Raises:
        RequestError: A name is unknown, or a file is wrong.
    """
    known = prototype_names()
    for name in names or ():
        if name not in known:
            near = get_close_matches(name, known, n=1)
            hint = f"; did you mean {near[0]}?" if near else "."
            raise RequestError(f"prototypes: there is no '{name}'{hint} Known prototypes: {', '.join(known)}")
    return [read_prototype(_folder() / f"{name}.yaml") for name in dict.fromkeys(known if names is None else names)]


def read_prototype(path: Path) -> Prototype:
    """A prototype from its file.

    Raises:
        RequestError: The file is wrong; the message names it and the problem.
    """
    try:
        entry = yaml.safe_load(path.read_text(encoding="utf-8"))
        return _prototype(path.stem, entry)
    except KeyError as error:
        raise RequestError(f"{path}: {error.args[0]} is missing") from None
    except (TypeError, ValueError, AttributeError, yaml.YAMLError, ZeroDivisionError) as error:
        raise RequestError(f"{path}: {error}") from None


def _folder() -> Path:
    return resource("datasets") / "prototypes"


def _prototype(name: str, entry: dict[str, Any]) -> Prototype:
    cell = entry["cell"]
    if entry["bonding"] not in BONDINGS:
        raise ValueError(f"bonding is '{entry['bonding']}', expected one of {', '.join(BONDINGS)}")
    lengths = (float(cell["a"]), float(cell.get("b", cell["a"])), float(cell.get("c", cell["a"])))
    angles = (float(cell.get("alpha", 90)), float(cell.get("beta", 90)), float(cell.get("gamma", 90)))
    return Prototype(
        name=name,
        pattern=str(entry["pattern"]),
        parent=str(entry["parent"]),
        source=str(entry["source"]),
        space_group=int(entry["space_group"]),
        cell=(*lengths, *angles),
        bonding=entry["bonding"],
        sites=tuple(_site(label, site) for label, site in entry["sites"].items()),
        average_space_group=int(entry.get("average_space_group", entry["space_group"])),
        mixed_sites=int(entry.get("mixed_sites", 1)),
    )


def _site(label: str, site: dict[str, Any]) -> Site:
    x, y, z = (float(Fraction(str(number))) for number in site["at"])
    return Site(
        label=str(label),
        parent=Ion.parse(site["parent"]),
        at=(x, y, z),
        role=site.get("role", ""),
        mixed=tuple(site.get("mixed", ())),
        coordination=site.get("coordination", ""),
    )
