"""One crystal written by Hall symbol, symbol, operations, or atom by atom is one crystal after reading.

The reference is expanded here from spglib's database of operations.
"""

from __future__ import annotations

import warnings
from functools import cache

import gemmi
import numpy as np
import pytest
import spglib
from helpers.cifs import cif, operation_lines, sites_of
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from screening.crystals.reading.parts import UnreadableError
from screening.crystals.sites import Sites

pytestmark = pytest.mark.ci

COORDINATES = st.one_of(
    st.sampled_from([0.0, 0.125, 0.25, 0.375, 0.5, 0.75, 1 / 3, 2 / 3]), st.integers(1, 99999).map(lambda n: n / 1e5)
)
POSITIONS = st.lists(st.tuples(COORDINATES, COORDINATES, COORDINATES), min_size=1, max_size=2)


@cache
def setting(index: int) -> tuple[object, NDArray[np.float64], NDArray[np.float64]]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        database = spglib.get_symmetry_from_database(index)
        return spglib.get_spacegroup_type(index), database["rotations"].astype(float), database["translations"]


def cell_for(rotations: NDArray[np.float64]) -> list[float]:
    """Lengths and angles of a cell that the rotations leave alone, and as few others as possible."""
    start = np.array([[150, -18, 11.0], [-18, 170, -23], [11, -23, 210]])
    metric = np.mean([r.T @ start @ r for r in rotations], axis=0)
    lengths = np.sqrt(np.diag(metric))
    cosines = [metric[i, j] / lengths[i] / lengths[j] for i, j in ((1, 2), (0, 2), (0, 1))]
    return [*lengths, *np.degrees(np.arccos(cosines))]


def expanded(index: int, positions: list[tuple[float, float, float]]) -> list[NDArray[np.float64]]:
    _, rotations, translations = setting(index)
    orbits = []
    for position in positions:
        images = (rotations @ position + translations) % 1
        kept: list[NDArray[np.float64]] = []
        for image in images:
            if all(np.abs((image - k) - np.rint(image - k)).max() > 1e-6 for k in kept):
                kept.append(image)
        orbits.append(np.array(kept))
    return orbits


def assert_same(sites: Sites, orbits: list[NDArray[np.float64]]) -> None:
    elements = (26, 8)
    for element, orbit in zip(elements, orbits, strict=False):
        found = sites.frac[sites.numbers == element]
        assert len(found) == len(orbit)
        difference = found[:, None] - orbit[None]
        assert (np.abs(difference - np.rint(difference)).max(axis=-1).min(axis=1) < 1e-6).all()
    assert len(sites.numbers) == sum(map(len, orbits)) and sites.flags in ((), ("setting_deduced",))


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(1, 530), POSITIONS)
def test_settings(index: int, positions: list[tuple[float, float, float]]) -> None:
    kind, rotations, _ = setting(index)
    orbits = expanded(index, positions)
    everything = np.concatenate(orbits)
    difference = everything[:, None] - everything[None]
    near = np.abs(difference - np.rint(difference)).max(axis=-1) + np.eye(len(everything))
    if near.min() < 2e-3:
        return  # images that nearly coincide are refused or restored, which other tests look at
    cell = [f"{value:.10f}" for value in cell_for(rotations)]
    rows = [f"{element}{n} {element} " + " ".join(f"{x:.9f}" for x in position)
            for n, (element, position) in enumerate(zip(("Fe", "O"), positions, strict=False))]  # fmt: skip
    triplets = [operation.triplet() for operation in gemmi.symops_from_hall(kind.hall_symbol)]
    whole = [f"{element}{n} {element} " + " ".join(f"{x:.9f}" for x in image)
             for element, orbit in zip(("Fe", "O"), orbits, strict=False) for n, image in enumerate(orbit)]  # fmt: skip
    symbol = kind.international_full + (f" :{kind.choice}" if kind.choice else "")
    for text in (
        cif(f"_space_group_name_Hall\n;\n{kind.hall_symbol}\n;\n", rows, cell=cell),
        cif(symbol, rows, cell=cell),
        cif(operation_lines(triplets), rows, cell=cell),
        cif(operation_lines([t.upper() for t in triplets[::-1]], "_space_group_symop.operation_xyz"), rows, cell=cell),
        cif("P 1", whole, cell=cell),
    ):
        assert_same(sites_of(text), orbits)
    beside = sites_of(cif(operation_lines(triplets), whole, cell=cell))
    assert len(beside.numbers) == len(everything)
    # Without the choice of origin or axes: the same crystal, or a refusal.
    multiplicities = [f"{row} {len(orbit)}" for row, orbit in zip(rows, orbits, strict=True)]
    try:
        plain = sites_of(cif(kind.international_full, multiplicities, "symmetry_multiplicity", cell=cell))
    except UnreadableError as error:
        assert any(reason in str(error) for reason in ("origin", "equivalent positions", "overlapping"))
    else:
        assert len(plain.numbers) == len(everything)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(1, 530), POSITIONS)
def test_gemmi_reads_the_same(index: int, positions: list[tuple[float, float, float]]) -> None:
    kind, rotations, _ = setting(index)
    cell = [f"{value:.10f}" for value in cell_for(rotations)]
    rows = [f"{element}{n} {element} " + " ".join(f"{x:.9f}" for x in position)
            for n, (element, position) in enumerate(zip(("Fe", "O"), positions, strict=False))]  # fmt: skip
    triplets = [operation.triplet() for operation in gemmi.symops_from_hall(kind.hall_symbol)]
    text = cif(operation_lines(triplets), rows, cell=cell)
    theirs = gemmi.make_small_structure_from_block(gemmi.cif.read_string(text).sole_block())
    theirs.setup_cell_images()
    everything = np.concatenate(expanded(index, positions))
    difference = everything[:, None] - everything[None]
    near = np.abs(difference - np.rint(difference)).max(axis=-1) + np.eye(len(everything))
    if near.min() > 0.05:  # gemmi merges what is closer than 0.4 Å
        ours = sites_of(text)
        assert len(ours.numbers) == len(theirs.get_all_unit_cell_sites())
        assert abs(np.linalg.det(ours.lattice)) == pytest.approx(theirs.cell.volume)
