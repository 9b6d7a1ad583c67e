"""Parts of a shard on disk: Parquet files that are whole or not there, with checksums and the header of their job."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import orjson
import polars as pl

from screening.errors import RequestError
from screening.files import atomic_path

_LOG = logging.getLogger(__name__)
_KEY = b"screening"
_DAMAGED = ".damaged"
SHARDS, DONE = "shards", "done.json"


@dataclass(frozen=True)
class PartFolder:
    """The folder of one shard. header: what identifies the job (settings, models, shard); in every file of it."""

    folder: Path
    header: Mapping[str, Any]

    def tables(self) -> list[pl.DataFrame]:
        """All sound parts. A damaged one is set aside with a warning, so that its rows are computed anew.

        Raises RequestError for a part of another job.
        """
        found = []
        for path in part_files(self.folder):
            table = self._read(path)
            if table is not None:
                found.append(table)
        return found

    def append(self, table: pl.DataFrame) -> None:
        """Write one more part: on the disk, not in a cache, before it gets its name."""
        import pyarrow.parquet as pq

        # a job that was given up for lost may still be writing beside its successor: no name is used twice
        path = self.folder / f"part-{time.time_ns():020d}-{uuid4().hex[:8]}.parquet"
        arrow = table.to_arrow()
        arrow = arrow.replace_schema_metadata({**(arrow.schema.metadata or {}), _KEY: _dumps(self.header)})
        with atomic_path(path, durable=True) as part:
            pq.write_table(arrow, part, compression="zstd", write_page_checksum=True)

    def finish(self, summary: Mapping[str, Any]) -> None:
        """Say that the shard is complete."""
        with atomic_path(self.folder / DONE, durable=True) as part:
            part.write_bytes(_dumps({"header": dict(self.header), **summary}))

    def summary(self) -> dict[str, Any] | None:
        """What `finish` said; None for an unfinished shard. Raises RequestError for one of another job."""
        path = self.folder / DONE
        if not path.is_file():
            return None
        try:
            said: dict[str, Any] = orjson.loads(path.read_bytes())
        except ValueError:
            return None
        self._check(path, said.get("header"))
        return said

    def is_complete(self) -> bool:
        """Whether the shard is finished and no row of it was lost since; reads no rows.

        Raises RequestError for parts of another job.
        """
        said = self.summary()
        parts = part_files(self.folder)
        for path in parts:
            if (header := _header_of(path)) is not None:
                self._check(path, header)
        expected = sum(said.get(count, 0) for count in ("scored", "rejected", "earlier")) if said else 0
        return said is not None and sum(map(rows_of, parts)) >= expected

    def _read(self, path: Path) -> pl.DataFrame | None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        try:
            with pq.ParquetFile(path, page_checksum_verification=True) as file:
                header = orjson.loads((file.schema_arrow.metadata or {}).get(_KEY, b"null"))
                arrow = file.read()
        except (pa.ArrowInvalid, pa.ArrowException, OSError, ValueError) as error:
            path.replace(path.with_name(path.name + _DAMAGED))
            _LOG.warning("%s is damaged (%s); its rows are computed anew", path, str(error).splitlines()[0])
            return None
        self._check(path, header)
        found = pl.from_arrow(arrow)
        return found if isinstance(found, pl.DataFrame) else None

    def _check(self, path: Path, header: object) -> None:
        ours = orjson.loads(_dumps(self.header))
        if header == ours:
            return
        theirs = header if isinstance(header, dict) else {}
        changed = sorted(key for key in {*ours, *theirs} if ours.get(key) != theirs.get(key))
        raise RequestError(
            f"{path} belongs to another job (other {', '.join(changed)}); choose another output_dir, "
            f"or delete {path.parent.parent} to start anew"
        )


def part_files(folder: Path) -> list[Path]:
    """The parts of a shard, the oldest first."""
    return sorted(folder.glob("part-*.parquet"))


def rows_of(path: Path) -> int:
    """How many rows a part has, by its footer; 0 for a damaged one."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return int(pq.read_metadata(path).num_rows)
    except (pa.ArrowException, OSError):
        return 0


def _header_of(path: Path) -> object:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return orjson.loads((pq.read_schema(path).metadata or {}).get(_KEY, b"{}"))
    except (pa.ArrowException, OSError, ValueError):
        return None


def _dumps(content: Mapping[str, Any]) -> bytes:
    return orjson.dumps(dict(content), option=orjson.OPT_SORT_KEYS)
