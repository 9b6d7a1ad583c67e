"""The format of a file by its name, and a file as a stream of parts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from screening.crystals.reading.ase_database import split_database
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
}
_ARCHIVES = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz")


@dataclass(frozen=True)
class FileKind:
    """The kind of a file.

    Attributes:
        format: `cif`, `poscar`, `xyz`, `db`, `json`, `jsonl`, `zip` or `tar`.
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


def read_file(path: Path, source: str) -> Iterator[Part]:
    """Parts of a file on disk that is not an archive."""
    kind = file_kind(path.name)
    if kind is None:
        yield Part("", source, path.name, reason=NOT_A_CRYSTAL)
        return
    try:
        if kind.format == "db" and not kind.compression:
            with path.open("rb"):
                pass  # so that missing permission is reported as for any other file
            yield from split_database(path, source, kind.stem)
            return
        with path.open("rb") as stream:
            yield from read_stream(stream, kind, source)
    except OSError as error:
        yield Part("", source, kind.stem, reason=f"unreadable: {error.strerror or error}")


def read_stream(stream: IO[bytes], kind: FileKind, source: str) -> Iterator[Part]:
    """Parts of an open file, on disk or inside an archive."""
    opened = decompressed(stream, kind.compression)
    if kind.format == "db":
        yield from _read_database(opened, kind, source)
    else:
        yield from split(opened, kind.format, source, kind.stem)


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
