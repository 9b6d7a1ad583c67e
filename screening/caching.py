"""Results kept in files for the next time: found by a hash of all that they hang on, and checked when they are read."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from safetensors import SafetensorError

from screening.checksums import file_sha256
from screening.errors import ScreeningError
from screening.files import ABANDONED_S, named_write_errors, part_path, remove_leftovers

logger = logging.getLogger(__name__)
Kept = TypeVar("Kept")

_DIGITS = 16


def kept(
    folder: Path,
    key: str,
    load: Callable[[Path], Kept],
    make: Callable[[], Kept],
    save: Callable[[Kept, Path], object],
) -> Kept:
    """Give what an earlier call has left in a folder, or make and leave it there.

    A file is named `KEY-CHECKSUM.safetensors`, with a checksum of its content. A damaged one is removed with a warning
    and made again; a folder that cannot be written to only costs time. Several processes may do this at once.

    Args:
        folder: Of the files; made if it is not there.
        key: A hash of all that decides the result: data, settings, models, code.
        load: Reads a file.
        make: Gives the result.
        save: Writes it to a file.
    """
    for file in sorted(folder.glob(f"{key}-*.safetensors")):
        try:
            if file.stem == f"{key}-{file_sha256(file)[:_DIGITS]}":
                return load(file)
            logger.warning("%s is damaged; its content is worked out again", file)
            file.unlink()
        except OSError as error:
            logger.warning("%s cannot be read (%s); its content is worked out again", file, error.strerror)
    made = make()
    part = part_path(folder / f"{key}.safetensors")
    try:
        with named_write_errors(folder, part):
            remove_leftovers(folder, older_than_s=ABANDONED_S)
            folder.mkdir(parents=True, exist_ok=True)
            save(made, part)
            part.replace(folder / f"{key}-{file_sha256(part)[:_DIGITS]}.safetensors")
    except (ScreeningError, OSError, SafetensorError) as error:
        logger.warning("%s: a result cannot be kept for the next time (%s)", folder, error)
    finally:
        with suppress(OSError):
            part.unlink()
    return made
