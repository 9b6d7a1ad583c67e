"""Every command with the schema of its keys.

A command is one schema in this folder, one root config `configs/NAME.yaml` and one module in `screening/commands/`.
"""

from __future__ import annotations

from screening.configuration.barriers import BarriersConfig
from screening.configuration.base import CommandConfig
from screening.configuration.combine import CombineConfig
from screening.configuration.doctor import DoctorConfig
from screening.configuration.evaluate import EvaluateConfig
from screening.configuration.fit import FitConfig
from screening.configuration.generate import GenerateConfig
from screening.configuration.import_data import ImportConfig
from screening.configuration.log import LogConfig
from screening.configuration.predict import PredictConfig
from screening.configuration.rank import RankConfig
from screening.configuration.reduce import ReduceConfig
from screening.configuration.relax import RelaxConfig
from screening.configuration.review import ReviewConfig
from screening.configuration.status import StatusConfig
from screening.configuration.submit import SubmitConfig
from screening.configuration.train import TrainConfig

COMMANDS: dict[str, type[CommandConfig]] = {
    schema.command: schema
    for schema in (
        RankConfig,
        PredictConfig,
        BarriersConfig,
        TrainConfig,
        CombineConfig,
        EvaluateConfig,
        FitConfig,
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


def module_of(command: str) -> str:
    """The name of the module of a command, here and in `screening/commands/`."""
    return COMMANDS[command].__module__.rpartition(".")[2]
