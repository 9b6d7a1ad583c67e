"""Text of input files: its encoding, and its lines whatever ends them."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from typing import IO

from screening.crystals.reading.parts import UnreadableError

MAX_PART_BYTES = 32 << 20
"""Longest text of one crystal."""

TOO_LONG = f"one entry is longer than {MAX_PART_BYTES >> 20} MiB"

_BLOCK = 1 << 16
_LINE_END = re.compile(r"\r\n|\r|\n")
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def decode_text(data: bytes) -> str:
    """Text of a file in UTF-8, or else in Latin-1.

    Raises:
        UnreadableError: The file is empty or binary.
    """
    if not data.strip():
        raise UnreadableError("the file is empty")
    if data.startswith(_UTF16):
        raise UnreadableError("text in UTF-16; save it as UTF-8")
    if b"\0" in data:
        raise UnreadableError("binary data where text was expected")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def text_lines(data: bytes) -> list[str]:
    """Lines of a file that end in LF, CRLF or CR; `str.splitlines` would also split at form feeds and other characters.

    Raises:
        UnreadableError: As in `decode_text`.
    """
    return _LINE_END.split(decode_text(data))


def numbered_lines(stream: IO[bytes]) -> Iterator[tuple[int, bytes | None]]:
    """Numbered lines that end in LF, CRLF or CR, without a byte order mark; None for a line that is too long.

    Blank lines that fill a whole block are given as one, so that a file of nothing but line ends takes no time.
    """
    number, size, held = 0, 0, b""
    pieces: list[bytes] = []
    first = True
    while block := stream.read(_BLOCK):
        block = held + (block.removeprefix(codecs.BOM_UTF8) if first else block)
        first = False
        held = b"\r" if block.endswith(b"\r") else b""  # the LF of a CRLF may come with the next block
        block = block.removesuffix(held)
        if len(block) > _BLOCK // 2 and not pieces and not size and block.isspace():
            number += block.replace(b"\r\n", b"\n").replace(b"\r", b"\n").count(b"\n")
            yield number, b"\n"
            continue
        for line in block.splitlines(keepends=True):
            ended = line.endswith((b"\n", b"\r"))
            if ended and not size:
                number += 1
                yield number, line
                continue
            size += len(line)
            if size <= MAX_PART_BYTES:
                pieces.append(line)
            else:
                pieces.clear()
            if ended:
                number += 1
                yield number, b"".join(pieces) if pieces else None
                pieces, size = [], 0
    if size:
        yield number + 1, b"".join(pieces) if pieces else None
