"""The names and values of a data block, whatever dialect of CIF it is written in."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from gemmi import cif

from screening.crystals.reading.parts import UnreadableError

_NUMBER = re.compile(r"([+-]?)(\d*)\.?(\d*)(?:[eEdD]([+-]?\d{1,3}))?(?:\(\d*\))?", re.ASCII)
_FRACTION = re.compile(r"([+-]?\d{1,6})/([1-9]\d{0,5})", re.ASCII)
_ESCAPED = re.compile(r"\\(?:x([0-9a-f]{2})|u([0-9a-f]{4})|U([0-9a-f]{8}))")
_WHERE = re.compile(r"string:(\d+):\d+(?:\(\d+\))?:?\s*")
_INDICES = re.compile(r"\[(\d)\](?:\[(\d)\])?")
_CAPITALS = re.compile(r"(?<=_)(?:h-m|it|hall|cartn)(?=_|$)|(?<=units_)z")
_LONGEST_NUMBER = 60


@dataclass(frozen=True)
class Number:
    """A number of a CIF.

    Attributes:
        value: Without its standard uncertainty.
        text: As written.
        decimals: Digits after the point; None for a fraction such as 1/3 or a number with an exponent.
    """

    value: float
    text: str
    decimals: int | None


class CifBlock:
    """Values of a data block by name.

    Names are in lower case, with an underscore for the dot of newer dictionaries: `_Cell.length_A` is `_cell_length_a`.
    """

    def __init__(self, block: cif.Block) -> None:
        self._columns: dict[str, list[str]] = {}
        self._loops: dict[str, int] = {}
        self._twice: set[str] = set()
        for index, item in enumerate(block):
            if item.pair is not None:
                pair: Any = item.pair
                self._add(pair[0], [pair[1]], -1)
            elif item.loop is not None:
                width, values = item.loop.width(), list(item.loop.values)
                for column, name in enumerate(item.loop.tags):
                    self._add(name, values[column::width], index)

    def _add(self, name: str, values: list[str], loop: int) -> None:
        plain = _INDICES.sub(r"_\1\2", name.lower().replace(".", "_"))
        if plain in self._columns:
            if self._columns[plain] != values:
                self._twice.add(plain)
            return
        self._columns[plain] = values
        self._loops[plain] = loop

    def __contains__(self, name: str) -> bool:
        """Whether there is a value other than `?` and `.` under this name."""
        return any(not _is_null(value) for value in self._columns.get(name, ()))

    def names(self) -> list[str]:
        """All names in the block."""
        return list(self._columns)

    def loop(self, name: str) -> int:
        """A number that columns of one loop share; -1 for a single value."""
        return self._loops[name]

    def column(self, name: str) -> list[str | None]:
        """The values under a name, without quotes; None for `?` and `.`, the whole list empty if the name is missing.

        Raises:
            UnreadableError: The name is there twice with other values, or a value is not ASCII.
        """
        if name in self._twice:
            raise UnreadableError(f"{shown(name)} is given twice, and differently: keep one of them")
        return [_plain(value, name) for value in self._columns.get(name, ())]

    def unchecked(self, name: str) -> list[str | None]:
        """As `column`, for texts that are only repeated: they may hold any characters."""
        return [None if _is_null(raw) else cif.as_string(raw) for raw in self.raw(name)]

    def raw(self, name: str) -> list[str]:
        """As `column`, but with quotes and with `?` and `.` as they are."""
        if name in self._twice:
            raise UnreadableError(f"{shown(name)} is given twice, and differently: keep one of them")
        return self._columns.get(name, [])

    def text(self, name: str) -> str | None:
        """A single value; None if it is missing, `?` or `.`.

        Raises:
            UnreadableError: As in `column`, or there are several values.
        """
        values = [value for value in self.column(name) if value is not None]
        if len(set(values)) > 1:
            raise UnreadableError(f"{shown(name)} has {len(values)} values, expected one")
        return " ".join(values[0].split()) if values else None

    def number(self, name: str) -> Number | None:
        """A single number; None if it is missing, `?` or `.`.

        Raises:
            UnreadableError: As in `text`, or it is not a number.
        """
        text = self.text(name)
        return None if text is None else parse_number(text, name)


def parse_block(text: str) -> CifBlock:
    """The data block of a CIF that has a single one with atoms.

    Raises:
        UnreadableError: The text is not CIF, or is cut off.
    """
    document = cif.Document()
    # What is not ASCII may stand anywhere but in a value that is used; `_plain` finds it there again.
    ascii_text = re.sub(r"\r\n?", "\n", text.rstrip("\x1a")).encode("ascii", "backslashreplace").decode()
    try:
        document.parse_string(ascii_text)
    except (ValueError, RuntimeError) as error:
        raise UnreadableError(_explain(str(error), text)) from None
    blocks = [CifBlock(block) for block in document]
    with_atoms = [block for block in blocks if block.raw("_atom_site_label") or _positions(block)]
    if len(with_atoms) != 1:
        raise UnreadableError("no atoms in this CIF (truncated?)" if not with_atoms else "several data blocks in one")
    return with_atoms[0]


def _positions(block: CifBlock) -> bool:
    return bool(block.raw("_atom_site_fract_x") or block.raw("_atom_site_cartn_x"))


def _explain(error: str, text: str) -> str:
    """An error of the parser in the words of other refusals."""
    where = _WHERE.match(error)
    line = int(where[1]) if where else 0
    problem = _WHERE.sub("", error).strip()[:120]
    lines = text.splitlines()
    if 0 < line <= len(lines) and not lines[line - 1].isascii():
        return f"line {line} holds characters that are not ASCII, but CIF is ASCII: replace them"
    at = f"line {line}: " if line else ""
    if not text.isascii():
        problem += "; it also holds characters that are not ASCII, which may be the reason"
    return f"malformed or truncated CIF ({at}{problem})"


def shown(name: str) -> str:
    """A name as dictionaries spell it: `_cell_formula_units_Z`."""
    return _CAPITALS.sub(lambda match: match[0].upper() if len(match[0]) < 4 else match[0].title(), name)


def _is_null(raw: str) -> bool:
    return raw in ("?", ".", "")


def _plain(raw: str, name: str) -> str | None:
    if _is_null(raw):
        return None
    text = cif.as_string(raw) if raw[0] in "'\";" else raw
    escaped = _ESCAPED.search(text) if "\\" in text else None
    if escaped:
        code = int(escaped[1] or escaped[2] or escaped[3], 16)
        raise UnreadableError(
            f"{shown(name)} holds the character U+{code:04X}, but CIF is ASCII: replace it (a minus is the hyphen -)"
        )
    return text


def parse_number(text: str, name: str) -> Number:
    """A number with or without a standard uncertainty, such as `0.3333(5)`, `.5`, `1.5E-1` or `1/3`.

    Args:
        text: The value.
        name: Its name, for the message.

    Raises:
        UnreadableError: It is not a number.
    """
    text = text.strip()
    if len(text) <= _LONGEST_NUMBER:
        match = _NUMBER.fullmatch(text)
        if match and (match[2] or match[3]):
            exponent = match[4]
            value = float(f"{match[1]}{match[2] or 0}.{match[3] or 0}e{exponent or 0}")
            return Number(value, text, None if exponent else len(match[3]))
        fraction = _FRACTION.fullmatch(text)
        if fraction:
            return Number(int(fraction[1]) / int(fraction[2]), text, None)
    raise UnreadableError(f"{shown(name)}: expected a number, found '{text[:40]}'")
