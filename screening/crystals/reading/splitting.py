"""Split an open file into parts of one crystal each, without holding the whole file in memory."""

from __future__ import annotations

import lzma
import re
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from typing import IO

import orjson

from screening.crystals.reading.bounds import TooMuchError
from screening.crystals.reading.extended_xyz import xyz_frames
from screening.crystals.reading.json_documents import rows_in
from screening.crystals.reading.json_stream import json_values
from screening.crystals.reading.parts import OUT_OF_MEMORY, Part, UnreadableError
from screening.crystals.reading.text_lines import MAX_PART_BYTES, TOO_LONG, numbered_lines

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

_CIF_BLOCK = re.compile(rb"data_", re.IGNORECASE)

Piece = tuple[int | str, bytes, str]
"""Number within the file (from 1; 3.2 for the second on line 3), content, and the reason if it is refused."""


def split(stream: IO[bytes], kind: str, source: str, stem: str) -> Iterator[Part]:
    """Parts of a file; they are numbered if there are several.

    Args:
        stream: The open file.
        kind: `cif`, `poscar`, `xyz`, `jsonl` or `json`.
        source: Where the file is, as shown to users.
        stem: Name of the file without extensions.
    """
    pieces = {"cif": _cif_blocks, "poscar": _whole, "xyz": xyz_frames, "jsonl": _lines, "json": _json_values}[kind]
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
            last = int(str(piece[0]).partition(".")[0])
            yield piece
    except MemoryError:
        yield last + 1, b"", OUT_OF_MEMORY
    except TooMuchError as error:
        yield last + 1, b"", f"the rest of the file was not read ({error})"
    except DAMAGED as error:
        yield last + 1, b"", f"the file breaks off here ({error})"


def _whole(stream: IO[bytes]) -> Iterator[Piece]:
    data = stream.read(MAX_PART_BYTES + 1)
    yield (1, b"", TOO_LONG) if len(data) > MAX_PART_BYTES else (1, data, "")


def _bounded_lines(stream: IO[bytes]) -> Iterator[tuple[int, bytes | None]]:
    """Numbered lines; None for a line that is too long."""
    number = 0
    while line := stream.readline(MAX_PART_BYTES):
        number += 1
        if len(line) < MAX_PART_BYTES or line.endswith(b"\n"):
            yield number, line
            continue
        while line and not line.endswith(b"\n"):
            line = stream.readline(MAX_PART_BYTES)
        yield number, None


def _lines(stream: IO[bytes]) -> Iterator[Piece]:
    """One JSON value a line; blank lines are skipped but counted."""
    for number, line in numbered_lines(stream):
        if line is None:
            yield number, b"", TOO_LONG
        elif not line.isspace():
            rows = list(_rows_of(line.strip()))
            for index, (row, reason) in enumerate(rows):
                yield number if len(rows) == 1 else f"{number}.{index + 1}", row, reason


def _json_values(stream: IO[bytes]) -> Iterator[Piece]:
    """Rows in a list, in values one after another, or in a document."""
    number = 0
    for text, refusal in json_values(stream):
        for row, reason in [(b"", refusal)] if refusal else _rows_of(text):
            number += 1
            yield number, row, reason


def _rows_of(text: bytes) -> Iterator[tuple[bytes, str]]:
    """Texts of the rows in a JSON value, or the reason why one is refused."""
    try:
        rows = rows_in(text)
    except UnreadableError as error:
        yield b"", str(error)
        return
    for row in rows:
        try:
            yield row if isinstance(row, bytes) else orjson.dumps(row), ""
        except TypeError as error:  # nested more deeply, or larger numbers, than any crystal has
            yield b"", f"not a crystal ({error})"


def _cif_blocks(stream: IO[bytes]) -> Iterator[Piece]:
    """Data blocks that describe a crystal; blocks of metadata only if there are no others."""
    number = 0
    others = b""
    for block in _raw_cif_blocks(stream):
        if block is None:
            number += 1
            yield number, b"", TOO_LONG
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
