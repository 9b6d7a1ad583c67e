"""Both ends of electrodes as evaluated by a potential and a property network: the basis of learned voltages."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

import numpy as np

from screening.array_types import Floats
from screening.chemistry.elements import by_element
from screening.crystals.crystal import Crystal
from screening.crystals.packed import PackedCrystals, pack
from screening.materials.electrodes.voltage.couples import Balance, Couples
from screening.materials.electrodes.working_ions import pure_metal
from screening.networks.predictor import Predictor
from screening.potentials.base import Potential
from screening.relaxation.few_steps import PRERELAX_STEPS, Known, Prerelaxed, evaluated, prerelax

_HULL = "energy_above_hull_eV_per_atom"
PROPERTIES = ("formation_energy_eV_per_atom", _HULL, "band_gap_eV", "magnetization_muB_per_A3")
PROPERTY_COLUMNS = (*PROPERTIES, f"{_HULL}_lo", f"{_HULL}_hi")
HULL_COLUMN = PROPERTIES.index(_HULL)
STEPS = {"pair": (0, 0), "discharged": (0, PRERELAX_STEPS), "charged": (PRERELAX_STEPS, 0)}
"""Relaxation steps of the discharged and of the charged end, by what was given; only derived ends are relaxed."""
_NETWORK_ATOMS = 4096
_SCALES = np.linspace(0.94, 1.06, 13)


@dataclass(frozen=True)
class End:
    """One end of B electrodes.

    Attributes:
        prerelaxed: The crystals after some relaxation steps, with energies and forces by the potential.
        properties: `PROPERTIES` by the network, (B, 4).
        hull: Energy above the hull with its interval in eV/atom, (B, 3); None if it was not stored.
        single_point_eV: Energies of the same crystals by a second potential, (B,); None without one.
    """

    prerelaxed: Prerelaxed
    properties: Floats
    hull: Floats | None = None
    single_point_eV: Floats | None = None

    @property
    def energy_eV(self) -> Floats:
        """The energies that voltages come from, (B,)."""
        return self.prerelaxed.energy_eV if self.single_point_eV is None else self.single_point_eV


@dataclass(frozen=True)
class Ends:
    """Both ends of B electrodes."""

    discharged: End
    charged: End

    @property
    def crystals(self) -> tuple[PackedCrystals, PackedCrystals]:
        """Both ends after the relaxation steps."""
        return self.discharged.prerelaxed.packed, self.charged.prerelaxed.packed


@dataclass(frozen=True)
class Refinement:
    """What a better release does beyond the steps of all.

    Attributes:
        single_point: A better potential, too slow to relax with, for the energies of the relaxed ends.
        further_steps: Relaxation steps of derived ends after the first ones. What these gain tells how far an end is
            from its minimum.
    """

    single_point: Potential | None = None
    further_steps: int = 0


NOTHING_MORE = Refinement()


def evaluate_ends(
    potential: Potential,
    network: Predictor,
    couples: Couples,
    given: str,
    refinement: Refinement = NOTHING_MORE,
    known: Known | None = None,
) -> Ends:
    """Evaluate both ends of B electrodes.

    Args:
        potential: Relaxes derived ends, says how far each end is from its minimum, and gives energies.
        network: For properties.
        couples: The electrodes.
        given: A key of `STEPS`.
        refinement: What is done beyond that.
        known: What the potential found before for crystals as they stand; gets more.

    Raises:
        ScreeningError: A potential does not cover an element.
    """
    first, second = STEPS[given]
    return Ends(
        evaluate_end(potential, network, couples.discharged, first, refinement, known),
        evaluate_end(potential, network, couples.charged, second, refinement, known),
    )


def evaluate_end(
    potential: Potential,
    network: Predictor,
    packed: PackedCrystals,
    steps: int,
    refinement: Refinement = NOTHING_MORE,
    known: Known | None = None,
) -> End:
    """Evaluate B crystals after some relaxation steps; models as in `evaluate_ends`."""
    if steps == 0 and known is not None:
        prerelaxed = evaluated(potential, packed, known)
    else:
        prerelaxed = prerelax(potential, packed, steps)
    if steps and refinement.further_steps:
        prerelaxed = prerelax(potential, prerelaxed.packed, refinement.further_steps)
    end, single_point = _end(prerelaxed, network_properties(network, prerelaxed.packed)), refinement.single_point
    if single_point is None:
        return end
    return replace(end, single_point_eV=single_point.energies(end.prerelaxed.packed, forces=False).energy_eV)


def network_ends(properties: Callable[[PackedCrystals], Floats], couples: Couples) -> Ends:
    """Both ends of B electrodes as they stand, by a network alone: what a potential would add is NaN.

    Args:
        properties: As `network_properties` of a network.
        couples: The electrodes.
    """
    return Ends(*(_as_it_stands(packed, properties(packed)) for packed in (couples.discharged, couples.charged)))


def _as_it_stands(packed: PackedCrystals, values: Floats) -> End:
    cells, atoms = np.full(len(packed), np.nan), np.full(len(packed.numbers), np.nan)
    return _end(Prerelaxed(packed, cells, cells, cells, cells, atoms), values)


def _end(prerelaxed: Prerelaxed, values: Floats) -> End:
    return End(prerelaxed, values[:, : len(PROPERTIES)], values[:, [HULL_COLUMN, -2, -1]])


def network_properties(network: Predictor, packed: PackedCrystals) -> Floats:
    """`PROPERTIES` of B crystals and the interval of the energy above the hull, (B, 6).

    They are NaN for crystals with an element that is unknown to the network.
    """
    values = np.full((len(packed), len(PROPERTY_COLUMNS)), np.nan)
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
        values[batch] = table.select(PROPERTY_COLUMNS).to_numpy()
        start = stop
    return values


def _crystal(packed: PackedCrystals, row: int) -> Crystal:
    atoms = packed.atoms(row)
    return Crystal("", packed.lattice[row], packed.numbers[atoms], packed.frac[atoms])


def metal_energies(potential: Potential, symbols: Iterable[str]) -> Floats:
    """Energies of pure metals in eV/atom, (119,), each at its volume of lowest energy; NaN for all other elements."""
    energies = {}
    for symbol in symbols:
        packed = pack([pure_metal(symbol, scale) for scale in _SCALES])
        found = potential.energies(packed, forces=False).energy_eV / packed.n_atoms
        energies[symbol] = float(found.min())
    return by_element(energies, np.nan)


def potential_voltages(couples: Couples, balance: Balance, ends: Ends, metals: Floats) -> Floats:
    """Average voltages by the potential alone, V = -(E_discharged - E_charged - x E_metal) / (x z).

    Energies and the amount x of the ion are per atom of the frame; z is the charge of the ion.

    Args:
        couples: B electrodes.
        balance: `balance_of(couples)`.
        ends: Their evaluated ends.
        metals: Energies of the pure metals in eV/atom, (119,).

    Returns:
        Voltages in V, (B,).
    """
    return _voltages(couples, balance, (ends.discharged.energy_eV, ends.charged.energy_eV), metals[couples.ions])


def network_voltages(couples: Couples, balance: Balance, ends: Ends) -> Floats:
    """Average voltages from the network's formation energies, which refer to the pure metal already, in V, (B,)."""
    atoms = (couples.discharged.n_atoms, couples.charged.n_atoms)
    energies = [end.properties[:, 0] * n for end, n in zip((ends.discharged, ends.charged), atoms, strict=True)]
    return _voltages(couples, balance, (energies[0], energies[1]), np.zeros(len(couples)))


def _voltages(couples: Couples, balance: Balance, energies: tuple[Floats, Floats], metal: Floats) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore"):
        discharged = energies[0] / balance.frame.sum(axis=1)
        charged = energies[1] / balance.frame_charged.sum(axis=1)
        gained = discharged - charged - balance.moved * metal
        return np.asarray(-gained / (balance.moved * couples.charges))
