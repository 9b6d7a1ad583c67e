"""Settings as dataclass fields that carry their help text and limits, and a walk over all of them."""

from __future__ import annotations

import types
from collections.abc import Iterator
from dataclasses import MISSING, Field, dataclass, field, fields, is_dataclass
from typing import Any, Union, get_args, get_origin, get_type_hints

REQUIRED = "???"
"""Default of a key that the user must give (OmegaConf's mark for a missing value)."""


def setting(
    default: Any = REQUIRED,
    *,
    help: str,
    path: bool = False,
    choices: tuple[str, ...] = (),
    minimum: float | None = None,
    maximum: float | None = None,
) -> Any:
    """A field of a schema. `path` marks file names: `~` is expanded. A tuple as default makes a list key."""
    metadata = {"help": help, "path": path, "choices": choices, "minimum": minimum, "maximum": maximum}
    if isinstance(default, tuple):
        return field(default_factory=lambda: list(default), metadata=metadata)
    return field(default=default, metadata=metadata)


@dataclass(frozen=True)
class Leaf:
    """One key of a command: its dotted name, its type (without `| None`), and what its schema says of it."""

    key: str
    type: Any
    optional: bool = False
    default: Any = REQUIRED
    help: str = ""
    path: bool = False
    choices: tuple[str, ...] = ()
    minimum: float | None = None
    maximum: float | None = None

    @property
    def is_text(self) -> bool:
        """Text keys take their value as typed; everything else is read by Hydra's grammar."""
        return self.type is str

    @property
    def is_open(self) -> bool:
        """Open sections are dictionaries whose keys come from the chosen config file."""
        return get_origin(self.type) is dict

    @property
    def expected(self) -> str:
        """What the key takes, in words: `a whole number, at least 1, or null`."""
        names = {bool: "true or false", int: "a whole number", float: "a number", str: "text", Any: "one value"}
        text = names.get(self.type) or ("a section of keys" if self.is_open else "a list such as [a,b]")
        if self.choices:
            text = ("a list of any of " if self.type is not str else "one of ") + ", ".join(self.choices)
        if self.minimum is not None:
            text += f", at least {self.minimum}"
        if self.maximum is not None:
            text += f", at most {self.maximum}"
        return f"{text}, or null" if self.optional else text

    def accepts(self, value: Any) -> bool:
        """Whether a value of the right type is also within the limits and choices."""
        if value is None:
            return self.optional
        if self.choices and not set(value if isinstance(value, list) else [value]) <= set(self.choices):
            return False
        # Written so that NaN fails.
        low = self.minimum is None or value >= self.minimum
        high = self.maximum is None or value <= self.maximum
        return low and high


def leaves(schema: type, prefix: str = "") -> Iterator[Leaf]:
    """Every key of a schema, in order of definition, nested sections as dotted keys."""
    hints = get_type_hints(schema)
    for item in fields(schema):
        kind = hints[item.name]
        if is_dataclass(kind):
            yield from leaves(kind, f"{prefix}{item.name}.")  # type: ignore[arg-type]
            continue
        base, optional = _without_none(kind)
        yield Leaf(prefix + item.name, base, optional, _default(item), **item.metadata)


def build(schema: type, tree: dict[str, Any]) -> Any:
    """The schema's dataclass filled from a nested dictionary that has all of its keys."""
    hints = get_type_hints(schema)
    values = {
        item.name: build(hints[item.name], tree[item.name]) if is_dataclass(hints[item.name]) else tree[item.name]
        for item in fields(schema)
    }
    return schema(**values)


def _without_none(kind: Any) -> tuple[Any, bool]:
    if get_origin(kind) not in (Union, types.UnionType):
        return kind, False
    (base,) = (arg for arg in get_args(kind) if arg is not type(None))
    return base, True


def _default(item: Field[Any]) -> Any:
    return item.default_factory() if item.default_factory is not MISSING else item.default
