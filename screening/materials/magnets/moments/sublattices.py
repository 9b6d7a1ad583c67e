"""The moments of a ferrimagnetic oxide or halide, and the net share of their sum, from its superexchange bridges.

Superexchange over an anion couples half-filled eg shells antiparallel; it is strongest in straight bridges and weak at
right angles (Goodenough, Phys. Rev. 100, 564 (1955); Kanamori, J. Phys. Chem. Solids 10, 87 (1959)). So each bridge of
the ions Mn2+, Fe3+, Fe2+, Co2+ and Ni2+ favours opposite signs with the weight cos² of its angle. The collinear
arrangement of lowest energy within the cell shows which moments are opposed (Néel, Ann. Phys. (Paris) 12, 137 (1948)):
a third of the sum remains in the M-type ferrites and Fe3O4, a fifth in garnets, nothing in hematite.
"""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from screening.array_types import Floats
from screening.chemistry.element_table import usual_charges
from screening.chemistry.elements import ATOMIC_NUMBERS, N_ELEMENTS, indicator
from screening.crystals.packed import PackedCrystals
from screening.crystals.standard_cell import standard_cells
from screening.materials.arrays import interval_columns, names_with_interval
from screening.materials.magnets.order.exchange_features import D_CARRIERS, Bridges, find_bridges

HOST_HALF_WIDTH = 0.08
"""Relative half-width of the interval of the sum of ionic moments, which covalency reduces."""
SHARE_COLUMNS = names_with_interval("opposed_moment_share")
HALF_WIDTH = 0.06
"""Of the 80 % interval of the share: the effect of canting, covalency and mixed charges of an element in ferrites."""
_GROUP = {"Mn": 7, "Fe": 8, "Co": 9, "Ni": 10}
_LEAST_WEIGHT = 0.2
"""Least weight of the bridges of an atom, in straight bridges: below it direct exchange and right angles decide."""
_STARTS = 4

Signs = NDArray[np.float64]


def opposed_moments(packed: PackedCrystals) -> Floats:
    """Net moment over the sum of moments, and this sum in µB/Å³, (B, 2).

    NaN for crystals without bridges, with magnetic d elements other than Mn, Fe, Co and Ni, or with an arrangement
    without a net moment (the cell may be too small for the real one).
    """
    atoms_per_A3 = packed.n_atoms / packed.volume_A3
    packed = standard_cells(packed)  # a larger cell has other arrangements
    result = np.full((len(packed), 2), np.nan)
    bridges = find_bridges(packed)
    order = np.argsort(bridges.owner, kind="stable")
    bounds = np.searchsorted(bridges.owner[order], np.arange(len(packed) + 1))
    counts = packed.element_counts()
    other = (counts @ (indicator(D_CARRIERS) * (indicator(tuple(_GROUP)) == 0))) > 0
    for row in range(len(packed)):
        own = order[bounds[row] : bounds[row + 1]]
        if len(own) and not other[row]:
            moments = high_spin_moments_muB(counts[row])[packed.numbers[packed.atoms(row)]]
            share = _share(moments, bridges, own, int(packed.offsets[row]))
            if np.isfinite(share):
                result[row] = share, moments.mean() * atoms_per_A3[row]
    return result


def high_spin_moments_muB(counts: Floats) -> Floats:
    """High-spin moments of Mn, Fe, Co and Ni in an ionic compound, in µB by atomic number, (119,); 0 for the rest.

    They follow from the mean number of d electrons by neutrality: 5 for Fe3+ and Mn2+, 14/3 in Fe3O4. In mixed oxides
    Co and Ni, and Mn together with Fe, are divalent, and Fe, or Mn, takes the rest of the charge.

    Args:
        counts: Atoms of each element, (119,).
    """
    moments = np.zeros(N_ELEMENTS)
    present = [symbol for symbol in _GROUP if counts[ATOMIC_NUMBERS[symbol]] > 0]
    flexible = "Fe" if "Fe" in present else "Mn" if "Mn" in present else None
    fixed = [symbol for symbol in present if symbol != flexible]
    left = -float(counts @ np.where(indicator(tuple(_GROUP)) > 0, 0.0, usual_charges()))
    left -= 2 * sum(float(counts[ATOMIC_NUMBERS[symbol]]) for symbol in fixed)
    for symbol in present:
        charge = left / counts[ATOMIC_NUMBERS[symbol]] if symbol == flexible else 2.0
        electrons = _GROUP[symbol] - float(np.clip(charge, 2.0, 4.0))
        moments[ATOMIC_NUMBERS[symbol]] = min(electrons, 10 - electrons)
    return moments


def _share(moments: Floats, bridges: Bridges, own: NDArray[np.int64], first_atom: int) -> float:
    """The share of one crystal; moments: of all its atoms in µB, (n,); own: its bridges."""
    carriers = np.flatnonzero(moments)
    place = np.full(len(moments), -1)
    place[carriers] = np.arange(len(carriers))
    i, j = (place[ends[own] - first_atom] for ends in (bridges.first, bridges.second))
    coupling = np.zeros((len(carriers), len(carriers)))
    np.add.at(coupling, (i, j), bridges.weight[own] * bridges.cosine[own] ** 2)
    coupling += coupling.T
    # a bridge from an atom to its own image cannot be satisfied within the cell
    np.fill_diagonal(coupling, 0.0)
    if (coupling.sum(axis=1) < _LEAST_WEIGHT).any():
        return np.nan
    weighted = coupling * np.outer(moments[carriers], moments[carriers])
    signs = ground_state(weighted)
    share = float(abs(signs @ moments[carriers]) / moments.sum())
    return share if share > HALF_WIDTH else np.nan


def ground_state(coupling: Floats) -> Signs:
    """Signs s of the moments, (n,), with the least energy sum(J s s).

    The search starts from the signs of the lowest eigenvectors and flips one sign at a time. It is exact for bipartite
    lattices.

    Args:
        coupling: Antiferromagnetic couplings J >= 0, (n, n), zero on the diagonal.
    """
    _, vectors = np.linalg.eigh(coupling)
    found = [_flipped(coupling, np.where(vector >= 0, 1.0, -1.0)) for vector in vectors.T[:_STARTS]]
    energies = [signs @ coupling @ signs for signs in found]
    return found[int(np.argmin(energies))]


def _flipped(coupling: Floats, signs: Signs) -> Signs:
    signs = signs.copy()
    for _ in range(10 * len(signs)):
        gain = signs * (coupling @ signs)
        worst = int(gain.argmax())
        if gain[worst] <= 1e-9:
            break
        signs[worst] *= -1
    return signs


def host_of_ions(sums: Floats) -> Floats:
    """Magnetization of parallel moments with its 10th and 90th percentile, (B, 3), from sums in µB/Å³, (B,)."""
    return np.outer(sums, [1.0, 1 - HOST_HALF_WIDTH, 1 + HOST_HALF_WIDTH])


def share_columns(shares: Floats) -> list[pl.Series]:
    """The columns `SHARE_COLUMNS` from shares, (B,); NaN becomes null."""
    ends = [shares, np.maximum(shares - HALF_WIDTH, 0.0), np.minimum(shares + HALF_WIDTH, 1.0)]
    return interval_columns(SHARE_COLUMNS[0], np.stack(ends, axis=1))
