"""SevenNet with random weights, and its energy written down a second time: bond by bond, without any of our modules."""

from __future__ import annotations

from itertools import product

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import silu

from screening.crystals import Crystal
from screening.potentials.sevennet.harmonics import DEGREES, spherical_harmonics

CHANNELS, SPECIES, LAYERS, CUTOFF = (128, 64, 32, 32), (3, 8, 15, 26), 5, 5.0
SILU = 1.6791767923989418
TRIPLES = [(a, b, c) for a, b, c in product(DEGREES, repeat=3) if abs(a - b) <= c <= a + b]


def three_j(degrees: tuple[int, int, int]) -> Tensor:
    """The tensor of norm 1 that no rotation changes; its sign is chance."""
    rng = np.random.default_rng(5)
    shape = tuple(2 * degree + 1 for degree in degrees)
    rows = []
    for _ in range(3):
        turn = np.linalg.qr(rng.normal(size=(3, 3)))[0]
        turn *= np.linalg.det(turn)
        first, second, third = (rotation(degree, turn) for degree in degrees)
        rows.append(
            np.einsum("ai,bj,ck->abcijk", first, second, third).reshape(np.prod(shape), -1) - np.eye(np.prod(shape))
        )
    _, singular, right = np.linalg.svd(np.concatenate(rows))
    assert singular[-1] < 1e-9
    assert len(singular) == 1 or singular[-2] > 1e-3
    return torch.tensor(right[-1].reshape(shape))


def rotation(degree: int, turn: np.ndarray) -> np.ndarray:
    """How the harmonics of a degree turn, found from their values."""
    points = np.random.default_rng(6).normal(size=(40, 3))
    part = slice(degree**2, (degree + 1) ** 2)
    before, after = (spherical_harmonics(torch.tensor(p))[:, part].numpy() for p in (points, points @ turn.T))
    return np.linalg.lstsq(before, after, rcond=None)[0].T


def random_weights(seed: int = 0) -> dict[str, Tensor]:
    """Named and shaped as in the checkpoint."""
    made = torch.Generator().manual_seed(seed)

    def normal(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=made, dtype=torch.float64)

    weights = {
        "atomic_numbers": torch.tensor(SPECIES),
        "onehot_to_feature_x.linear.weight": normal(len(SPECIES) * CHANNELS[0]),
        "edge_embedding.basis_function.coeffs": torch.arange(1.0, 9.0, dtype=torch.float64) * np.pi / CUTOFF,
        "reduce_input_to_hidden.linear.weight": normal(CHANNELS[0] * 64),
        "reduce_hidden_to_energy.linear.weight": normal(64),
        "rescale_atomic_energy.shift": normal(len(SPECIES)),
        "rescale_atomic_energy.scale": 1 + normal(len(SPECIES)) ** 2,
    }
    weights |= {f"three_j_{a}_{b}_{c}": three_j((a, b, c)) for a, b, c in TRIPLES if min(a, b, c) > 0}
    for layer in range(LAYERS):
        own, summed, out = widths(layer)
        shapes = {
            "self_interaction_1.linear": sum(n * n for n in own),
            "self_connection_intro.linear": sum(a * b for a, b in zip(own, out, strict=False)),
            "self_interaction_2.linear": sum(a * b for a, b in zip(summed, out, strict=True)),
        }
        weights |= {f"{layer}_{name}.weight": normal(n) for name, n in shapes.items()}
        for index, (n, m) in enumerate(((8, 64), (64, 64), (64, sum(summed)))):
            weights[f"{layer}_convolution.weight_nn.layer{index}.weight"] = normal(n, m)
        weights[f"{layer}_convolution.denominator"] = torch.tensor([6.0], dtype=torch.float64)
    return weights


def widths(layer: int) -> tuple[list[int], list[int], list[int]]:
    """Channels of each degree: of the features, of the messages, and of what goes into the gate."""
    own = list(CHANNELS[:1] if layer == 0 else CHANNELS)
    largest = 0 if layer == LAYERS - 1 else DEGREES[-1]
    summed = [sum(own[a] for a, _, c in paths_of(layer) if c == to) for to in range(largest + 1)]
    gated = list(CHANNELS[1 : largest + 1])
    return own, summed, [CHANNELS[0] + sum(gated), *gated]


def paths_of(layer: int) -> list[tuple[int, int, int]]:
    """Features x harmonics -> messages, in the order of the weights."""
    largest = 0 if layer == LAYERS - 1 else DEGREES[-1]
    return [path for path in TRIPLES if path[0] < (1 if layer == 0 else 4) and path[2] <= largest]


def energy_bond_by_bond(weights: dict[str, Tensor], crystal: Crystal) -> float:
    """The energy in eV, in the order of the paper: linear, product, sum, linear, gate."""
    species = [SPECIES.index(z) for z in crystal.numbers.tolist()]
    bonds = [bond for bond in all_bonds(crystal) if 1e-6 < np.linalg.norm(bond[2]) < CUTOFF]
    embedding = weights["onehot_to_feature_x.linear.weight"].view(len(SPECIES), -1)[species] / len(SPECIES) ** 0.5
    features = [embedding[:, :, None]]
    for layer in range(LAYERS):
        features = interaction(weights, layer, features, bonds)
    hidden = linear(weights["reduce_input_to_hidden.linear.weight"], features, [(CHANNELS[0], 64)])
    site = linear(weights["reduce_hidden_to_energy.linear.weight"], hidden, [(64, 1)])[0][:, 0, 0]
    scale, shift = weights["rescale_atomic_energy.scale"], weights["rescale_atomic_energy.shift"]
    return float((site * scale[species] + shift[species]).sum())


def all_bonds(crystal: Crystal) -> list[tuple[int, int, np.ndarray]]:
    position = crystal.frac @ crystal.lattice
    images = [np.array(image) @ crystal.lattice for image in product(range(-3, 4), repeat=3)]
    n = range(len(position))
    return [(i, j, position[j] + image - position[i]) for i in n for j in n for image in images]


def interaction(weights: dict[str, Tensor], layer: int, features: list[Tensor], bonds: list) -> list[Tensor]:
    own, summed, out = widths(layer)
    name = f"{layer}_{{}}.weight".format
    sent = linear(weights[name("self_interaction_1.linear")], features, [(n, n) for n in own])
    kept = linear(weights[name("self_connection_intro.linear")], features, list(zip(own, out, strict=False)))
    n_atoms = len(features[0])
    sums = [torch.zeros(n_atoms, width, 2 * to + 1, dtype=torch.float64) for to, width in enumerate(summed)]
    for i, j, vector in bonds:
        harmonics = spherical_harmonics(torch.tensor(vector))
        radial = radial_weights(weights, layer, float(np.linalg.norm(vector)))
        filled, used = [0] * len(summed), 0
        for a, b, c in paths_of(layer):
            weight = radial[used : used + own[a]]
            symbol = weights[f"three_j_{a}_{b}_{c}"] if min(a, b, c) > 0 else scalar_symbol(a, b, c)
            message = torch.einsum("ux,y,xyz->uz", sent[a][j], harmonics[b**2 : (b + 1) ** 2], symbol)
            place = slice(filled[c], filled[c] + own[a])
            sums[c][i, place] += (2 * c + 1) ** 0.5 * weight[:, None] * message
            used, filled[c] = used + own[a], filled[c] + own[a]
    sums = [part / weights[f"{layer}_convolution.denominator"] for part in sums]
    new = linear(weights[name("self_interaction_2.linear")], sums, list(zip(summed, out, strict=True)))
    new = [part + kept[i] if i < len(kept) else part for i, part in enumerate(new)]
    active = SILU * silu(new[0])
    result, used = [active[:, : CHANNELS[0]]], CHANNELS[0]
    for part in new[1:]:
        result.append(part * active[:, used : used + part.shape[1]])
        used += part.shape[1]
    return result


def scalar_symbol(a: int, b: int, c: int) -> Tensor:
    size = 2 * max(a, b, c) + 1
    return torch.eye(size, dtype=torch.float64).view(2 * a + 1, 2 * b + 1, 2 * c + 1) / size**0.5


def radial_weights(weights: dict[str, Tensor], layer: int, length: float) -> Tensor:
    part = length / CUTOFF
    fade = 1 - 28 * part**6 + 48 * part**7 - 21 * part**8
    x = 2 / CUTOFF * torch.sin(weights["edge_embedding.basis_function.coeffs"] * length) / length * fade
    for index in range(3):
        weight = weights[f"{layer}_convolution.weight_nn.layer{index}.weight"]
        x = x @ weight / len(weight) ** 0.5
        x = x if index == 2 else SILU * silu(x)
    return x


def linear(weight: Tensor, features: list[Tensor], shapes: list[tuple[int, int]]) -> list[Tensor]:
    parts = weight.split([a * b for a, b in shapes])
    return [
        torch.einsum("num,uv->nvm", own, part.view(shape)) / shape[0] ** 0.5
        for own, part, shape in zip(features, parts, shapes, strict=False)
    ]
