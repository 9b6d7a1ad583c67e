"""Released forests and kernels: one folder holds several fitted parts, each with its own settings and tensors.

`config.json` has a section for each part under `parts`; the names of a part's tensors begin with the part's name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file

from screening.errors import RequestError
from screening.release_folder import (
    CONFIG,
    WEIGHTS,
    read_release_config,
    read_release_weights,
    release_folder,
    released_names,
    write_release,
)

_LARGEST = 1e9
"""No setting of a sound release comes near."""


@dataclass(frozen=True)
class FittedPart:
    """One predictor as it is kept.

    Attributes:
        settings: Its section of the config.
        tensors: Arrays by name, without the part's name before it.
        key: The setting that named the release it was loaded from; begins messages.
    """

    settings: dict[str, Any]
    tensors: dict[str, NDArray[Any]]
    key: str = "fit"

    def problem(self, text: str) -> RequestError:
        """The error to raise where something is wrong with the part."""
        return RequestError(f"{self.key}: {text}")

    def get(self, name: str) -> Any:
        """A setting; raises RequestError when there is none."""
        if name not in self.settings:
            raise self.problem(f"{CONFIG} lacks the setting {name!r}")
        return self.settings[name]

    def texts(self, name: str) -> tuple[str, ...]:
        """A setting that is a list of names; raises RequestError when it is not."""
        found = self.get(name)
        if not isinstance(found, list) or not all(isinstance(entry, str) for entry in found):
            raise self.problem(f"{CONFIG}: {name}: expected a list of names")
        return tuple(found)

    def numbers(self, name: str) -> dict[str, float]:
        """A setting that is a section of finite numbers; raises RequestError when it is not."""
        found = self.get(name)
        if not isinstance(found, Mapping) or not all(
            isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < _LARGEST
            for value in found.values()
        ):
            raise self.problem(f"{CONFIG}: {name}: expected a section of finite numbers")
        return {str(key): float(value) for key, value in found.items()}

    def tensor(self, name: str, *shape: int) -> NDArray[Any]:
        """A tensor of this shape (-1: any length); raises RequestError when there is none."""
        found = self.tensors.get(name)
        if (
            found is None
            or found.ndim != len(shape)
            or any(w not in (-1, n) for n, w in zip(found.shape, shape, strict=True))
        ):
            raise self.problem(f"{WEIGHTS} has no tensor {name!r} of shape {shape}")
        if found.dtype.kind == "f" and not np.isfinite(found).all():
            raise self.problem(f"{WEIGHTS}: the tensor {name!r} holds numbers that are not finite")
        return found

    def require_features(self, names: tuple[str, ...]) -> None:
        """Raise RequestError unless the part was fitted to these features in this order."""
        if self.texts("features") != names:
            raise self.problem("fitted with other features than this version computes; fit it again")

    def require_target(self, target: str) -> None:
        """Raise RequestError unless the part was fitted to this target."""
        if self.get("target") != target:
            raise self.problem(f"a forest gives {self.get('target')}, not {target}")


@dataclass(frozen=True)
class TabularRelease:
    """Several parts that belong together.

    Attributes:
        name: Of the release.
        parts: By name.
        training: What they were learned from, and how.
        format: What the release predicts, with a version.
    """

    name: str
    parts: dict[str, FittedPart]
    training: dict[str, Any]
    format: str


def save_tabular_release(folder: Path, release: TabularRelease, card: str) -> None:
    """Write a release folder, config last, so that a killed run leaves no folder that looks complete."""
    tensors = {
        f"{name}/{key}": np.ascontiguousarray(array)
        for name, part in release.parts.items()
        for key, array in part.tensors.items()
    }
    config = {
        "format": release.format,
        "name": release.name,
        "parts": {name: part.settings for name, part in release.parts.items()},
        "training": release.training,
    }
    write_release(folder, lambda file: save_file(tensors, file), config, card)


def find_tabular_release(name: str, key: str, format: str) -> Path:
    """The folder of a released name or a path, given as `key=`; raises RequestError listing the released names."""
    folder = release_folder(name)
    if folder is None:
        raise RequestError(
            f"{key}={name}: expected none, a folder with {CONFIG} and {WEIGHTS}, "
            f"or a released name: {released_names(format)}"
        )
    return folder


def load_tabular_release(folder: Path, key: str, format: str) -> TabularRelease:
    """Load a release folder, given as `key=`; raises RequestError naming key and file when it is not a sound one."""
    config = read_release_config(folder, key, format)
    settings = config.get("parts")
    if not isinstance(settings, Mapping) or not all(isinstance(part, Mapping) for part in settings.values()):
        raise RequestError(f"{key}: {folder / CONFIG}: expected a section for each part under 'parts'")
    training = config.get("training") or {}
    if not isinstance(training, Mapping):
        raise RequestError(f"{key}: {folder / CONFIG}: training: expected a section")
    tensors = read_release_weights(folder, key, config, load_file)
    parts = {}
    for name, section in settings.items():
        own = {k.partition("/")[2]: tensor for k, tensor in tensors.items() if k.startswith(f"{name}/")}
        parts[str(name)] = FittedPart(dict(section), own, key)
    return TabularRelease(str(config.get("name", folder.name)), parts, dict(training), format)
