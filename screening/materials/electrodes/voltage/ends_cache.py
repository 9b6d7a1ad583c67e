"""Evaluated ends on disk during the fit of a voltage model, so that a stopped run can continue."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file, save_file

from screening.array_types import Floats
from screening.caching import kept
from screening.checksums import code_sha256, file_sha256
from screening.crystals.packed import PackedCrystals
from screening.materials.electrodes.voltage.couples import Couples
from screening.materials.electrodes.voltage.ends import (
    NOTHING_MORE,
    STEPS,
    End,
    Ends,
    Refinement,
    evaluate_end,
)
from screening.networks.predictor import Predictor
from screening.potentials.base import Potential
from screening.relaxation.few_steps import Prerelaxed
from screening.release_folder import CONFIG, WEIGHTS

_CHUNK = 200
_CODE = (
    "chemistry",
    "crystals",
    "graphs",
    "networks",
    "potentials",
    "relaxation",
    "materials/electrodes/voltage/ends.py",
)
_Arrays = dict[str, np.ndarray[tuple[int, ...], np.dtype[np.float64]]]
_ENERGY = "energy_eV"
_ARRAYS = ("first_energy_eV", "energy_eV", "force_eV_per_A", "pressure_eV_per_A3", "site_moment_muB")


def cached_ends(
    folder: Path,
    potential: Potential,
    network: Predictor,
    couples: Couples,
    given: str,
    refinement: Refinement = NOTHING_MORE,
) -> Ends:
    """`evaluate_ends` in chunks; chunks that are in the folder already are read from it.

    A chunk is found by a hash of its crystals, of the models (code and weights) and of our own code. Energies by a
    second potential are kept apart, so that another one needs no other relaxation.
    """
    models = f"{potential.fingerprint} {' '.join(file_sha256(network.folder / name) for name in (CONFIG, WEIGHTS))}"
    first, second = STEPS[given]
    relaxed = partial(_evaluated, folder, potential, network, models, replace(refinement, single_point=None))
    discharged, charged = relaxed(couples.discharged, first), relaxed(couples.charged, second)
    better = refinement.single_point
    if better is None:
        return Ends(discharged, charged)
    energies = [_single_points(folder, better, end.prerelaxed.packed) for end in (discharged, charged)]
    return Ends(replace(discharged, single_point_eV=energies[0]), replace(charged, single_point_eV=energies[1]))


def _evaluated(
    folder: Path,
    potential: Potential,
    network: Predictor,
    models: str,
    refinement: Refinement,
    packed: PackedCrystals,
    steps: int,
) -> End:
    ends = []
    for chunk in _chunks(packed):
        make = partial(_arrays_of, potential, network, chunk, steps, refinement)
        key = _key(chunk, f"{models} {steps} {refinement.further_steps if steps else 0}")
        ends.append(kept(folder, key, load_file, make, save_file))
    joined = {name: np.concatenate([end[name] for end in ends]) for name in ends[0]}
    moved = PackedCrystals(joined["lattice"], packed.numbers, joined["frac"], packed.offsets)
    return End(Prerelaxed(moved, *(joined[name] for name in _ARRAYS)), joined["properties"])


def _arrays_of(
    potential: Potential, network: Predictor, chunk: PackedCrystals, steps: int, refinement: Refinement
) -> _Arrays:
    end = evaluate_end(potential, network, chunk, steps, refinement)
    packed = end.prerelaxed.packed
    arrays = {name: getattr(end.prerelaxed, name) for name in _ARRAYS}
    arrays |= {"lattice": packed.lattice, "frac": packed.frac, "properties": end.properties}
    return {name: np.ascontiguousarray(array) for name, array in arrays.items()}


def _single_points(folder: Path, potential: Potential, packed: PackedCrystals) -> Floats:
    """Energies of B crystals in eV, (B,)."""

    def of(chunk: PackedCrystals) -> _Arrays:
        return {_ENERGY: potential.energies(chunk, forces=False).energy_eV}

    chunks = [(chunk, _key(chunk, potential.fingerprint)) for chunk in _chunks(packed)]
    return np.concatenate(
        [kept(folder, key, load_file, partial(of, chunk), save_file)[_ENERGY] for chunk, key in chunks]
    )


def _chunks(packed: PackedCrystals) -> list[PackedCrystals]:
    return [packed.chunk(start, min(start + _CHUNK, len(packed))) for start in range(0, len(packed), _CHUNK)]


def _key(packed: PackedCrystals, settings: str) -> str:
    digest = hashlib.sha256(f"{settings} {code_sha256(*_CODE)}".encode())
    for array in (packed.lattice, packed.numbers, packed.frac, packed.offsets):
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()[:24]
