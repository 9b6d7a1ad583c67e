"""Released forests and kernels: `weights.safetensors` + `config.json` + `MODEL_CARD.md` in a folder, as for networks.

One folder holds several parts (Curie temperature, anisotropy, magnetic order; voltages are kept in the same way), each
with its own section of the config and its own prefix of tensor names.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from screening.errors import RequestError
from screening.resources import resource

FORMAT = "magnetism-1"
WEIGHTS, CONFIG, CARD = "weights.safetensors", "config.json", "MODEL_CARD.md"


@dataclass(frozen=True)
class Part:
    """One predictor as it is kept: its settings, and its tensors by name without the part's prefix."""

    settings: dict[str, Any]
    tensors: dict[str, NDArray[Any]]

    def get(self, name: str) -> Any:
        """A setting; raises RequestError when there is none."""
        if name not in self.settings:
            raise RequestError(f"magnetism: {CONFIG} lacks the setting {name!r}")
        return self.settings[name]

    def tensor(self, name: str, *shape: int) -> NDArray[Any]:
        """A tensor of this shape (-1: any length); raises RequestError when there is none."""
        found = self.tensors.get(name)
        if (
            found is None
            or found.ndim != len(shape)
            or any(w not in (-1, n) for n, w in zip(found.shape, shape, strict=True))
        ):
            raise RequestError(f"magnetism: {WEIGHTS} has no tensor {name!r} of shape {shape}")
        if found.dtype.kind == "f" and not np.isfinite(found).all():
            raise RequestError(f"magnetism: {WEIGHTS}: the tensor {name!r} holds numbers that are not finite")
        return found

    def require_features(self, names: tuple[str, ...]) -> None:
        """Raise RequestError unless the part was fitted to these features in this order."""
        if tuple(self.get("features")) != names:
            raise RequestError("magnetism: fitted with other features than this version computes; fit it again")


@dataclass(frozen=True)
class TabularRelease:
    """name of the release; parts by name; training: where they came from; format: what it predicts, with a version."""

    name: str
    parts: dict[str, Part]
    training: dict[str, Any] = field(default_factory=dict)
    format: str = FORMAT


def save_release(folder: Path, release: TabularRelease, card: str) -> None:
    """Write a release folder, config last, so that a killed run leaves no folder that looks complete."""
    folder.mkdir(parents=True, exist_ok=True)
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
    part_file = folder / f"{WEIGHTS}.part"
    save_file(tensors, part_file)
    part_file.chmod(0o644)  # safetensors writes for the owner alone
    part_file.replace(folder / WEIGHTS)
    for file, text in ((CARD, card), (CONFIG, json.dumps(config, indent=2, ensure_ascii=False) + "\n")):
        part_file = folder / f"{file}.part"
        part_file.write_text(text, encoding="utf-8")
        part_file.replace(folder / file)


def find_release(name: str, key: str = "magnetism", format: str = FORMAT) -> Path:
    """The folder of a released name or a path, given as `key=`; raises RequestError listing the released names."""
    bundled = resource("models")
    for folder in (Path(name).expanduser(), bundled / name):
        if (folder / CONFIG).is_file():
            return folder
    names = sorted(p.parent.name for p in bundled.glob(f"*/{CONFIG}") if _format(p) == format)
    raise RequestError(
        f"{key}={name}: expected none, a folder with {CONFIG} and {WEIGHTS}, "
        f"or a released name: {', '.join(names) or 'there is none'}"
    )


def load_release(folder: Path, key: str = "magnetism", format: str = FORMAT) -> TabularRelease:
    """Load a release folder; raises RequestError naming the file when it is not a sound one."""
    config, weights = folder / CONFIG, folder / WEIGHTS
    try:
        raw = json.loads(config.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise RequestError(f"{key}: {config}: not readable JSON ({error})") from None
    if not isinstance(raw, Mapping) or raw.get("format") != format:
        raise RequestError(f"{key}: {config}: expected format {format!r}")
    settings = raw.get("parts")
    if not isinstance(settings, Mapping) or not all(isinstance(part, Mapping) for part in settings.values()):
        raise RequestError(f"{key}: {config}: expected a section for each part under 'parts'")
    try:
        tensors = load_file(weights)
    except FileNotFoundError:
        raise RequestError(f"{key}: {weights} is missing") from None
    except (SafetensorError, OSError) as error:
        raise RequestError(f"{key}: {weights} is truncated or not a safetensors file ({error})") from None
    parts = {
        str(name): Part(dict(section), {k.partition("/")[2]: v for k, v in tensors.items() if k.startswith(f"{name}/")})
        for name, section in settings.items()
    }
    return TabularRelease(str(raw.get("name", folder.name)), parts, dict(raw.get("training") or {}), format)


def _format(config: Path) -> Any:
    try:
        return json.loads(config.read_text(encoding="utf-8")).get("format")
    except (OSError, ValueError, AttributeError):
        return None
