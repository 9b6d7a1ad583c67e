"""Files that a run holds in MLflow, brought to this machine."""

from __future__ import annotations

from pathlib import Path

from screening.errors import ScreeningError
from screening.tracking.server import connect


def fetch_files(uri: str, run_id: str, suffix: str, folder: Path) -> dict[str, bytes]:
    """The content by name of the files at the top of a run's artifacts whose names end in `suffix`.

    uri: the store in full. folder: for temporary files. Raises ScreeningError if one cannot be read.
    """
    client = connect(uri)
    from mlflow.exceptions import MlflowException

    found: dict[str, bytes] = {}
    try:
        for item in client.list_artifacts(run_id):
            if not item.is_dir and item.path.endswith(suffix):
                found[item.path] = Path(client.download_artifacts(run_id, item.path, str(folder))).read_bytes()
    except (MlflowException, OSError) as error:
        why = (str(error) or type(error).__name__).splitlines()[0]
        raise ScreeningError(f"the files of run {run_id} cannot be read from MLflow: {why}") from None
    return found
