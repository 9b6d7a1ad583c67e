"""What a session offers for paths of ions; the rest is in `screening.api.session`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from screening.api.requests import IN_MEMORY, Requests, values_of
from screening.jobs.loaded import LoadedModels

if TYPE_CHECKING:
    from collections.abc import Mapping

    from screening.jobs.barriers import Barriers
    from screening.jobs.path_rows import Paths


class PathSession:
    """Keeps the models and the composed settings of a session."""

    def __init__(self) -> None:
        self._models, self._requests = LoadedModels(), Requests()

    def barriers(
        self, paths: Paths, output: str | Path | None = None, *, barrier: str | None = None,
        device: Literal["auto", "cpu", "cuda"] = "auto", seed: int = 0,
        settings: Mapping[str, Any] | None = None, **keys: Any,
    ) -> Barriers:  # fmt: skip
        """Predict the migration barriers of ions along given paths, with 80 % intervals.

        Args:
            paths: A file of rows, or rows: `id, ion, lattice, species, frac, path_frac` (the frame without the moving
                ion, and five points of the ion from site to site).
            output: The Parquet table to write, refusals beside it; None writes nothing.
            barrier: Released name or folder; None: the released one.
            device: Where networks run; `auto`: a GPU if there is one.
            seed: Of everything random.
            settings: Further keys of `screening barriers --help`, by dotted name.
            **keys: The same.

        Returns:
            The table, which shows itself in a notebook.

        Raises:
            RequestError: A key is wrong, a file is missing, or no path can be used.
        """
        from screening.configuration.barriers import BarriersConfig
        from screening.jobs.barriers import barriers_in_memory, barriers_to_file

        given = {name: value for name, value in values_of(PathSession.barriers, locals()).items() if name != "paths"}
        values = {"paths": str(paths) if isinstance(paths, str | Path) else IN_MEMORY, "output": ".parquet", **given}
        if output is None:
            return barriers_in_memory(self._requests.config(BarriersConfig, values), paths, self._models)
        config = self._requests.config(BarriersConfig, values | {"output": str(output)})
        return barriers_to_file(config, paths, self._models)
