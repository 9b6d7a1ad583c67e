"""The keys that every command has, and the texts of keys that several share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from screening.configuration.fields import setting
from screening.configuration.sections import TrackingConfig

CANDIDATES_HELP = (
    "what to score: a CIF, POSCAR, extended XYZ, ASE database, pymatgen JSON, .jsonl(.gz) rows, a zip or tar of those, "
    "a folder of any mix, or the name of a bundled set (magnets, electrodes)"
)
MODEL_HELP = "released name, folder, or models:/NAME@ALIAS in MLflow"


@dataclass
class CommandConfig:
    """Keys that every command has."""

    command: ClassVar[str] = ""
    module: ClassVar[str] = ""
    positional: ClassVar[str] = ""
    """The key whose value may be given without its name."""

    seed: int = setting(0, help="seed of everything random", minimum=0, maximum=2**32 - 1)
    debug: bool = setting(False, help="show a traceback when something fails, and log more")
    device: str = setting(
        "auto", help="where networks run; auto: a GPU if there is one", choices=("auto", "cpu", "cuda")
    )
    tracking: TrackingConfig = field(default_factory=TrackingConfig)

    @classmethod
    def sort(cls, arguments: Sequence[str]) -> tuple[list[str], dict[str, Any]]:
        """Arguments as typed -> those of this command, and values by key that are made of the others."""
        return list(arguments), {}

    @classmethod
    def implied(cls, texts: Mapping[str, str | None]) -> dict[str, str]:
        """Options of config groups that follow from the text keys given, where the user chooses none."""
        return {}

    def finish(self) -> None:
        """Check what concerns several keys at once; raises RequestError."""
