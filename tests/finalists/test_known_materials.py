"""The nearest known material, against a transport problem solved by linear programming."""

from __future__ import annotations

import numpy as np
import pytest
from pymatgen.core import Composition, Element
from scipy.optimize import linprog

from screening.configuration import load_config
from screening.configuration.rank import RankConfig
from screening.finalists.known_materials import KnownMaterials

FORMULAS = ["Nd2Fe14B", "Pr2Fe14B", "Sm(Fe0.8Co0.2)12", "SmCo5", "BaFe12O19", "SrFe12O19", "MnBi", "Ga2Mn3", "Y2Co17"]


def _known(task: str) -> KnownMaterials:
    config = load_config("rank", [f"task={task}"], {"candidates": "x", "output_dir": "y"})
    assert isinstance(config, RankConfig)
    return KnownMaterials.of_task(config.task_settings)


def _transported(one: str, other: str) -> float:
    """The cheapest way to turn one composition into the other, cost 1 an atom, half that within a group."""
    first, second = (list(Composition(text).fractional_composition.items()) for text in (one, other))

    def group(element: Element) -> int:
        return 3 if element.is_rare_earth else element.group

    cost = [0.0 if a == b else 0.5 if group(a) == group(b) else 1.0 for a, _ in first for b, _ in second]
    left = np.kron(np.eye(len(first)), np.ones(len(second)))
    right = np.kron(np.ones(len(first)), np.eye(len(second)))
    amounts = [share for _, share in first] + [share for _, share in second]
    return float(linprog(cost, A_eq=np.vstack([left, right]), b_eq=amounts).fun)


@pytest.mark.ci
def test_the_distance_is_that_of_the_cheapest_exchange() -> None:
    known = _known("magnets")
    for formula in FORMULAS:
        (found,) = known.nearest([formula])
        assert found is not None
        others = [_transported(formula, material.formula) for material in known.materials]
        assert found.distance == pytest.approx(min(others), abs=1e-9)
        assert _transported(formula, found.formula) == pytest.approx(found.distance, abs=1e-9)


def test_a_known_material_is_its_own_neighbour_with_its_measured_figures() -> None:
    (found,) = _known("magnets").nearest(["Nd2Fe14B"])
    assert found is not None and (found.formula, found.distance) == ("Nd2Fe14B", 0.0)
    assert found.figures["mu0_Ms_T"] == pytest.approx(1.61) and found.source
    (substituted,) = _known("magnets").nearest(["Tb2Fe14B"])
    assert substituted is not None and substituted.distance <= 0.5 * 2 / 17 + 1e-9
    (olivine,) = _known("electrodes").nearest(["LiFePO4"])
    assert olivine is not None and olivine.figures["voltage_V"] == pytest.approx(3.43, abs=0.1)


def test_a_task_without_known_materials_has_none() -> None:
    assert KnownMaterials.of_task({"name": "other"}).nearest(["Fe"]) == [None]
