"""Downloads files of a run from MLflow."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from screening.errors import ScreeningError
from screening.tracking.server import connect


def fetch_files(uri: str, run_id: str, names: Collection[str], folder: Path) -> dict[str, bytes]:
    """Read top-level artifacts of a run; names that the run lacks are skipped.

    Args:
        uri: The full address of the store.
        run_id: The run.
        names: Names of the artifacts.
        folder: A folder for temporary files.

    Returns:
        The content of each file by name.

    Raises:
        ScreeningError: If a file cannot be read.
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
        raise ScreeningError(f"cannot read the files of run {run_id} from MLflow: {why}") from None
    return found
