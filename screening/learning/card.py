"""The model card: what a model was trained on, how, and how well it does, from its config and its scores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from screening.crystals.elements import SYMBOLS
from screening.data.targets import TARGETS
from screening.learning.evaluation import Scores
from screening.networks.release import ModelConfig

_UNSEEN = "Crystals of whole chemical systems that belong to this split alone: none was trained on"


def model_card(config: ModelConfig, scores: Sequence[Scores], split: str, store_meta: Mapping[str, Any]) -> str:
    """Markdown; the author adds the command, the hardware and what is known to fail."""
    training = config.training
    same_store = training.get("store_sha256") == store_meta.get("sha256")
    lines = [
        f"# {config.name}",
        "",
        f"Architecture `{config.architecture}` with {_listed(config.parameters)}; graph with "
        f"{config.graph.neighbours} nearest neighbours (fading shell {config.graph.spread:g}, at most "
        f"{config.graph.max_cutoff_A:g} Å). Targets: {', '.join(f'`{t}`' for t in config.targets)}.",
        "",
        "## Training",
        "",
        f"- Store: sha256 `{str(training.get('store_sha256'))[:16]}`; "
        f"sources {', '.join(training.get('sources', []))}.",
        f"- Crystals by split (whole chemical systems, salt `{training.get('split_salt')}`): "
        f"{_listed(training.get('crystals', {}))}.",
        f"- {training.get('steps')} steps of {training.get('batches_per_epoch')} a pass over the data; "
        f"seed {training.get('seed')}, one run.",
        f"- Elements: {' '.join(SYMBOLS[z] for z in config.elements)}.",
        "",
        f"## Accuracy and coverage on the {split} split",
        "",
        ("The model was trained on crystals of these chemical systems" if split == "train" else _UNSEEN)
        + ("." if same_store else "; the store is not the one it was trained on.")
        + " The interval aims at 80 %. Non-trivial: "
        + "; ".join(
            f"{target.label} above {target.trivial_below:.4g}"
            for target in TARGETS.values()
            if target.trivial_below is not None and target.column in config.targets
        )
        + ". Baselines: best constant, and gradient boosting on element fractions (at most 20,000 training rows).",
        "",
        "| target | rows | n | MAE | RMSE | R² | constant MAE | composition MAE | coverage | mean width |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |",
        *(
            f"| `{s.target}` | {s.rows} | {s.n} | {s.mae:.4g} | {s.rmse:.4g} | {s.r2:.3f} | {s.mae_constant:.4g} | "
            f"{s.mae_composition:.4g} | {100 * s.coverage:.1f} % | {s.width:.4g} |"
            for s in scores
        ),
        "",
    ]
    return "\n".join(lines)


def _listed(values: Mapping[str, Any]) -> str:
    return ", ".join(f"{key} {value}" for key, value in values.items())
