"""Released networks: everything to build them again, and their weights."""

from __future__ import annotations

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
    """Everything but the weights: enough to build the network and to say where it came from.

    Attributes:
        name: Of the model.
        architecture: Name of the network, see `screening.networks.architectures`.
        parameters: All its parameters.
        graph: How crystals become graphs.
        targets: Columns that it predicts.
        elements: Atomic numbers with at least one training crystal; other elements are refused.
        training: What it learned from, and how.
        members: Networks whose mean is the prediction.
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
        """The splits by chemical system whose crystals were learned."""
        return tuple(self.training.get("learned_splits", ("train",)))


def build_model(config: ModelConfig) -> PropertyModel:
    """An untrained model of this configuration."""
    return PropertyModel(
        [build_network(config.architecture, config.parameters, config.graph.neighbours) for _ in range(config.members)],
        config.targets,
    )


def save_release(folder: Path, model: PropertyModel, config: ModelConfig) -> None:
    """Write a model folder, weights first, so that a killed run leaves no folder that looks complete."""
    tensors = {name: tensor.contiguous() for name, tensor in model.state_dict().items()}
    # so that a reader without the package learns what to install
    package = plugins.package(plugins.NETWORKS, config.architecture)
    config_file = {"format": FORMAT, **asdict(config), "package": package}
    write_release(folder, lambda file: save_file(tensors, file), config_file)


def find_release(model: str) -> Path:
    """The folder of a released name or path; raises RequestError listing the released names."""
    folder = release_folder(model)
    if folder is None:
        what = "is not a folder with config.json and weights.safetensors" if Path(model).exists() else "was not found"
        raise RequestError(f"model={model} {what}; released models: {released_names(FORMAT)}")
    return folder


def load_release(folder: Path) -> tuple[PropertyModel, ModelConfig]:
    """Load a model folder in evaluation mode; raises RequestError naming the file when it is not a sound release."""
    config = _read_config(folder)
    state = read_release_weights(folder, KEY, load_file)
    try:
        model = build_model(config)
    except (RequestError, TypeError, ValueError, RuntimeError) as error:
        raise RequestError(f"model: {folder / CONFIG}: no network can be built from it ({error})") from None
    try:
        model.load_state_dict(state)
    except RuntimeError:
        raise RequestError(
            f"model: {folder / WEIGHTS} does not fit the architecture {config.architecture!r} "
            f"that {CONFIG} beside it describes"
        ) from None
    return model.eval(), config


def _read_config(folder: Path) -> ModelConfig:
    file, raw = folder / CONFIG, read_release_config(folder, KEY, FORMAT)
    try:
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
    except (KeyError, TypeError) as error:
        raise RequestError(f"model: {file}: missing or malformed entry ({error})") from None
    unknown = [target for target in config.targets if target not in TARGETS]
    if unknown:
        raise RequestError(f"model: {file}: unknown target {unknown[0]!r}; known are {', '.join(TARGETS)}")
    if config.architecture not in architecture_names():
        raise RequestError(f"model: {file}: {_unknown_network(config.architecture, raw.get('package'))}")
    return config


def _unknown_network(name: str, package: object) -> str:
    if isinstance(package, str) and package != plugins.OWN:
        return f"its network {name!r} comes from the package {package}, which is not installed here"
    return f"its network {name!r} is not known{nearest(name, architecture_names())}"
