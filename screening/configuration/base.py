"""The keys that every command has, those that several share, and the texts of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, ClassVar

from screening.configuration.fields import setting
from screening.configuration.shared_sections import SupplyConfig, TaskConfig, TrackingConfig
from screening.errors import RequestError

CANDIDATES_HELP = (
    "what to score: a CIF, POSCAR, extended XYZ, ASE database, pymatgen JSON, .jsonl(.gz) rows, a zip or tar of those, "
    "a folder of any mix, or the name of a bundled set (magnets, electrodes)"
)
MODEL_HELP = "released name, folder, or models:/NAME@ALIAS in MLflow"


def magnetism_key() -> Any:
    """The key that names what predicts magnetism."""
    return setting(
        "magnetism-v2",
        help="what predicts magnetic order and Curie temperature: released name, folder, or none",
        path=True,
    )


def precision_key() -> Any:
    """The key of the arithmetic."""
    return setting(
        "auto",
        help="arithmetic on a CPU; auto: bf16 inside the network where the CPU has it, which moves energies by 1 meV",
        choices=("auto", "32", "bf16"),
    )


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

    @property
    def predictor_choices(self) -> dict[str, str]:
        """Predictor of a material class -> the release that its key names, in the task's order."""
        return {name: getattr(self, name) for name in ("magnetism", "voltage") if hasattr(self, name)}

    @property
    def class_keys(self) -> dict[str, Any]:
        """The material class's own keys, as they were given."""
        keys = ("temperature_K", "working_ion", "profile_states")
        return {name: getattr(self, name) for name in keys if hasattr(self, name)}


@dataclass
class ScoringConfig(CommandConfig):
    """Keys of the commands that run a released model over candidates."""

    candidates: str = setting(help=CANDIDATES_HELP, path=True)
    model: str = setting("screening-v3", help=MODEL_HELP, path=True)
    magnetism: str = magnetism_key()
    order: bool = setting(False, help="make ordered approximants of partially occupied crystals instead of refusing")
    workers: int | None = setting(None, help="processes that read crystals; null: as many as cores", minimum=0)
    max_atoms: int = setting(1000, help="refuse crystals with more atoms in the cell", minimum=1)
    batch_atoms: int | None = setting(
        None, help="atoms per batch of the network; null: 2,048 on the CPU, 32,768 on a GPU", minimum=1
    )
    precision: str = precision_key()


@dataclass
class RankingConfig(CommandConfig):
    """Keys of the commands that rank for a material class."""

    temperature_K: float | None = setting(
        None, help="magnets only: working temperature in K, for example 450 for motors; null: as task.merit says"
    )
    prefer: str | None = setting(None, help="preset of the task, which changes gates and objective; null: none")
    working_ion: str | None = setting(
        None, help="electrodes only: the ion that moves, for example Na; null: found in each crystal"
    )
    task: TaskConfig = field(default_factory=TaskConfig)
    supply: SupplyConfig = field(default_factory=SupplyConfig)

    def finish(self) -> None:
        self.task.presets = {}  # the chosen one is in the other sections by now
        if self.task.merit.get("seed") == 0:
            self.task.merit["seed"] = self.seed
        self._pass_on("working_ion", "has no working ion")
        self._pass_on("temperature_K", "has no working temperature")

    def _pass_on(self, key: str, lacking: str) -> None:
        """Put a key of the command, if given, into the settings of the figures of merit."""
        value = getattr(self, key)
        if value is None:
            return
        if key not in self.task.merit:
            raise RequestError(f"{key}={value}: task={self.task.name} {lacking}")
        self.task.merit[key] = value

    @property
    def task_settings(self) -> dict[str, Any]:
        """The task's sections as plain dictionaries, with what its figures of merit need from other keys."""
        task = asdict(self.task)
        task["merit"]["supply"] = asdict(self.supply)
        return task
