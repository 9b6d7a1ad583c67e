"""What `screening relax` has finished so far: one JSON line a crystal, with a checksum, which survives a kill."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self

import numpy as np
import orjson

from screening.checksums import CHECKSUM, checksum_fails, with_checksum
from screening.chemistry.elements import SYMBOLS
from screening.crystals import Crystal
from screening.crystals.sanity import digest
from screening.crystals.sites import Sites
from screening.errors import RequestError, ScreeningError
from screening.files import named_write_errors
from screening.relaxation.relaxation import Relaxed

logger = logging.getLogger(__name__)
FILE = "progress.jsonl"
_FIGURES = ("energy_eV", "start_energy_eV", "max_force_eV_per_A", "volume_change_percent")


@dataclass(frozen=True)
class Finished:
    """A result as it was kept.

    Attributes:
        digest: Of the crystal that went in.
        result: How its relaxation ended.
    """

    digest: str
    result: Relaxed


def digest_of(crystal: Crystal) -> str:
    """A hash of the atoms and the cell, which differs between two crystals with one id."""
    return f"{digest(Sites(crystal.lattice, crystal.numbers, crystal.frac)):016x}"


class Progress:
    """The file, opened to add to it as a context manager.

    A last line that a kill cut short is dropped; a damaged line is passed over, so that its crystal is relaxed again.
    Without a sound first line nobody knows the settings of the others: all begins anew.

    Args:
        folder: Where the file is.
        settings: What the results depend on; the file's first line.

    Raises:
        RequestError: The file holds results with other settings.
    """

    def __init__(self, folder: Path, settings: Mapping[str, Any]) -> None:
        self.path = folder / FILE
        self.places: dict[tuple[str, str], int] = {}
        self._header = orjson.loads(orjson.dumps({"settings": dict(settings)}))
        with named_write_errors(self.path):
            self._stream: BinaryIO = self.path.open("a+b")
        try:
            self._end = self._read()
        except RequestError:
            self._stream.close()
            raise

    def __enter__(self) -> Self:
        self._stream.truncate(self._end)
        self._stream.seek(0, 2)
        if not self._end:
            self._append(self._header)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with nullcontext() if kind is None else suppress(OSError):  # a full disk, of which the first error has said it
            self._stream.close()

    def __contains__(self, key: tuple[str, str]) -> bool:
        return key in self.places

    def add(self, finished: Finished) -> None:
        """Keep a result; it is on its way to the disk when this returns."""
        self.places[finished.result.crystal.candidate_id, finished.digest] = self._stream.tell()
        self._append(_as_row(finished))

    def results(self, keys: Mapping[str, str]) -> Iterator[Relaxed]:
        """The kept results of these crystals (id to digest), in this order; those without any are left out."""
        with self.path.open("rb") as stream:
            for key in keys.items():
                if key in self.places:
                    stream.seek(self.places[key])
                    row = _parsed(stream.readline())
                    if row is None:
                        raise ScreeningError(f"{self.path} was changed meanwhile; the same command again mends it")
                    yield _from_row(row).result

    def _append(self, row: Mapping[str, Any]) -> None:
        with named_write_errors(self.path):
            self._stream.write(orjson.dumps(with_checksum(row)) + b"\n")
            self._stream.flush()

    def _read(self) -> int:
        """Note where each result is; returns where the last whole line ends."""
        end = damaged = 0
        with self.path.open("rb") as stream:
            for line in stream:
                if not line.endswith(b"\n"):
                    break
                row = _parsed(line)
                if end == 0 and (row is None or not isinstance(row.get("settings"), dict)):
                    logger.warning("%s: its first line is damaged or of another version; all begins anew", self.path)
                    break
                if row is None:
                    damaged += 1
                elif end == 0:
                    self._check(row["settings"])
                else:
                    self.places[str(row["id"]), str(row["digest"])] = end
                end += len(line)
        if damaged:
            logger.warning("%s: %d damaged lines; their crystals are relaxed again", self.path, damaged)
        return end

    def _check(self, found: Mapping[str, Any]) -> None:
        wanted = self._header["settings"]
        other = [f"{name}={found.get(name)}" for name in wanted if found.get(name) != wanted[name]]
        if other:
            raise RequestError(
                f"output_dir={self.path.parent} holds a relaxation with {', '.join(other)}; "
                "choose another output_dir, or repeat those settings to go on with it"
            )


def _parsed(line: bytes) -> dict[str, Any] | None:
    """The object of a line; None if it is damaged."""
    try:
        row = orjson.loads(line)
    except orjson.JSONDecodeError:
        return None
    return row if isinstance(row, dict) and CHECKSUM in row and not checksum_fails(row) else None


def _as_row(finished: Finished) -> dict[str, Any]:
    result, crystal = finished.result, finished.result.crystal
    return {
        "id": crystal.candidate_id,
        "digest": finished.digest,
        "source": crystal.source,
        "lattice": crystal.lattice.tolist(),
        "species": [SYMBOLS[z] for z in crystal.numbers],
        "frac": crystal.frac.tolist(),
        "flags": crystal.flags,
        "parent_space_group": crystal.parent_space_group,
        "composition": crystal.composition,
        "converged": result.converged,
        "n_steps": result.n_steps,
        **{name: getattr(result, name) for name in _FIGURES},
        "failure": result.failure,
    }


def _from_row(row: Mapping[str, Any]) -> Finished:
    crystal = Crystal(
        row["id"],
        np.array(row["lattice"], dtype=np.float64).reshape(3, 3),
        np.array([SYMBOLS.index(symbol) for symbol in row["species"]], dtype=np.int16),
        np.array(row["frac"], dtype=np.float64).reshape(-1, 3),
        row["source"],
        tuple(row["flags"]),
        row["parent_space_group"],
        composition=tuple((z, amount) for z, amount in row.get("composition", ())),
    )
    figures = {name: float("nan") if row[name] is None else row[name] for name in _FIGURES}
    return Finished(
        row["digest"], Relaxed(crystal, row["converged"], row["n_steps"], failure=row["failure"], **figures)
    )
