"""Parts of a shard on disk: Parquet files written atomically, with checksums and the header of their job."""

from __future__ import annotations

import hashlib
import logging
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import orjson
import polars as pl

from screening.checksums import CHECKSUM, checksum_fails, file_sha256, with_checksum
from screening.errors import RequestError
from screening.files import atomic_path

_LOG = logging.getLogger(__name__)
_KEY = b"screening"
_DAMAGED = ".damaged"
_NAME = re.compile(r"part-\d+-([0-9a-f]{16})\.parquet")
SHARDS, DONE = "shards", "done.json"
PARTS = f"{SHARDS}/*"
"""Pattern of the folders of shards in an output folder."""


@dataclass(frozen=True)
class PartFolder:
    """The folder of a shard.

    Attributes:
        folder: Its path.
        header: What identifies the job (settings, models, shard); written into every file.
    """

    folder: Path
    header: Mapping[str, Any]

    def tables(self) -> list[pl.DataFrame]:
        """Read all valid parts. A damaged one is renamed with a warning, so that its rows are computed again.

        Raises:
            RequestError: If a part is from another job.
        """
        found = []
        for path in part_files(self.folder):
            table = self._read(path)
            if table is not None:
                found.append(table)
        return found

    def append(self, table: pl.DataFrame) -> None:
        """Write another part. It gets its name only once its content is safely on disk."""
        import pyarrow.parquet as pq

        arrow = table.to_arrow()
        arrow = arrow.replace_schema_metadata({**(arrow.schema.metadata or {}), _KEY: _dumps(self.header)})
        content = BytesIO()
        pq.write_table(arrow, content, compression="zstd")
        # A job that was believed dead may still be writing alongside its successor: names repeat only with the content.
        # The checksum covers what Parquet's own ones leave out, such as the names of columns.
        checksum = hashlib.sha256(content.getbuffer()).hexdigest()[:16]
        path = self.folder / f"part-{time.time_ns():020d}-{checksum}.parquet"
        with atomic_path(path, durable=True) as part:
            part.write_bytes(content.getbuffer())

    def finish(self, summary: Mapping[str, Any]) -> None:
        """Mark the shard as complete."""
        with atomic_path(self.folder / DONE, durable=True) as part:
            part.write_bytes(_dumps(with_checksum({"header": dict(self.header), **summary})))

    def summary(self) -> dict[str, Any] | None:
        """The summary that `finish` wrote; None for an unfinished shard, and for one whose summary is damaged.

        Raises:
            RequestError: If the shard is from another job.
        """
        path = self.folder / DONE
        if not path.is_file():
            return None
        try:
            summary: dict[str, Any] = orjson.loads(path.read_bytes())
            if CHECKSUM not in summary or checksum_fails(summary):
                raise ValueError("its checksum is another")
        except (ValueError, TypeError):
            return None
        self._check(path, summary.get("header"))
        return summary

    def is_complete(self) -> bool:
        """Whether the shard is finished and has all its rows, judged by the file headers alone.

        Raises:
            RequestError: If a part is from another job.
        """
        summary = self.summary()
        parts = part_files(self.folder)
        for path in parts:
            if (header := _header_of(path)) is not None:
                self._check(path, header)
        expected = sum(summary.get(count, 0) for count in ("scored", "rejected", "earlier")) if summary else 0
        return summary is not None and sum(map(rows_of, parts)) >= expected

    def _read(self, path: Path) -> pl.DataFrame | None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        try:
            name = _NAME.fullmatch(path.name)
            if name is None or not file_sha256(path).startswith(name[1]):
                raise ValueError("its checksum differs from the one in its name")
            with pq.ParquetFile(path) as file:
                header = orjson.loads((file.schema_arrow.metadata or {}).get(_KEY, b"null"))
                arrow = file.read()
        except (pa.ArrowInvalid, pa.ArrowException, OSError, ValueError) as error:
            path.replace(path.with_name(path.name + _DAMAGED))
            _LOG.warning("%s is damaged (%s); computing its rows again", path, str(error).splitlines()[0])
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
            f"{path} belongs to another job (different {', '.join(changed)}); choose another output_dir, "
            f"or delete {path.parent.parent} to start again"
        )


def part_files(folder: Path) -> list[Path]:
    """The parts of a shard, oldest first."""
    return sorted(folder.glob("part-*.parquet"))


def rows_of(path: Path) -> int:
    """Number of rows in a part, from its footer; 0 if it is damaged."""
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
