"""Crystals stored while a job runs, so that those wanted later need not be read again."""

from __future__ import annotations

import tempfile
import weakref
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

import orjson

from screening.crystals.crystal import Crystal
from screening.files import named_write_errors

_IN_MEMORY_BYTES = 1 << 26


class CrystalSpool:
    """Crystals by id, up to 64 MiB in memory, beyond that in a file.

    The file has no name and disappears with the spool, however the job ends.
    """

    def __init__(self, folder: Path | None = None) -> None:
        """Start an empty spool.

        Args:
            folder: Where to make the file, if one is needed; None: the system's folder for temporary files.
        """
        self._file = tempfile.SpooledTemporaryFile(_IN_MEMORY_BYTES, dir=None if folder is None else str(folder))  # noqa: SIM115
        self._folder = Path(tempfile.gettempdir()) if folder is None else folder
        weakref.finalize(self, _close, self._file)
        self._places: dict[str, tuple[int, int]] = {}

    def add(self, crystals: Iterable[Crystal]) -> None:
        """Store crystals by their ids."""
        for crystal in crystals:
            row = to_bytes(crystal)
            with named_write_errors(self._folder / "a temporary file of the crystals"):
                self._places[crystal.candidate_id] = (self._file.seek(0, 2), len(row))
                self._file.write(row)

    def get(self, candidate_id: str) -> Crystal:
        """A stored crystal, exactly as it was.

        Raises:
            KeyError: There is no crystal with this id.
        """
        start, length = self._places[candidate_id]
        self._file.seek(start)
        return from_bytes(self._file.read(length))


def _close(file: IO[bytes]) -> None:
    with suppress(OSError):  # what a full disk did not take is not wanted any more
        file.close()


def to_bytes(crystal: Crystal) -> bytes:
    """A crystal as JSON, without any loss."""
    return orjson.dumps(_row(crystal), option=orjson.OPT_SERIALIZE_NUMPY)


def from_bytes(data: bytes) -> Crystal:
    """What `to_bytes` wrote."""
    return _crystal(orjson.loads(data))


def _row(crystal: Crystal) -> dict[str, Any]:
    return {
        "candidate_id": crystal.candidate_id,
        "lattice": crystal.lattice,
        "numbers": crystal.numbers,
        "frac": crystal.frac.ravel(),
        "source": crystal.source,
        "flags": crystal.flags,
        "parent_space_group": crystal.parent_space_group,
        "charged": None if crystal.charged is None else _row(crystal.charged),
        "composition": crystal.composition,
        "weight": crystal.weight,
        "parent_axis": crystal.parent_axis,
        "approximants": [_row(other) for other in crystal.approximants],
    }


def _crystal(row: dict[str, Any]) -> Crystal:
    arrays = Crystal.from_arrays(row["candidate_id"], row["lattice"], row["numbers"], row["frac"])
    charged = row["charged"]
    return Crystal(
        arrays.candidate_id,
        arrays.lattice,
        arrays.numbers,
        arrays.frac,
        row["source"],
        tuple(row["flags"]),
        row["parent_space_group"],
        None if charged is None else _crystal(charged),
        tuple((z, amount) for z, amount in row["composition"]),
        row["weight"],
        tuple(_crystal(other) for other in row["approximants"]),
        tuple(row["parent_axis"]),
    )
