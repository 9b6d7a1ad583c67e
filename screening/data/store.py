"""The on-disk store of labelled crystals: memory-mapped arrays, a Parquet index, a content hash.

A store is a folder:

    index.parquet    a row per crystal: crystal_id, chemical_system, n_atoms, label columns with units (null = none)
    lattice.npy      (B, 3, 3) float64, row vectors in Å
    offsets.npy      (B + 1,) int64, atoms of crystal b are rows offsets[b]:offsets[b + 1] of the next three
    numbers.npy      (N,) int16 atomic numbers
    frac.npy         (N, 3) float64 fractional coordinates
    site_moment.npy  (N,) float32 absolute site moments in µB (NaN = no label)
    meta.json        format version, counts, sources, sha256 over the files above, a checksum of its own
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from screening.checksums import SHOWN, checksum_fails, with_checksum
from screening.crystals.crystal import Crystal
from screening.crystals.packed import PackedCrystals, pack
from screening.data.targets import SITE_MOMENT, TARGETS
from screening.errors import RequestError
from screening.files import atomic_folder

FORMAT = 1
_ARRAYS = ("lattice", "offsets", "numbers", "frac", "site_moment")
_FILES = (*(f"{name}.npy" for name in _ARRAYS), "index.parquet")


@dataclass(frozen=True)
class LabelledCrystal:
    """A crystal with its labels.

    Attributes:
        crystal: The crystal.
        labels: Values by column, as in `screening.data.targets`.
        site_moment_muB: (n_atoms,) moments, NaN if missing; None if there are none.
    """

    crystal: Crystal
    labels: dict[str, float] = field(default_factory=dict)
    site_moment_muB: NDArray[np.float32] | None = None


@dataclass(frozen=True)
class Store:
    """An open store of B crystals with N atoms; arrays are memory-mapped.

    Attributes:
        path: Its folder.
        meta: The content of meta.json.
        index: The table in index.parquet.
        crystals: The crystals.
        site_moment_muB: (N,) absolute site moments, NaN if missing.
    """

    path: Path
    meta: dict[str, Any]
    index: pl.DataFrame
    crystals: PackedCrystals
    site_moment_muB: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.crystals)

    @property
    def content_hash(self) -> str:
        """SHA-256 of all arrays and the index; identifies the data in run records and model cards."""
        return str(self.meta["sha256"])

    def labels(self, columns: Sequence[str]) -> NDArray[np.float32]:
        """(B, T) labels in the units of the column names, NaN if missing.

        Raises:
            RequestError: If the store lacks a column.
        """
        missing = [column for column in columns if column not in self.index.columns]
        if missing:
            raise RequestError(f"{self.path}: no label column {missing[0]!r}; found {label_columns(self.index)}")
        columns_f32 = [self.index[c].cast(pl.Float32).fill_null(float("nan")).to_numpy() for c in columns]
        return np.stack(columns_f32, axis=1)

    def crystal(self, row: int) -> Crystal:
        """The crystal in a row."""
        atoms = self.crystals.atoms(row)
        return Crystal.from_arrays(
            self.index["crystal_id"][row],
            self.crystals.lattice[row],
            self.crystals.numbers[atoms],
            self.crystals.frac[atoms],
            source=f"{self.path.name}#{row}",
        )


def label_columns(index: pl.DataFrame) -> list[str]:
    """The label columns that an index has, in the order of `TARGETS`."""
    return [column for column in TARGETS if column in index.columns]


def write_store(path: Path, rows: Iterable[LabelledCrystal], sources: Sequence[str]) -> Store:
    """Write a store and open it. The folder gets its name only once it is complete.

    Args:
        path: The folder; an existing store is replaced.
        rows: The crystals.
        sources: Where they come from, for meta.json.

    Raises:
        RequestError: If the folder cannot be created or is not a store, or if there are no rows.
    """
    if path.exists() and not (path / "meta.json").is_file():
        raise RequestError(f"output: {path} exists and is not a data store; choose another folder")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RequestError(f"output: {path}: cannot create this folder ({error.strerror})") from None
    with atomic_folder(path) as part:
        _write_files(part, rows, sources)
    return open_store(path)


def _write_files(part: Path, rows: Iterable[LabelledCrystal], sources: Sequence[str]) -> None:
    crystals: list[Crystal] = []
    labels: list[dict[str, float]] = []
    moments: list[NDArray[np.float32]] = []
    for row in rows:
        crystals.append(row.crystal)
        labels.append(row.labels)
        none = np.full(row.crystal.n_atoms, np.nan, dtype=np.float32)
        moments.append(none if row.site_moment_muB is None else np.abs(row.site_moment_muB).astype(np.float32))
    if not crystals:
        raise RequestError("the source has no labelled crystal")
    packed = pack(crystals)
    arrays: dict[str, NDArray[Any]] = {
        "lattice": packed.lattice,
        "offsets": packed.offsets,
        "numbers": packed.numbers,
        "frac": packed.frac,
        "site_moment": np.concatenate(moments),
    }
    for name in _ARRAYS:
        np.save(part / f"{name}.npy", arrays[name], allow_pickle=False)
    _index_table(crystals, labels).write_parquet(part / "index.parquet")
    meta = {
        "format": FORMAT,
        "crystals": len(crystals),
        "atoms": int(packed.offsets[-1]),
        "labels": {c: sum(c in row for row in labels) for c in TARGETS if any(c in row for row in labels)},
        SITE_MOMENT: int(np.isfinite(arrays["site_moment"]).sum()),
        "sources": list(sources),
        "sha256": _content_hash(part),
    }
    (part / "meta.json").write_text(
        json.dumps(with_checksum(meta), indent=2, ensure_ascii=False) + "\n", encoding="utf-8"
    )


def open_store(path: Path) -> Store:
    """Open a store, once its content has the hash that it was written with.

    Raises:
        RequestError: If the folder is not a store, is damaged, was changed or has another format.
    """
    meta_file = path / "meta.json"
    if not meta_file.is_file():
        raise RequestError(f"data.path: {path} is not a data store (no meta.json); create one with `screening import`")
    try:
        meta = json.loads(meta_file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise RequestError(f"data.path: {meta_file} is not valid JSON ({error})") from None
    if meta.get("format") != FORMAT:
        raise RequestError(f"data.path: {path} has store format {meta.get('format')}, expected {FORMAT}; import again")
    if checksum_fails(meta):
        raise RequestError(f"data.path: {meta_file} was changed or damaged since it was written; import again")
    try:
        found = _checked_hash(path, tuple((path / name).stat().st_mtime_ns for name in _FILES))
        if found != meta.get("sha256"):
            raise ValueError(f"SHA-256 {found[:SHOWN]}... instead of {str(meta.get('sha256'))[:SHOWN]}...")
        arrays = {name: np.load(path / f"{name}.npy", mmap_mode="r", allow_pickle=False) for name in _ARRAYS}
        index = pl.read_parquet(path / "index.parquet", glob=False)
    except (OSError, ValueError, pl.exceptions.PolarsError) as error:
        raise RequestError(f"data.path: {path} is damaged or was changed ({error}); import again") from None
    packed = PackedCrystals(arrays["lattice"], arrays["numbers"], arrays["frac"], np.asarray(arrays["offsets"]))
    return Store(path, meta, index, packed, arrays["site_moment"])


def _index_table(crystals: Sequence[Crystal], labels: Sequence[dict[str, float]]) -> pl.DataFrame:
    table: dict[str, Any] = {
        "crystal_id": [c.candidate_id for c in crystals],
        "formula": [c.formula for c in crystals],
        "chemical_system": [c.chemical_system for c in crystals],
        "n_atoms": [c.n_atoms for c in crystals],
    }
    for column in TARGETS:
        values = [row.get(column) for row in labels]
        if any(value is not None for value in values):
            table[column] = pl.Series(values, dtype=pl.Float64)
    return pl.DataFrame(table)


def _content_hash(folder: Path) -> str:
    digest = hashlib.sha256()
    for name in _FILES:
        with (folder / name).open("rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()


@lru_cache(maxsize=16)
def _checked_hash(folder: Path, _written_ns: tuple[int, ...]) -> str:
    """The same; a training opens its store several times, which need not read it each time."""
    return _content_hash(folder)
