"""How much of the sum of moments a ferrimagnetic oxide or halide keeps, from its own bridges.

Superexchange over an anion couples half-filled eg shells antiparallel, the stronger the straighter the bridge; at a
right angle little is left (Goodenough, Phys. Rev. 100, 564 (1955); Kanamori, J. Phys. Chem. Solids 10, 87 (1959)). So
each bridge of the ions Mn2+, Fe3+, Fe2+, Co2+ and Ni2+ asks for opposite signs with the weight cos² of its angle, and
the collinear arrangement of lowest energy within the cell says which moments oppose which (Neel, Ann. Phys. (Paris) 12,
137 (1948)): a third of the sum is left in the M-type ferrites and Fe3O4, a fifth in garnets, nothing in hematite.
"""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from screening.crystals.elements import ATOMIC_NUMBERS
from screening.crystals.packed import PackedCrystals
from screening.magnetism.elements import N_ELEMENTS, Floats, mask
from screening.magnetism.exchange_features import D_CARRIERS, Bridges, find_bridges

SHARE_COLUMNS = tuple(f"opposed_moment_share{suffix}" for suffix in ("", "_lo", "_hi"))
HALF_WIDTH = 0.06
"""Of the 80 % interval: what canting, covalency and unlike charges of one element do to known ferrites."""
# High-spin moments in µB of the ions that the rule is about.
_MOMENTS_MUB = {"Mn": 5.0, "Fe": 5.0, "Co": 3.0, "Ni": 2.0}
_LEAST_WEIGHT = 0.2
"""Of the bridges of an atom, in straight ones: with less, direct exchange and right angles decide."""
_STARTS = 4

Signs = NDArray[np.float64]


def opposed_shares(packed: PackedCrystals) -> Floats:
    """(B,) net moment over the sum of moments; NaN where the rule says nothing.

    That is: no bridges, d carriers other than Mn, Fe, Co and Ni, or an arrangement without net moment (whose cell may
    be too small for it).
    """
    shares = np.full(len(packed), np.nan)
    moments = np.zeros(N_ELEMENTS)
    for symbol, moment in _MOMENTS_MUB.items():
        moments[ATOMIC_NUMBERS[symbol]] = moment
    bridges = find_bridges(packed)
    order = np.argsort(bridges.owner, kind="stable")
    bounds = np.searchsorted(bridges.owner[order], np.arange(len(packed) + 1))
    other = (mask(D_CARRIERS) > 0) & (moments == 0)
    for row in range(len(packed)):
        numbers = packed.numbers[packed.atoms(row)]
        own = order[bounds[row] : bounds[row + 1]]
        if len(own) and not other[numbers].any():
            shares[row] = _share(moments[numbers], bridges, own, int(packed.offsets[row]))
    return shares


def _share(moments: Floats, bridges: Bridges, own: NDArray[np.int64], first_atom: int) -> float:
    """Of one crystal; moments: (n,) µB of all its atoms; own: its bridges."""
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
    """Signs (n,) of least energy sum(J s s) of couplings J (n, n) >= 0, antiferromagnetic, zero on the diagonal.

    From the signs of the lowest eigenvectors down, one flip at a time: exact for lattices that split into two.
    """
    _, vectors = np.linalg.eigh(coupling)
    found = [_descended(coupling, np.where(vector >= 0, 1.0, -1.0)) for vector in vectors.T[:_STARTS]]
    energies = [signs @ coupling @ signs for signs in found]
    return found[int(np.argmin(energies))]


def _descended(coupling: Floats, signs: Signs) -> Signs:
    signs = signs.copy()
    for _ in range(10 * len(signs)):
        gain = signs * (coupling @ signs)
        worst = int(gain.argmax())
        if gain[worst] <= 1e-9:
            break
        signs[worst] *= -1
    return signs


def share_columns(shares: Floats) -> list[pl.Series]:
    """The columns `SHARE_COLUMNS` of a prediction table from (B,) shares; NaN becomes null."""
    ends = [shares, np.maximum(shares - HALF_WIDTH, 0.0), np.minimum(shares + HALF_WIDTH, 1.0)]
    return [pl.Series(name, end, nan_to_null=True) for name, end in zip(SHARE_COLUMNS, ends, strict=True)]
