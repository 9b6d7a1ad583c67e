"""Forces keep the symmetry of their crystal, and crystals without symmetry keep their forces."""

from __future__ import annotations

import numpy as np
import torch
from helpers.crystals import cubic, random_crystal, supercell
from helpers.electrodes import Springs

from screening.crystals import Crystal
from screening.crystals.packed import pack
from screening.crystals.symmetry import space_group_number
from screening.potentials.state import CrystalState
from screening.relaxation.few_steps import prerelax
from screening.relaxation.kept_symmetry import KeptSymmetry

CRYSTALS = [
    cubic(26, 2.866, "I"),
    random_crystal(np.random.default_rng(0), 5),
    supercell(cubic(8, 2.5, "P"), (2, 1, 1)),
]


def symmetry() -> KeptSymmetry:
    return KeptSymmetry.of(CrystalState.of(pack(CRYSTALS), torch.device("cpu")))


def test_only_the_symmetric_part_of_forces_stays() -> None:
    forces = torch.from_numpy(np.random.default_rng(1).normal(size=(9, 3)))
    kept = symmetry().vectors(forces)
    np.testing.assert_allclose(kept[:2], 0.0, atol=1e-12)  # an inversion centre on every atom
    np.testing.assert_allclose(kept[2:7], forces[2:7])
    np.testing.assert_allclose(kept[7:], 0.0, atol=1e-12)
    np.testing.assert_allclose(symmetry().vectors(kept), kept, atol=1e-12)


def test_only_the_symmetric_part_of_stress_stays() -> None:
    rng = np.random.default_rng(2)
    stress = rng.normal(size=(3, 3, 3))
    stress = torch.from_numpy(stress + stress.transpose(0, 2, 1))
    kept = symmetry().tensors(stress)
    pressure = stress.diagonal(dim1=1, dim2=2).mean(1)
    np.testing.assert_allclose(kept[0], pressure[0] * torch.eye(3), atol=1e-12)  # cubic
    np.testing.assert_allclose(kept[1], stress[1])
    np.testing.assert_allclose(kept.diagonal(dim1=1, dim2=2).mean(1), pressure)


def test_steps_downhill_keep_the_space_group() -> None:
    """The springs pull atoms to whole places in Å, which has nothing to do with the symmetry of a crystal."""
    crystal = Crystal.from_arrays("CsCl", 4.3 * np.eye(3), [55, 17], [[0, 0, 0], [0.5, 0.5, 0.5]])
    moved = prerelax(Springs(), pack([crystal]), 6).packed
    assert space_group_number(moved.lattice[0], moved.frac, moved.numbers.tolist(), (1e-4,)) == 221
    assert abs(np.linalg.det(moved.lattice[0])) < 4.2**3
