"""Classes of compounds by composition."""

from __future__ import annotations

import numpy as np
import pytest

from screening.chemistry.compositions import count_matrix
from screening.materials.magnets.curie.curie_classes import curie_classes


@pytest.mark.parametrize(
    ("formula", "classes"),
    [
        ("Co2MnSi", {"3d metals without a rare earth", "Heusler compositions"}),
        ("NiMnSb", {"3d metals without a rare earth", "Heusler compositions"}),
        ("FePt", {"3d metals without a rare earth", "L1_0 compositions"}),
        ("MnAl", {"3d metals without a rare earth", "L1_0 compositions"}),
        ("Fe3C", {"3d metals without a rare earth"}),
        ("Fe3Al", {"3d metals without a rare earth"}),
        ("SmCo5", set()),
        ("EuO", set()),
    ],
)
def test_known_members(formula: str, classes: set[str]) -> None:
    found = curie_classes(count_matrix([formula]))
    assert {name for name, mask in found.items() if bool(np.asarray(mask)[0])} == classes
