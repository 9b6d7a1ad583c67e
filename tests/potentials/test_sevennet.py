"""Batched SevenNet against its energy bond by bond, and against the package where it is installed."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest
import torch
from helpers.crystals import cubic, random_crystal
from helpers.sevennet import SPECIES, energy_bond_by_bond, random_weights

from screening.crystals.packed import pack
from screening.errors import RequestError
from screening.potentials.registry import load_potential, missing_for
from screening.potentials.sevennet import sevennet, sevennet_weights
from screening.potentials.sevennet.harmonics import spherical_harmonics
from screening.potentials.sevennet.sevennet import SevennetPotential
from screening.testing import check_potential

with_file = pytest.mark.skipif(missing_for("sevennet") != "", reason="the package sevenn is missing")
with_package = pytest.mark.skipif(
    any(importlib.util.find_spec(name) is None for name in ("sevenn", "e3nn", "torch_geometric")),
    reason="the package sevenn or one of its own dependencies is missing",
)


@pytest.fixture(scope="module")
def random_sevennet() -> SevennetPotential:
    return SevennetPotential(random_weights(), torch.device("cpu"), torch.float64)


def test_harmonics_are_orthogonal_with_a_mean_square_of_one() -> None:
    rng = np.random.default_rng(0)
    values = spherical_harmonics(torch.tensor(rng.normal(size=(200_000, 3))))
    products = values.T @ values / len(values)
    np.testing.assert_allclose(products, np.eye(16), atol=0.02)
    np.testing.assert_allclose((values[:, 4:9] ** 2).sum(1), 5, atol=1e-9)


@pytest.mark.slow
def test_equals_the_energy_bond_by_bond(random_sevennet: SevennetPotential) -> None:
    rng = np.random.default_rng(1)
    crystals = [random_crystal(rng, n, SPECIES) for n in (1, 2, 4)]
    expected = [energy_bond_by_bond(random_weights(), crystal) for crystal in crystals]
    found = random_sevennet.energies(pack(crystals), forces=False).energy_eV
    np.testing.assert_allclose(found, expected, rtol=1e-9)


@pytest.mark.ci
def test_what_sevennet_must_satisfy_too(random_sevennet: SevennetPotential) -> None:
    rng = np.random.default_rng(4)
    crystals = [random_crystal(rng, atoms, (3, 8, 26)) for atoms in (3, 1, 4)]
    check_potential(random_sevennet, crystals, tolerance=1e-6, step=1e-5, slope_tolerance=1e-4)


@pytest.mark.ci
def test_atoms_without_neighbors_and_energies_without_forces(random_sevennet: SevennetPotential) -> None:
    packed = pack([cubic(3, 20.0, "P"), cubic(26, 2.9, "I")])
    found = random_sevennet.energies(packed)
    assert found.forces_eV_per_A is not None
    assert not found.forces_eV_per_A[:1].any()
    assert found.site_moment_muB is None
    alone = random_sevennet.energies(packed, forces=False)
    np.testing.assert_allclose(alone.energy_eV, found.energy_eV, rtol=1e-12)
    assert alone.forces_eV_per_A is None


@pytest.mark.ci
@with_package
def test_sevennet_equals_its_package() -> None:
    from ase import Atoms
    from sevenn.calculator import SevenNetCalculator

    rng = np.random.default_rng(2)
    crystals = [random_crystal(rng, n, (1, 3, 8, 26, 60)) for n in (1, 2, 5, 8)] + [cubic(55, 6.05, "I")]
    ours = load_potential("sevennet", "cpu").energies(pack(crystals))
    calculator = SevenNetCalculator("7net-l3i5", device="cpu")
    theirs = [
        Atoms(c.numbers, scaled_positions=c.frac, cell=c.lattice, pbc=True, calculator=calculator) for c in crystals
    ]
    energies, forces, stress = zip(
        *((a.get_potential_energy(), a.get_forces(), a.get_stress(voigt=False)) for a in theirs), strict=True
    )
    assert ours.forces_eV_per_A is not None
    assert ours.stress_eV_per_A3 is not None
    atoms = np.array([len(a) for a in theirs])
    np.testing.assert_allclose(ours.energy_eV / atoms, np.array(energies) / atoms, atol=1e-5)
    np.testing.assert_allclose(ours.forces_eV_per_A, np.concatenate(forces), atol=2e-4, rtol=1e-4)
    np.testing.assert_allclose(ours.stress_eV_per_A3, np.array(stress), atol=1e-5, rtol=1e-4)


@pytest.mark.ci
@with_file
def test_converted_weights_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    first = sevennet_weights.sevennet_weights()
    (kept,) = (tmp_path / "screening").glob("sevennet-*.safetensors")
    second = sevennet_weights.sevennet_weights()
    assert first.keys() == second.keys()
    assert all(torch.equal(first[name], second[name]) for name in first)
    kept.write_bytes(kept.read_bytes()[:-1] + b"?")
    assert torch.equal(sevennet_weights.sevennet_weights()["atomic_numbers"], first["atomic_numbers"])


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sevennet_weights, "sevennet_checkpoint", lambda: None)
    assert "sevenn" in missing_for("sevennet")
    with pytest.raises(RequestError, match=r"potential=sevennet: .* not installed; pip install"):
        load_potential("sevennet", "cpu")


def test_another_file_is_not_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = tmp_path / "checkpoint_l3i5.pth"
    other.write_bytes(b"cos\nsystem\n(S'touch broken'\ntR.")
    monkeypatch.setattr(sevennet_weights, "sevennet_checkpoint", lambda: other)
    with pytest.raises(RequestError, match="not the file that is known"):
        load_potential("sevennet", "cpu")


def test_sevennet_takes_no_argument() -> None:
    with pytest.raises(RequestError, match="takes nothing after its name"):
        sevennet.SevennetPotential.load("7net-0", torch.device("cpu"))


def test_chgnet_is_always_there() -> None:
    assert missing_for("chgnet") == ""
