"""Compressed files as streams, with bounded memory; one that breaks off is an error, never a shorter file."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
from collections.abc import Callable
from typing import IO, Protocol, cast

COMPRESSIONS = (".gz", ".bz2", ".xz", ".zst")
"""Endings of compressed files."""

_MOST_MEMORY = 256 << 20
"""A file that needs more to be unpacked is refused; the highest levels of common tools need 128 MiB or less."""
_INPUT_BYTES = 1 << 10
"""Read at once: so little because one byte of Zstandard may stand for 100 kB."""


class _Decompressor(Protocol):
    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, /) -> bytes: ...


class _Unpacked(io.RawIOBase):
    """What one or more compressed streams, one after another, hold."""

    def __init__(self, stream: IO[bytes], new: Callable[[], _Decompressor], damage: type[Exception]) -> None:
        self._stream, self._new, self._damage = stream, new, damage
        self._decompressor = new()
        self._fresh, self._ready, self._ended = True, memoryview(b""), False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        view = memoryview(cast(bytearray, buffer))
        while not self._ready and not self._ended:
            self._fill()
        count = min(len(view), len(self._ready))
        view[:count], self._ready = self._ready[:count], self._ready[count:]
        return count

    def _fill(self) -> None:
        data = b""
        if self._decompressor.eof:
            data = self._decompressor.unused_data
            self._decompressor, self._fresh = self._new(), True
        data = data or self._stream.read(_INPUT_BYTES)
        if data:
            self._fresh = False
            try:
                self._ready = memoryview(self._decompressor.decompress(data))
            except self._damage as error:
                raise OSError(str(error)) from None
        elif self._fresh:
            self._ended = True
        else:
            raise EOFError("Compressed file ended before the end-of-stream marker was reached")


def decompressed(stream: IO[bytes], ending: str) -> IO[bytes]:
    """The content of a compressed stream.

    Args:
        stream: The compressed stream.
        ending: One of `COMPRESSIONS`, or empty for a file that is not compressed.
    """
    if ending == ".gz":
        return cast(IO[bytes], gzip.GzipFile(fileobj=stream))
    if ending == ".bz2":
        return bz2.BZ2File(stream)
    if ending == ".xz":
        unpacked = _Unpacked(stream, lambda: lzma.LZMADecompressor(memlimit=_MOST_MEMORY), lzma.LZMAError)
        return io.BufferedReader(unpacked)
    if ending == ".zst":
        import zstandard

        new = zstandard.ZstdDecompressor(max_window_size=_MOST_MEMORY).decompressobj
        return io.BufferedReader(_Unpacked(stream, new, zstandard.ZstdError))
    return stream
