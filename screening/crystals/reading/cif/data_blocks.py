"""Split a CIF into its data blocks, as a stream.

Blocks begin where the syntax says: at a word `data_NAME` in any case, wherever it is on a line, but not in a comment,
in quotes, or in a text field (between lines that begin with `;`). Lines may end with LF, CR LF or CR.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from typing import IO, Any

_HEADER = re.compile(r"data_\S*|global_(?=\s|$)", re.IGNORECASE)
_CRYSTAL = re.compile(
    r"(?:^|\s)(?:_cell[_.]length_a|_atom_site[_.](?:fract_x|cartn_x|label|type_symbol))(?=\s|$)", re.IGNORECASE
)
_SPACE = re.compile(r"\s*")
_WORD_END = re.compile(r"\s|$")
_QUOTE_END = {quote: re.compile(rf"{quote}(?=\s|$)") for quote in "'\""}
_MARK = "\xef\xbb\xbf"  # the byte order mark of UTF-8, as Latin-1


class _Raw(io.RawIOBase):
    """A stream that can only read, as members of archives are; closing this does not close it."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._stream.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)


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
    text = io.TextIOWrapper(io.BufferedReader(_Raw(stream)), encoding="latin-1", newline=None)
    block = _Block(limit)
    in_text = False
    is_first, is_line_start = True, True
    while line := text.readline(limit):
        if is_first:
            line, is_first = line.removeprefix(_MARK), False
        begins_line, is_line_start = is_line_start, line.endswith("\n")
        start = 0
        if begins_line and line.startswith(";"):
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
