"""Split an open file into parts of one crystal each, without holding the whole file in memory."""

from __future__ import annotations

import lzma
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from typing import IO

import orjson

from screening.crystals.reading.bounds import TooMuchError
from screening.crystals.reading.cif.data_blocks import cif_crystal_blocks
from screening.crystals.reading.extended_xyz import xyz_frames
from screening.crystals.reading.json_documents import rows_in
from screening.crystals.reading.json_stream import json_values
from screening.crystals.reading.parts import OUT_OF_MEMORY, Part, UnreadableError
from screening.crystals.reading.recipes import table_rows
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


Piece = tuple[int | str, bytes, str]
"""Number within the file (from 1; 3.2 for the second on line 3), content, and the reason if it is refused."""


def split(stream: IO[bytes], kind: str, source: str, stem: str) -> Iterator[Part]:
    """Parts of a file; they are numbered if there are several.

    Args:
        stream: The open file.
        kind: `cif`, `poscar`, `xyz`, `jsonl`, `json` or `csv`.
        source: Where the file is, as shown to users.
        stem: Name of the file without extensions.
    """
    pieces = {
        "cif": _cif_blocks,
        "poscar": _whole,
        "xyz": xyz_frames,
        "jsonl": _lines,
        "json": _json_values,
        "csv": table_rows,
    }[kind]
    part_kind = "row" if kind in ("json", "jsonl", "csv") else kind
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
    for number, (block, is_too_long) in enumerate(cif_crystal_blocks(stream, MAX_PART_BYTES), start=1):
        yield number, block, TOO_LONG if is_too_long else ""
