"""Reviews in MLflow as a ranking and its reviewers leave them, made with MLflow's own client."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from screening.tracking.address import TrackingSettings

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from pymatgen.core import Structure


def rock_salt(cation: str = "Fe", anion: str = "O", a_A: float = 4.3) -> Structure:
    """The conventional cell, eight atoms."""
    from pymatgen.core import Lattice, Structure

    return Structure.from_spacegroup("Fm-3m", Lattice.cubic(a_A), [cation, anion], [[0, 0, 0], [0.5, 0.5, 0.5]])


def cif_of(structure: Structure) -> bytes:
    """As a finalist's folder holds it: P1, exact."""
    from pymatgen.io.cif import CifWriter

    return str(CifWriter(structure, significant_figures=17)).encode()


@cache
def _empty_database() -> bytes:
    """Making the tables takes seconds, copying them does not."""
    from screening.tracking.server import connect

    with tempfile.TemporaryDirectory() as folder:
        database = Path(folder) / "mlflow.db"
        connect(f"sqlite:///{database}")
        return database.read_bytes()


def review_store(folder: Path) -> ReviewStore:
    """A new store in this folder."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "mlflow.db").write_bytes(_empty_database())
    return ReviewStore(folder)


@dataclass(frozen=True)
class ReviewStore:
    """An MLflow store: the database in a folder, or the server at an address."""

    folder: Path
    uri: str = ""

    @property
    def settings(self) -> TrackingSettings:
        return TrackingSettings(self.uri or f"sqlite:///{self.folder / 'mlflow.db'}")

    @cached_property
    def client(self) -> MlflowClient:
        from screening.tracking.server import connect

        return connect(self.settings.uri)

    @cached_property
    def experiment(self) -> str:
        from screening.tracking.server import experiment_id

        return experiment_id(self.client, self.settings.uri, "screening")

    def ranking(self, **tags: str) -> str:
        """A parent run; its id."""
        about = {"task": "magnets", **tags}
        return str(self.client.create_run(self.experiment, run_name="magnets: set", tags=about).info.run_id)

    def finalist(
        self,
        parent: str,
        candidate_id: str = "c1",
        formula: str = "FeO",
        *,
        rank: int | None = 1,
        metrics: Mapping[str, float] | None = None,
        files: Mapping[str, bytes] | None = None,
        **review: str,
    ) -> str:
        """A child run as a ranking logs it; review: `decision`, `comment`, `by`; its id."""
        from mlflow.entities import Metric

        client = self.client
        tags: dict[str, Any] = {"mlflow.parentRunId": parent, "candidate_id": candidate_id, "formula": formula}
        tags |= {} if rank is None else {"rank": str(rank)}
        tags |= {f"review.{name}": text for name, text in ({"decision": "open"} | review).items()}
        run = client.create_run(self.experiment, run_name=f"{formula} {candidate_id}"[:500], tags=tags)
        run_id = str(run.info.run_id)
        if metrics:
            client.log_batch(run_id, [Metric(name, value, 0, 0) for name, value in metrics.items()])
        with tempfile.TemporaryDirectory() as folder:
            for name, content in (files or {}).items():
                (Path(folder) / name).write_bytes(content)
                client.log_artifact(run_id, str(Path(folder) / name))
        return run_id
