"""Evaluated ends on disk during the fit of a voltage model, so that a stopped run can continue."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file, save_file

from screening.crystals.packed import PackedCrystals
from screening.files import ABANDONED_S, atomic_path, remove_leftovers
from screening.materials.electrodes.voltage.couples import Couples
from screening.materials.electrodes.voltage.ends import STEPS, End, Ends, evaluate_end
from screening.networks.predictor import Predictor
from screening.potentials.base import Potential
from screening.relaxation.few_steps import Prerelaxed

_CHUNK = 200
_ARRAYS = ("first_energy_eV", "energy_eV", "force_eV_per_A", "pressure_eV_per_A3", "site_moment_muB")


def cached_ends(folder: Path, potential: Potential, network: Predictor, couples: Couples, given: str) -> Ends:
    """`evaluate_ends` in chunks; chunks that are in the folder already are read from it."""
    first, second = STEPS[given]
    return Ends(
        _kept(folder, potential, network, couples.discharged, first),
        _kept(folder, potential, network, couples.charged, second),
    )


def _kept(folder: Path, potential: Potential, network: Predictor, packed: PackedCrystals, steps: int) -> End:
    folder.mkdir(parents=True, exist_ok=True)
    chunks = [packed.chunk(start, min(start + _CHUNK, len(packed))) for start in range(0, len(packed), _CHUNK)]
    ends = []
    for chunk in chunks:
        file = folder / f"{_digest(potential, network, chunk, steps)}.safetensors"
        if not file.is_file():
            arrays = _arrays(evaluate_end(potential, network, chunk, steps))
            remove_leftovers(file.parent, older_than_s=ABANDONED_S)
            with atomic_path(file) as part:
                save_file(arrays, part)
        ends.append(load_file(file))
    joined = {name: np.concatenate([end[name] for end in ends]) for name in ends[0]}
    moved = PackedCrystals(joined["lattice"], packed.numbers, joined["frac"], packed.offsets)
    return End(Prerelaxed(moved, *(joined[name] for name in _ARRAYS)), joined["properties"])


def _arrays(end: End) -> dict[str, np.ndarray[tuple[int, ...], np.dtype[np.float64]]]:
    packed = end.prerelaxed.packed
    arrays = {name: getattr(end.prerelaxed, name) for name in _ARRAYS}
    arrays |= {"lattice": packed.lattice, "frac": packed.frac, "properties": end.properties}
    return {name: np.ascontiguousarray(array) for name, array in arrays.items()}


def _digest(potential: Potential, network: Predictor, packed: PackedCrystals, steps: int) -> str:
    digest = hashlib.sha256(f"{potential.name} {network.folder.name} {steps}".encode())
    for array in (packed.lattice, packed.numbers, packed.frac, packed.offsets):
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()[:24]
