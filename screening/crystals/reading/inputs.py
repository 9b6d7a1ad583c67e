"""Sources of crystals as streams of parts: a file, an archive, a folder, or a bundled set."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from screening.crystals.reading.archives import read_archive
from screening.crystals.reading.charged import charged_names, charged_partners, with_charged
from screening.crystals.reading.file_kinds import NOT_A_CRYSTAL, file_kind, is_ignored, read_file
from screening.crystals.reading.parts import Part
from screening.errors import RequestError
from screening.resources import resource

_EXPECTED = (
    "CIF, POSCAR, .xyz/.extxyz, .db (ASE), .json, .jsonl (each also as .gz, .bz2, .xz or .zst), a zip or tar of those, "
    "or a folder"
)


def bundled_sets() -> list[str]:
    """Names of the candidate sets in the package."""
    return sorted(path.stem for path in (resource("datasets") / "candidates").glob("*.jsonl"))


def find_source(source: str | Path) -> Path:
    """The file or folder of a source, which is a path or the name of a bundled set; an existing path wins.

    Raises:
        RequestError: There is none, or it is not a crystal file or folder.
    """
    text = str(source)
    if not text.strip() or "\0" in text:
        raise RequestError(f"candidates={text!r}: expected a path or one of the bundled sets {_sets()}")
    path = Path(text).expanduser()
    if path.exists():
        if not path.is_dir() and file_kind(path.name) is None:
            raise RequestError(f"{path} is {NOT_A_CRYSTAL}; expected {_EXPECTED}")
        if not path.is_dir() and not path.is_file():
            raise RequestError(f"{path} is neither a regular file nor a folder")
        return path
    if text in bundled_sets():
        return resource("datasets") / "candidates" / f"{text}.jsonl"
    raise RequestError(f"{path} does not exist, and it is not one of the bundled sets {_sets()}")


def walk(path: Path, passed_over: frozenset[Path] = frozenset()) -> Iterator[Part]:
    """Parts of everything in a file, archive or folder, in a fixed order.

    Args:
        path: The file or folder.
        passed_over: As in `ReadSettings`.

    Raises:
        RequestError: A folder contains no crystal files.
    """
    if path.is_dir():
        empty = True
        for part in _walk_folder(path, "", (path.resolve(),), passed_over):
            empty = False
            yield part
        if empty:
            raise RequestError(f"{path} contains no crystal files; expected {_EXPECTED}")
    else:
        yield from _open(path, path.name, _beside(path))


def _beside(path: Path) -> Path | None:
    """The charged crystal's file beside that of a discharged one."""
    return next((path.with_name(name) for name in charged_names(path.name) if _is_file(path.with_name(name))), None)


def _is_file(path: Path) -> bool:
    return path.exists() and not path.is_dir()


def _sets() -> str:
    return ", ".join(bundled_sets()) or "(none installed)"


def _open(path: Path, source: str, charged: Path | None = None) -> Iterator[Part]:
    kind = file_kind(path.name)
    if kind is not None and kind.format in ("zip", "tar"):
        return read_archive(path, source)
    if charged is not None:
        return with_charged(read_file(path, source), lambda: _read_charged(charged))
    return read_file(path, source)


def _read_charged(path: Path) -> Iterator[Part]:
    reason = _refusal(path, ())
    return iter([Part("", path.name, path.name, reason=reason)]) if reason else read_file(path, path.name)


def _walk_folder(folder: Path, prefix: str, chain: tuple[Path, ...], passed_over: frozenset[Path]) -> Iterator[Part]:
    """Sorted by name; links to files are followed, links to folders are not."""
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError as error:
        yield Part("", prefix.rstrip("/"), folder.name, reason=f"unreadable folder: {error.strerror}")
        return
    entries = [
        entry
        for entry in entries
        if not is_ignored(entry.name) and not (passed_over and chain[-1] / entry.name in passed_over)
    ]
    partners = charged_partners(entry.name for entry in entries if not entry.is_dir(follow_symlinks=False))
    charged = set(partners.values())
    for entry in entries:
        if entry.name in charged:
            continue
        source = prefix + entry.name
        path = Path(entry.path)
        if entry.is_dir(follow_symlinks=False):
            if _is_result(path):
                continue
            yield from _walk_folder(path, source + "/", (*chain, path.resolve()), passed_over)
            continue
        reason = _refusal(path, chain)
        if reason:
            kind = file_kind(entry.name)
            yield Part("", source, kind.stem if kind else entry.name, reason=reason)
        else:
            partner = partners.get(entry.name)
            yield from _open(path, source, path.parent / partner if partner else None)


def _is_result(folder: Path) -> bool:
    """Whether the folder has the finalists of an earlier ranking, whose crystals were candidates before."""
    return folder.name == "finalists" and (folder / "index.json").is_file()


def _refusal(path: Path, chain: tuple[Path, ...]) -> str:
    """Why an entry of a folder is refused; empty if it is not."""
    try:
        mode = path.stat().st_mode
    except OSError as error:
        if path.is_symlink():
            target_missing = isinstance(error, FileNotFoundError)
            return "a broken symbolic link" if target_missing else f"a symbolic link loop ({error.strerror})"
        return f"unreadable: {error.strerror}"
    if stat.S_ISDIR(mode):
        return "a symbolic link loop" if path.resolve() in chain else "a symbolic link to a folder is not followed"
    if not stat.S_ISREG(mode):
        return "not a regular file"
    return NOT_A_CRYSTAL if file_kind(path.name) is None else ""
