"""Insertion pairs in two files: `X.cif` and `X.charged.cif` are read as one input."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from itertools import islice
from pathlib import PurePosixPath

from screening.crystals.reading.compressed import COMPRESSIONS
from screening.crystals.reading.file_kinds import file_kind
from screening.crystals.reading.parts import Part

_MARK = ".charged"
_SINGLE = ("cif", "poscar")
"""Formats with one crystal in each file."""
_EXTENSIONS = tuple(f"{name}{packed}" for name in (".cif", ".vasp", ".poscar") for packed in ("", *COMPRESSIONS))


Key = tuple[str, str, bool]


def pair_key(name: str) -> Key | None:
    """Folder, stem without `.charged`, and whether it is charged; None if the format may hold several crystals."""
    path = PurePosixPath(name)
    kind = file_kind(path.name)
    if kind is None or kind.format not in _SINGLE:
        return None
    marked = kind.stem.lower().endswith(_MARK) and len(kind.stem) > len(_MARK)
    return str(path.parent), kind.stem[: -len(_MARK)] if marked else kind.stem, marked


def charged_partners(names: Iterable[str]) -> dict[str, str]:
    """Files of charged crystals by the files of their discharged crystals.

    The two are in the same folder and differ by `.charged` before the extension, such as `X.cif` and `X.charged.cif`.

    Args:
        names: Paths with `/` between folders.
    """
    found: dict[Key, str] = {}
    for name in names:
        key = pair_key(name)
        if key is not None:
            found.setdefault(key, name)
    return {
        name: found[folder, stem, True]
        for (folder, stem, marked), name in found.items()
        if not marked and (folder, stem, True) in found
    }


def charged_names(name: str) -> list[str]:
    """Possible names of the charged crystal's file beside a file; the same extension first."""
    key = pair_key(name)
    if key is None or key[2]:
        return []
    own = name[len(key[1]) :]
    return [f"{key[1]}{_MARK}{extension}" for extension in dict.fromkeys((own, *_EXTENSIONS)) if extension]


def with_charged(discharged: Iterator[Part], charged: Callable[[], Iterator[Part]]) -> Iterator[Part]:
    """The single part of a discharged crystal's file, with the single one of the charged file."""
    parts = list(islice(discharged, 2))
    others = list(islice(charged(), 2))
    if len(parts) == 1 and len(others) == 1:
        yield replace(parts[0], charged=others[0])
        return
    many = parts if len(parts) > 1 else others
    reason = f"{many[0].source}: expected a single crystal, as one of the two of an insertion pair"
    yield replace(parts[0], reason=reason)
