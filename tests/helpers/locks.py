"""Locks as other jobs leave them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from screening.holders import Holder

LOCK = ".screening.lock"
GONE = 2**22 - 1
"""A number that no process has, as long as the system counts up to the usual limit."""


def held_by(lock: Path, **changes: object) -> Holder:
    """A lock of this process, or of another one."""
    holder = replace(Holder.this_process(joins=False), command="screening rank", **changes)  # type: ignore[arg-type]
    lock.parent.mkdir(parents=True, exist_ok=True)
    lock.write_bytes(holder.to_bytes())
    return holder


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*"))
