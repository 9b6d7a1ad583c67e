"""A predictor of given paths: what `screening barriers` asks of the class that provides one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from screening.materials.base import Description


@runtime_checkable
class PathPredictor(Protocol):
    """Describes paths of ions that a user gives."""

    @property
    def folder(self) -> Path | None:
        """The folder of its release; None if it has none."""

    def describe_paths(self, rows: Sequence[Mapping[str, Any]]) -> Description:
        """Describe B paths.

        Args:
            rows: Of each path `id, ion, lattice, species, frac, path_frac`, as they were read: anything may be wrong.

        Returns:
            Columns of length B, null in the rows that are refused.
        """
