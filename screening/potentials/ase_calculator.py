"""Any ASE calculator as a potential: `ase:package.module.Class:CHECKPOINT`.

The class is imported and called with the path of the checkpoint, by position or by the name given as
`NAME=CHECKPOINT`, and with the device if it has a parameter for it. By their documentation these fit (none of them is
installed with this package):

    MACE        ase:mace.calculators.MACECalculator:mace.model
    SevenNet    ase:sevenn.calculator.SevenNetCalculator:checkpoint.pth
    MatterSim   ase:mattersim.forcefield.MatterSimCalculator:load_path=mattersim-v1.0.0-1M.pth
    ORB         ase:my_module.make_orb:orb.ckpt

ORB's calculator takes a loaded model instead of a file, so a function of your own, `make_orb(checkpoint, device)`,
makes it; any callable that returns a calculator will do. Without `:CHECKPOINT` it is called without a file. Nothing is
imported or read but what is named, and nothing is downloaded here. These packages unpickle their checkpoints, which
can run code: name only files from people you trust.
"""

from __future__ import annotations

import importlib
import inspect
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

from screening.crystals.packed import PackedCrystals
from screening.errors import RequestError, ScreeningError
from screening.potentials.base import Potential, PotentialOutput
from screening.potentials.state import CrystalState

logger = logging.getLogger(__name__)
_FORM = "ase:package.module.Class:CHECKPOINT, for example ase:mace.calculators.MACECalculator:mace.model"
_BATCH_ATOMS = 256


class AsePotential(Potential):
    """An ASE calculator, crystal by crystal; one that it fails on gets NaN, and the reason is logged."""

    elements = None
    batch_atoms = _BATCH_ATOMS

    def __init__(self, calculator: Any, name: str = "ase", device: torch.device | None = None) -> None:
        self.calculator, self.name = calculator, name
        self.device = device or torch.device("cpu")

    @classmethod
    def load(cls, argument: str, device: torch.device) -> AsePotential:
        """From `package.module.Class:CHECKPOINT`. Raises RequestError if class or file is not there or fails."""
        target, _, checkpoint = argument.partition(":")
        make = _find(target)
        positional, named = _arguments(checkpoint)
        if parameter := _device_parameter(make):
            named[parameter] = device.type
        try:
            calculator = make(*positional, **named)
        except Exception as error:  # the user's package may raise anything
            raise RequestError(f"{target} failed: {type(error).__name__}: {error}") from error
        if not hasattr(calculator, "get_potential_energy"):
            raise RequestError(f"{target} made a {type(calculator).__name__}, not an ASE calculator")
        made = cls(calculator, f"ase:{argument}", device)
        files = [Path(file) for file in (*positional, *named.values()) if Path(file).is_file()]
        made.checkpoint = files[0] if files else None
        return made

    @property
    def source(self) -> type:
        return type(self.calculator)

    def evaluate(self, state: CrystalState, forces: bool = True) -> PotentialOutput:
        """Energy, and forces and stress if asked for; moments are left out."""
        packed = state.packed()
        energy = np.full(len(packed), np.nan)
        force, stress = np.full(packed.frac.shape, np.nan), np.full(packed.lattice.shape, np.nan)
        for index in range(len(packed)):
            try:
                energy[index], found = self._one(packed, index, forces)
            except (ScreeningError, MemoryError, torch.cuda.OutOfMemoryError):
                raise
            except Exception as error:  # calculators raise anything on a crystal they do not like
                logger.warning("%s failed on a crystal: %s: %s", self.name, type(error).__name__, error)
                continue
            if found is not None:
                force[packed.atoms(index)], stress[index] = found
        tensors = [torch.as_tensor(array, device=state.lattice.device) for array in (energy, force, stress)]
        return PotentialOutput(*tensors) if forces else PotentialOutput(tensors[0])

    def _one(self, packed: PackedCrystals, index: int, forces: bool) -> tuple[float, tuple[Any, Any] | None]:
        from ase import Atoms
        from ase.calculators.calculator import PropertyNotImplementedError

        rows = packed.atoms(index)
        atoms = Atoms(packed.numbers[rows], scaled_positions=packed.frac[rows], cell=packed.lattice[index], pbc=True)
        atoms.calc = self.calculator
        energy = float(atoms.get_potential_energy())
        if not forces:
            return energy, None
        try:
            return energy, (atoms.get_forces(), atoms.get_stress(voigt=False))
        except PropertyNotImplementedError as error:
            raise ScreeningError(f"{self.name}: the calculator gives no {error}") from error


def _find(target: str) -> Callable[..., Any]:
    module_name, _, attribute = target.rpartition(".")
    if not module_name or not attribute:
        raise RequestError(f"expected {_FORM}")
    try:
        found = getattr(importlib.import_module(module_name), attribute, None)
    except ImportError as error:
        raise RequestError(f"{module_name} cannot be imported ({error}); is it installed?") from error
    if not callable(found):
        raise RequestError(f"{module_name} has no class or function {attribute}")
    return found


def _device_parameter(make: Callable[..., Any]) -> str:
    try:
        known = inspect.signature(make).parameters
    except ValueError:  # some built-in types have none
        return ""
    return next((name for name in ("device", "use_device") if name in known), "")


def _arguments(checkpoint: str) -> tuple[list[str], dict[str, str]]:
    """The checkpoint by position, or by name if it is given as NAME=FILE."""
    if not checkpoint:
        return [], {}
    parameter, equals, file = checkpoint.partition("=")
    if not (equals and parameter.isidentifier()) or Path(checkpoint).expanduser().exists():
        parameter, file = "", checkpoint
    path = Path(file).expanduser()
    if not path.exists():
        raise RequestError(f"no such checkpoint: {file}; expected {_FORM}")
    return ([], {parameter: str(path)}) if parameter else ([str(path)], {})
