"""The network SevenNet-l3i5: site energies of a batch from its bonds."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from screening.potentials.sevennet.harmonics import spherical_harmonics
from screening.potentials.sevennet.interactions import N_LAYERS, Interaction
from screening.potentials.sevennet.padded_bonds import CUTOFF_A, PaddedBonds
from screening.potentials.sevennet.products import Couplings, Path, bond_maps

ATOMIC_NUMBERS_OF_SPECIES, THREE_J = "atomic_numbers", "three_j"
"""Names of the tensors that the checkpoint does not have by a name of its own."""


class BatchedSevennet(nn.Module):
    """The function that the package computes (Park et al., J. Chem. Theory Comput. 20, 4857 (2024)), for a whole batch.

    Args:
        weights: As `sevennet_weights` gives them.
    """

    def __init__(self, weights: Mapping[str, Tensor]) -> None:
        super().__init__()
        species = weights[ATOMIC_NUMBERS_OF_SPECIES].long()
        n, row = len(species), torch.full((int(species.max()) + 1,), -1)
        row[species] = torch.arange(n)
        embedding = weights["onehot_to_feature_x.linear.weight"].double().view(n, -1) / n**0.5
        readout = weights["reduce_input_to_hidden.linear.weight"].double().view(embedding.shape[1], -1)
        readout = readout @ weights["reduce_hidden_to_energy.linear.weight"].double() / readout.numel() ** 0.5
        couplings = Couplings.of({path: weights[three_j_name(path)] for path in map(_path, weights) if path})
        self.columns = couplings.columns
        buffers = {
            "species": row,
            "embedding": embedding,
            "readout": readout,
            "couplings": couplings.matrix,
            "frequencies": weights["edge_embedding.basis_function.coeffs"],
            "shift": weights["rescale_atomic_energy.shift"],
            "scale": weights["rescale_atomic_energy.scale"],
        }
        for name, tensor in buffers.items():
            self.register_buffer(name, tensor)
        self.layers = nn.ModuleList(Interaction(weights, layer) for layer in range(N_LAYERS))

    def forward(self, bonds: PaddedBonds, vector: Tensor) -> Tensor:
        """(N,) energies of the sites in eV, in the order of the bonds' rows; vector: (E, 3) of the bonds."""
        left_over = vector.new_tensor([[CUTOFF_A, 0.0, 0.0]])
        vector = torch.cat([vector, left_over])
        embedding, harmonics = self._radial(vector.norm(dim=1)), spherical_harmonics(vector)
        maps = [self._maps(harmonics, block.bond) for block in bonds.blocks]
        species = self.get_buffer("species")[bonds.numbers]
        features = [self.get_buffer("embedding")[species][:, None]]
        for layer in self.layers:
            features = layer(features, embedding, bonds, maps)
        energy = features[0][:, 0] @ self.get_buffer("readout")
        return energy * self.get_buffer("scale")[species] + self.get_buffer("shift")[species]

    def _maps(self, harmonics: Tensor, bond: Tensor) -> dict[Path, Tensor]:
        own = harmonics.index_select(0, bond.flatten()).view(*bond.shape, -1)
        return bond_maps(own, self.columns, self.get_buffer("couplings"))

    def _radial(self, length: Tensor) -> Tensor:
        """(E, 8) sine waves that fade to 0 at the cutoff, with two derivatives."""
        part = length[:, None] / CUTOFF_A
        fade = 1 - 28 * part**6 + 48 * part**7 - 21 * part**8
        return 2 / CUTOFF_A * torch.sin(self.get_buffer("frequencies") * length[:, None]) / length[:, None] * fade


def three_j_name(path: Path) -> str:
    """The name of the tensor with the Wigner 3j symbols of a path."""
    return f"{THREE_J}_{path.of}_{path.by}_{path.to}"


def _path(name: str) -> Path | None:
    return Path(*map(int, name.split("_")[-3:])) if name.startswith(THREE_J) else None
