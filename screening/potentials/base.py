"""What an interatomic potential offers, and the ones that `potential=` names.

A new potential is one file here with a subclass of `Potential`, and a name in `load_potential`; anything with an ASE
calculator needs no code (`screening/energetics/ase_potential.py`).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from screening.chemistry.elements import SYMBOLS
from screening.crystals.packed import PackedCrystals
from screening.errors import RequestError, ScreeningError
from screening.networks.streaming import one_batch_a_core
from screening.potentials.state import CrystalState

ASE_PREFIX = "ase:"
CHGNET = "chgnet"


@dataclass(frozen=True)
class Evaluation:
    """Tensors on the potential's device; all but the energy None unless forces were asked for.

    energy_eV: (B,) of the whole cell; forces_eV_per_A: (N, 3); stress_eV_per_A3: (B, 3, 3), positive where the crystal
    wants to shrink; site_moment_muB: (N,) sizes of the moments, None where the potential has none. All float64.
    """

    energy_eV: Tensor
    forces_eV_per_A: Tensor | None = None
    stress_eV_per_A3: Tensor | None = None
    site_moment_muB: Tensor | None = None


@dataclass(frozen=True)
class Energies:
    """The same as arrays."""

    energy_eV: NDArray[np.float64]
    forces_eV_per_A: NDArray[np.float64] | None = None
    stress_eV_per_A3: NDArray[np.float64] | None = None
    site_moment_muB: NDArray[np.float64] | None = None


class Potential(ABC):
    """Energy of crystals as a function of their atoms and cells.

    elements: atomic numbers it knows, None where that cannot be told. batch_atoms: atoms in one evaluation, as many as
    are fastest on its device. shareable: whether several threads may evaluate at once. checkpoint: the file of its
    weights, None where there is none.
    """

    name: str
    device: torch.device
    elements: frozenset[int] | None = None
    batch_atoms: int
    shareable: bool = False
    checkpoint: Path | None = None

    @property
    def cores(self) -> int:
        """Threads that may evaluate at once, a batch each: a batch alone does not fill several cores."""
        return torch.get_num_threads() if self.shareable and self.device.type == "cpu" else 1

    @abstractmethod
    def evaluate(self, state: CrystalState, forces: bool = True) -> Evaluation:
        """One evaluation of a batch on the device; the figures of a broken crystal may be NaN, all others stand."""

    def energies(self, packed: PackedCrystals, forces: bool = True) -> Energies:
        """Energies of any number of crystals, in batches of about `batch_atoms`.

        On a CPU every core takes its own. A batch too large for the memory is halved. Raises ScreeningError when a
        single crystal is, or for an element that the potential does not know.
        """
        self.check_elements(packed.numbers)

        def evaluated(span: tuple[int, int]) -> list[Evaluation]:
            return evaluate_within_memory(self, CrystalState.of(packed.chunk(*span), self.device), forces)

        chunks = list(spans(packed.n_atoms, self.batch_atoms))
        if min(self.cores, len(chunks)) > 1:
            with one_batch_a_core(self.cores) as pool:
                parts = [part for found in pool.map(evaluated, chunks) for part in found]
        else:
            parts = [part for chunk in chunks for part in evaluated(chunk)]
        return Energies(
            np.concatenate([np.zeros(0), *(_array(part.energy_eV) for part in parts)]),
            _joined([part.forces_eV_per_A for part in parts]),
            _joined([part.stress_eV_per_A3 for part in parts]),
            _joined([part.site_moment_muB for part in parts]),
        )

    def check_elements(self, numbers: NDArray[np.int16]) -> None:
        """Raises ScreeningError that names the elements it does not know."""
        unknown = set(np.unique(numbers).tolist()) - self.elements if self.elements is not None else set()
        if unknown:
            raise ScreeningError(f"{self.name} does not know {', '.join(SYMBOLS[z] for z in sorted(unknown))}")


def load_potential(name: str, device: str = "auto") -> Potential:
    """`chgnet`, or `ase:package.module.Class:CHECKPOINT` for any ASE calculator that takes a local file.

    Raises RequestError if the name is neither, or the class or the file is not there.
    """
    if name == CHGNET:
        from screening.potentials.chgnet.chgnet import ChgnetPotential

        return ChgnetPotential.load(device)
    if name.startswith(ASE_PREFIX):
        from screening.potentials.ase_calculator import AsePotential

        return AsePotential.load(name, device)
    raise RequestError(
        f"potential={name}: expected {CHGNET} or {ASE_PREFIX}package.module.Class:CHECKPOINT, "
        f"for example {ASE_PREFIX}mace.calculators.MACECalculator:mace.model"
    )


def spans(n_atoms: NDArray[np.int64], batch_atoms: int) -> Iterator[tuple[int, int]]:
    """Consecutive crystals (start, stop) with about that many atoms together."""
    start = atoms = 0
    for stop, count in enumerate(n_atoms.tolist(), 1):
        atoms += count
        if atoms >= batch_atoms or stop == len(n_atoms):
            yield start, stop
            start, atoms = stop, 0


def evaluate_within_memory(
    potential: Potential,
    state: CrystalState,
    forces: bool = True,
    too_large: Callable[[CrystalState], Evaluation] | None = None,
) -> list[Evaluation]:
    """The evaluations of consecutive parts of a batch: one, or halves of halves where the memory is too small.

    too_large: what to take for a single crystal that does not fit; without it ScreeningError is raised.
    """
    try:
        return [potential.evaluate(state, forces)]
    except RuntimeError as error:
        if not is_out_of_memory(error):
            raise
        if len(state) == 1 and too_large is None:
            atoms = len(state.numbers)
            raise ScreeningError(
                f"{potential.name}: a crystal of {atoms} atoms does not fit into the memory"
            ) from error
    # outside the handler, whose traceback would hold on to the tensors
    if state.lattice.is_cuda:
        torch.cuda.empty_cache()
    if len(state) == 1 and too_large is not None:
        return [too_large(state)]
    halves = torch.arange(len(state), device=state.lattice.device).chunk(2)
    return [part for half in halves for part in evaluate_within_memory(potential, state.take(half), forces, too_large)]


def is_out_of_memory(error: BaseException) -> bool:
    """Whether PyTorch could not allocate: on CUDA an error of its own, on a CPU one that only its text tells."""
    return isinstance(error, torch.cuda.OutOfMemoryError | MemoryError) or "can't allocate memory" in str(error)


def _array(tensor: Tensor) -> NDArray[np.float64]:
    return np.asarray(tensor.double().cpu().numpy())


def _joined(parts: list[Tensor | None]) -> NDArray[np.float64] | None:
    found = [_array(part) for part in parts if part is not None]
    return np.concatenate(found) if found else None
