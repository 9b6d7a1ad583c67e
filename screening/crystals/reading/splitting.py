"""Split an open file into parts of one crystal each, without holding the whole file in memory."""

from __future__ import annotations

import codecs
import json
import lzma
import re
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from typing import IO, Any

from screening.crystals.reading.bounds import TooMuchError
from screening.crystals.reading.parts import OUT_OF_MEMORY, Part

MAX_PART_BYTES = 32 << 20
"""Longest text of one crystal."""

DAMAGED = (
    OSError,
    EOFError,
    ValueError,
    RuntimeError,
    NotImplementedError,
    zlib.error,
    lzma.LZMAError,
    tarfile.TarError,
    zipfile.BadZipFile,
)
"""Errors of the standard library for broken, encrypted or unusually compressed files."""

_BLANK_RUN = 4096
_CIF_BLOCK = re.compile(rb"data_", re.IGNORECASE)
_TOO_LONG = f"one entry is longer than {MAX_PART_BYTES >> 20} MiB"

Piece = tuple[int, Any, str]
"""Number within the file (from 1), content, and the reason if it is refused."""


def split(stream: IO[bytes], kind: str, source: str, stem: str) -> Iterator[Part]:
    """Parts of a file; they are numbered if there are several.

    Args:
        stream: The open file.
        kind: `cif`, `poscar`, `xyz`, `jsonl` or `json`.
        source: Where the file is, as shown to users.
        stem: Name of the file without extensions.
    """
    pieces = {"cif": _cif_blocks, "poscar": _whole, "xyz": _xyz_frames, "jsonl": _lines, "json": _json_values}[kind]
    part_kind = "row" if kind in ("json", "jsonl") else kind
    single = True
    previous: Piece | None = None
    for piece in _guarded(pieces(stream)):
        if previous is not None:
            single = False
            yield _part(previous, part_kind, source, stem, single)
        previous = piece
    if previous is None:
        previous = (1, b"", "the file is empty")
    yield _part(previous, part_kind, source, stem, single)


def _part(piece: Piece, kind: str, source: str, stem: str, single: bool) -> Part:
    number, data, reason = piece
    if not single:
        source, stem = f"{source}#{number}", f"{stem}#{number}"
    return Part(kind, source, stem, data, f"unreadable: {reason}" if reason else "")


def _guarded(pieces: Iterator[Piece]) -> Iterator[Piece]:
    """Keep what came before the place where a file is damaged, and add a refusal for that place."""
    last = 0
    try:
        for piece in pieces:
            last = piece[0]
            yield piece
    except MemoryError:
        yield last + 1, b"", OUT_OF_MEMORY
    except TooMuchError as error:
        yield last + 1, b"", f"the rest of the file was not read ({error})"
    except DAMAGED as error:
        yield last + 1, b"", f"the file breaks off here ({error})"


def _whole(stream: IO[bytes]) -> Iterator[Piece]:
    data = stream.read(MAX_PART_BYTES + 1)
    yield (1, b"", _TOO_LONG) if len(data) > MAX_PART_BYTES else (1, data, "")


def _bounded_lines(stream: IO[bytes]) -> Iterator[tuple[int, bytes | None]]:
    """Numbered lines, but for long runs of blank ones; None for a line that is too long."""
    number = 0
    while line := stream.readline(MAX_PART_BYTES):
        number += 1
        while line == b"\n" and len(ahead := stream.peek()) > _BLANK_RUN and ahead.isspace():  # type: ignore[attr-defined]
            number += stream.read(len(ahead)).count(b"\n")
        if len(line) < MAX_PART_BYTES or line.endswith(b"\n"):
            yield number, line
            continue
        while line and not line.endswith(b"\n"):
            line = stream.readline(MAX_PART_BYTES)
        yield number, None


def _lines(stream: IO[bytes]) -> Iterator[Piece]:
    """One JSON object a line; blank lines are skipped but counted."""
    for number, line in _bounded_lines(stream):
        if line is None:
            yield number, b"", _TOO_LONG
        elif not line.isspace():
            yield number, line, ""


def _cif_blocks(stream: IO[bytes]) -> Iterator[Piece]:
    """Data blocks that describe a crystal; blocks of metadata only if there are no others."""
    number = 0
    others = b""
    for block in _raw_cif_blocks(stream):
        if block is None:
            number += 1
            yield number, b"", _TOO_LONG
        elif b"_cell_length_a" in block or b"_atom_site" in block:
            number += 1
            yield number, block, ""
        elif len(others) < MAX_PART_BYTES:
            others += block
    if number == 0 and others:
        yield 1, others, ""


def _raw_cif_blocks(stream: IO[bytes]) -> Iterator[bytes | None]:
    """Text from one `data_` line to the next, except inside text fields (between lines that begin with `;`)."""
    block: list[bytes] = []
    size = 0
    in_text = False
    for _, line in _bounded_lines(stream):
        size += len(line or b"")
        if line is None or size > MAX_PART_BYTES:
            yield None
            return
        if line.startswith(b";"):
            in_text = not in_text
        opens = not in_text and _CIF_BLOCK.match(line) is not None
        if opens and block:
            yield b"".join(block)
            block, size = [], len(line)
        if block or opens or (line.strip() and not line.startswith(b"#")):
            block.append(line)
    if block:
        yield b"".join(block)


def _xyz_frames(stream: IO[bytes]) -> Iterator[Piece]:
    """Frames of (extended) XYZ: the number of atoms, a comment, and a line for each atom."""
    lines = _bounded_lines(stream)
    number = 0
    for line_number, line in lines:
        if line is not None and line.isspace():
            continue
        number += 1
        try:
            count = int(line or b"")
        except ValueError:
            yield number, b"", f"line {line_number} should be a number of atoms"
            return
        frame = [line or b""]
        size = 0
        while len(frame) < count + 2 and size <= MAX_PART_BYTES:
            _, following = next(lines, (0, None))
            if following is None:
                yield number, b"", f"the frame at line {line_number} is truncated"
                return
            frame.append(following)
            size += len(following)
        if size > MAX_PART_BYTES:
            yield number, b"", _TOO_LONG
            return
        yield number, b"".join(frame), ""


def _json_values(stream: IO[bytes]) -> Iterator[Piece]:
    """Elements of a JSON list, or JSON values one after another."""
    text = codecs.getincrementaldecoder("utf-8-sig")(errors="replace")
    decoder = json.JSONDecoder()
    buffer, number, step = "", 0, 1 << 16
    in_list: bool | None = None
    complete = False
    while True:
        buffer = buffer.lstrip(" \t\r\n," if number else " \t\r\n")
        if in_list is None and buffer:
            in_list = buffer[0] == "["
            buffer = buffer[in_list:].lstrip()
        if in_list and buffer.startswith("]"):
            return
        try:
            value, end = decoder.raw_decode(buffer)
            finished = True
        except (ValueError, RecursionError) as error:
            finished = False
            problem = str(error)
        if finished:
            number += 1
            yield number, value, ""
            buffer, step = buffer[end:], 1 << 16
        elif complete or len(buffer) > MAX_PART_BYTES:
            if buffer or in_list:
                yield number + 1, b"", f"not valid JSON: {problem[:120]}"
            return
        else:
            chunk = stream.read(step)
            step *= 2
            complete = not chunk
            buffer += text.decode(chunk, final=complete)
