"""L-BFGS on the atoms and cells of many crystals at once, each with its own history, step length and outcome.

Quasi-Newton steps by the two-loop recursion (Nocedal, Math. Comput. 35, 773 (1980)) on one vector a crystal: Cartesian
displacements in Å and the logarithm of the cell's deformation, times the square root of the number of atoms and 1 Å,
which makes a cell about as stiff as an atom. Positions go along with the cell, as in the exponential cell filters. A
step that raises the energy is taken back and tried shorter.
"""

from __future__ import annotations

import torch
from torch import Tensor

from screening.potentials.base import PotentialOutput
from screening.potentials.state import CrystalState

_MEMORY = 10  # steps remembered
_FIRST_SCALE = 1 / 70  # Å² per eV, the inverse stiffness before anything is known: that of ASE's LBFGS
_LONGEST_STEP_A = 0.2
_LARGEST_STRAIN = 0.05
_NOISE_eV_PER_ATOM = 2e-5  # an energy in float32 that rises by less has not risen
_GROWTH, _CUT = 1.5, 0.4  # of the reach, after a good and after a bad step


class Minimiser:
    """Where the relaxations of B crystals with N atoms stand.

    Vectors are (N + 3 B, 3): the atoms' rows, then three rows for each cell. state: where an evaluation is wanted;
    held: the best point so far, with its energy (B,), gradient, and force (B,): the largest on an atom, or on the cell
    per atom, in eV/Å, as ASE's cell filters count it. n_steps: (B,) evaluations after the first.
    """

    def __init__(self, state: CrystalState, relax_cell: bool = True) -> None:
        self.relax_cell = relax_cell
        self.state = self.held = state
        zero = state.lattice.new_zeros(len(state))
        self.energy, self.force, self.reach = zero + torch.inf, zero + torch.inf, zero + _LONGEST_STEP_A
        self.n_steps = torch.full_like(state.n_atoms, -1)
        self.gradient = self.move = state.lattice.new_zeros(len(state.numbers) + 3 * len(state), 3)
        self.steps: list[Tensor] = []
        self.changes: list[Tensor] = []
        self.curvatures: list[Tensor] = []

    def __len__(self) -> int:
        return len(self.state)

    @property
    def owner(self) -> Tensor:
        """(N + 3 B,) the crystal of each row."""
        cells = torch.arange(len(self), device=self.state.offsets.device)
        return torch.cat([self.state.owner, cells.repeat_interleave(3)])

    def advance(self, found: PotentialOutput) -> None:
        """Take the evaluation of `state` and choose the next. NaN counts as a step that must be taken back."""
        owner, gradient = self.owner, self._gradient(found)
        limit = self.energy + _NOISE_eV_PER_ATOM * self.state.n_atoms
        good = (found.energy_eV <= limit) & self._all_finite(gradient, owner)
        self._remember(gradient, owner)
        self.reach = torch.where(good, (self.reach * _GROWTH).clamp(max=_LONGEST_STEP_A), self.reach * _CUT)
        self.energy = torch.where(good, found.energy_eV, self.energy)
        self.force = torch.where(good, self._largest_force(gradient), self.force)
        self.gradient = torch.where(good[owner, None], gradient, self.gradient)
        self.held = _chosen(good, self.state, self.held)
        self.move = self._limited(self._direction(owner), owner)
        self.state = self._moved()
        self.n_steps = self.n_steps + 1

    def take(self, rows: Tensor) -> Minimiser:
        """The crystals of these rows only."""
        made = Minimiser(self.state.take(rows), self.relax_cell)
        cells = len(self.state.numbers) + 3 * rows[:, None] + torch.arange(3, device=rows.device)
        index = torch.cat([self.state.atoms_of(rows), cells.flatten()])
        made.held = self.held.take(rows)
        for name in ("energy", "force", "reach", "n_steps"):
            setattr(made, name, getattr(self, name)[rows])
        made.gradient, made.move = self.gradient[index], self.move[index]
        made.steps, made.changes = ([part[index] for part in parts] for parts in (self.steps, self.changes))
        made.curvatures = [part[rows] for part in self.curvatures]
        return made

    def with_more(self, state: CrystalState) -> Minimiser:
        """New crystals behind those under way."""
        new = Minimiser(state, self.relax_cell)
        made = Minimiser(CrystalState.cat([self.state, state]), self.relax_cell)
        made.held = CrystalState.cat([self.held, state])
        for name in ("energy", "force", "reach", "n_steps"):
            setattr(made, name, torch.cat([getattr(self, name), getattr(new, name)]))
        atoms = len(self.state.numbers)

        def joined(mine: Tensor) -> Tensor:
            return torch.cat(
                [mine[:atoms], new.move[: len(state.numbers)], mine[atoms:], new.move[len(state.numbers) :]]
            )

        made.gradient, made.move = joined(self.gradient), joined(self.move)
        made.steps, made.changes = ([joined(part) for part in parts] for parts in (self.steps, self.changes))
        made.curvatures = [torch.cat([part, part.new_zeros(len(state))]) for part in self.curvatures]
        return made

    def _gradient(self, found: PotentialOutput) -> Tensor:
        if found.forces_eV_per_A is None or found.stress_eV_per_A3 is None:
            raise ValueError("a relaxation needs forces and stress")
        scale = self.state.volume_A3 / self.state.n_atoms.sqrt() if self.relax_cell else self.state.volume_A3 * 0
        cell = found.stress_eV_per_A3 * scale[:, None, None]
        return torch.cat([-found.forces_eV_per_A, cell.reshape(-1, 3)])

    def _all_finite(self, gradient: Tensor, owner: Tensor) -> Tensor:
        broken = torch.zeros(len(self), dtype=torch.bool, device=owner.device)
        broken[owner[~gradient.isfinite().all(dim=1)]] = True
        return ~broken

    def _largest_force(self, gradient: Tensor) -> Tensor:
        size = gradient.norm(dim=1)
        size[len(self.state.numbers) :] /= self.state.n_atoms.sqrt().repeat_interleave(3)
        return self._largest(size, self.owner)

    def _largest(self, values: Tensor, owner: Tensor) -> Tensor:
        return values.new_zeros(len(self)).scatter_reduce_(0, owner, values, "amax")

    def _dot(self, a: Tensor, b: Tensor, owner: Tensor) -> Tensor:
        return a.new_zeros(len(self)).index_add_(0, owner, (a * b).sum(1))

    def _remember(self, gradient: Tensor, owner: Tensor) -> None:
        """Keep the last step and what it did to the gradient, where it shows positive curvature."""
        change = torch.nan_to_num(gradient - self.gradient, nan=0.0, posinf=0.0, neginf=0.0)
        product = self._dot(self.move, change, owner)
        positive = product > 1e-9 * self._dot(change, change, owner)
        self.steps = [self.move, *self.steps[: _MEMORY - 1]]
        self.changes = [change, *self.changes[: _MEMORY - 1]]
        self.curvatures = [torch.where(positive, product, 0.0), *self.curvatures[: _MEMORY - 1]]

    def _direction(self, owner: Tensor) -> Tensor:
        """Minus the inverse Hessian, as the history tells it, times the gradient."""
        rest, scale = self.gradient, torch.zeros_like(self.energy)
        weights = []
        for step, change, product in zip(self.steps, self.changes, self.curvatures, strict=True):
            known = product > 0
            weight = torch.where(known, self._dot(step, rest, owner) / product, 0.0)
            rest = rest - weight[owner, None] * change
            stiffness = self._dot(change, change, owner) / product
            scale = torch.where(known & (scale == 0), 1 / stiffness, scale)
            weights.append(weight)
        direction = torch.where(scale > 0, scale, _FIRST_SCALE)[owner, None] * rest
        for step, change, product, weight in list(zip(self.steps, self.changes, self.curvatures, weights, strict=True))[
            ::-1
        ]:
            back = torch.where(product > 0, self._dot(change, direction, owner) / product, 0.0)
            direction = direction + (weight - back)[owner, None] * step
        downhill = self._dot(direction, self.gradient, owner) > 0
        return -torch.where(downhill[owner, None], direction, _FIRST_SCALE * self.gradient)

    def _limited(self, direction: Tensor, owner: Tensor) -> Tensor:
        """No atom moves farther than the reach of its crystal, no cell vector is strained by more than its share."""
        atoms = len(self.state.numbers)
        size = direction.norm(dim=1)
        strain = size[atoms:] / self.state.n_atoms.sqrt().repeat_interleave(3)
        size = torch.cat([size[:atoms], strain * (_LONGEST_STEP_A / _LARGEST_STRAIN)])
        factor = (self.reach / self._largest(size, owner)).clamp(max=1.0)
        return direction * torch.nan_to_num(factor, nan=0.0)[owner, None]

    def _moved(self) -> CrystalState:
        held, atoms = self.held, len(self.held.numbers)
        shift = torch.einsum("ni,nij->nj", self.move[:atoms], torch.linalg.inv(held.lattice)[held.owner])
        strain = self.move[atoms:].reshape(-1, 3, 3) / held.n_atoms.sqrt()[:, None, None]
        return CrystalState(
            held.lattice @ torch.linalg.matrix_exp(strain), held.numbers, held.frac + shift, held.offsets
        )


def _chosen(first: Tensor, one: CrystalState, other: CrystalState) -> CrystalState:
    """The crystals of `one` where `first`, those of `other` elsewhere; both hold the same atoms."""
    lattice = torch.where(first[:, None, None], one.lattice, other.lattice)
    frac = torch.where(first[one.owner, None], one.frac, other.frac)
    return CrystalState(lattice, one.numbers, frac, one.offsets)
