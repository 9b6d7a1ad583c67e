"""Sources of crystals as streams of parts: a file, an archive, a folder, or a bundled set."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePath

from screening.crystals.read_settings import ReadSettings
from screening.crystals.reading.charged import charged_names, charged_partners, with_charged
from screening.crystals.reading.file_kinds import NOT_A_CRYSTAL, file_kind, is_ignored
from screening.crystals.reading.parts import Part
from screening.crystals.reading.unpacking import Unpacker
from screening.errors import RequestError
from screening.locks import FOLDER_LOCK
from screening.resources import resource

_EXPECTED = (
    "CIF, POSCAR, .xyz/.extxyz, .db (ASE), .json, .jsonl (each also as .gz, .bz2, .xz or .zst), a zip or tar of those, "
    "a .csv of compositions and prototypes, or a folder"
)

_RESULTS = (FOLDER_LOCK, "run.json", "shards")


def bundled_sets() -> list[str]:
    """Names of the candidate sets in the package."""
    return sorted(path.stem for path in (resource("datasets") / "candidates").glob("*.jsonl"))


def find_source(source: str | Path) -> Path:
    """The file or folder of a source, which is a path or the name of a bundled set; an existing path wins.

    A folder of results does not: `candidates=NAME output_dir=NAME` has made it itself.

    Raises:
        RequestError: There is none, or it is not a crystal file or folder.
    """
    text = str(source)
    if not text.strip() or "\0" in text:
        raise RequestError(f"candidates={text!r}: expected a path or one of the bundled sets {_sets()}")
    path = Path(text).expanduser()
    if path.exists() and not (_has_results(path) and text in bundled_sets()):
        if not path.is_dir() and file_kind(path.name) is None:
            raise RequestError(f"{path} is {NOT_A_CRYSTAL}; expected {_EXPECTED}")
        if not path.is_dir() and not path.is_file():
            raise RequestError(f"{path} is neither a regular file nor a folder")
        return path
    if text in bundled_sets():
        return resource("datasets") / "candidates" / f"{text}.jsonl"
    raise RequestError(f"{path} does not exist, and it is not one of the bundled sets {_sets()}")


def walk(path: Path, settings: ReadSettings) -> Iterator[Part]:
    """Parts of everything in a file, archive or folder, in a fixed order.

    Args:
        path: The file or folder.
        settings: What to pass over, and limits.

    Raises:
        RequestError: A folder contains no crystal files.
    """
    unpacker = Unpacker(settings)
    try:
        if not path.is_dir():
            yield from _open(unpacker, path, path.name, _beside(path))
            return
        empty = True
        for part in _walk_folder(path, settings.passed_over, unpacker):
            empty = False
            yield part
        if empty:
            raise RequestError(f"{path} contains no crystal files; expected {_EXPECTED}")
    finally:
        unpacker.close()


def _beside(path: Path) -> Path | None:
    """The charged crystal's file beside that of a discharged one."""
    return next((path.with_name(name) for name in charged_names(path.name) if _is_file(path.with_name(name))), None)


def _is_file(path: Path) -> bool:
    return path.exists() and not path.is_dir()


def _has_results(path: Path) -> bool:
    return path.is_dir() and any((path / name).exists() for name in _RESULTS)


def _sets() -> str:
    return ", ".join(bundled_sets()) or "(none installed)"


def _open(unpacker: Unpacker, path: Path, source: str, charged: Path | None) -> Iterator[Part]:
    reason = "" if charged is None else _refusal(charged, charged.parent, charged.parent)
    if reason:
        partner = Part("", path.name, path.name, reason=reason)
        return with_charged(unpacker.parts(path, source), lambda: iter([partner]))
    return unpacker.parts(path, source, charged)


@dataclass(frozen=True)
class _Place:
    """An entry of a folder: a file with the charged crystal's file beside it, or a folder."""

    path: Path
    source: str
    is_folder: bool
    charged: Path | None = None


def _walk_folder(root: Path, passed_over: frozenset[Path], unpacker: Unpacker) -> Iterator[Part]:
    """Sorted by name; links to files are followed, links to folders are not. Folders may be nested without limit."""
    resolved = root.resolve()
    ahead = [iter([_Place(root, "", is_folder=True)])]
    while ahead:
        place = next(ahead[-1], None)
        if place is None:
            ahead.pop()
        elif place.is_folder:
            try:
                ahead.append(_entries(place, resolved / place.source, passed_over))
            except OSError as error:
                yield Part("", place.source, place.path.name, reason=f"unreadable folder: {error.strerror}")
        elif reason := _refusal(place.path, resolved / PurePath(place.source).parent, resolved):
            kind = file_kind(place.path.name)
            yield Part("", place.source, kind.stem if kind else place.path.name, reason=reason)
        else:
            yield from _open(unpacker, place.path, place.source, place.charged)


def _entries(folder: _Place, resolved: Path, passed_over: frozenset[Path]) -> Iterator[_Place]:
    """What a folder holds. Raises OSError if it cannot be read."""
    with os.scandir(folder.path) as scan:
        entries = [
            entry
            for entry in sorted(scan, key=lambda entry: entry.name)
            if not is_ignored(entry.name) and not (passed_over and resolved / entry.name in passed_over)
        ]
    folders = {entry.name for entry in entries if entry.is_dir(follow_symlinks=False)}
    partners = charged_partners(entry.name for entry in entries if entry.name not in folders)
    charged = set(partners.values())
    prefix = f"{folder.source}/" if folder.source else ""
    return iter(
        [
            _Place(
                folder.path / entry.name,
                prefix + entry.name,
                entry.name in folders,
                folder.path / partners[entry.name] if entry.name in partners else None,
            )
            for entry in entries
            if entry.name not in charged and not (entry.name in folders and _is_result(Path(entry.path)))
        ]
    )


def _is_result(folder: Path) -> bool:
    """Whether the folder has the finalists of an earlier ranking, whose crystals were candidates before."""
    return folder.name == "finalists" and (folder / "index.json").is_file()


def _refusal(path: Path, folder: Path, root: Path) -> str:
    """Why an entry of a folder is refused; empty if it is not.

    Args:
        path: The entry.
        folder: Its folder, with all links resolved.
        root: The outermost folder, with all links resolved.
    """
    try:
        mode = path.stat().st_mode
    except OSError as error:
        if path.is_symlink():
            target_missing = isinstance(error, FileNotFoundError)
            return "a broken symbolic link" if target_missing else f"a symbolic link loop ({error.strerror})"
        return f"unreadable: {error.strerror}"
    if stat.S_ISDIR(mode) and not path.is_symlink():
        return "a folder took its place while other files were read"
    if stat.S_ISDIR(mode):
        target = path.resolve()
        loop = target.is_relative_to(root) and folder.is_relative_to(target)
        return "a symbolic link loop" if loop else "a symbolic link to a folder is not followed"
    if not stat.S_ISREG(mode):
        return "not a regular file"
    return NOT_A_CRYSTAL if file_kind(path.name) is None else ""
