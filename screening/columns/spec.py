"""What a column means, and how its values are shown."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import yaml

Group = Literal["identity", "prediction", "merit", "supply", "ranking", "other"]
Kind = Literal["number", "text", "boolean"]

MISSING = "–"
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True)
class Column:
    """A column of the output tables.

    Attributes:
        name: Its name in files.
        label: Short heading.
        unit: Empty for pure numbers and text.
        description: One sentence for a reader who knows the field.
        digits: Decimals shown; files keep all of them.
        group: The part of the table that it belongs to.
        kind: What the cells contain.
    """

    name: str
    label: str
    unit: str
    description: str
    digits: int
    group: Group
    kind: Kind = "number"

    @property
    def text(self) -> bool:
        """Whether the cells contain text, which may look like a number (the id `007`)."""
        return self.kind == "text"

    @property
    def heading(self) -> str:
        """Label with its unit: `Price (USD/kg)`."""
        return f"{self.label} ({self.unit})" if self.unit else self.label

    def shown(self, value: Any) -> str:
        """A value as text with fixed decimals; a dash if there is none."""
        if value is None or (isinstance(value, float) and not math.isfinite(value)):
            return MISSING
        if isinstance(value, bool):
            return "yes" if value else "no"
        if self.text or not isinstance(value, int | float):
            return str(value)
        text = f"{value:.{self.digits}f}"
        return text.lstrip("-") if float(text) == 0 else text


def read_columns(file: Path) -> tuple[Column, ...]:
    """The columns of a YAML file in its order: group -> name -> label, unit, digits or kind, description."""
    groups = yaml.load(file.read_text(encoding="utf-8"), _Loader)  # noqa: S506 - a safe loader, in C where there is one
    return tuple(
        Column(
            name=name,
            label=said["label"],
            unit=said.get("unit", ""),
            description=said["description"],
            digits=said.get("digits", 0),
            group=group,
            kind=said.get("kind", "number"),
        )
        for group, columns in groups.items()
        for name, said in columns.items()
    )
