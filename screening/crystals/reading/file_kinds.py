"""The format of a file by its name, and a file as a stream of parts."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from screening.crystals.reading.ase_database import split_database
from screening.crystals.reading.bounds import Budget, CountedStream, open_regular
from screening.crystals.reading.compressed import COMPRESSIONS, decompressed
from screening.crystals.reading.parts import Part
from screening.crystals.reading.splitting import DAMAGED, split

MAX_DATABASE_BYTES = 512 << 20
"""Largest ASE database that is compressed or inside an archive, because it is held in memory."""

NOT_A_CRYSTAL = "not a crystal file"

_KINDS = {
    ".cif": "cif",
    ".mcif": "cif",
    ".vasp": "poscar",
    ".poscar": "poscar",
    ".contcar": "poscar",
    ".xyz": "xyz",
    ".extxyz": "xyz",
    ".db": "db",
    ".json": "json",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".csv": "csv",
}
_ARCHIVES = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz")


@dataclass(frozen=True)
class FileKind:
    """The kind of a file.

    Attributes:
        format: `cif`, `poscar`, `xyz`, `db`, `json`, `jsonl`, `csv`, `zip` or `tar`.
        stem: The name without extensions.
        compression: One of `COMPRESSIONS`; empty if it is not compressed.
    """

    format: str
    stem: str
    compression: str = ""


def file_kind(name: str) -> FileKind | None:
    """The kind of a file by its name; None if it is not a crystal file."""
    lower = name.lower()
    for extension in _ARCHIVES:
        if lower.endswith(extension):
            return FileKind("zip" if extension == ".zip" else "tar", name[: -len(extension)] or name)
    compression = next((ending for ending in COMPRESSIONS if lower.endswith(ending)), "")
    inner = name[: len(name) - len(compression)]
    suffix = PurePosixPath(inner).suffix
    known = _KINDS.get(suffix.lower())
    if known is not None:
        return FileKind(known, inner[: -len(suffix)], compression)
    if inner.upper().startswith(("POSCAR", "CONTCAR")):
        return FileKind("poscar", inner, compression)
    return None


def is_ignored(name: str) -> bool:
    """Whether a file is skipped silently: hidden files, additions of macOS to archives, and Markdown."""
    return name.startswith(".") or name == "__MACOSX" or name.lower().endswith(".md")


def read_file(path: Path, source: str, timeout_s: float) -> Iterator[Part]:
    """Parts of a file on disk that is not an archive; timeout_s: longest processor time without a crystal."""
    kind = file_kind(path.name)
    if kind is None:
        yield Part("", source, path.name, reason=NOT_A_CRYSTAL)
        return
    try:
        with open_regular(path) as stream:
            if kind.format == "db" and not kind.compression:  # opened as well: missing permission reads as of any file
                yield from split_database(path, source, kind.stem)
            else:
                yield from read_stream(stream, kind, source, Budget(os.fstat(stream.fileno()).st_size, timeout_s))
    except OSError as error:
        yield Part("", source, kind.stem, reason=f"unreadable: {error.strerror or error}")


def read_stream(
    stream: IO[bytes], kind: FileKind, source: str, budget: Budget, *, inside: bool = False
) -> Iterator[Part]:
    """Parts of an open file, on disk or (inside) in an archive, within a budget."""
    budget.restart()
    unpacked, compressed, is_database = (
        decompressed(stream, kind.compression),
        bool(kind.compression),
        kind.format == "db",
    )
    counted = CountedStream(unpacked, budget, compressed=compressed or inside, whole=is_database)
    if is_database:
        yield from _read_database(counted.lines(), kind, source)
        return
    for part in split(counted.lines(), kind.format, source, kind.stem):
        yield part
        budget.restart()


def _read_database(stream: IO[bytes], kind: FileKind, source: str) -> Iterator[Part]:
    try:
        content = stream.read(MAX_DATABASE_BYTES + 1)
    except DAMAGED as error:
        yield Part("", source, kind.stem, reason=f"unreadable: {error}")
        return
    if len(content) > MAX_DATABASE_BYTES:
        yield Part("", source, kind.stem, reason=f"larger than {MAX_DATABASE_BYTES >> 20} MiB unpacked")
        return
    yield from split_database(content, source, kind.stem)
