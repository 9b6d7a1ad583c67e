"""Which keys a composed config has, and where it takes new ones.

Most keys are declared by a schema. Open sections (the settings of a task, the parameters of a network) have the keys of
the chosen config file; an empty section among those, such as a table of prices, takes any.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from screening.configuration.trees import flattened, get
from screening.settings import Key


@dataclass(frozen=True)
class KnownKeys:
    """The keys that can be set.

    Attributes:
        names: Dotted keys.
        sections: The open sections among them.
        empty: Sections that take any key.
    """

    names: list[str]
    sections: list[str]
    empty: list[str]

    def may_be_new(self, key: str) -> bool:
        """Whether a key that is not among the names can be given all the same."""
        return any(_inside(key, section, or_itself=True) for section in self.empty)

    def is_open(self, key: str) -> bool:
        """Whether a key lies in an open section, where keys can be added and removed on purpose."""
        return any(_inside(key, section) for section in self.sections)


def known_keys(tree: dict[str, Any], declared: Iterable[Key]) -> KnownKeys:
    """The keys of a config composed without any values of the user."""
    names, sections, empty = [], [], []
    for declared_key in declared:
        names.append(declared_key.name)
        if not declared_key.is_open:
            continue
        section = declared_key.name
        sections.append(section)
        if get(tree, section) == {}:
            empty.append(section)
        for key, value in flattened(get(tree, section), section):
            parts = key.split(".")
            names += [".".join(parts[:n]) for n in range(section.count(".") + 2, len(parts) + 1)]
            if value == {}:
                empty.append(key)
    return KnownKeys(list(dict.fromkeys(names)), sections, empty)


def _inside(key: str, section: str, or_itself: bool = False) -> bool:
    return key.startswith(f"{section}.") or (or_itself and key == section)
