"""A file as parts: a small one is split here, any other in a worker process with limits."""

from __future__ import annotations

import gzip
import json
import tarfile
import time
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import replace
from io import BytesIO
from itertools import islice
from pathlib import Path, PurePosixPath

from screening.crystals.read_settings import ReadSettings
from screening.crystals.reading.archives import read_archive
from screening.crystals.reading.bounds import SMALL_FILE_BYTES, open_regular, size_of
from screening.crystals.reading.charged import with_charged
from screening.crystals.reading.file_kinds import FileKind, file_kind, read_file
from screening.crystals.reading.parts import Part
from screening.crystals.reading.splitting import DAMAGED
from screening.crystals.reading.workers import Worker, WorkerFailureError

_GZIP = b"\x1f\x8b"
_BATCH_PARTS = 64
_BATCH_BYTES = 1 << 20
_BATCH_S = 0.05
_WAIT = 10.0
"""A file on a slow disk may take longer by the clock than the limit of processor time."""


def split_here(path: Path, source: str, charged: Path | None, settings: ReadSettings) -> Iterator[Part]:
    """Parts of a file or archive, split in this process.

    Args:
        path: The file.
        source: Where it is, as shown to users.
        charged: The file of the charged crystal beside it.
        settings: The limits.
    """
    kind = file_kind(path.name)
    if kind is not None and kind.format in ("zip", "tar"):
        return read_archive(path, source, settings.timeout_s)
    parts = read_file(path, source, settings.timeout_s)
    if charged is None:
        return parts
    return with_charged(parts, lambda: read_file(charged, charged.name, settings.timeout_s))


def batches(path: Path, source: str, charged: Path | None, settings: ReadSettings) -> Iterator[list[Part]]:
    """As `split_here`, in lists, for the way from one process to another."""
    batch: list[Part] = []
    size, started = 0, time.monotonic()
    for part in split_here(path, source, charged, settings):
        batch.append(_as_text(part))
        size += size_of(batch[-1])
        if len(batch) >= _BATCH_PARTS or size > _BATCH_BYTES or time.monotonic() - started > _BATCH_S:
            yield batch
            batch, size, started = [], 0, time.monotonic()
    yield batch


class Unpacker:
    """Splits files, one after another; owns the worker process for those that may expand."""

    def __init__(self, settings: ReadSettings) -> None:
        self._settings = settings
        self._worker: Worker | None = None

    def parts(self, path: Path, source: str, charged: Path | None = None) -> Iterator[Part]:
        """Parts of a file or archive; arguments as of `split_here`."""
        if all(_is_bounded(each) for each in (path, charged) if each is not None):
            return split_here(path, source, charged, self._settings)
        return self._split_away(path, source, charged)

    def close(self) -> None:
        """Stop the worker process."""
        if self._worker is not None:
            self._worker.stop()
            self._worker = None

    def _split_away(self, path: Path, source: str, charged: Path | None) -> Iterator[Part]:
        given = 0
        for attempt in range(2):
            try:
                for part in islice(self._stream(path, source, charged), given, None):
                    given += 1
                    yield part
                return
            except (OSError, WorkerFailureError) as error:
                if getattr(error, "crashed", False) and attempt == 0:
                    continue  # the system may have killed it for another process's memory
                kind, where = file_kind(path.name), f"after {given} crystals " if given else ""
                yield Part("", source, kind.stem if kind else path.name, reason=f"unreadable: {where}{error}")
                return

    def _stream(self, path: Path, source: str, charged: Path | None) -> Iterator[Part]:
        self._worker = self._worker or Worker()
        finished = False
        try:
            arguments = (path, source, charged, self._settings)
            for batch in self._worker.stream(batches, arguments, self._settings.timeout_s, _WAIT):
                yield from batch
            finished = True
        finally:
            if not finished:  # it failed, or nobody wants the rest
                self.close()


def _as_text(part: Part) -> Part:
    """JSON is sent as text, so that its objects, which take ten times more memory, arise where it is parsed."""
    charged = None if part.charged is None else _as_text(part.charged)
    if not isinstance(part.data, Mapping):
        return part if charged is None else replace(part, charged=charged)
    try:
        return replace(part, data=json.dumps(part.data).encode("utf-8", "surrogatepass"), charged=charged)
    except (RecursionError, TypeError, ValueError):
        return replace(part, data=b"", reason="unreadable: JSON that is nested too deep")


def _is_bounded(path: Path) -> bool:
    """Whether splitting a file costs no more than a small file does."""
    kind = file_kind(path.name)
    if kind is None:
        return True
    try:
        with open_regular(path) as stream:
            head = stream.read(SMALL_FILE_BYTES + 1)
            return len(head) <= SMALL_FILE_BYTES and _is_small_inside(head, kind)
    except DAMAGED:
        return kind.format not in ("zip", "tar")  # whoever reads it finds the same fault and says so


def _is_small_inside(content: bytes, kind: FileKind) -> bool:
    """Whether a small file unpacks to little; never of databases, which a query may expand."""
    if kind.format == "zip":
        with zipfile.ZipFile(BytesIO(content)) as archive:
            return _are_small([(member.filename, member.file_size) for member in archive.infolist()])
    if content.startswith(_GZIP):
        content = gzip.GzipFile(fileobj=BytesIO(content)).read(SMALL_FILE_BYTES + 1)
    elif kind.compression:
        return False
    if len(content) > SMALL_FILE_BYTES:
        return False
    if kind.format == "tar":
        with tarfile.open(fileobj=BytesIO(content), mode="r:") as archive:
            return _are_small([(member.name, member.size) for member in archive])
    return kind.format != "db"


def _are_small(members: list[tuple[str, int]]) -> bool:
    """Whether the members of an archive, by name and size, unpack to little."""
    kinds = [file_kind(PurePosixPath(name).name) for name, _ in members]
    unpack = any(kind is not None and (kind.compression or kind.format == "db") for kind in kinds)
    return not unpack and sum(size for _, size in members) <= SMALL_FILE_BYTES
