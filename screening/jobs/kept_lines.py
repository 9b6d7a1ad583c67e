"""Answers that a job keeps as they come, so that the same job does not work them out again after a kill."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO, Self

import orjson

from screening.checksums import CHECKSUM, checksum_fails, with_checksum
from screening.files import named_write_errors

logger = logging.getLogger(__name__)


class KeptLines:
    """A file of JSON lines with a checksum each, opened to add to it as a context manager.

    Damaged lines, and a last one that a kill cut short, are passed over.

    Args:
        path: The file; None keeps the answers in memory only.
    """

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self._answers: dict[str, dict[str, Any]] = {}
        self._stream: BinaryIO | None = None

    def __enter__(self) -> Self:
        if self.path is not None:
            with named_write_errors(self.path):
                self.path.parent.mkdir(parents=True, exist_ok=True)
                self._stream = self.path.open("a+b")
                self._read(self._stream)
        return self

    def __exit__(self, *_: object) -> None:
        if self._stream is not None:
            self._stream.close()

    def __contains__(self, key: str) -> bool:
        return key in self._answers

    def __len__(self) -> int:
        return len(self._answers)

    def __getitem__(self, key: str) -> Mapping[str, Any]:
        return self._answers[key]

    def add(self, key: str, answer: Mapping[str, Any]) -> None:
        """Keep an answer; it is on its way to the disk when this returns."""
        self._answers[key] = dict(answer)
        if self._stream is not None and self.path is not None:
            with named_write_errors(self.path):
                self._stream.write(orjson.dumps(with_checksum({"key": key, "answer": dict(answer)})) + b"\n")
                self._stream.flush()

    def _read(self, stream: BinaryIO) -> None:
        stream.seek(0)
        end = damaged = 0
        for line in stream:
            if not line.endswith(b"\n"):
                break
            end += len(line)
            try:
                row = orjson.loads(line)
                sound = isinstance(row, dict) and CHECKSUM in row and not checksum_fails(row)
            except orjson.JSONDecodeError:
                sound = False
            if sound:
                self._answers[row["key"]] = row["answer"]
            damaged += not sound
        stream.truncate(end)
        if damaged:
            logger.warning("%s: %d damaged lines; these are worked out again", self.path, damaged)
