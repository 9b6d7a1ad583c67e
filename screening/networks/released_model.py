"""Released models: `weights.safetensors` + `config.json` (+ `MODEL_CARD.md`) in a folder; nothing is ever unpickled."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from screening import plugins
from screening.data.targets import TARGETS
from screening.errors import RequestError
from screening.graphs.nearest import GraphSettings
from screening.networks.architectures import architecture_names, build_network
from screening.networks.model import PropertyModel
from screening.resources import resource
from screening.settings import nearest

FORMAT = 1
WEIGHTS, CONFIG = "weights.safetensors", "config.json"


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
    folder.mkdir(parents=True, exist_ok=True)
    part = folder / f"{WEIGHTS}.part"
    save_file({name: tensor.contiguous() for name, tensor in model.state_dict().items()}, part)
    part.chmod(0o644)  # safetensors writes for the owner alone
    part.replace(folder / WEIGHTS)
    # so that a reader without the package learns what to install
    package = plugins.package(plugins.NETWORKS, config.architecture)
    text = json.dumps({"format": FORMAT, **asdict(config), "package": package}, indent=2, ensure_ascii=False) + "\n"
    part = folder / f"{CONFIG}.part"
    part.write_text(text, encoding="utf-8")
    part.replace(folder / CONFIG)


def find_release(model: str) -> Path:
    """The folder of a released name or path; raises RequestError listing the released names."""
    bundled = resource("models")
    for folder in (Path(model).expanduser(), bundled / model):
        if (folder / CONFIG).is_file():
            return folder
    names = sorted(p.parent.name for p in bundled.glob(f"*/{CONFIG}") if _is_network(p))
    what = "is not a folder with config.json and weights.safetensors" if Path(model).exists() else "was not found"
    raise RequestError(f"model={model} {what}; released models: {', '.join(names) or 'none'}")


def load_release(folder: Path) -> tuple[PropertyModel, ModelConfig]:
    """Load a model folder in evaluation mode; raises RequestError naming the file when it is not a sound release."""
    config = _read_config(folder / CONFIG)
    weights = folder / WEIGHTS
    try:
        state = load_file(weights)
    except FileNotFoundError:
        raise RequestError(f"model: {weights} is missing") from None
    except (SafetensorError, OSError) as error:
        raise RequestError(
            f"model: {weights} is truncated or not a safetensors file ({error}); pickled checkpoints are not loaded"
        ) from None
    try:
        model = build_model(config)
    except (RequestError, TypeError, ValueError, RuntimeError) as error:
        raise RequestError(f"model: {folder / CONFIG}: no network can be built from it ({error})") from None
    try:
        model.load_state_dict(state)
    except RuntimeError:
        raise RequestError(
            f"model: {weights} does not fit the architecture {config.architecture!r} that {CONFIG} beside it describes"
        ) from None
    return model.eval(), config


def _is_network(config: Path) -> bool:
    """Whether a released folder holds a network; others hold predictors of other kinds."""
    try:
        return bool(json.loads(config.read_text(encoding="utf-8"))["format"] == FORMAT)
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _read_config(file: Path) -> ModelConfig:
    try:
        raw = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise RequestError(f"model: {file}: not readable JSON ({error})") from None
    if not isinstance(raw, Mapping) or raw.get("format") != FORMAT:
        raise RequestError(f"model: {file}: expected a model of format {FORMAT}")
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
