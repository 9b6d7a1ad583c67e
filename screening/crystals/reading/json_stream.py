"""Split a stream of JSON into the texts of its values, in linear time and without holding it in memory.

The elements of a list at the top are values of their own. Only quotes, brackets and commas are looked at, a block at a
time with numpy, so that neither the number of values nor the depth of brackets matters; whether a value is valid is
found out when it is decoded.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from typing import IO

import numpy as np

from screening.crystals.reading.text_lines import MAX_PART_BYTES

Value = tuple[bytes, str]
"""The text of a value, or the reason why it is refused."""

_BLOCK = 1 << 16
_TOO_LONG = (
    f"one value is longer than {MAX_PART_BYTES >> 20} MiB; a list, or a file with one crystal a line (.jsonl), "
    "may be of any length"
)
_QUOTE, _COMMA, _OPEN_LIST = ord('"'), ord(","), ord("[")
_STEP = np.zeros(256, dtype=np.int8)
_STEP[[ord("["), ord("{")]] = 1
_STEP[[ord("]"), ord("}")]] = -1
_IS_MARK = _STEP != 0
_IS_MARK[[_QUOTE, _COMMA]] = True


def json_values(stream: IO[bytes]) -> Iterator[Value]:
    """Texts of values one after another, or of the elements of a list.

    Args:
        stream: JSON in UTF-8; several values may follow one another, with or without commas between them.
    """
    scanner = _Scanner()
    first = True
    while block := stream.read(_BLOCK):
        yield from scanner.feed(block.removeprefix(codecs.BOM_UTF8) if first else block)
        first = False
        if scanner.lost:
            return
    yield from scanner.finish()


class _Scanner:
    """What is known at the end of a block: the brackets that are open, and the value that has begun."""

    def __init__(self) -> None:
        self.lost = False
        self._held = b""  # a backslash whose other character comes with the next block
        self._in_text = False
        self._depth = 0
        self._in_list = False
        self._pieces: list[bytes] = []
        self._size = 0

    def feed(self, block: bytes) -> Iterator[Value]:
        block = self._held + block
        self._held = block[-1:] if (len(block) - len(block.rstrip(b"\\"))) % 2 else b""
        block = block[: len(block) - len(self._held)]
        if not self._size and not self._in_text and block.isspace():
            return
        start = 0
        for index, level in self._marks(block):
            mark = block[index]
            if level < 0:
                self.lost = True
                yield b"", "not valid JSON: a bracket closes that was not opened; nothing after it is read"
                return
            if mark == _OPEN_LIST:
                if not self._in_list and level == 1 and not self._size and not block[start:index].strip():
                    self._in_list, start = True, index + 1
            elif mark == _COMMA:
                if level == (1 if self._in_list else 0):
                    yield from self._cut(block[start:index])
                    start = index + 1
            elif level == 0:
                yield from self._cut(block[start : index + (not self._in_list)])
                self._in_list, start = False, index + 1
        self._keep(block[start:])

    def finish(self) -> Iterator[Value]:
        if self._in_text or self._depth or self._held:
            self._pieces.clear()
            yield b"", "not valid JSON: the file breaks off inside a value or a list"
        else:
            yield from self._cut(b"")

    def _marks(self, block: bytes) -> list[tuple[int, int]]:
        """Where values may begin or end, with the depth after that byte."""
        plain = block.replace(b"\\\\", b"__").replace(b'\\"', b"__") if b"\\" in block else block
        codes = np.frombuffer(plain, dtype=np.uint8)
        where = np.flatnonzero(_IS_MARK[codes])
        if not len(where):
            return []
        codes = codes[where]
        outside = (np.cumsum(codes == _QUOTE, dtype=np.int32) + self._in_text) % 2 == 0
        steps = np.where(outside, _STEP[codes], 0)
        depth = np.cumsum(steps, dtype=np.int32) + self._depth
        opens = (codes == _OPEN_LIST) & (depth == 1)
        chosen = outside & (depth <= 1) & (opens | (steps < 0) | (codes == _COMMA))
        self._in_text, self._depth = not bool(outside[-1]), int(depth[-1])
        return list(zip(where[chosen].tolist(), depth[chosen].tolist(), strict=True))

    def _keep(self, piece: bytes) -> None:
        if piece and (self._size or not piece.isspace()):
            self._size += len(piece)
            if self._size <= MAX_PART_BYTES:
                self._pieces.append(piece)
            else:
                self._pieces.clear()

    def _cut(self, piece: bytes) -> Iterator[Value]:
        self._keep(piece)
        if self._size > MAX_PART_BYTES:
            yield b"", _TOO_LONG
        elif text := b"".join(self._pieces).strip():
            yield text, ""
        self._pieces, self._size = [], 0
