"""The prototypes as shipped, and a short list of elements for each role."""

from __future__ import annotations

import pytest
import yaml

from screening.crystals.prototypes import Prototype, read_prototypes
from screening.crystals.prototypes.ions import Ion
from screening.crystals.prototypes.substitution import parse_elements
from screening.resources import resource


@pytest.fixture(scope="session")
def prototypes() -> dict[str, Prototype]:
    return {prototype.name: prototype for prototype in read_prototypes()}


@pytest.fixture(scope="session")
def elements(prototypes: dict[str, Prototype]) -> dict[str, list[Ion]]:
    """The default choice, cut to two elements a role."""
    lists = yaml.safe_load((resource("configs") / "elements" / "default.yaml").read_text(encoding="utf-8"))
    return parse_elements({role: texts[:2] for role, texts in lists.items()}, list(prototypes.values()))
