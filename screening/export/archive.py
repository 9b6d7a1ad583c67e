"""A finished export: its checksums, its archive, and how it replaces an earlier one."""

from __future__ import annotations

import hashlib
import shutil
import zipfile
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from screening.errors import RequestError
from screening.files import atomic_path, is_inside

CHECKSUMS = "SHA256SUMS"
ARCHIVE = "approved.zip"
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest time in a zip file; the true time would change the bytes
_MODE = 0o100644 << 16


def write_checksums(folder: Path) -> None:
    """Write `SHA256SUMS` of all files in the folder, for `sha256sum -c`."""
    lines = [f"{_digest(folder / name)}  {name}\n" for name in _files(folder)]
    (folder / CHECKSUMS).write_text("".join(lines), encoding="utf-8")


def write_archive(folder: Path, archive: Path) -> None:
    """Pack all files of the folder under the archive's name; the same files make the same bytes."""
    with atomic_path(archive) as part, zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as packed:
        for name in _files(folder):
            entry = zipfile.ZipInfo(f"{archive.stem}/{name}", _EPOCH)
            entry.external_attr, entry.compress_type = _MODE, zipfile.ZIP_DEFLATED
            packed.writestr(entry, (folder / name).read_bytes())


def earlier_files(folder: Path) -> list[str]:
    """Files of an earlier export in the folder, as its checksums say.

    Raises:
        RequestError: A file was changed since, or there is an archive without checksums.
    """
    if not (folder / CHECKSUMS).is_file():
        if (folder / ARCHIVE).exists():
            raise RequestError(f"output_dir={folder}: found {ARCHIVE} without {CHECKSUMS}; choose another folder")
        return []
    known: dict[str, str] = {}
    for line in (folder / CHECKSUMS).read_text(encoding="utf-8", errors="replace").splitlines():
        digest, _, name = line.partition("  ")
        if _is_inside(name):
            known[name] = digest
    present = [name for name in known if (folder / name).is_file() and is_inside((folder / name).parent, folder)]
    for name in present:
        if _digest(folder / name) != known[name]:
            raise RequestError(
                f"output_dir={folder}: {name} was changed since it was exported; move it away or choose another folder"
            )
    return [*present, CHECKSUMS]


def put_in_place(built: Path, folder: Path, earlier: Iterable[str]) -> None:
    """Move a new export into the folder, in place of the earlier one; other files there stay as they are.

    Args:
        built: The folder with the new export.
        folder: Where to move it.
        earlier: Files of the earlier export, from `earlier_files`.

    Raises:
        RequestError: A file from elsewhere has the name of a new one; nothing is changed then.
    """
    own, new = set(earlier), _files(built)
    for name in new:
        target = folder / name
        if not is_inside(target.parent, folder):
            raise RequestError(f"{target.parent}: a link out of output_dir={folder}; choose another folder")
        if name not in own and target.exists() and not _same(built / name, target):
            raise RequestError(f"output_dir={folder}: {name} exists and is not from an export; choose another folder")
    for name in own:
        (folder / name).unlink(missing_ok=True)
    for parent in sorted({folder / parent for name in own for parent in PurePosixPath(name).parents}, reverse=True):
        if parent != folder and parent.is_dir() and not any(parent.iterdir()):
            parent.rmdir()
    for name in new:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.move(built / name, folder / name)


def _files(folder: Path) -> list[str]:
    """Relative names with forward slashes, sorted."""
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def _digest(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _same(one: Path, other: Path) -> bool:
    return other.is_file() and _digest(one) == _digest(other)


def _is_inside(name: str) -> bool:
    path = PurePosixPath(name)
    return bool(name) and not path.is_absolute() and ".." not in path.parts
