"""The property model: an ensemble of networks with heads, and the scales of its outputs in physical units."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from screening.data.targets import TARGETS
from screening.graphs.batch import GraphBatch
from screening.networks.blocks import ElementEmbedding, Perceptron, segment_sum
from screening.networks.domain import Domain
from screening.networks.element_properties import element_properties
from screening.networks.kinds import KINDS, kinds
from screening.networks.outputs import MAX_ATOMIC_NUMBER, Encoder, Prediction

_LOG_SCALE_RANGE = (-6.0, 3.0)


class EnsembleMember(nn.Module):
    """A network with heads for T values, the scales of their errors, and the moment of every site."""

    per_volume: Tensor

    def __init__(self, network: Encoder, targets: Sequence[str], head_width: int = 256) -> None:
        super().__init__()
        self.network = network
        n = len(targets)
        self.head = Perceptron(network.crystal_width + 1, head_width, 2 * n, last_scale=0.5)
        # a sum over elements is most of a formation energy and is learned in the first steps
        self.element_share = nn.Embedding(MAX_ATOMIC_NUMBER + 1, n)
        nn.init.zeros_(self.element_share.weight)
        self.site_head = Perceptron(network.atom_width, network.atom_width // 2, 1, last_scale=0.5)
        self.register_buffer("per_volume", torch.tensor([TARGETS[target].per_volume for target in targets]))

    def forward(self, batch: GraphBatch) -> Prediction:
        encoding = self.network(batch)
        volume = torch.log(batch.volume_A3 / batch.n_atoms)[:, None] - 2.8  # 16 Å3 per atom is about the median
        with torch.autocast(batch.numbers.device.type, enabled=False):
            outputs = self.head(torch.cat([encoding.crystal, volume], dim=1))
            share = segment_sum(self.element_share(batch.numbers), batch.owner, len(batch)) / batch.n_atoms[:, None]
            value, log_scale = outputs.chunk(2, dim=1)
            # a density is learned as the content of the volume of an atom
            value = torch.where(self.per_volume, value * torch.exp(-volume), value)
            # softplus keeps moments positive and still has a gradient for the many zero ones
            moment = nn.functional.softplus(self.site_head(encoding.atom)[:, 0])
        return Prediction(value + share, log_scale.clamp(*_LOG_SCALE_RANGE), moment, encoding.crystal)


class PropertyModel(nn.Module):
    """Predicts T crystal targets with their error scales, and the absolute moment of every site, as means of members.

    The physical value is `centre + scale * value`. All attributes are saved with the weights.

    Attributes:
        centre: (T,) offsets, set from training labels.
        scale: (T,) scales, set from training labels.
        interval: (T,) conformal factors on the predicted error scale, set by calibration.
        kind_interval: (K, T) further factors by kind of crystal, set by calibration.
        domain: The region of the training data, set by calibration.
    """

    centre: Tensor
    scale: Tensor
    interval: Tensor
    kind_interval: Tensor

    def __init__(self, networks: Sequence[Encoder], targets: Sequence[str]) -> None:
        super().__init__()
        self.targets = tuple(targets)
        self.members = nn.ModuleList(EnsembleMember(network, self.targets) for network in networks)
        n = len(self.targets)
        self.register_buffer("centre", torch.zeros(n))
        self.register_buffer("scale", torch.ones(n))
        self.register_buffer("interval", torch.full((n,), math.log(5.0)))  # covers 80 % of a Laplace distribution
        self.register_buffer("kind_interval", torch.ones(len(KINDS), n))
        self.domain = Domain(networks[0].crystal_width)

    def standardise(self, centre: Tensor, scale: Tensor) -> None:
        """Set the offsets and scales, (T,) each, of the physical values."""
        self.centre.copy_(centre)
        self.scale.copy_(scale)

    def describe_elements(self) -> None:
        """Give the networks the known properties of the elements; once, before training."""
        properties = element_properties()
        for module in self.modules():
            if isinstance(module, ElementEmbedding):
                module.describe(properties)

    def set_inference_dtype(self, dtype: torch.dtype) -> None:
        """Set float32, or bfloat16 if speed matters more than the last digits (see `Encoder`)."""
        for member in self.members:
            member.network.inference_dtype = dtype  # type: ignore[union-attr]

    def predict_members(self, batch: GraphBatch) -> list[Prediction]:
        """The predictions of all members."""
        return [member(batch) for member in self.members]

    def forward(self, batch: GraphBatch) -> Prediction:
        """Mean values and mean scales, with the features of the first member.

        Adding the spread of the members to the scales only gave wider intervals with the same coverage.
        """
        predictions = self.predict_members(batch)
        value = torch.stack([prediction.value for prediction in predictions]).mean(0)
        own = torch.stack([prediction.log_scale for prediction in predictions]).exp().mean(0)
        scale = own * self.kind_interval[kinds(batch)]
        moment = torch.stack([prediction.site_moment_muB for prediction in predictions]).mean(0)
        return Prediction(value, scale.log(), moment, predictions[0].features)

    def physical(self, prediction: Prediction) -> tuple[Tensor, Tensor]:
        """(B, T) values and half-widths of the 80 % interval in the units of the targets."""
        half_width = self.interval * torch.exp(prediction.log_scale) * self.scale
        return self.centre + self.scale * prediction.value, half_width
