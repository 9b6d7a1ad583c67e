"""What a potential and a property network say of both ends of electrodes: all that the learned voltage looks at."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from screening.array_types import Floats
from screening.chemistry.elements import by_element
from screening.crystals.crystal import Crystal
from screening.crystals.packed import PackedCrystals, pack
from screening.materials.electrodes.voltage.couples import Balance, Couples
from screening.materials.electrodes.working_ions import pure_metal
from screening.networks.predictor import Predictor
from screening.potentials.base import Potential
from screening.relaxation.few_steps import PRERELAX_STEPS, Prerelaxed, prerelax

_HULL = "energy_above_hull_eV_per_atom"
PROPERTIES = ("formation_energy_eV_per_atom", _HULL, "band_gap_eV", "magnetization_muB_per_A3")
STEPS = {"pair": (0, 0), "discharged": (0, PRERELAX_STEPS), "charged": (PRERELAX_STEPS, 0)}
"""By what was given: steps downhill of the discharged and of the charged end, which was derived from the other."""
_NETWORK_ATOMS = 4096
_SCALES = np.linspace(0.94, 1.06, 13)


@dataclass(frozen=True)
class End:
    """One end of B electrodes: what the potential found, and PROPERTIES by the network, (B, 4).

    hull: (B, 3) energy above the hull in eV/atom with its interval; None where it was not kept.
    """

    settled: Prerelaxed
    properties: Floats
    hull: Floats | None = None


@dataclass(frozen=True)
class Ends:
    """Both ends of B electrodes."""

    discharged: End
    charged: End

    @property
    def crystals(self) -> tuple[PackedCrystals, PackedCrystals]:
        """Both ends where the steps downhill left them."""
        return self.discharged.settled.packed, self.charged.settled.packed


def evaluate_ends(potential: Potential, network: Predictor, couples: Couples, given: str) -> Ends:
    """Evaluate B electrodes; given: a key of STEPS. Raises ScreeningError for an element that the potential lacks."""
    first, second = STEPS[given]
    return Ends(
        evaluate_end(potential, network, couples.discharged, first),
        evaluate_end(potential, network, couples.charged, second),
    )


def evaluate_end(potential: Potential, network: Predictor, packed: PackedCrystals, steps: int) -> End:
    """B crystals after some steps downhill."""
    settled = prerelax(potential, packed, steps)
    values = network_properties(network, settled.packed)
    return End(settled, values[:, : len(PROPERTIES)], values[:, [PROPERTIES.index(_HULL), -2, -1]])


def network_properties(network: Predictor, packed: PackedCrystals) -> Floats:
    """PROPERTIES of B crystals and the interval of the energy above the hull, (B, 6).

    NaN for crystals with an element that the network has not learned.
    """
    wanted = [*PROPERTIES, f"{_HULL}_lo", f"{_HULL}_hi"]
    values = np.full((len(packed), len(wanted)), np.nan)
    known = np.isin(packed.numbers, sorted(network.elements))
    owner = packed.owner
    able = np.bincount(owner[~known], minlength=len(packed)) == 0
    able &= (packed.n_atoms > 0) & np.isfinite(packed.lattice).all(axis=(1, 2)) & (packed.volume_A3 > 0)
    rows = np.flatnonzero(able)
    rows = rows[np.argsort(packed.n_atoms[rows], kind="stable")]
    start = 0
    while start < len(rows):
        stop = start + max(1, int(np.searchsorted(np.cumsum(packed.n_atoms[rows[start:]]), _NETWORK_ATOMS)))
        batch = rows[start:stop]
        table = network.predict([_crystal(packed, int(row)) for row in batch])
        values[batch] = table.select(wanted).to_numpy()
        start = stop
    return values


def _crystal(packed: PackedCrystals, row: int) -> Crystal:
    atoms = packed.atoms(row)
    return Crystal("", packed.lattice[row], packed.numbers[atoms], packed.frac[atoms])


def metal_energies(potential: Potential, symbols: Iterable[str]) -> Floats:
    """(119,) eV/atom of the pure metals, each at the volume that the potential likes best; NaN for all others."""
    energies = {}
    for symbol in symbols:
        packed = pack([pure_metal(symbol, scale) for scale in _SCALES])
        found = potential.energies(packed, forces=False).energy_eV / packed.n_atoms
        energies[symbol] = float(found.min())
    return by_element(energies, np.nan)


def potential_voltages(couples: Couples, balance: Balance, ends: Ends, metals: Floats) -> Floats:
    """(B,) average voltage in V by the potential alone, from the energies of both ends and of the pure metal (119,).

    V = -(E_discharged - E_charged - x E_metal) / (x z), all per atom of the frame.
    """
    energies = (ends.discharged.settled.energy_eV, ends.charged.settled.energy_eV)
    return _voltages(couples, balance, energies, metals[couples.ions])


def network_voltages(couples: Couples, balance: Balance, ends: Ends) -> Floats:
    """(B,) the same from the network's formation energies, which count from the pure metal already."""
    atoms = (couples.discharged.n_atoms, couples.charged.n_atoms)
    energies = [end.properties[:, 0] * n for end, n in zip((ends.discharged, ends.charged), atoms, strict=True)]
    return _voltages(couples, balance, (energies[0], energies[1]), np.zeros(len(couples)))


def _voltages(couples: Couples, balance: Balance, energies: tuple[Floats, Floats], metal: Floats) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore"):
        discharged = energies[0] / balance.frame.sum(axis=1)
        charged = energies[1] / balance.frame_charged.sum(axis=1)
        gained = discharged - charged - balance.moved * metal
        return np.asarray(-gained / (balance.moved * couples.charges))
