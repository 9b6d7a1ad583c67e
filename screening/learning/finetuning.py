"""Fine-tuning: training that starts from a released model, learns the given labels and keeps the other targets.

Labels of another method or laboratory often differ from those of the release by little more than a scale and a shift.
The best straight line between the two is put into the standardisation first, which leaves less to learn.

A few hundred crystals with one label would soon make a network forget its other targets. So each step also trains it to
predict these as the release does (learning without forgetting, Li & Hoiem, ECCV 2016, arXiv:1606.09282).
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from screening.checksums import file_sha256
from screening.data.targets import TARGETS
from screening.errors import RequestError
from screening.learning.calibration import predict_labelled
from screening.learning.devices import mean_over_ranks
from screening.learning.labelled_graphs import LabelledBatch, LabelledGraphs
from screening.learning.losses import robust_scales
from screening.learning.module import OptimiserSettings, PropertyLearning
from screening.learning.run import TrainingSettings
from screening.networks.model import PropertyModel
from screening.networks.outputs import Prediction
from screening.networks.released_model import ModelConfig, build_model, load_release
from screening.release_folder import WEIGHTS

_FEWEST_FOR_A_SLOPE = 20
_SHARED = (".network.", ".site_head.")  # weights that a model with other targets inherits


@dataclass(frozen=True)
class Parent:
    """The released model that a run starts from."""

    folder: Path
    model: PropertyModel
    config: ModelConfig

    def __str__(self) -> str:
        """Its name in the model card of the fine-tuned model."""
        digest = file_sha256(self.folder / WEIGHTS)
        return f"{self.config.name}, weights with sha256 {digest}"

    def errors(self, data: LabelledGraphs, batch_atoms: int, targets: tuple[str, ...]) -> dict[str, float]:
        """Mean absolute errors of the release, by target.

        Args:
            data: The labelled crystals.
            batch_atoms: Mean atoms of a batch.
            targets: The columns of the labels.
        """
        if not len(data):
            return {}
        values, _ = predict_labelled(self.model, data, batch_atoms)
        labels = data.labels.double().numpy()
        shared = [target for target in targets if target in self.config.targets]
        columns = [targets.index(target) for target in shared]
        error = np.abs(values[:, [self.config.targets.index(target) for target in shared]] - labels[:, columns])
        known = np.isfinite(error).any(axis=0)
        return {t: float(np.nanmean(error[:, i])) for i, t in enumerate(shared) if known[i]}


def load_parent(folder: Path) -> Parent:
    """Load a released model; raises RequestError if the folder is not a valid release."""
    return Parent(folder, *load_release(folder))


def inherit_settings(settings: TrainingSettings, parent: Parent) -> TrainingSettings:
    """The settings with the network, the graph and the targets of the release.

    If the targets to learn are among its targets, all heads are kept. Otherwise the new model predicts only the targets
    to learn, with new heads on the network of the release.

    Raises:
        RequestError: If `trainer.target_weights` has the wrong number of entries.
    """
    learned, targets = settings.data.targets, parent.config.targets
    columns = targets if set(learned) <= set(targets) else learned
    given = settings.optimiser.target_weights
    if given:
        if len(given) != len(learned):
            raise RequestError(
                f"trainer.target_weights: expected one number for each of {', '.join(learned)}, got {len(given)}"
            )
        weights = dict(zip(learned, given, strict=True))
        expanded = tuple(weights.get(target, TARGETS[target].loss_weight) for target in columns)
        settings = replace(settings, optimiser=replace(settings.optimiser, target_weights=expanded))
    return replace(
        settings,
        network=parent.config.architecture,
        members=parent.config.members,
        parameters=parent.config.parameters,
        graph=parent.config.graph,
        data=replace(settings.data, columns=columns),
    )


def initial_model(
    parent: Parent, columns: tuple[str, ...], training: LabelledGraphs, batch_atoms: int
) -> PropertyModel:
    """The model that fine-tuning starts with; new heads are standardised by the training labels.

    Args:
        parent: The release.
        columns: The targets of the new model.
        training: The training crystals.
        batch_atoms: Mean atoms of a batch.
    """
    if columns == parent.config.targets:
        model = deepcopy(parent.model).train()
        _align(model, predict_labelled(parent.model, training, batch_atoms)[0], training.labels.double().numpy())
        return model
    model = build_model(replace(parent.config, targets=columns))
    state = {name: value for name, value in parent.model.state_dict().items() if any(part in name for part in _SHARED)}
    model.load_state_dict(state, strict=False)
    model.standardise(*robust_scales(training.labels))
    return model


def _align(model: PropertyModel, values: NDArray[np.float64], labels: NDArray[np.float64]) -> None:
    """Put the straight line from predictions to labels, both (B, T), into the model's standardisation."""
    for i in range(labels.shape[1]):
        known = np.isfinite(labels[:, i])
        if known.any():
            slope, offset = straight_line(values[known, i], labels[known, i])
            model.centre[i] = slope * model.centre[i] + offset
            model.scale[i] *= slope


def straight_line(x: NDArray[np.float64], y: NDArray[np.float64]) -> tuple[float, float]:
    """Slope and offset of least mean absolute error, by iteratively reweighted least squares.

    The slope is 1 for fewer than 20 points, or if it would be outside 1/5 to 5.
    """
    shift = 1.0, float(np.median(y - x))
    if len(x) < _FEWEST_FOR_A_SLOPE or np.ptp(x) < 1e-6:
        return shift
    design = np.stack([x, np.ones_like(x)], axis=1)
    line = np.array(shift)
    for _ in range(100):
        weight = 1 / np.sqrt(np.maximum(np.abs(y - design @ line), 1e-6))
        line = np.linalg.lstsq(design * weight[:, None], y * weight, rcond=None)[0]
    slope, offset = map(float, line)
    return (slope, offset) if 0.2 <= slope <= 5 else shift


class FineTuning(PropertyLearning):
    """Fits labels, and keeps the predictions of the release for targets without labels.

    Attributes:
        kept: Columns of the targets without labels.
        keep_moments: Whether there are no site moments to learn either.
    """

    def __init__(self, model: PropertyModel, settings: OptimiserSettings, parent: Parent, data: LabelledGraphs) -> None:
        super().__init__(model, settings)
        alike = model.targets == parent.config.targets
        labelled = data.labels.isfinite().any(dim=0).tolist()
        self.kept = [i for i, known in enumerate(labelled) if alike and not known]
        self.keep_moments = not bool(data.site_moment_muB.isfinite().any())
        # in a list, so that it is not a submodule: it must not be trained, averaged or saved
        self._release = [deepcopy(parent.model).eval().requires_grad_(False)]
        self._predictions: list[Prediction] = []

    def forward(self, *batch: Any) -> list[Prediction]:
        self._predictions = super().forward(*batch)
        return self._predictions

    def training_step(self, batch: LabelledBatch, index: int) -> Tensor:
        loss = super().training_step(batch, index)
        if not (self.kept or self.keep_moments):
            return loss
        with torch.no_grad():
            release = self._release[0].to(batch.labels.device).predict_members(batch.graphs)
        pairs = zip(self._predictions, release, strict=True)
        return loss + torch.stack([self._forgotten(now, before) for now, before in pairs]).mean()

    def _forgotten(self, now: Prediction, release: Prediction) -> Tensor:
        """Mean absolute change of the kept targets, their error scales and the site moments."""
        value = (now.value[:, self.kept] - release.value[:, self.kept]).abs().sum()
        scale = (now.log_scale[:, self.kept] - release.log_scale[:, self.kept]).abs().sum()
        moment = (now.site_moment_muB - release.site_moment_muB).abs().sum() * float(self.keep_moments)
        sizes = torch.tensor([len(now.value), len(now.site_moment_muB)], device=value.device, dtype=torch.float32)
        crystals, atoms = mean_over_ranks(sizes)
        total: Tensor = (value + self.settings.scale_weight * scale) / crystals
        return total + self.settings.site_weight * moment / atoms
