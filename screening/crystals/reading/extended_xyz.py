"""Extended XYZ: frames in a stream, and the crystal of a frame."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import IO

import numpy as np
import orjson
from numpy.typing import NDArray

from screening.chemistry.elements import ATOMIC_NUMBERS
from screening.crystals.read_settings import ReadSettings
from screening.crystals.reading.number_text import real
from screening.crystals.reading.parts import UnreadableError, refuse_many
from screening.crystals.reading.periodicity import check_lattice, check_periodic, fractional
from screening.crystals.reading.row_ids import own_id
from screening.crystals.reading.species import atomic_number
from screening.crystals.reading.text_lines import MAX_PART_BYTES, TOO_LONG, numbered_lines, text_lines
from screening.crystals.sites import Sites

_COUNT = re.compile(rb"\s*[0-9]{1,9}\s*")
_PAIR = re.compile(
    r"""\s*(?P<key>"[^"]*+"|[^\s="']++)\s*+"""
    r"""(?:=\s*+(?:"(?P<double>(?:[^"\\]|\\.)*+)"|'(?P<single>[^']*+)'|\{(?P<curly>[^}]*+)\}"""
    r"""|(?P<list>\[(?:[^\[\]]|\[[^\[\]]*+\])*+\])|(?P<bare>[^\s"'{\[]\S*+))(?=\s|$))?""",
)
_JSON = "_JSON "
_COLUMNS = "species:S:1:pos:R:3"
_SPECIES, _NUMBERS, _POSITIONS = ("species", "symbols"), ("z", "numbers"), ("pos", "positions")
_TRUE, _FALSE = {"t", "true", "1"}, {"f", "false", "0"}

Frame = tuple[int, bytes, str]
"""Number from 1, text, and the reason if it is refused."""


def xyz_frames(stream: IO[bytes]) -> Iterator[Frame]:
    """Frames of (extended) XYZ: the number of atoms, a comment, and a line for each atom.

    A line with nothing but a number begins a frame, so that a wrong number costs only its own frame.
    """
    lines = numbered_lines(stream)
    number = 0
    following = next(lines, None)
    while following is not None:
        at, line = following
        if line is not None and line.isspace():
            following = next(lines, None)
            continue
        number += 1
        if line is None or not _COUNT.fullmatch(line):
            following = _skip_to_count(lines)
            yield number, b"", f"line {at} should be a number of atoms"
            continue
        text, found, following = _collect(lines, line)
        if len(text) > MAX_PART_BYTES:
            yield number, b"", TOO_LONG
        elif found < 0:
            yield number, b"", f"the frame at line {at} is truncated: it has no line after its number of atoms"
        elif found != int(line):
            less = "truncated" if found < int(line) else "longer than it says"
            yield number, b"", f"the frame at line {at} is {less}: it states {int(line)} atoms and has {found}"
        else:
            yield number, bytes(text), ""


def _collect(
    lines: Iterator[tuple[int, bytes | None]], first: bytes
) -> tuple[bytearray, int, tuple[int, bytes | None] | None]:
    """The text of a frame, how many atoms it has, and the line after it. Too long a text is not kept."""
    text, found = bytearray(first), -1  # -1: the comment is still to come
    for at, line in lines:
        if found >= 0 and line is not None and _COUNT.fullmatch(line):
            return text, found, (at, line)
        if found < 0 or line is None or not line.isspace():
            found += 1
            if len(text) <= MAX_PART_BYTES:
                text += bytes(MAX_PART_BYTES) if line is None else line
    return text, found, None


def _skip_to_count(lines: Iterator[tuple[int, bytes | None]]) -> tuple[int, bytes | None] | None:
    return next(((at, line) for at, line in lines if line is not None and _COUNT.fullmatch(line)), None)


def read_xyz(data: bytes, settings: ReadSettings) -> Sites:
    """The crystal of a frame of extended XYZ with a `Lattice=`.

    Args:
        data: The frame.
        settings: Limits.

    Raises:
        UnreadableError: The frame cannot be read, or is not periodic.
    """
    lines = text_lines(data)
    while lines and not lines[-1].strip():
        lines.pop()
    if len(lines) < 2 or not lines[0].strip().isdigit() or int(lines[0].strip()[:10]) != len(lines) - 2:
        raise UnreadableError("not a frame of extended XYZ, or truncated")
    info = _info(lines[1])
    lattice = _lattice(info)
    if "pbc" in info:
        check_periodic(_flags(info["pbc"]))
    refuse_many(len(lines) - 2, settings)
    rows = [line.split() for line in lines[2:]]
    columns = _columns(info.get("properties", _COLUMNS), rows, exact="properties" in info)
    start = _start(columns, _POSITIONS, 3)
    if start is None:
        raise UnreadableError("Properties state no pos:R:3")
    positions = np.array([[real(word, "a position") for word in row[start : start + 3]] for row in rows])
    frac = fractional(positions.reshape(-1, 3), lattice)
    return Sites(lattice, _species(columns, rows), frac, None, own_id(info))


def _info(comment: str) -> dict[str, str]:
    """Values by key in lower case; of a key that stands alone, the empty text."""
    info: dict[str, str] = {}
    position = 0
    comment = comment.strip()
    while position < len(comment):
        match = _PAIR.match(comment, position)
        if match is None or match.end() == position:
            if "lattice" not in comment.lower():
                return {}  # any text, as in plain XYZ
            raise UnreadableError(f"the comment line cannot be read as key=value pairs at '{comment[position:][:40]}'")
        position = match.end()
        key = match["key"].strip('"').lower()
        value = next((match[name] for name in ("double", "single", "curly", "list", "bare") if match[name]), "")
        if key in info and key in ("lattice", "pbc", "properties"):
            raise UnreadableError(f"{key} stands twice in the comment line")
        info[key] = _plain(re.sub(r"\\(.)", r"\1", value))
    return info


def _plain(value: str) -> str:
    """ASE writes text that looks like a number as `_JSON "007"`."""
    if value.startswith(_JSON):
        with suppress(orjson.JSONDecodeError):
            decoded = orjson.loads(value.removeprefix(_JSON))
            return decoded if isinstance(decoded, str) else value
    return value


def _words(value: str) -> list[str]:
    return re.sub(r"[\[\](),]", " ", value).split()


def _lattice(info: dict[str, str]) -> NDArray[np.float64]:
    """(3, 3) row vectors in Å: nine numbers, or a list of three vectors; both are written vector by vector."""
    if "lattice" not in info:
        raise UnreadableError("no lattice: a molecule, not a crystal")
    words = _words(info["lattice"])
    if len(words) != 9:
        raise UnreadableError(f"Lattice must hold nine numbers, not {len(words)}")
    lattice = np.array([real(word, "Lattice") for word in words]).reshape(3, 3)
    check_lattice(lattice)
    return lattice


def _flags(value: str) -> list[bool]:
    words = [word.lower() for word in _words(value)]
    unknown = [word for word in words if word not in _TRUE | _FALSE]
    if unknown:
        raise UnreadableError(f"pbc must be three times T or F, found '{unknown[0][:20]}'")
    return [word in _TRUE for word in words]


def _columns(properties: str, rows: list[list[str]], exact: bool) -> list[tuple[str, int, int]]:
    """Name in lower case, first column and width of each property; all rows have these columns."""
    words = properties.split(":")
    if len(words) % 3 or not all(re.fullmatch(r"[0-9]{1,9}", width) for width in words[2::3]):
        raise UnreadableError(f"Properties must be name:type:width, found '{properties[:60]}'")
    columns: list[tuple[str, int, int]] = []
    total = 0
    for name, width in zip(words[::3], map(int, words[2::3]), strict=True):
        columns.append((name.lower(), total, width))
        total += width
    for index, row in enumerate(rows):
        if len(row) < total or (exact and len(row) > total):
            raise UnreadableError(f"atom {index + 1} has {len(row)} columns, and Properties state {total}")
    if not rows:
        raise UnreadableError("no atoms")
    return columns


def _start(columns: Sequence[tuple[str, int, int]], names: Sequence[str], wanted: int) -> int | None:
    found = [(start, width) for name, start, width in columns if name in names]
    if len(found) > 1 or (found and found[0][1] != wanted):
        raise UnreadableError(f"Properties must state {names[0]} once and with a width of {wanted}")
    return found[0][0] if found else None


def _species(columns: Sequence[tuple[str, int, int]], rows: Sequence[Sequence[str]]) -> NDArray[np.int16]:
    """Atomic numbers, by symbol or number; where both are given they must agree."""
    by_symbol, by_number = _start(columns, _SPECIES, 1), _start(columns, _NUMBERS, 1)
    found = [[_element(row[column]) for row in rows] for column in (by_symbol, by_number) if column is not None]
    if not found:
        raise UnreadableError("Properties state neither species nor Z")
    if len(found) == 2 and found[0] != found[1]:
        raise UnreadableError("species and Z contradict each other")
    return np.array(found[0], dtype=np.int16)


def _element(word: str) -> int:
    if word in ATOMIC_NUMBERS:
        return ATOMIC_NUMBERS[word]
    if word.isascii() and word.isdigit() and len(word) <= 3:
        return atomic_number(int(word))
    return atomic_number(word.capitalize() if word.isalpha() and len(word) <= 2 else word)
