"""Builds datasets/magnets/single_grain.csv from simulated hysteresis loops of an ideal grain, and prints its errors.

    python scripts/build_single_grain.py LOOPS.csv.gz

The loops have the columns Ms_A_per_m, A_J_per_m, K1_J_per_m3 and Hc_A_per_m of a cube of 50 nm with the field along its
easy axis. In units of the anisotropy field its coercivity depends on two numbers alone: q = 2 K1 / µ0 Ms² and the edge
over the exchange length √(2 A / µ0 Ms²).
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.linalg import spsolve

FILE = Path(__file__).resolve().parent.parent / "datasets" / "magnets" / "single_grain.csv"
EDGE_M, MU0 = 50e-9, 4e-7 * np.pi
HARDNESS, SIZE = np.geomspace(0.1, 60, 25), np.geomspace(1.5, 50, 15)
COLUMNS = ("Ms_A_per_m", "A_J_per_m", "K1_J_per_m3", "Hc_A_per_m")
SMOOTHNESS = 0.03
FOLDS, BLOCKS = 5, 4

Values = NDArray[np.float64]


def main() -> None:
    """Fit the table, write it, and print errors on loops that it has not seen."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("loops", type=Path)
    table = pl.read_csv(parser.parse_args().loops)
    Ms, A, K1, Hc = (table[name].to_numpy() for name in COLUMNS)
    q, edge = 2 * K1 / (MU0 * Ms**2), EDGE_M / np.sqrt(2 * A / (MU0 * Ms**2))
    inside = (q >= HARDNESS[0]) & (q <= HARDNESS[-1]) & (edge >= SIZE[0]) & (edge <= SIZE[-1])
    targets = (Hc / (2 * K1 / (MU0 * Ms)))[inside]
    weights = interpolation(np.log(q[inside]), np.log(edge[inside]))
    rng = np.random.default_rng(0)
    blocks = (BLOCKS * rank(q[inside])).astype(int) * BLOCKS + (BLOCKS * rank(edge[inside])).astype(int)
    print(f"{inside.sum()} of {len(q)} loops lie on the grid")
    for name, group in (("random fifths", rng.integers(0, FOLDS, inside.sum())), ("whole regions", blocks)):
        error = np.concatenate([np.abs(weights[group == k] @ fitted(weights, targets, group != k) - targets[group == k])
                                for k in np.unique(group)])  # fmt: skip
        print(f"{name} unseen: mean error {error.mean():.4f} of the anisotropy field")
    nodes = np.clip(fitted(weights, targets, np.ones(len(targets), dtype=bool)), 0.0, 1.0)
    grid = np.stack(np.meshgrid(HARDNESS, SIZE, indexing="ij"), axis=-1).reshape(-1, 2)
    names = "hardness_q", "edge_over_exchange_length", "coercivity_over_anisotropy_field"
    columns = dict(zip(names, (*grid.T, nodes), strict=True))
    pl.DataFrame({name: np.round(values, 4) for name, values in columns.items()}).write_csv(FILE)


def rank(values: Values) -> Values:
    """Place of each value among all, from 0 to below 1."""
    return np.asarray(values.argsort().argsort() / len(values))


def interpolation(x: Values, y: Values) -> sparse.csr_matrix:
    """Weights of the nodes of the grid in bilinear interpolation, one row a point."""
    (i, u), (j, v) = (_cells(np.log(nodes), values) for nodes, values in ((HARDNESS, x), (SIZE, y)))
    parts = [(i + a, j + b, (u if a else 1 - u) * (v if b else 1 - v)) for a in (0, 1) for b in (0, 1)]
    rows = np.tile(np.arange(len(x)), len(parts))
    columns = np.concatenate([one * len(SIZE) + two for one, two, _ in parts])
    shape = len(x), len(HARDNESS) * len(SIZE)
    return sparse.csr_matrix((np.concatenate([weight for *_, weight in parts]), (rows, columns)), shape=shape)


def _cells(nodes: Values, values: Values) -> tuple[NDArray[np.int64], Values]:
    cell = np.clip(np.searchsorted(nodes, values) - 1, 0, len(nodes) - 2)
    return cell, (values - nodes[cell]) / (nodes[cell + 1] - nodes[cell])


def fitted(weights: sparse.csr_matrix, targets: Values, rows: NDArray[np.bool_]) -> Values:
    """Values at the nodes: least squares, with small second differences where there are few loops."""
    bend = [_second_differences(len(nodes)) for nodes in (HARDNESS, SIZE)]
    smooth = sparse.vstack(
        [sparse.kron(bend[0], sparse.eye(len(SIZE))), sparse.kron(sparse.eye(len(HARDNESS)), bend[1])]
    )
    own = weights[rows]
    normal = own.T @ own + SMOOTHNESS * len(targets) / weights.shape[1] * smooth.T @ smooth
    return np.asarray(spsolve(normal.tocsc(), own.T @ targets[rows]))


def _second_differences(size: int) -> sparse.csr_matrix:
    return sparse.diags([1.0, -2.0, 1.0], [0, 1, 2], shape=(size - 2, size)).tocsr()


if __name__ == "__main__":
    main()
