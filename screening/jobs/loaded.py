"""Loaded models kept for the next job: what is the same on disk is not loaded again."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from pathlib import Path
from typing import Any, TypeVar, cast

Model = TypeVar("Model")
Files = tuple[tuple[str, int, int], ...]


class LoadedModels:
    """Networks, learned predictors and potentials, each loaded once until its files change.

    Not for several threads at a time: models keep count of their working time.
    """

    def __init__(self) -> None:
        self._kept: dict[Hashable, tuple[Any, Path | None, Files]] = {}

    def clear(self) -> None:
        """Forget all models; their memory is free once no outcome holds them."""
        self._kept.clear()

    def get(self, key: Hashable, load: Callable[[], Model], files_of: Callable[[Model], Path | None]) -> Model:
        """Give the model of a key.

        Args:
            key: All that decides what is loaded, but for the content of its files.
            load: Loads it.
            files_of: Where it was loaded from: a folder, a file, or None if it depends on no files.

        Returns:
            The model that is kept, or a new one if there is none or its files have changed.
        """
        if key in self._kept:
            model, place, files = self._kept[key]
            if file_states(place) == files:
                return cast(Model, model)
        loaded = load()
        place = files_of(loaded)
        self._kept[key] = loaded, place, file_states(place)
        return loaded


def file_states(place: Path | None) -> Files:
    """Name, size and time of each file, which change with the content unless somebody hides it."""
    if place is None:
        return ()
    found = sorted(place.rglob("*")) if place.is_dir() else [place]
    stats = ((path, path.stat()) for path in found if path.is_file())
    return tuple((str(path), stat.st_size, stat.st_mtime_ns) for path, stat in stats)
