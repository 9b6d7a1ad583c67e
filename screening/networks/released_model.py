"""Released models: their configuration and weights, saved and loaded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from safetensors.torch import load_file, save_file

from screening import plugins
from screening.data.targets import TARGETS
from screening.errors import RequestError
from screening.graphs.nearest import GraphSettings
from screening.networks.architectures import architecture_names, build_network
from screening.networks.model import PropertyModel
from screening.networks.release_limits import config_problem, no_larger_than, weights_problem
from screening.release_folder import (
    CONFIG,
    WEIGHTS,
    read_release_config,
    read_release_weights,
    release_folder,
    released_names,
    write_release,
)
from screening.settings import nearest

FORMAT, KEY = 1, "model"


@dataclass(frozen=True)
class ModelConfig:
    """Everything about a released model except its weights.

    Attributes:
        name: Name of the model.
        architecture: Name of the network, see `screening.networks.architectures`.
        parameters: All parameters of the network.
        graph: How crystals become graphs.
        targets: Columns that the model predicts.
        elements: Atomic numbers in the training data; crystals with other elements are rejected.
        training: Record of the training: data, steps, seed and so on.
        members: Number of networks; their mean is the prediction.
    """

    name: str
    architecture: str
    parameters: dict[str, Any]
    graph: GraphSettings
    targets: tuple[str, ...]
    elements: tuple[int, ...]
    training: dict[str, Any]
    members: int = 1

    @property
    def learned_splits(self) -> tuple[str, ...]:
        """The splits that the model was trained on."""
        return tuple(self.training.get("learned_splits", ("train",)))


def build_model(config: ModelConfig) -> PropertyModel:
    """Build an untrained model."""
    return PropertyModel(
        [build_network(config.architecture, config.parameters, config.graph.neighbours) for _ in range(config.members)],
        config.targets,
    )


def save_release(folder: Path, model: PropertyModel, config: ModelConfig) -> None:
    """Write a model folder, weights first, so that a killed run never leaves a folder that looks complete."""
    tensors = {name: tensor.contiguous() for name, tensor in model.state_dict().items()}
    # tells users without the package what to install
    package = plugins.package(plugins.NETWORKS, config.architecture)
    config_file = {"format": FORMAT, **asdict(config), "package": package}
    write_release(folder, lambda file: save_file(tensors, file), config_file)


def find_release(model: str) -> Path:
    """The folder of a released model, given its name or path.

    Raises:
        RequestError: If there is none; the message lists the released names.
    """
    folder = release_folder(model)
    if folder is None:
        what = "is not a folder with config.json and weights.safetensors" if Path(model).exists() else "was not found"
        raise RequestError(f"model={model} {what}; released models: {released_names(FORMAT)}")
    return folder


def load_release(folder: Path) -> tuple[PropertyModel, ModelConfig]:
    """Load a model in evaluation mode.

    Raises:
        RequestError: If the folder is not a valid release; the message names the file.
    """
    raw = read_release_config(folder, KEY, FORMAT)
    config = _checked_config(folder / CONFIG, raw)
    state = read_release_weights(folder, KEY, raw, load_file)
    if problem := weights_problem(state):
        raise RequestError(f"model: {folder / WEIGHTS}: {problem}")
    try:
        with no_larger_than((folder / WEIGHTS).stat().st_size):
            model = build_model(config)
    except (RequestError, TypeError, ValueError, LookupError, ArithmeticError, RuntimeError, MemoryError) as error:
        raise RequestError(f"model: {folder / CONFIG}: cannot build a network from it ({error})") from None
    try:
        model.load_state_dict(state)
    except RuntimeError:
        raise RequestError(
            f"model: {folder / WEIGHTS} does not fit the architecture {config.architecture!r} in {CONFIG}"
        ) from None
    return model.eval(), config


def _checked_config(file: Path, raw: Mapping[str, Any]) -> ModelConfig:
    try:
        if problem := config_problem(raw):
            raise RequestError(f"model: {file}: {problem}")
        config = ModelConfig(
            name=raw["name"],
            architecture=raw["architecture"],
            parameters=dict(raw["parameters"]),
            graph=GraphSettings(**raw["graph"]),
            targets=tuple(raw["targets"]),
            elements=tuple(raw["elements"]),
            training=dict(raw["training"]),
            members=int(raw.get("members", 1)),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise RequestError(f"model: {file}: missing or malformed entry ({error})") from None
    unknown = [target for target in config.targets if target not in TARGETS]
    if unknown:
        raise RequestError(f"model: {file}: unknown target {unknown[0]!r}; known are {', '.join(TARGETS)}")
    if config.architecture not in architecture_names():
        raise RequestError(f"model: {file}: {_unknown_network(config.architecture, raw.get('package'))}")
    return config


def _unknown_network(name: str, package: object) -> str:
    if isinstance(package, str) and package != plugins.OWN:
        return f"its network {name!r} is from the package {package}, which is not installed"
    return f"its network {name!r} is not known{nearest(name, architecture_names())}"
