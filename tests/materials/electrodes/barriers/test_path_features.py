"""Descriptors do not depend on how a path is written down, and follow what narrows it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from helpers.barriers import rock_salt_row

from screening.array_types import Floats
from screening.materials.electrodes.barriers.migration_path import MigrationPath
from screening.materials.electrodes.barriers.path_features import path_feature_names, path_features
from screening.materials.electrodes.barriers.rigid_path import PathSurroundings, bent, evenly

PATH = MigrationPath.from_row(rock_salt_row(rattle_A=0.15))


def turned(path: MigrationPath) -> MigrationPath:
    turn, _ = np.linalg.qr(np.random.default_rng(1).normal(size=(3, 3)))
    return replace(path, lattice=path.lattice @ turn)


def other_cell(path: MigrationPath) -> MigrationPath:
    change = np.array([[1, 0, 0], [1, 1, 0], [0, -1, 1]])
    back = np.linalg.inv(change)
    return replace(
        path, lattice=change @ path.lattice, frac=(path.frac @ back) % 1.0, path_frac=(path.path_frac @ back) % 1.0
    )


def moved(path: MigrationPath) -> MigrationPath:
    shift = np.array([0.3, 0.6, 0.1])
    return replace(path, frac=path.frac + shift, path_frac=path.path_frac + shift)


def reordered(path: MigrationPath) -> MigrationPath:
    order = np.random.default_rng(2).permutation(len(path.numbers))
    return replace(path, numbers=path.numbers[order], frac=path.frac[order])


def reversed_path(path: MigrationPath) -> MigrationPath:
    return replace(path, path_frac=path.path_frac[::-1])


@pytest.mark.parametrize("change", [turned, other_cell, moved, reordered, reversed_path])
def test_the_same_path_has_the_same_descriptors(change: object) -> None:
    assert callable(change)
    assert path_features([change(PATH)]) == pytest.approx(path_features([PATH]), abs=2e-3)


def feature(path: MigrationPath, name: str) -> float:
    return float(path_features([path])[0, path_feature_names().index(name)])


def test_a_tighter_frame_is_narrower_and_higher() -> None:
    tight, wide = (MigrationPath.from_row(rock_salt_row(a=a)) for a in (4.0, 4.8))
    assert feature(tight, "bent: least nearest anion") < feature(wide, "bent: least nearest anion")
    assert feature(tight, "bent: greatest - lower end") > feature(wide, "bent: greatest - lower end")
    assert feature(tight, "bent: greatest bond valence") > feature(wide, "bent: greatest bond valence")


def test_all_are_finite_and_none_without_paths() -> None:
    assert np.isfinite(path_features([PATH])).all()
    assert path_features([]).shape == (0, len(path_feature_names()))


def barrier(places: Floats, around: PathSurroundings) -> float:
    energies = around.energies(places)
    return float(energies.max() - energies.min())


def test_the_bent_path_avoids_atoms_and_keeps_its_ends() -> None:
    around = PathSurroundings.of(PATH)
    straight, curved = evenly(PATH.points_A, 9), bent(around, PATH.points_A)
    assert curved[[0, -1]] == pytest.approx(straight[[0, -1]])
    assert barrier(curved, around) < barrier(straight, around)
    steps = np.linalg.norm(np.diff(curved, axis=0), axis=1)
    assert steps == pytest.approx(steps.mean(), rel=0.05)
