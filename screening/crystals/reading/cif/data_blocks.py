"""Split a CIF into its data blocks, as a stream.

Blocks begin where the syntax says: at a word `data_NAME` in any case, wherever it is on a line, but not in a comment,
in quotes, or in a text field (between lines that begin with `;`). Lines may end with LF, CR LF or CR.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import IO

from screening.crystals.reading.text_lines import numbered_lines

_HEADER = re.compile(r"data_\S*|global_(?=\s|$)", re.IGNORECASE | re.ASCII)
_CRYSTAL = re.compile(
    r"(?:^|\s)(?:_cell[_.]length_a|_atom_site[_.](?:fract_x|cartn_x|label|type_symbol))(?=\s|$)",
    re.IGNORECASE | re.ASCII,
)
_SPACE = re.compile(r"\s*", re.ASCII)
_WORD_END = re.compile(r"\s|$", re.ASCII)
_QUOTE_END = {quote: re.compile(rf"{quote}(?=\s|$)", re.ASCII) for quote in "'\""}


class _Block:
    """Lines of one block, as long as they are not too many."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._lines: list[str] = []
        self._size = 0
        self.is_crystal = False

    def add(self, line: str, outside_text: bool) -> None:
        self._size += len(line)
        if self._size > self._limit:
            self._lines.clear()
            return
        self._lines.append(line)
        if outside_text and not self.is_crystal and _CRYSTAL.search(line):
            self.is_crystal = True

    def refuse(self) -> None:
        """Count a line that is too long to be held."""
        self._size = self._limit + 1
        self._lines.clear()

    @property
    def is_too_long(self) -> bool:
        return self._size > self._limit

    @property
    def data(self) -> bytes:
        return "".join(self._lines).encode("latin-1")


def cif_crystal_blocks(stream: IO[bytes], limit: int) -> Iterator[tuple[bytes, bool]]:
    """Data blocks that describe a crystal; blocks of metadata only if there are no others.

    Args:
        stream: The open file.
        limit: Longest block in bytes.

    Yields:
        The text of a block, and whether it is too long to be held.
    """
    found = False
    others = b""
    for block in _blocks(stream, limit):
        if block.is_too_long:
            found = True
            yield b"", True
        elif block.is_crystal:
            found = True
            yield block.data, False
        elif not found and len(others) < limit:
            others += block.data
    if not found and others.strip():
        yield others, False


def _blocks(stream: IO[bytes], limit: int) -> Iterator[_Block]:
    block = _Block(limit)
    in_text = False
    for _, data in numbered_lines(stream):
        if data is None:
            block.refuse()
            continue
        line = data.rstrip(b"\r\n").decode("latin-1") + "\n"
        start = 0
        if line.startswith(";"):
            in_text = not in_text
            start = 0 if in_text else 1
        if in_text:
            block.add(line, False)
            continue
        written = 0
        for begin in _headers(line, start):
            block.add(line[written:begin], True)
            yield block
            block, written = _Block(limit), begin
        block.add(line[written:], True)
    yield block


def _headers(line: str, start: int) -> Iterator[int]:
    """Where block headers begin on a line that is not in a text field."""
    lower = line.lower()
    if "data_" not in lower and "global_" not in lower:
        return
    position, end = start, len(line)
    while True:
        position = _end(_SPACE, line, position)
        if position >= end or line[position] == "#":
            return
        quote = _QUOTE_END.get(line[position])
        if quote is not None:
            close = quote.search(line, position + 1)
            if close is None:
                return
            position = close.end()
            continue
        if _HEADER.match(line, position):
            yield position
        word = _WORD_END.search(line, position)
        position = word.start() if word else end


def _end(pattern: re.Pattern[str], line: str, position: int) -> int:
    match = pattern.match(line, position)
    return match.end() if match else position
