"""Descriptors of an electrode for the correction of its voltage: frame, redox couple, ion, volumes, energies."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from screening.array_types import Floats
from screening.chemistry.element_table import element_table
from screening.chemistry.elements import ATOMIC_NUMBERS, indicator
from screening.materials.electrodes.end_members.redox import charge_balance, frame_charge, redox_table
from screening.materials.electrodes.end_members.roles import LARGE_IONS
from screening.materials.electrodes.voltage.couples import Balance, Couples
from screening.materials.electrodes.voltage.ends import PROPERTIES, End, Ends, network_voltages
from screening.materials.electrodes.working_ions import CHARGES, RADII_A
from screening.tabular.composition_features import composition_features

_NOTHING = -1.0  # stands for values without a meaning, because forests and kernels do not take NaN
_METALS = (
    *("Ti", "V", "Cr", "Mn", "Fe", "Co", "Ni", "Cu", "Nb", "Mo", "W", "Ru", "Rh", "Pd", "Ag", "Ce", "Re", "Ta", "Zr"),
    *("Ir", "Os", "U", "Sn", "Sb", "Bi", "Pb"),
)
_ANIONS = ("O", "F", "S", "Se", "Cl", "N", "P", "Si", "B", "C", "As", "Te", "Br", "I", "H")
_CENTRES = ("B", "Si", "P", "S")
_OF_METAL = ("group", "row", "electronegativity_pauling", "covalent_radius_A", "mendeleev_number")
_OF_MOMENTS = ("mean of metals", "spread of metals", "largest", "sum of metals", "sum of others")


@lru_cache(maxsize=1)
def voltage_feature_names() -> tuple[str, ...]:
    """The columns of `voltage_features`."""
    ends = ("discharged", "charged")
    return (
        *("state discharged", "state charged", "electrons per metal", "metals", "insertable", "extractable"),
        *("d0", "polyanionic", "chalcogenide", "beyond extractable", "centres per metal"),
        *(f"{name} of main metal" for name in _OF_METAL),
        *(f"share of {symbol}" for symbol in _METALS),
        *(f"fraction {symbol}" for symbol in _ANIONS),
        *("charge", "radius_A", "moved", "ions discharged", "ions charged", "electrons", "part left"),
        *(f"ion {symbol}" for symbol in CHARGES),
        *("volume_A3 discharged", "volume_A3 charged", "volume change", "volume_A3 per atom"),
        *("voltage of potential", "voltage of network"),
        *(f"{name} {end}" for end in ends for name in ("energy", "gain", "force", "pressure")),
        *(f"{name} {end}" for end in ends for name in PROPERTIES),
        *(f"{name} difference" for name in PROPERTIES),
        *(f"moment {name} {end}" for end in ends for name in _OF_MOMENTS),
        *("moment mean change", "moment sum change per electron", "moment others change per electron"),
    )


def voltage_features(couples: Couples, balance: Balance, ends: Ends, voltage_V: Floats) -> Floats:
    """The columns `voltage_feature_names` of B electrodes, (B, F); -1 where one has no meaning.

    Amounts, volumes (Å³), energies (eV) and moments (µB) are per atom of the frame, so they do not depend on the size
    of the cell.

    Args:
        couples: The electrodes.
        balance: `balance_of(couples)`.
        ends: Both ends as evaluated by potential and network.
        voltage_V: By the potential, (B,).
    """
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        sides = ((ends.discharged, balance.frame), (ends.charged, balance.frame_charged))
        moments = [_moments(end, frame) for end, frame in sides]
        energies = [_energies(end, frame) for end, frame in sides]
        electrons = balance.moved * couples.charges
        properties = (ends.discharged.properties, ends.charged.properties)
        features = np.column_stack(
            [
                _redox(couples, balance),
                _ion(couples, balance),
                _volumes(balance, ends),
                voltage_V,
                network_voltages(couples, balance, ends),
                *energies,
                *properties,
                properties[0] - properties[1],
                *moments,
                moments[0][:, 0] - moments[1][:, 0],
                (moments[0] - moments[1])[:, 3:] / electrons[:, None],
            ]
        )
    return np.where(np.isfinite(features), features, _NOTHING)


def composition_columns(couples: Couples, balance: Balance) -> Floats:
    """Descriptors of composition, ion and amounts, (B, F), for a baseline without crystals."""
    with np.errstate(divide="ignore", invalid="ignore"):
        columns = [composition_features(balance.frame), _redox(couples, balance), _ion(couples, balance)]
    features = np.column_stack(columns)
    return np.where(np.isfinite(features), features, _NOTHING)


def _redox(couples: Couples, balance: Balance) -> Floats:
    table, frame = redox_table(), balance.frame
    size, metals = frame.sum(axis=1), frame @ redox_table().active
    ions = balance.ions_discharged * size
    electrons = balance.moved * size * couples.charges
    charge = -frame_charge(frame) - ions * couples.charges
    large = np.isin(couples.ions, [ATOMIC_NUMBERS[symbol] for symbol in LARGE_IONS])
    within = charge_balance(balance.discharged, large)
    main = (frame * table.active).argmax(axis=1)
    properties = [np.where(metals > 0, element_table().column(name)[main], np.nan) for name in _OF_METAL]
    return np.column_stack(
        [
            np.where(metals > 0, charge / metals, np.nan),
            np.where(metals > 0, (charge + electrons) / metals, np.nan),
            np.where(metals > 0, electrons / metals, np.nan),
            metals / size,
            within.insertable / size,
            within.extractable / size,
            within.d0,
            within.polyanionic,
            within.chalcogenide,
            (electrons - within.extractable) / size,
            np.where(metals > 0, frame @ indicator(_CENTRES) / metals, np.nan),
            *properties,
            *(np.where(metals > 0, frame[:, ATOMIC_NUMBERS[s]] / metals, np.nan) for s in _METALS),
            *(frame[:, ATOMIC_NUMBERS[s]] / size for s in _ANIONS),
        ]
    )


def _ion(couples: Couples, balance: Balance) -> Floats:
    radii = np.array([RADII_A[int(ion)] for ion in couples.ions])
    return np.column_stack(
        [
            couples.charges,
            radii,
            balance.moved,
            balance.ions_discharged,
            balance.ions_charged,
            balance.moved * couples.charges,
            balance.ions_charged / balance.ions_discharged,
            *(couples.ions == ATOMIC_NUMBERS[symbol] for symbol in CHARGES),
        ]
    )


def _volumes(balance: Balance, ends: Ends) -> Floats:
    packed, charged = ends.crystals
    discharged_A3 = packed.volume_A3 / balance.frame.sum(axis=1)
    charged_A3 = charged.volume_A3 / balance.frame_charged.sum(axis=1)
    return np.column_stack(
        [discharged_A3, charged_A3, charged_A3 / discharged_A3 - 1.0, packed.volume_A3 / packed.n_atoms]
    )


def _energies(end: End, frame: Floats) -> Floats:
    """Energy, energy gained by the relaxation steps, largest force and pressure, (B, 4)."""
    prerelaxed, size = end.prerelaxed, frame.sum(axis=1)
    gain = (prerelaxed.first_energy_eV - prerelaxed.energy_eV) / size
    return np.column_stack([end.energy_eV / size, gain, prerelaxed.force_eV_per_A, prerelaxed.pressure_eV_per_A3])


def _moments(end: End, frame: Floats) -> Floats:
    """Statistics `_OF_MOMENTS` of the sizes of moments, (B, 5); sums are per atom of the frame."""
    packed, moment = end.prerelaxed.packed, np.abs(end.prerelaxed.site_moment_muB)
    owner, size = packed.owner, len(packed)
    metal = redox_table().active[packed.numbers]
    number = np.bincount(owner, metal, size)
    total = np.bincount(owner, metal * moment, size)
    square = np.bincount(owner, metal * moment**2, size)
    others = np.bincount(owner, (1 - metal) * moment, size)
    mean = np.where(number > 0, total / number, 0.0)
    spread = np.sqrt(np.maximum(np.where(number > 0, square / number, 0.0) - mean**2, 0.0))
    largest = np.zeros(size)
    np.maximum.at(largest, owner, metal * moment)
    atoms = frame.sum(axis=1)
    return np.column_stack([mean, spread, largest, total / atoms, others / atoms])
