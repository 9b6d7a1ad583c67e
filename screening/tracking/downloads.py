"""Files that a run holds in MLflow, brought to this machine."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from screening.errors import ScreeningError
from screening.tracking.server import connect


def fetch_files(uri: str, run_id: str, names: Collection[str], folder: Path) -> dict[str, bytes]:
    """The content of those of the named artifacts, at the top of a run's artifacts, that it has.

    uri: the store in full. folder: for temporary files. Raises ScreeningError if one is listed and cannot be read.
    """
    client = connect(uri)
    from mlflow.exceptions import MlflowException

    found: dict[str, bytes] = {}
    try:
        listed = {item.path for item in client.list_artifacts(run_id) if not item.is_dir}
        for name in names:
            if name in listed:
                found[name] = Path(client.download_artifacts(run_id, name, str(folder))).read_bytes()
    except (MlflowException, OSError) as error:
        why = (str(error) or type(error).__name__).splitlines()[0]
        raise ScreeningError(f"the files of run {run_id} cannot be read from MLflow: {why}") from None
    return found
