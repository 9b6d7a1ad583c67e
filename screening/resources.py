"""Where the files that travel with the package lie: configs, datasets and released models."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

Kind = Literal["configs", "datasets", "models"]

_PACKAGE = Path(__file__).resolve().parent


def resource(kind: Kind) -> Path:
    """The folder of this kind: inside the installed wheel if it was built in there, else in the checkout."""
    bundled = _PACKAGE / "_bundled" / kind
    return bundled if bundled.is_dir() else _PACKAGE.parent / kind
