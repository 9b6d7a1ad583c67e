"""The inputs in one shard of a source, with all that is needed to join the shards again.

An input's shard depends only on its bytes, so it stays the same if files are added or listed in another order. Every
shard walks over the whole source, which is cheap, and decodes only its own inputs.
"""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import orjson

from screening.crystals.crystal import Crystal, Rejection
from screening.crystals.read_settings import ReadSettings
from screening.crystals.reading.dispatch import examine_all
from screening.crystals.reading.identity import printable
from screening.crystals.reading.inputs import find_source, walk
from screening.crystals.reading.parts import Outcome, Part
from screening.crystals.reading.reader import as_crystal
from screening.crystals.sites import Sites

_WORD = 1 << 64


@dataclass(frozen=True)
class Shard:
    """Shard `index` of `count`, from 0."""

    index: int = 0
    count: int = 1

    def holds(self, content: int) -> bool:
        """Whether an input with this content digest belongs to the shard."""
        return content % self.count == self.index


@dataclass
class Survey:
    """What a walk over a source has found so far.

    Attributes:
        total: Number of inputs.
        fingerprint: Sum of all content digests, which does not depend on the order.
    """

    total: int = 0
    fingerprint: int = 0


@dataclass(frozen=True)
class Entry:
    """One input.

    Attributes:
        position: Its place in the stream.
        content: Digest of its bytes.
        wanted_id: Its id, if no other input has the same.
        crystal_digest: Digest of the crystal; None if it was refused.
        item: The crystal or refusal, with the position as its id.
    """

    position: int
    content: int
    wanted_id: str
    crystal_digest: int | None
    item: Crystal | Rejection


def read_entries(
    source: str | Path, settings: ReadSettings, shard: Shard, is_done: Callable[[int, int], bool], survey: Survey
) -> Iterator[Entry]:
    """The inputs of a shard, in the order of the stream.

    Args:
        source: As in `read_crystals`.
        settings: As in `read_crystals`.
        shard: Which inputs to read.
        is_done: Whether to skip an input, from its position and content digest.
        survey: Filled during the walk; complete when the stream has ended.

    Raises:
        RequestError: As in `read_crystals`.
    """
    numbers: deque[tuple[int, int]] = deque()

    def ours() -> Iterator[Part]:
        for part in walk(find_source(source), settings):
            position, content = survey.total, content_digest(part)
            survey.total += 1
            survey.fingerprint = (survey.fingerprint + content) % _WORD
            if shard.holds(content) and not is_done(position, content):
                numbers.append((position, content))
                yield part

    for part, outcome in examine_all(ours(), settings):  # in the order of the parts
        yield _entry(*numbers.popleft(), part, outcome)


def content_digest(part: Part) -> int:
    """64-bit digest of an input's bytes and those of its charged crystal; of a refused input, that of its source."""
    digest = hashlib.blake2b(digest_size=8)
    for each in filter(None, (part, part.charged)):
        digest.update(_content(each))
    return int.from_bytes(digest.digest(), "big")


def _content(part: Part) -> bytes:
    if part.reason:
        return part.source.encode("utf-8", "surrogateescape")
    if isinstance(part.data, bytes):
        return part.data
    if isinstance(part.data, Sites):
        return b"".join(array.tobytes() for array in (part.data.lattice, part.data.numbers, part.data.frac))
    return orjson.dumps(part.data, default=str, option=orjson.OPT_NON_STR_KEYS | orjson.OPT_SORT_KEYS)


def _entry(position: int, content: int, part: Part, outcome: Outcome) -> Entry:
    key, source, wanted = str(position), printable(part.source), part.own_id or outcome.own_id or part.stem
    if outcome.sites is None:
        refused = Rejection(key, source, outcome.stage, printable(outcome.reason))
        return Entry(position, content, wanted, None, refused)
    return Entry(position, content, wanted, outcome.digest, as_crystal(outcome.sites, key, source, outcome.flags))
