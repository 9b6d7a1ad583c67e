"""A few steps downhill: most of what a frame gains by relaxing once its ion is gone, for a few evaluations.

Six steps of gradient descent with the step lengths of Barzilai and Borwein, IMA J. Numer. Anal. 8, 141 (1988), atoms
and cell together. A crystal keeps its symmetry. One whose energy rises goes back to its best state and takes a shorter
step. This is no relaxation (see `screening.relaxation.relaxation`): the learned part of the voltage knows how far such
ends are from their minimum.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from screening.array_types import Floats
from screening.crystals.packed import PackedCrystals
from screening.networks.streaming import one_batch_per_core
from screening.potentials.base import Potential, PotentialOutput
from screening.potentials.batching import is_out_of_memory, spans
from screening.potentials.state import CrystalState
from screening.relaxation.kept_symmetry import KeptSymmetry

PRERELAX_STEPS, ROUGH_STEPS = 6, 18
ROUGH_FORCE_EV_PER_A, ROUGH_PRESSURE_EV_PER_A3 = 0.7, 0.01
"""Largest force on an atom, and a third of the trace of the stress, beyond which a given crystal is no minimum."""
Known = dict[bytes, tuple[Floats, Floats]]
"""What a potential found for crystals as they stand, by their arrays: the figures of `Prerelaxed`, and the moments."""
_FIRST, _SHORTEST, _LONGEST = 0.03, 0.01, 0.2  # Å²/eV; a bond has about 10 to 50 eV/Å²
_BACKTRACK = 0.35
_FARTHEST_A, _LARGEST_STRAIN = 0.15, 0.05  # in one step
_SETTLED_EV_PER_A = 0.01
"""Below this a step gains less than the last digits of energies in single precision, which would decide about it."""


@dataclass(frozen=True)
class Prerelaxed:
    """B crystals with N atoms after a few steps.

    Attributes:
        packed: The crystals at their lowest energy.
        first_energy_eV: (B,) before the first step.
        energy_eV: (B,) the lowest, of `packed`.
        force_eV_per_A: (B,) the largest on an atom of `packed`.
        pressure_eV_per_A3: (B,) a third of the trace of the stress, positive when the crystal wants to shrink.
        site_moment_muB: (N,), NaN where the potential has none.
    """

    packed: PackedCrystals
    first_energy_eV: Floats
    energy_eV: Floats
    force_eV_per_A: Floats
    pressure_eV_per_A3: Floats
    site_moment_muB: Floats


def prerelax(potential: Potential, packed: PackedCrystals, steps: int) -> Prerelaxed:
    """Move each of B crystals at most `steps` steps downhill; on a CPU every core has a batch of its own.

    Args:
        potential: Whose energies go down.
        packed: The crystals.
        steps: At most; 0 evaluates them as they stand.

    Returns:
        The crystals in the order given. Figures of one that the potential cannot evaluate are NaN.

    Raises:
        ScreeningError: An element that the potential does not know.
        RuntimeError: PyTorch's, for a single crystal that does not fit into the memory.
    """
    potential.check_elements(packed.numbers)
    order = np.argsort(packed.n_atoms, kind="stable")
    ordered = packed.take(order)

    def descents(span: tuple[int, int]) -> list[_Descent]:
        return _within_memory(potential, CrystalState.of(ordered.chunk(*span), potential.device), steps)

    with one_batch_per_core(potential.cores) as pool:
        batches = spans(ordered.n_atoms, potential.batch_atoms, potential.cores)
        parts = [part for found in pool.map(descents, batches) for part in found]
    return _reordered(parts, ordered, np.argsort(order, kind="stable"))


def evaluated(potential: Potential, packed: PackedCrystals, known: Known) -> Prerelaxed:
    """`prerelax` by no steps at all, for crystals that are asked for again and again.

    Args:
        potential: Evaluates those that are not known.
        packed: B crystals.
        known: Gets what is found, too.
    """
    keys = [_key(packed, row) for row in range(len(packed))]
    new = {key: row for row, key in enumerate(keys) if key not in known}
    found = prerelax(potential, packed.take(np.fromiter(new.values(), dtype=np.int64, count=len(new))), 0)
    for row, key in enumerate(new):
        figures = (found.first_energy_eV, found.energy_eV, found.force_eV_per_A, found.pressure_eV_per_A3)
        known[key] = (np.array([each[row] for each in figures]), found.site_moment_muB[found.packed.atoms(row)])
    first, energy, force, pressure = np.array([known[key][0] for key in keys]).reshape(-1, 4).T
    moments = np.concatenate([np.zeros(0), *(known[key][1] for key in keys)])
    return Prerelaxed(packed, first, energy, force, pressure, moments)


def _key(packed: PackedCrystals, row: int) -> bytes:
    own = packed.atoms(row)
    return packed.lattice[row].tobytes() + packed.numbers[own].tobytes() + packed.frac[own].tobytes()


def prerelax_rough(potential: Potential, packed: PackedCrystals, known: Known) -> PackedCrystals:
    """Move those of B crystals that are far from the potential's minimum up to `ROUGH_STEPS` steps nearer to it.

    Calculated crystals of the same theory stay as they are: of those that voltages are learned from, 2 % lie beyond
    the limits. Measured and substituted crystals often do, and their energy would be that of their strain. `known` is
    that of `evaluated`.
    """
    found = evaluated(potential, packed, known)
    rough = (found.force_eV_per_A > ROUGH_FORCE_EV_PER_A) | (
        np.abs(found.pressure_eV_per_A3) > ROUGH_PRESSURE_EV_PER_A3
    )
    rows = np.flatnonzero(rough)
    if not len(rows):
        return packed
    nearer = prerelax(potential, packed.take(rows), ROUGH_STEPS).packed
    return moved(packed, rows, nearer)


def moved(packed: PackedCrystals, rows: NDArray[np.int64], to: PackedCrystals) -> PackedCrystals:
    """B crystals, those of these rows with the cells and positions of others with the same atoms."""
    lattice, frac = packed.lattice.copy(), packed.frac.copy()
    lattice[rows] = to.lattice
    frac[np.isin(packed.owner, rows)] = to.frac
    return PackedCrystals(lattice, packed.numbers, frac, packed.offsets)


def _within_memory(potential: Potential, state: CrystalState, steps: int) -> list[_Descent]:
    try:
        return [_descend(potential, state, steps)]
    except RuntimeError as error:
        if not is_out_of_memory(error) or len(state) == 1:
            raise
    rows = torch.arange(len(state), device=state.lattice.device)
    return [part for half in rows.chunk(2) for part in _within_memory(potential, state.take(half), steps)]


@dataclass
class _Descent:
    """The best state of each crystal so far, and what was found there. Gradients: of the atoms (N, 3) in eV/Å, of the
    strain times `lever` (B, 3, 3) in eV/Å; the lever is the length in Å at which a strain moves an atom."""

    state: CrystalState
    symmetry: KeptSymmetry
    lever: Tensor
    first: Tensor
    energy: Tensor
    force: Tensor
    strain_force: Tensor
    stress: Tensor
    moment: Tensor

    @classmethod
    def start(cls, state: CrystalState, found: PotentialOutput) -> _Descent:
        lever = state.n_atoms.double().sqrt()[:, None, None]
        symmetry = KeptSymmetry.of(state)
        force, strain_force, stress, moment = _forces(state, found, lever, symmetry)
        return cls(state, symmetry, lever, found.energy_eV, found.energy_eV, force, strain_force, stress, moment)

    def moved(self, atoms: Tensor, strain: Tensor) -> CrystalState:
        """The best state with atoms moved by (N, 3) Å and the cell strained by (B, 3, 3) / lever."""
        inverse = torch.linalg.inv(self.state.lattice)[self.state.owner]
        frac = self.state.frac + torch.einsum("ni,nij->nj", atoms, inverse)
        lattice = self.state.lattice + self.state.lattice @ (strain / self.lever)
        return CrystalState(lattice, self.state.numbers, frac, self.state.offsets)

    def keep(self, state: CrystalState, found: PotentialOutput, better: Tensor) -> None:
        """Replace the crystals (B,) that are lower now."""
        force, strain_force, stress, moment = _forces(state, found, self.lever, self.symmetry)
        atoms, cells = better[state.owner], better[:, None, None]
        lattice = torch.where(cells, state.lattice, self.state.lattice)
        frac = torch.where(atoms[:, None], state.frac, self.state.frac)
        self.state = CrystalState(lattice, state.numbers, frac, state.offsets)
        self.energy = torch.where(better, found.energy_eV, self.energy)
        self.force = torch.where(atoms[:, None], force, self.force)
        self.strain_force = torch.where(cells, strain_force, self.strain_force)
        self.stress = torch.where(cells, stress, self.stress)
        self.moment = torch.where(atoms, moment, self.moment)


def _descend(potential: Potential, state: CrystalState, steps: int) -> _Descent:
    best = _Descent.start(state, potential.evaluate(state))
    length = torch.full_like(best.energy, _FIRST)
    for step in range(steps):
        atoms, strain, share = _limited(best, length)
        before, strain_before = best.force, best.strain_force
        state = best.moved(atoms, strain)
        found = potential.evaluate(state)
        better = found.energy_eV < best.energy
        best.keep(state, found, better)
        if step + 1 < steps:
            steep = (before - best.force, strain_before - best.strain_force)
            curvature = _dot(best, (atoms, strain), steep)
            longer = _dot(best, (atoms, strain), (atoms, strain)) / curvature.clamp(min=1e-12)
            longer = torch.where(curvature > 0, longer, torch.full_like(longer, _LONGEST)).clamp(_SHORTEST, _LONGEST)
            length = torch.where(better, longer, _BACKTRACK * share * length)
    return best


def _limited(best: _Descent, length: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Steps along the forces, cut so that nothing moves too far; and by which share (B,) they were cut."""
    owner = best.state.owner
    atoms, strain = length[owner, None] * best.force, length[:, None, None] * best.strain_force
    farthest = _largest(atoms.norm(dim=1), owner, len(length))
    largest = (strain / best.lever).abs().amax((1, 2))
    share = torch.minimum(_FARTHEST_A / farthest.clamp(min=1e-9), _LARGEST_STRAIN / largest.clamp(min=1e-9))
    share = torch.nan_to_num(share.clamp(max=1.0), nan=0.0)
    pull = torch.maximum(_largest(best.force.norm(dim=1), owner, len(length)), best.strain_force.abs().amax((1, 2)))
    share = torch.where(pull < _SETTLED_EV_PER_A, 0.0, share)
    # a crystal without finite forces stays where it is
    atoms, strain = torch.nan_to_num(share[owner, None] * atoms), torch.nan_to_num(share[:, None, None] * strain)
    return atoms, strain, share


def _forces(
    state: CrystalState, found: PotentialOutput, lever: Tensor, symmetry: KeptSymmetry
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    if found.forces_eV_per_A is None or found.stress_eV_per_A3 is None:
        raise ValueError("forces and stress are needed to go downhill")
    moment = found.site_moment_muB
    moment = torch.full_like(state.frac[:, 0], float("nan")) if moment is None else moment.double()
    force, stress = symmetry.vectors(found.forces_eV_per_A), symmetry.tensors(found.stress_eV_per_A3)
    return force, -state.volume_A3[:, None, None] * stress / lever, stress, moment


def _dot(best: _Descent, one: tuple[Tensor, Tensor], two: tuple[Tensor, Tensor]) -> Tensor:
    """(B,) products over atoms and strains."""
    atoms = (one[0] * two[0]).sum(1)
    return torch.zeros_like(best.energy).index_add_(0, best.state.owner, atoms) + (one[1] * two[1]).sum((1, 2))


def _largest(values: Tensor, owner: Tensor, size: int) -> Tensor:
    return values.new_zeros(size).scatter_reduce_(0, owner, values, "amax")


def _reordered(parts: list[_Descent], packed: PackedCrystals, rows: NDArray[np.int64]) -> Prerelaxed:
    """Join the batches and bring crystals back to the order given."""
    if not parts:
        none = np.zeros(0)
        return Prerelaxed(packed, none, none, none, none, none)

    def joined(pieces: list[Tensor]) -> Floats:
        return np.asarray(torch.cat(pieces).double().cpu().numpy())

    end = PackedCrystals(
        joined([p.state.lattice for p in parts]), packed.numbers, joined([p.state.frac for p in parts]), packed.offsets
    )
    forces = joined([_largest(p.force.norm(dim=1), p.state.owner, len(p.energy)) for p in parts])
    pressure = joined([p.stress.diagonal(dim1=1, dim2=2).mean(1) for p in parts])
    owner = np.concatenate([np.arange(packed.offsets[row], packed.offsets[row + 1]) for row in rows])
    return Prerelaxed(
        end.take(rows),
        joined([p.first for p in parts])[rows],
        joined([p.energy for p in parts])[rows],
        forces[rows],
        pressure[rows],
        joined([p.moment for p in parts])[owner],
    )
