"""What the schemas of commands have in common: keys of every command, of those that score, and of those that rank."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, field, fields, replace
from typing import Any, ClassVar, Self

from screening import plugins
from screening.configuration.shared_sections import SupplyConfig, TaskConfig, TrackingConfig
from screening.errors import RequestError
from screening.resources import resource
from screening.settings import setting, settings_class

BUNDLED = sorted({path.name.partition(".")[0] for path in (resource("datasets") / "candidates").glob("*.jsonl*")})
"""Names of the sets of candidates that travel with the package."""

CANDIDATES_HELP = (
    "what to score: a CIF, POSCAR, extended XYZ, ASE database, pymatgen JSON, .jsonl(.gz) rows, a zip or tar of those, "
    f"a folder of any mix, or the name of a bundled set ({', '.join(BUNDLED)})"
)
OFF = "none"
"""The release that stands for no predictor."""

MODEL_HELP = "released name, folder, or models:/NAME@ALIAS in MLflow"
ORDER_HELP = "make ordered approximants of partially occupied crystals instead of refusing"
BATCH_HELP = "atoms per batch of the network; null: 2,048 on the CPU, 32,768 on a GPU"


def potentials_in_words() -> str:
    """The potentials there are, for help texts."""
    names = [name for name in plugins.names(plugins.POTENTIALS) if name != "ase"]
    return f"{', '.join(names)}, or ase:package.module.Class:CHECKPOINT for any ASE calculator"


def precision_key() -> Any:
    """The key of the arithmetic."""
    return setting(
        default="auto",
        help="arithmetic on a CPU; auto: bf16 inside the network where the CPU has it, which moves energies by 1 meV",
        choices=("auto", "32", "bf16"),
    )


@settings_class
class CommandConfig:
    """Keys that every command has."""

    command: ClassVar[str] = ""
    positional: ClassVar[str] = ""
    """The key whose value may be given without its name."""
    extended_by: ClassVar[str] = ""
    """The group or key whose choice adds keys to the command."""
    runs_as_a_job: ClassVar[bool] = False
    """Whether `screening submit` has Slurm run it, so that it may go back into the queue."""

    seed: int = setting(default=0, help="seed of everything random", minimum=0, maximum=2**32 - 1)
    debug: bool = setting(default=False, help="show a traceback when something fails, and log more")
    device: str = setting(
        default="auto", help="where networks run; auto: a GPU if there is one", choices=("auto", "cpu", "cuda")
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

    @classmethod
    def extensions(cls) -> dict[str, str]:
        """The values of the key `extended_by`, with a sentence each; empty if it is a group."""
        return {}

    @classmethod
    def extended(cls, tree: Mapping[str, Any]) -> type[Self]:
        """The schema with the keys that follow from the choices in a config. Raises RequestError for a wrong choice."""
        return cls

    @classmethod
    def passes_over(cls, key: str, value: str) -> bool:
        """Whether a key that the command does not have is allowed all the same, as it changes nothing."""
        return False

    @classmethod
    def unknown(cls, key: str, value: str, tree: Mapping[str, Any]) -> str | None:
        """What to say of a key that the command does not have; None: nothing in particular."""
        return None

    @property
    def goes_on(self) -> bool:
        """Whether the same command goes on where this one was stopped; if not, it starts again."""
        return False

    def finish(self) -> Self:
        """The settings with what follows from several keys at once. Raises RequestError if those contradict."""
        return self


class ClassKeys:
    """What a schema knows of the keys that material classes and predictors added to it."""

    class_name: ClassVar[str] = ""
    class_key_names: ClassVar[tuple[str, ...]] = ()
    predictor_names: ClassVar[tuple[str, ...]] = ()

    @property
    def class_keys(self) -> dict[str, Any]:
        """The material class's own keys, as they were given."""
        return {name: getattr(self, name) for name in self.class_key_names}

    @property
    def predictor_choices(self) -> dict[str, str]:
        """Predictor -> the release that its key names, in the task's order."""
        return {name: getattr(self, name) for name in self.predictor_names}

    @classmethod
    def passes_over(cls, key: str, value: str) -> bool:
        """A predictor that does not run anyway may be switched off."""
        if value != OFF:
            return False
        from screening.materials.registry import predictor_kinds

        return key in predictor_kinds()


@settings_class
class ScoringConfig(ClassKeys, CommandConfig):
    """Keys of the commands that run a released model over candidates."""

    candidates: str = setting(help=CANDIDATES_HELP, path=True)
    model: str = setting(default="screening-v3", help=MODEL_HELP, path=True)
    order: bool = setting(default=False, help=ORDER_HELP)
    workers: int | None = setting(default=None, help="processes that read crystals; null: as many as cores", minimum=0)
    max_atoms: int = setting(default=1000, help="refuse crystals with more atoms in the cell", minimum=1)
    batch_atoms: int | None = setting(default=None, help=BATCH_HELP, minimum=1)
    precision: str = precision_key()


@settings_class
class RankingConfig(ClassKeys, CommandConfig):
    """Keys of the commands that rank for a material class."""

    extended_by: ClassVar[str] = "task"

    prefer: str | None = setting(default=None, help="preset of the task, which changes gates and objective; null: none")
    task: TaskConfig = field(default_factory=TaskConfig)
    supply: SupplyConfig = field(default_factory=SupplyConfig)

    @classmethod
    def extended(cls, tree: Mapping[str, Any]) -> type[Self]:
        task = tree["task"]
        if not task["name"]:
            return cls
        from screening.configuration.class_keys import class_schema

        return class_schema(cls, task["name"], tuple(task["predictors"]))

    @classmethod
    def unknown(cls, key: str, value: str, tree: Mapping[str, Any]) -> str | None:
        if "." in key:
            return None
        from screening.configuration.class_keys import owners

        known = " or ".join(f"task={name}" for name in owners(key))
        if not known:
            return None
        task = tree["task"]["name"]
        return f"{key}={value}: " + (f"task={task} has no such key; {known} has it" if task else f"needs {known}")

    def finish(self) -> Self:
        if (self.task.name, tuple(self.task.predictors)) != (self.class_name, self.predictor_names):
            raise RequestError("task.name and task.predictors are set in the task's config file and nowhere else")
        merit = dict(self.task.merit)
        if merit.get("seed") == 0:
            merit["seed"] = self.seed
        # One setting under two names: predictors take the key, figures of merit the entry. A preset may set the latter.
        merit |= {name: self.class_keys[name] for name in self._of_merit if self.class_keys[name] is not None}
        keys: dict[str, Any] = {name: merit.get(name) for name in self._of_merit}
        # The preset that was chosen is in the other sections by now.
        return replace(self, task=replace(self.task, merit=merit, presets={}), **keys)

    @property
    def _of_merit(self) -> list[str]:
        """The class's own keys that are settings of its figures of merit too."""
        if not self.task.name:
            return []
        from screening.materials.registry import material_class

        names = {item.name for item in fields(material_class(self.task.name).settings)}
        return [name for name in self.class_keys if name in names]

    @property
    def task_settings(self) -> dict[str, Any]:
        """The task's sections as plain dictionaries, with what its figures of merit need from other keys."""
        task = asdict(self.task)
        task["merit"]["supply"] = asdict(self.supply)
        return task
