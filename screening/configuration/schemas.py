"""The keys of every command: one dataclass each. Its docstring is the command's help page; its fields' texts explain
the keys. A command is one schema here (listed in `COMMANDS`), one root config `configs/NAME.yaml` and one module in
`screening/commands/`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from screening.configuration.command import MODEL_HELP, CommandConfig
from screening.configuration.fields import REQUIRED, setting
from screening.configuration.recording import LogConfig
from screening.configuration.reducing import ReduceConfig
from screening.configuration.relaxing import RelaxConfig
from screening.configuration.reviewing import ReviewConfig
from screening.configuration.scoring import PredictConfig, RankConfig, RankingConfig, magnetism_key, precision_key
from screening.configuration.sections import (
    CombinedDataConfig,
    GraphConfig,
    MeasuredDataConfig,
    NetworkConfig,
    StoredDataConfig,
    TrainerConfig,
    TrainingDataConfig,
)
from screening.configuration.submitting import SubmitConfig
from screening.configuration.watching import DoctorConfig, StatusConfig
from screening.errors import RequestError


@dataclass
class TrainConfig(CommandConfig):
    """Train a network on labelled crystals; the same command again resumes a run that was stopped.

    data=FILE takes your own: a folder of structures with a CSV of ids and labels in it, that CSV, or rows with labels;
    they become a store in output_dir/data. model=NAME goes on from a released model instead of random weights.

    Examples:
      screening train data.path=stores/mp output_dir=runs/first name=my-model
      screening train data.path=stores/mp output_dir=runs/try trainer=smoke tracking=none
      screening train model=screening-v3 data=my_cifs/labels.csv output_dir=runs/tuned
    """

    command: ClassVar[str] = "train"
    module: ClassVar[str] = "train"

    output_dir: str = setting(help="folder for checkpoints and the finished model", path=True)
    name: str | None = setting(None, help="name of the model; null: that of output_dir")
    model: str | None = setting(None, help=f"start from a {MODEL_HELP}; null: from random weights", path=True)
    data: TrainingDataConfig = field(default_factory=TrainingDataConfig)
    network: NetworkConfig = field(default_factory=NetworkConfig)
    graph: GraphConfig = field(default_factory=GraphConfig)
    trainer: TrainerConfig = field(default_factory=TrainerConfig)

    @classmethod
    def implied(cls, texts: Mapping[str, str | None]) -> dict[str, str]:
        own = {"data": "own"} if texts.get("data.source") or texts.get("model") else {}
        return own | ({"trainer": "finetune"} if texts.get("model") else {})

    @property
    def model_name(self) -> str:
        """The name that the model gets."""
        return self.name or Path(self.output_dir).resolve().name


@dataclass
class CombineConfig(CommandConfig):
    """Make one model of several that differ in their seed: their mean predicts, and intervals are set anew.

    Examples:
      screening combine models=[runs/seed1/model,runs/seed2/model] data.path=stores/mp output_dir=runs/both name=both
    """

    command: ClassVar[str] = "combine"
    module: ClassVar[str] = "combine"

    models: list[str] = setting(help=f"the models: each a {MODEL_HELP}")
    output_dir: str = setting(help="folder for the combined model", path=True)
    name: str | None = setting(None, help="name of the model; null: that of output_dir")
    data: CombinedDataConfig = field(default_factory=CombinedDataConfig)

    def finish(self) -> None:
        if len(self.models) < 2:
            raise RequestError("models: expected two or more, for example models=[runs/seed1/model,runs/seed2/model]")


@dataclass
class FitConfig(CommandConfig):
    """Fit magnetic order, Curie temperature and anisotropy to tables of measurements; takes minutes on one core.

    Writes weights.safetensors, config.json and MODEL_CARD.md (errors on chemical systems never seen) in output_dir,
    which `screening rank magnetism=FOLDER` uses.

    Examples:
      screening fit data.path=stores/mp data.folder=downloads/tables output_dir=runs/magnetism
    """

    command: ClassVar[str] = "fit"
    module: ClassVar[str] = "fit"

    output_dir: str = setting(help="folder for the release, made if it is not there", path=True)
    name: str | None = setting(None, help="name of the release; null: that of output_dir")
    n_trees: int | None = setting(None, help="trees in every forest; null: 40 or 60, as was best", minimum=1)
    n_seeds: int = setting(3, help="fits with seeds from seed= on, to tell the spread; the first is kept", minimum=1)
    data: MeasuredDataConfig = field(default_factory=MeasuredDataConfig)


@dataclass
class FitVoltageConfig(CommandConfig):
    """Fit voltages and volume changes to calculated electrodes; half an hour on one core, and goes on when killed.

    Writes weights.safetensors, config.json and MODEL_CARD.md (errors on chemical systems never seen) in output_dir,
    which `screening rank task=electrodes voltage=FOLDER` uses.

    Examples:
      screening fit_voltage electrodes=downloads/electrodes output_dir=runs/voltage
    """

    command: ClassVar[str] = "fit_voltage"
    module: ClassVar[str] = "fit_voltage"

    electrodes: str = setting(help="folder with electrodes.jsonl.gz: both crystals, voltage, capacity", path=True)
    output_dir: str = setting(help="folder for the release, made if it is not there", path=True)
    name: str | None = setting(None, help="name of the release; null: that of output_dir")
    potential: str = setting("chgnet", help="interatomic potential whose voltages are corrected")
    model: str = setting("screening-v3", help="property network that describes both ends: name or folder", path=True)
    n_trees: int | None = setting(None, help="trees in every forest; null: 40, as was best", minimum=1)
    n_seeds: int = setting(3, help="fits with seeds from seed= on, to tell the spread; the first is kept", minimum=1)


@dataclass
class EvaluateConfig(RankingConfig):
    """Measure a model's errors and the coverage of its intervals on labelled crystals, by chemical group.

    Writes scores.csv, predictions.parquet, evaluation.html (pictures) and MODEL_CARD.md in output_dir, the card also
    beside a model that has none. Baselines learn from the training split of data.path.

    With task= it ranks compounds that were measured instead and says how far off each prediction is, which of them were
    learned and what stands where it should not: reference.csv and reference.json. data.path then only tells more
    exactly what was learned.

    Examples:
      screening evaluate model=screening-v3 data.path=stores/mp output_dir=runs/evaluation
      screening evaluate model=runs/mine/model data.source=my_cifs/ data.labels=values.csv output_dir=runs/check
      screening evaluate model=models:/magnets@champion data.source=rows.jsonl data.path=stores/mp output_dir=runs/check
      screening evaluate task=magnets output_dir=runs/reference
    """

    command: ClassVar[str] = "evaluate"
    module: ClassVar[str] = "evaluate"

    output_dir: str = setting(help="folder for the scores, made if it is not there", path=True)
    model: str = setting("screening-v3", help=MODEL_HELP, path=True)
    magnetism: str = magnetism_key()
    precision: str = precision_key()
    order: bool = setting(
        True, help="with task=: make ordered approximants of partially occupied compounds instead of leaving them out"
    )
    reference: str | None = setting(
        None,
        help="with task=: table of measured compounds with the columns of datasets/reference/; null: the bundled one",
        path=True,
    )
    split: str = setting(
        "auto",
        help="which crystals, by chemical system; auto: test of a store, all of data.source",
        choices=("auto", "test", "calibration", "validation", "train", "all"),
    )
    batch_atoms: int | None = setting(
        None, help="atoms per batch of the network; null: 2,048 on the CPU, 32,768 on a GPU", minimum=1
    )
    data: StoredDataConfig = field(default_factory=StoredDataConfig)

    @property
    def has_task(self) -> bool:
        """Whether a material class is evaluated on measured compounds, instead of a model on labels."""
        return self.task.name not in ("", REQUIRED)

    def finish(self) -> None:
        if not self.has_task:
            self.task.name = ""
        for key in ("reference", "prefer", "temperature_K", "working_ion"):
            if getattr(self, key) is not None and not self.has_task:
                raise RequestError(f"{key}={getattr(self, key)}: needs task=, for example task=magnets")
        super().finish()


@dataclass
class GenerateConfig(CommandConfig):
    """Make candidates by substitution: the chosen elements on the sites of known structure types, cells from radii.

    Writes rows that `screening rank candidates=FILE` reads. A role of the prototypes takes the elements listed for it;
    elements.ROLE=[] leaves out the prototypes that need it.

    Examples:
      screening generate output=magnets.jsonl.gz
      screening generate output=nd.jsonl.gz prototypes=[Nd2Fe14B,ThMn12N] elements.rare_earth=[Nd,Pr]
      screening generate output=free.jsonl.gz elements=rare_earth_free max_candidates=1000
    """

    command: ClassVar[str] = "generate"
    module: ClassVar[str] = "generate"

    output: str = setting(help="file to write, FILE.jsonl.gz or FILE.jsonl", path=True)
    prototypes: list[str] | None = setting(None, help="structure types, as in datasets/prototypes; null: all")
    max_candidates: int | None = setting(
        None, help="keep only that many, spread evenly over all that can be made; null: all", minimum=1
    )
    elements: dict[str, Any] = field(
        default_factory=dict, metadata={"help": "elements or ions that may stand on the sites of each role"}
    )

    def finish(self) -> None:
        if not self.output.endswith((".jsonl", ".jsonl.gz")):
            raise RequestError(f"output={self.output}: expected a file name that ends in .jsonl.gz or .jsonl")


@dataclass
class ImportConfig(CommandConfig):
    """Turn labelled crystals into a store that training reads.

    Left-out crystals are listed with the reason in OUTPUT/rejected.csv.

    Examples:
      screening import source=downloads/mp kind=materials_project output=stores/mp
      screening import source=my_cifs/ kind=csv labels=my_labels.csv output=stores/mine
    """

    command: ClassVar[str] = "import"
    module: ClassVar[str] = "import_data"

    source: str = setting(help="the file or folder with the crystals", path=True)
    kind: str = setting(
        help="format of the source; csv: structures of any form with a CSV of ids and labels beside them",
        choices=("materials_project", "jsonl", "csv"),
    )
    labels: str | None = setting(
        None, help="kind=csv: the CSV of ids and labels; null: the only one in the source folder", path=True
    )
    output: str = setting(help="folder of the store to write", path=True)


COMMANDS: dict[str, type[CommandConfig]] = {
    schema.command: schema
    for schema in (
        RankConfig,
        PredictConfig,
        TrainConfig,
        CombineConfig,
        EvaluateConfig,
        FitConfig,
        FitVoltageConfig,
        RelaxConfig,
        ImportConfig,
        GenerateConfig,
        ReduceConfig,
        LogConfig,
        ReviewConfig,
        SubmitConfig,
        StatusConfig,
        DoctorConfig,
    )
}
