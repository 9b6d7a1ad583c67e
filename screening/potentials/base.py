"""What an interatomic potential is: energies, forces and stress of many crystals at once.

A potential is one file with a subclass of `Potential`, here or in a package of its own, and one entry point:

    [project.entry-points."screening.potentials"]
    my_potential = "my_package.potential:MyPotential"

Then `potential=my_potential` and `relax=my_potential` find it. `screening.testing.check_potential` tests one. Anything
with an ASE calculator needs no code: see `screening.potentials.ase_calculator`.
"""

from __future__ import annotations

import hashlib
import inspect
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from screening.checksums import file_sha256
from screening.chemistry.elements import SYMBOLS
from screening.crystals.packed import PackedCrystals
from screening.errors import RequestError, ScreeningError
from screening.networks.streaming import one_batch_per_core
from screening.potentials.batching import is_out_of_memory, spans
from screening.potentials.state import CrystalState


@dataclass(frozen=True)
class PotentialOutput:
    """What a potential gives for B crystals with N atoms: float64 tensors on its device.

    Attributes:
        energy_eV: (B,) of the whole cell.
        forces_eV_per_A: (N, 3); None unless asked for.
        stress_eV_per_A3: (B, 3, 3), positive where the crystal wants to shrink; None unless forces were asked for.
        site_moment_muB: (N,) sizes of the moments; None where the potential has none, or unless forces were asked for.
    """

    energy_eV: Tensor
    forces_eV_per_A: Tensor | None = None
    stress_eV_per_A3: Tensor | None = None
    site_moment_muB: Tensor | None = None


@dataclass(frozen=True)
class Energies:
    """The same figures as arrays; see `PotentialOutput`."""

    energy_eV: NDArray[np.float64]
    forces_eV_per_A: NDArray[np.float64] | None = None
    stress_eV_per_A3: NDArray[np.float64] | None = None
    site_moment_muB: NDArray[np.float64] | None = None


class Potential(ABC):
    """Energy of crystals as a function of their atoms and cells.

    Attributes:
        name: In messages.
        device: Where it computes.
        elements: Atomic numbers that it knows; None if unknown.
        batch_atoms: Atoms in one evaluation, as many as are fastest on its device.
        shareable: Whether several threads may evaluate at once.
        checkpoint: The file of its weights; None where there is none.
    """

    name: str
    device: torch.device
    elements: frozenset[int] | None = None
    batch_atoms: int
    shareable: bool = False
    checkpoint: Path | None = None

    @classmethod
    def load(cls, argument: str, device: torch.device) -> Potential:
        """Make the potential that a user named.

        Args:
            argument: What follows the name and a colon in `potential=NAME:ARGUMENT`; empty if nothing does.
            device: Where it shall compute.

        Raises:
            RequestError: Something is wrong with the argument. The caller puts the key before the message.
        """
        raise RequestError(f"{cls.__name__} has no method `load`, so it cannot be chosen by name")

    @classmethod
    def missing(cls) -> str:
        """What has to be installed before it can be loaded, and how; empty if nothing."""
        return ""

    @abstractmethod
    def evaluate(self, state: CrystalState, forces: bool = True) -> PotentialOutput:
        """Evaluate a batch on the device; the figures of a broken crystal may be NaN, all others hold."""

    @property
    def fingerprint(self) -> str:
        """A hash of what its figures hang on: its name, the file of its class and its weights."""
        files = [path for path in (_file_of(self.source), self.checkpoint) if path is not None and path.is_file()]
        return hashlib.sha256(" ".join([self.name, *map(file_sha256, files)]).encode()).hexdigest()

    @property
    def source(self) -> type:
        """The class that computes."""
        return type(self)

    @property
    def cores(self) -> int:
        """Threads that may evaluate at once, a batch each: a batch alone does not fill several cores."""
        return torch.get_num_threads() if self.shareable and self.device.type == "cpu" else 1

    def energies(self, packed: PackedCrystals, forces: bool = True) -> Energies:
        """Evaluate any number of crystals, in batches of about `batch_atoms`, on a CPU one on every core.

        Args:
            packed: B crystals with N atoms.
            forces: Whether forces, stress and moments are wanted too.

        Raises:
            ScreeningError: An element that the potential does not know, or a crystal too large for the memory.
        """
        self.check_elements(packed.numbers)

        def evaluated(span: tuple[int, int]) -> list[PotentialOutput]:
            return self.evaluate_within_memory(CrystalState.of(packed.chunk(*span), self.device), forces)

        chunks = list(spans(packed.n_atoms, self.batch_atoms, self.cores))
        if min(self.cores, len(chunks)) > 1:
            with one_batch_per_core(self.cores) as pool:
                parts = [part for found in pool.map(evaluated, chunks) for part in found]
        else:
            parts = [part for chunk in chunks for part in evaluated(chunk)]
        return Energies(
            np.concatenate([np.zeros(0), *(_array(part.energy_eV) for part in parts)]),
            _joined([part.forces_eV_per_A for part in parts]),
            _joined([part.stress_eV_per_A3 for part in parts]),
            _joined([part.site_moment_muB for part in parts]),
        )

    def evaluate_within_memory(
        self,
        state: CrystalState,
        forces: bool = True,
        too_large: Callable[[CrystalState], PotentialOutput] | None = None,
    ) -> list[PotentialOutput]:
        """Evaluate a batch, halved again and again where the memory is too small.

        Args:
            state: The batch.
            forces: As in `evaluate`.
            too_large: Gives the figures of a single crystal that does not fit.

        Returns:
            The outputs of consecutive parts of the batch.

        Raises:
            ScreeningError: A single crystal does not fit, and there is no `too_large`.
        """
        try:
            return [self.evaluate(state, forces)]
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
            if len(state) == 1 and too_large is None:
                atoms = len(state.numbers)
                raise ScreeningError(f"{self.name}: a crystal of {atoms} atoms does not fit into the memory") from error
        # outside the handler, whose traceback would hold on to the tensors
        if state.lattice.is_cuda:
            torch.cuda.empty_cache()
        if len(state) == 1 and too_large is not None:
            return [too_large(state)]
        halves = (state.take(half) for half in torch.arange(len(state), device=state.lattice.device).chunk(2))
        return [part for half in halves for part in self.evaluate_within_memory(half, forces, too_large)]

    def check_elements(self, numbers: NDArray[np.int16]) -> None:
        """Raise ScreeningError that names the elements among these atomic numbers that it does not know."""
        if unknown := self.unknown_elements(numbers):
            raise ScreeningError(unknown)

    def unknown_elements(self, numbers: NDArray[np.int16]) -> str:
        """A clause that names the elements it does not know; empty if it knows them all."""
        unknown = set(np.unique(numbers).tolist()) - self.elements if self.elements is not None else set()
        return f"{self.name} does not know {', '.join(SYMBOLS[z] for z in sorted(unknown))}" if unknown else ""


def _file_of(kind: type) -> Path | None:
    try:
        found = inspect.getsourcefile(kind)
    except (TypeError, OSError):  # compiled, or typed into a notebook
        return None
    return Path(found) if found else None


def _array(tensor: Tensor) -> NDArray[np.float64]:
    return np.asarray(tensor.double().cpu().numpy())


def _joined(parts: list[Tensor | None]) -> NDArray[np.float64] | None:
    found = [_array(part) for part in parts if part is not None]
    return np.concatenate(found) if found else None
