"""Keys of `screening import`."""

from __future__ import annotations

from typing import ClassVar

from screening import plugins
from screening.configuration.base import CommandConfig
from screening.settings import setting, settings_class


def _kinds() -> dict[str, str]:
    """The importers there are, each with its sentence."""
    return {kind: plugins.summary(plugins.IMPORTERS, kind).rstrip(".") for kind in plugins.names(plugins.IMPORTERS)}


@settings_class
class ImportConfig(CommandConfig):
    """Turn labelled crystals into a store that training reads.

    Left-out crystals are listed with the reason in OUTPUT/rejected.csv.

    Examples:
      screening import source=downloads/mp kind=materials_project output=stores/mp
      screening import source=my_cifs/ kind=csv labels=my_labels.csv output=stores/mine
    """

    command: ClassVar[str] = "import"

    source: str = setting(help="the file or folder with the crystals", path=True)
    kind: str = setting(
        help=lambda: "what the source is; " + "; ".join(f"{kind}: {text}" for kind, text in _kinds().items()),
        choices=lambda: plugins.names(plugins.IMPORTERS),
    )
    labels: str | None = setting(
        default=None, help="kind=csv: the CSV of ids and labels; null: the only one in the source folder", path=True
    )
    output: str = setting(help="folder of the store to write", path=True)
