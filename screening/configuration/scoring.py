"""Keys of the commands that run released models over candidates: predict, rank, and what they share with others."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, ClassVar

from screening.configuration.command import CANDIDATES_HELP, MODEL_HELP, CommandConfig
from screening.configuration.fields import setting
from screening.configuration.reviewing import RUN_HELP
from screening.configuration.sections import ReportConfig, SupplyConfig, TaskConfig
from screening.errors import RequestError


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
class PredictConfig(ScoringConfig):
    """Predict properties of crystals, with 80 % intervals, into a Parquet table.

    Inputs that cannot be used are listed with the reason in OUTPUT.rejected.csv beside it.

    Examples:
      screening predict candidates=crystals.zip output=predictions.parquet
      screening predict candidates="my crystals/" output=out.parquet order=true device=cpu
    """

    command: ClassVar[str] = "predict"
    module: ClassVar[str] = "predict"

    output: str = setting(help="table to write, FILE.parquet", path=True)

    def finish(self) -> None:
        if not self.output.endswith(".parquet"):
            raise RequestError(f"output={self.output}: expected a file name that ends in .parquet")


@dataclass
class RankConfig(ScoringConfig, RankingConfig):
    """Rank candidates for one material class: tables, a report and an MLflow run.

    Writes ranking.parquet, ranking.csv, rejected.csv, landmarks.parquet, report.html and run.json in output_dir.

    Examples:
      screening rank task=magnets candidates=magnets output_dir=runs/magnets
      screening rank task=magnets candidates=magnets output_dir=runs/cheap prefer=cheap supply.prices.Nd=120
      screening rank task=electrodes candidates="cifs/" output_dir=runs/na working_ion=Na tracking=none
    """

    command: ClassVar[str] = "rank"
    module: ClassVar[str] = "rank"

    output_dir: str = setting(help="folder for the results, made if it is not there", path=True)
    relax: str = setting(
        "none",
        help="potential that relaxes candidates first: chgnet, ase:package.module.Class:CHECKPOINT, or none",
    )
    voltage: str = setting(
        "voltage-v1",
        help="electrodes only: what predicts voltages and volume changes: released name, folder, or none",
        path=True,
    )
    shards: int = setting(
        1, help="cut the candidates into so many shards, scored one by one or side by side", minimum=1
    )
    shard: int | None = setting(
        None,
        help="score this shard alone, from 0; `screening reduce` joins all; null: all, then the ranking",
        minimum=0,
    )
    profile_states: int | None = setting(
        0,
        help="electrodes only: relax both ends of the best and this many states of charge between them (0: the ends "
        "alone), for the steps of the voltage and whether the frame is kept; null: neither",
        minimum=0,
    )
    review: str | None = setting(
        None,
        help=f"earlier review: leave out what was rejected in it, mark what was approved; {RUN_HELP}; null: none",
        path=True,
    )
    top: int = setting(20, help="rows of the table in the terminal", minimum=0)
    report: ReportConfig = field(default_factory=ReportConfig)

    def finish(self) -> None:
        super().finish()
        if self.shard is not None and self.shard >= self.shards:
            raise RequestError(f"shard={self.shard}: expected 0 to {self.shards - 1}, as shards={self.shards}")
