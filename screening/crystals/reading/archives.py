"""Zip and tar archives, read member by member in memory; nothing is written to disk."""

from __future__ import annotations

import bz2
import gzip
import lzma
import os
import stat
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from itertools import chain
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import IO, Any, cast

from screening.crystals.reading.bounds import Budget, CountedStream, TooMuchError, open_regular
from screening.crystals.reading.charged import charged_partners, pair_key, with_charged
from screening.crystals.reading.file_kinds import NOT_A_CRYSTAL, FileKind, file_kind, is_ignored, read_stream
from screening.crystals.reading.parts import OUT_OF_MEMORY, Part
from screening.crystals.reading.splitting import DAMAGED

_COMPRESSIONS: tuple[tuple[bytes, Callable[[IO[bytes]], Any]], ...] = (
    (b"\x1f\x8b", lambda file: gzip.GzipFile(fileobj=file)),
    (b"BZh", bz2.BZ2File),
    (b"\xfd7zXZ\0", lzma.LZMAFile),
)
MAX_MEMBER_BYTES = 16 << 30
"""A member that declares a larger size is refused; what is really read is limited crystal by crystal."""


_TOO_LATE = "the charged crystal of a file that came before it: in a tar it must come first (or use a zip or a folder)"


def read_archive(path: Path, source: str, timeout_s: float) -> Iterator[Part]:
    """Parts of every member, in the order of the archive; timeout_s: longest processor time without a crystal."""
    kind = file_kind(path.name)
    stem = kind.stem if kind else path.name
    members = 0
    walk = _walk_zip if kind is not None and kind.format == "zip" else _walk_tar
    try:
        with open_regular(path) as stream:
            for part in walk(stream, source, timeout_s):
                members += 1
                yield part
    except (*DAMAGED, MemoryError) as error:
        problem = OUT_OF_MEMORY if isinstance(error, MemoryError) else str(error)
        fault = "the archive" if isinstance(error, MemoryError | TooMuchError) else "the archive is damaged"
        where = f" after {members} crystals" if members else ""
        yield Part("", source, stem, reason=f"unreadable: {fault}{where} ({problem})")
        return
    if members == 0:
        yield Part("", source, stem, reason="no crystals in this archive")


def _walk_zip(file: IO[bytes], source: str, timeout_s: float) -> Iterator[Part]:
    budget = Budget(_size(file), timeout_s)
    with zipfile.ZipFile(file) as archive:
        members = {_clean(member.filename): member for member in archive.infolist() if not member.is_dir()}
        partners = charged_partners(name for name in members if not _is_unsafe(name))
        charged = set(partners.values())
        for member in archive.infolist():
            name = _clean(member.filename)
            if member.is_dir() or _is_passed_over(name) or name in charged:
                continue
            kind = file_kind(_last(name))
            reason = _refusal(name, kind, stat.S_ISLNK(member.external_attr >> 16), member.file_size)
            if not reason and member.flag_bits & 0x1:
                reason = "encrypted in the archive"
            if reason or kind is None:
                yield Part("", f"{source}/{name}", kind.stem if kind else _last(name), reason=reason)
                continue
            parts = _zip_member(archive, member, source, budget)
            if name in partners:
                beside = members[partners[name]]
                parts = with_charged(parts, partial(_zip_member, archive, beside, source, budget))
            yield from parts


def _zip_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, source: str, budget: Budget) -> Iterator[Part]:
    name = _clean(member.filename)
    kind = file_kind(_last(name))
    if kind is None:
        return
    try:
        with archive.open(member) as stream:
            yield from read_stream(stream, kind, f"{source}/{name}", budget, inside=True)
    except DAMAGED as error:
        yield Part("", f"{source}/{name}", kind.stem, reason=f"unreadable: {error}")


def _walk_tar(file: IO[bytes], source: str, timeout_s: float) -> Iterator[Part]:
    """In the order of the archive, except that charged crystals wait for the discharged ones beside them."""
    waiting: dict[tuple[str, str], list[Part]] = {}
    gone: set[tuple[str, str]] = set()
    try:
        for name, parts in _tar_members(file, source, timeout_s):
            key = pair_key(name)
            if key is None:
                yield from parts
            elif not key[2]:
                gone.add(key[:2])
                charged = waiting.pop(key[:2], None)
                yield from parts if charged is None else with_charged(parts, partial(iter, charged))
            elif key[:2] in gone:
                # A tar is a stream; only a folder or a zip knows all names beforehand.
                yield from (replace(part, reason=_TOO_LATE) for part in parts)
            else:
                waiting[key[:2]] = list(parts)
    except DAMAGED:
        yield from chain.from_iterable(waiting.values())
        raise
    yield from chain.from_iterable(waiting.values())


def _tar_members(file: IO[bytes], source: str, timeout_s: float) -> Iterator[tuple[str, Iterator[Part]]]:
    """Name and parts of each member; the parts must be taken before the next member."""
    whole, budget = Budget(_size(file), timeout_s), Budget(_size(file), timeout_s)
    opened, compressed = _unpacked(file)
    counted = cast(IO[bytes], CountedStream(opened, whole, compressed=compressed, whole=True))
    with tarfile.open(fileobj=counted, mode="r|") as archive:
        for member in archive:
            name = _clean(member.name)
            if member.isdir() or _is_passed_over(name):
                continue
            kind = file_kind(_last(name))
            reason = _refusal(name, kind, member.issym() or member.islnk(), member.size)
            stream = archive.extractfile(member) if not reason and member.isreg() else None
            if stream is None or kind is None:
                reason = reason or "not a regular file in the archive"
                part = Part("", f"{source}/{name}", kind.stem if kind else _last(name), reason=reason)
                yield "", iter([part])
                continue
            with stream:
                yield name, read_stream(stream, kind, f"{source}/{name}", budget, inside=True)


def _unpacked(file: IO[bytes]) -> tuple[IO[bytes], bool]:
    """The content of a tar, and whether it is compressed, by its first bytes: names are often wrong."""
    head = file.read(6)
    file.seek(0)
    for signature, opener in _COMPRESSIONS:
        if head.startswith(signature):
            return cast(IO[bytes], opener(file)), True
    return file, False


def _size(file: IO[bytes]) -> int:
    return os.fstat(file.fileno()).st_size


def _clean(name: str) -> str:
    """`./a.cif`, as tar writes it, is `a.cif`."""
    while name.startswith("./"):
        name = name[2:]
    return name


def _last(name: str) -> str:
    return PurePosixPath(name.replace("\\", "/")).name or name


def _is_unsafe(name: str) -> bool:
    windows = PureWindowsPath(name)  # knows drives and both kinds of slash
    return bool(windows.drive or windows.root) or ".." in windows.parts or "\0" in name


def _is_passed_over(name: str) -> bool:
    return not _is_unsafe(name) and any(is_ignored(part) for part in PurePosixPath(name).parts)


def _refusal(name: str, kind: FileKind | None, link: bool, size: int) -> str:
    if _is_unsafe(name):
        return "unsafe path in the archive (absolute, or leading out of it)"
    if link:
        return "a link in the archive"
    if kind is None:
        return NOT_A_CRYSTAL
    if kind.format in ("zip", "tar"):
        return "an archive inside an archive"
    if size > MAX_MEMBER_BYTES:
        return f"too large: {size / (1 << 30):.1f} GiB in the archive"
    return ""
