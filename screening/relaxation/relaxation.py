"""Relaxing crystals in batches: positions and cell, many at once, each with its own end.

Crystals leave the batch as they converge, fail or run out of steps, and waiting ones take their places. On a CPU every
core has a batch of its own. Neighbours are searched anew at every step, which takes 2 % of its time with CHGNet.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from queue import SimpleQueue
from threading import Event, Lock

import numpy as np
import torch

from screening.crystals.crystal import Crystal
from screening.crystals.packed import PackedCrystals, pack
from screening.crystals.read_settings import ReadSettings
from screening.crystals.sanity import find_problem
from screening.crystals.sites import Sites
from screening.networks.streaming import one_batch_per_core
from screening.potentials.base import Potential, PotentialOutput
from screening.potentials.state import CrystalState
from screening.relaxation.minimiser import Minimiser

_VOLUME_RATIO = 3.0  # a cell that grows or shrinks by more has run away
_SANE = ReadSettings(max_atoms=1 << 30)


@dataclass(frozen=True)
class RelaxationSettings:
    """How far to relax.

    Attributes:
        fmax_eV_per_A: Converged when no force is larger, on an atom or per atom on the cell (as in CHGNet's
            `StructOptimizer` with ASE's `FrechetCellFilter`).
        max_steps: Evaluations after the first.
        relax_cell: Whether the cell is relaxed as well.
        batch_atoms: Atoms that are relaxed together; None for what is fastest with the potential.
    """

    fmax_eV_per_A: float = 0.1
    max_steps: int = 500
    relax_cell: bool = True
    batch_atoms: int | None = None


@dataclass(frozen=True)
class Relaxed:
    """How a relaxation ended.

    Attributes:
        crystal: The relaxed one, with the id of the one that went in; after a failure the one that went in.
        converged: False as well for one that ran out of steps.
        n_steps: Evaluations after the first.
        energy_eV: Of the cell.
        start_energy_eV: Before the first step.
        max_force_eV_per_A: As in `RelaxationSettings`.
        volume_change_percent: Against the crystal that went in.
        failure: Why there is no result, and the figures are NaN; empty if there is one.
    """

    crystal: Crystal
    converged: bool = False
    n_steps: int = 0
    energy_eV: float = math.nan
    start_energy_eV: float = math.nan
    max_force_eV_per_A: float = math.nan
    volume_change_percent: float = math.nan
    failure: str = ""


@dataclass
class _Entry:
    """A crystal under way."""

    crystal: Crystal
    start_energy_eV: float = math.nan


def relax(
    potential: Potential, crystals: Iterable[Crystal], settings: RelaxationSettings = RelaxationSettings()
) -> Iterator[Relaxed]:
    """Relax a stream of crystals.

    Args:
        potential: Whose energies go down.
        crystals: One after another; a sequence is shared out among the cores.
        settings: How far.

    Returns:
        Each crystal once, as it ends, in no fixed order. One with an element that the potential does not know, one
        whose cell or distances make no sense before or after, and one too large for the memory has a `failure`.
    """
    cores = potential.cores
    batch_atoms = settings.batch_atoms or potential.batch_atoms
    if isinstance(crystals, Sequence):  # a share for every core
        batch_atoms = min(batch_atoms, 1 + sum(crystal.n_atoms for crystal in crystals) // cores)
    settings = replace(settings, batch_atoms=batch_atoms)
    if cores == 1:
        return iter(_Batch(potential, iter(crystals), settings))
    return _on_cores(potential, _Shared(iter(crystals)), settings, cores)


def _on_cores(potential: Potential, waiting: _Shared, settings: RelaxationSettings, cores: int) -> Iterator[Relaxed]:
    """A batch on each core, all of them fed from one stream."""
    done: SimpleQueue[Relaxed | None] = SimpleQueue()
    stop = Event()

    def run() -> None:
        try:
            for relaxed in _Batch(potential, waiting, settings, stop):
                done.put(relaxed)
        except BaseException:
            stop.set()
            raise
        finally:
            done.put(None)

    with one_batch_per_core(cores) as pool:
        running = [pool.submit(run) for _ in range(cores)]
        try:
            ends = 0
            while ends < cores:
                relaxed = done.get()
                if relaxed is not None:
                    yield relaxed
                    continue
                ends += 1
        finally:
            stop.set()
        for future in running:
            future.result()


class _Shared(Iterator[Crystal]):
    """One stream for several threads."""

    def __init__(self, crystals: Iterator[Crystal]) -> None:
        self._crystals, self._lock = crystals, Lock()

    def __next__(self) -> Crystal:
        with self._lock:
            return next(self._crystals)


class _Batch:
    """The crystals that are relaxed together; iterating runs it to the end, or until told to stop."""

    def __init__(
        self, potential: Potential, waiting: Iterator[Crystal], settings: RelaxationSettings, stop: Event | None = None
    ) -> None:
        self.potential, self.waiting, self.settings, self.stop = potential, waiting, settings, stop or Event()
        self.batch_atoms = settings.batch_atoms or potential.batch_atoms
        self.entries: list[_Entry] = []
        self.minimiser: Minimiser | None = None
        self.ended: deque[Relaxed] = deque()
        self.too_many_atoms = math.inf

    def __iter__(self) -> Iterator[Relaxed]:
        while not self.stop.is_set():
            self._fill()
            if self.minimiser is not None:
                self.minimiser.advance(self._evaluate(self.minimiser.state))
                self._end()
            elif not self.ended:
                return
            yield from self.ended
            self.ended.clear()

    def _fill(self) -> None:
        atoms = sum(entry.crystal.n_atoms for entry in self.entries)
        new: list[Crystal] = []
        while atoms < self.batch_atoms and (crystal := next(self.waiting, None)) is not None:
            if problem := self._problem(crystal):
                self.ended.append(Relaxed(crystal, failure=problem))
                continue
            new.append(crystal)
            atoms += crystal.n_atoms
        if not new:
            return
        state = CrystalState.of(pack(new), self.potential.device)
        self.entries += [_Entry(crystal) for crystal in new]
        if self.minimiser is None:
            self.minimiser = Minimiser(state, self.settings.relax_cell)
        else:
            self.minimiser = self.minimiser.with_more(state)

    def _problem(self, crystal: Crystal) -> str:
        return self.potential.unknown_elements(crystal.numbers) or _sanity(crystal)

    def _evaluate(self, state: CrystalState) -> PotentialOutput:
        parts = self.potential.evaluate_within_memory(state, too_large=self._too_large)
        if len(parts) == 1:
            return parts[0]
        self.batch_atoms = max(1, self.batch_atoms // 2)  # smaller from now on
        names = ("energy_eV", "forces_eV_per_A", "stress_eV_per_A3")
        return PotentialOutput(*(torch.cat([getattr(part, name) for part in parts]) for name in names))

    def _too_large(self, state: CrystalState) -> PotentialOutput:
        self.too_many_atoms = min(self.too_many_atoms, len(state.numbers))
        nothing = torch.full_like(state.frac, torch.nan)
        return PotentialOutput(nothing.new_full((1,), torch.nan), nothing, torch.full_like(state.lattice, torch.nan))

    def _end(self) -> None:
        """Take out what has ended."""
        minimiser = self.minimiser
        if minimiser is None:
            return
        n_steps, force = minimiser.n_steps.tolist(), minimiser.force.tolist()
        energy, volume = minimiser.energy.tolist(), minimiser.held.volume_A3.tolist()
        finished, going = [], []
        for index, entry in enumerate(self.entries):
            if n_steps[index] == 0:
                entry.start_energy_eV = energy[index]
            failure = self._failure(entry.crystal, energy[index], volume[index])
            if failure:
                self.ended.append(Relaxed(entry.crystal, n_steps=n_steps[index], failure=failure))
            elif force[index] < self.settings.fmax_eV_per_A or n_steps[index] >= self.settings.max_steps:
                finished.append(index)
            else:
                going.append(index)
        self._finish(finished, minimiser)
        if len(going) < len(self.entries):
            self.entries = [self.entries[index] for index in going]
            self.minimiser = minimiser.take(_rows(going, minimiser)) if going else None

    def _failure(self, crystal: Crystal, energy: float, volume_A3: float) -> str:
        growth = volume_A3 / crystal.volume_A3
        if not math.isfinite(energy) and crystal.n_atoms >= self.too_many_atoms:
            return f"{self.potential.name}: {crystal.n_atoms} atoms do not fit into the memory"
        if not math.isfinite(energy):
            return f"{self.potential.name} gives numbers that are not finite"
        if not 1 / _VOLUME_RATIO <= growth <= _VOLUME_RATIO:
            return f"exploded: its volume became {growth:.3g} times what it was"
        return ""

    def _finish(self, finished: list[int], minimiser: Minimiser) -> None:
        if not finished:
            return
        packed = minimiser.held.take(_rows(finished, minimiser)).packed()
        for place, index in enumerate(finished):
            entry, crystal = self.entries[index], _relaxed(self.entries[index].crystal, packed, place)
            force, steps = float(minimiser.force[index]), int(minimiser.n_steps[index])
            if problem := _sanity(crystal):
                self.ended.append(Relaxed(entry.crystal, n_steps=steps, failure=f"exploded: {problem}"))
                continue
            self.ended.append(
                Relaxed(
                    crystal,
                    force < self.settings.fmax_eV_per_A,
                    steps,
                    float(minimiser.energy[index]),
                    entry.start_energy_eV,
                    force,
                    100 * (crystal.volume_A3 / entry.crystal.volume_A3 - 1),
                )
            )


def _rows(indices: list[int], minimiser: Minimiser) -> torch.Tensor:
    return torch.tensor(indices, dtype=torch.int64, device=minimiser.state.offsets.device)


def _relaxed(crystal: Crystal, packed: PackedCrystals, index: int) -> Crystal:
    frac = packed.frac[packed.atoms(index)]
    return replace(crystal, lattice=np.array(packed.lattice[index]), frac=frac - np.floor(frac))


def _sanity(crystal: Crystal) -> str:
    return find_problem(Sites(crystal.lattice, crystal.numbers, crystal.frac), _SANE)
