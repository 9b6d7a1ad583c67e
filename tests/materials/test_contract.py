"""What every material class must satisfy, with its released predictors."""

from __future__ import annotations

import pytest

from screening.materials.registry import class_names, material_class
from screening.testing import check_material_class

pytestmark = pytest.mark.ci


@pytest.mark.parametrize("name", class_names())
def test_what_every_material_class_must_satisfy(name: str) -> None:
    check_material_class(material_class(name))
