"""Crystals kept on disk while a ranking runs, so that the best can be had back once it is known which those are."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import orjson

from screening.crystals.crystal import Crystal


class CrystalSpool:
    """A context manager. Its file has no name, so nothing is left behind however the job ends."""

    def __init__(self, folder: Path) -> None:
        self._file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 - closed on leaving the context
        self._places: dict[str, tuple[int, int]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def add(self, crystals: Iterable[Crystal]) -> None:
        """Keep crystals under their ids."""
        for crystal in crystals:
            row = to_bytes(crystal)
            self._places[crystal.candidate_id] = (self._file.seek(0, 2), len(row))
            self._file.write(row)

    def get(self, candidate_id: str) -> Crystal:
        """A kept crystal, exactly as it was. Raises KeyError for an id that was never added."""
        start, length = self._places[candidate_id]
        self._file.seek(start)
        return from_bytes(self._file.read(length))


def to_bytes(crystal: Crystal) -> bytes:
    """All of a crystal, exactly, as JSON."""
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
    )
