"""Prototypes as they stand in `datasets/prototypes/*.yaml`."""

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
    """One Wyckoff position of a prototype.

    label: its name in ids, unique in the prototype. parent: what the parent crystal has there. at: fractional
    coordinates of one atom. role: whose elements may stand there; empty: always the parent's. mixed: roles whose
    elements may stand on this site alone while the other sites of the role keep theirs. coordination: Roman numeral
    for ionic radii.
    """

    label: str
    parent: Ion
    at: tuple[float, float, float]
    role: str = ""
    mixed: tuple[str, ...] = ()
    coordination: str = ""


@dataclass(frozen=True)
class Prototype:
    """A structure type and the parent crystal whose cell the others are scaled from.

    cell: (a, b, c) in Å and (alpha, beta, gamma) in degrees. bonding: `metallic` or `ionic`, the rule for the volume.
    average_space_group: that of the disordered crystal which the members stand for; its own if they stand for
    themselves. mixed_sites: most sites that may differ from their role's element at once (two balance charges).
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
        """The roles that decide what the crystal is made of, in the order of the sites."""
        return tuple(dict.fromkeys(site.role for site in self.sites if site.role))

    @property
    def all_roles(self) -> frozenset[str]:
        """These and the roles that single sites may take an element from."""
        return frozenset(self.roles).union(*(site.mixed for site in self.sites))


def prototype_names() -> list[str]:
    """All prototypes that ship, in alphabetical order."""
    return sorted(path.stem for path in _folder().glob("*.yaml"))


def read_prototypes(names: Sequence[str] | None = None) -> list[Prototype]:
    """The prototypes of these names in this order, each once; None: all. Raises RequestError for unknown names."""
    known = prototype_names()
    for name in names or ():
        if name not in known:
            near = get_close_matches(name, known, n=1)
            hint = f"; did you mean {near[0]}?" if near else ""
            raise RequestError(f"prototypes: there is no '{name}'{hint} There are {', '.join(known)}")
    return [read_prototype(_folder() / f"{name}.yaml") for name in dict.fromkeys(known if names is None else names)]


def read_prototype(path: Path) -> Prototype:
    """One prototype from its file; raises RequestError that names the file and what is wrong."""
    try:
        entry = yaml.safe_load(path.read_text(encoding="utf-8"))
        return _prototype(path.stem, entry)
    except KeyError as error:
        raise RequestError(f"{path}: no {error.args[0]}") from None
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
