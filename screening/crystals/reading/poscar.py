"""POSCAR and CONTCAR: a strict reader, because the format has no marks that would show a misread line.

The numbers and words of a line may be followed by a comment (`!` or `#`). What VASP itself ignores is passed over only
where it cannot hold a part of the crystal: site labels that agree, velocities, and the state of a molecular dynamics.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from screening.chemistry.elements import ATOMIC_NUMBERS
from screening.crystals.read_settings import ReadSettings
from screening.crystals.reading.number_text import is_number, real
from screening.crystals.reading.parts import UnreadableError, refuse_many
from screening.crystals.reading.periodicity import fractional
from screening.crystals.reading.species import atomic_number
from screening.crystals.reading.text_lines import text_lines
from screening.crystals.sites import Sites

_FLAG = re.compile(r"\.?(?:t|f|true|false)\.?", re.IGNORECASE)
_LABEL = re.compile(r"([A-Za-z]{1,2})[0-9]{0,6}")
_COUNT = re.compile(r"[0-9]{1,9}")
_COMMENT = re.compile(r"[!#].*")
_UNNAMED = "this POSCAR does not name its elements (VASP 4 format): add a line with them above the counts"
_WHAT_MAY_FOLLOW = "expected the end of the file, a blank line, or velocities"


class _Lines:
    """The lines of a file by number, from 1."""

    def __init__(self, data: bytes) -> None:
        self._lines = text_lines(data)
        while self._lines and not self._lines[-1].strip():
            self._lines.pop()
        self.at = 1  # the title, which says nothing

    @property
    def left(self) -> int:
        return len(self._lines) - self.at

    def peek(self) -> list[str]:
        """Words of the next line without its comment."""
        if self.left <= 0:
            raise UnreadableError(f"not a POSCAR, or truncated: it ends at line {len(self._lines)}")
        return _COMMENT.sub("", self._lines[self.at]).split()

    def take(self) -> tuple[str, list[str]]:
        """Where the next line is, for messages, and its words."""
        words = self.peek()
        self.at += 1
        return f"line {self.at}", words


def read_poscar(data: bytes, settings: ReadSettings) -> Sites:
    """The crystal of a POSCAR or CONTCAR that names its elements.

    Args:
        data: The file.
        settings: Limits.

    Raises:
        UnreadableError: The file cannot be read or does not name its elements; the message names the line.
    """
    lines = _Lines(data)
    scale = _scale(*lines.take())
    lattice = np.array([_vector(*lines.take()) for _ in range(3)])
    names = lines.take()[1] if not _are_counts(lines.peek()) else []
    counts = _counts(*lines.take())
    if names and len(names) != len(counts):
        raise UnreadableError(f"line {lines.at}: {len(counts)} counts for {len(names)} elements ({' '.join(names)})")
    selective = "".join(lines.peek())[:1] in ("s", "S")
    if selective:
        lines.take()
    cartesian = _is_cartesian(*lines.take())
    total = sum(counts)
    if total > lines.left:  # compared before anything of the stated size is made
        raise UnreadableError(f"truncated: the counts add up to {total} atoms, but only {lines.left} lines follow")
    refuse_many(total, settings)
    sites = [_site(*lines.take(), selective) for _ in range(total)]
    _check_rest(lines)
    numbers = _species(names, counts, [label for _, label in sites], lines.at - total)
    factors = _factors(scale, lattice)
    lattice = lattice * factors
    positions = np.array([position for position, _ in sites], dtype=np.float64).reshape(-1, 3)
    if cartesian:
        positions = fractional(positions * factors, lattice)
    return Sites(lattice, np.repeat(np.array(numbers, dtype=np.int16), counts), positions)


def _scale(where: str, words: Sequence[str]) -> list[float]:
    """One factor, or one for each Cartesian direction; negative: the volume."""
    count = _leading_numbers(words)
    if count not in (1, 3):
        raise UnreadableError(f"not a POSCAR: {where} should hold one scaling factor, or three")
    scale = [real(word, where) for word in words[:count]]
    if any(factor == 0 for factor in scale) or (count == 3 and min(scale) < 0):
        raise UnreadableError(f"{where}: the scaling factor is {' '.join(words[:count])}; three must be positive, "
                              "a single one may be negative (the volume) but not zero")  # fmt: skip
    return scale


def _factors(scale: list[float], lattice: NDArray[np.float64]) -> NDArray[np.float64]:
    """Factors of the three Cartesian directions."""
    if len(scale) == 3:
        return np.array(scale)
    if scale[0] > 0:
        return np.full(3, scale[0])
    volume = abs(float(np.linalg.det(lattice)))
    if volume < 1e-12:
        raise UnreadableError("absurd lattice: the cell encloses no volume")
    return np.full(3, (-scale[0] / volume) ** (1 / 3))


def _vector(where: str, words: Sequence[str]) -> list[float]:
    """The three numbers that a line begins with."""
    words = [word.removesuffix(",") for word in words]
    found = _leading_numbers(words)
    if found != 3:
        what = f"'{words[found][:40]}' is not a number" if found < min(3, len(words)) else f"it has {found}"
        raise UnreadableError(f"{where}: three numbers expected; {what}")
    return [real(word, where) for word in words[:3]]


def _leading_numbers(words: Sequence[str]) -> int:
    return next((index for index, word in enumerate(words) if not is_number(word)), len(words))


def _are_counts(words: Sequence[str]) -> bool:
    return bool(words) and all(_COUNT.fullmatch(word) for word in words)


def _counts(where: str, words: Sequence[str]) -> list[int]:
    if not _are_counts(words):
        raise UnreadableError(f"not a POSCAR: {where} should hold the number of atoms of each element")
    counts = [int(word) for word in words]
    if sum(counts) == 0:
        raise UnreadableError("no atoms")
    return counts


def _is_cartesian(where: str, words: Sequence[str]) -> bool:
    first = words[0][0].lower() if words else ""
    if first and first in "ck":
        return True
    if not (first and first in "df"):
        raise UnreadableError(f"not a POSCAR: {where} should say Direct or Cartesian")
    return False


def _site(where: str, words: Sequence[str], selective: bool) -> tuple[list[float], str]:
    """A position, and the label behind it, which is empty if there is none."""
    position = _vector(where, words)
    rest = list(words[3:])
    flags = rest[:3]
    flagged = len(flags) == 3 and all(map(_FLAG.fullmatch, flags))
    if selective and not flagged:
        raise UnreadableError(f"{where}: selective dynamics, so three flags (T or F) must follow the position")
    if flagged:
        rest = rest[3:]
    return position, rest[0] if rest else ""


def _check_rest(lines: _Lines) -> None:
    """Refuse what may be more atoms, or another crystal; velocities and what follows them are none of our business."""
    if lines.left <= 0:
        return
    where, words = lines.take()
    if words and words[0][0] in "lL":  # Lattice velocities and vectors
        return
    if words and (is_number(words[0]) or words[0][0].lower() not in "cdk"):
        raise UnreadableError(f"{where}: more lines than the counts say; {_WHAT_MAY_FOLLOW}")
    while lines.left > 0:
        where, words = lines.take()
        if words:
            if _leading_numbers(words) < 3 and words[0][0] not in "lL":
                raise UnreadableError(f"{where}: neither velocities nor the end of the file; {_WHAT_MAY_FOLLOW}")
            return


def _species(names: Sequence[str], counts: Sequence[int], labels: Sequence[str], first: int) -> list[int]:
    """Atomic numbers of the groups of atoms, from the line of elements, or else from labels at all positions.

    Args:
        names: Words of the line of elements; empty if there is none.
        counts: Atoms of each group.
        labels: Of every position; empty where there is none.
        first: Number of the line before the positions.
    """
    numbers = [_element(name) for name in names]
    start = 0
    for group, count in enumerate(counts):
        known = [_label(label) for label in labels[start : start + count]]
        if not names:
            if count == 0 or None in known:
                raise UnreadableError(_UNNAMED)
            numbers.append(known[0] or 0)
        for offset, number in enumerate(known):
            if number not in (None, numbers[group]):
                label, line = labels[start + offset], first + start + offset + 1
                stated = names[group] if names else labels[start]
                raise UnreadableError(f"line {line}: the label '{label[:20]}' contradicts '{stated[:20]}'")
        start += count
    return numbers


def _element(name: str) -> int:
    """The element of `Fe`, `FE`, `Fe_pv`, `Fe/3a7f9c` or `Fe_sv_GW/3a7f9c`."""
    bare = re.split(r"[/_]", name, maxsplit=1)[0]
    match = _LABEL.fullmatch(bare)
    symbol = match[1] if match else bare
    return ATOMIC_NUMBERS.get(symbol) or atomic_number(symbol.capitalize() if symbol.isalpha() else symbol)


def _label(label: str) -> int | None:
    """The element that a label names; None if it is not about an element."""
    try:
        return _element(label) if label else None
    except UnreadableError:
        return None
