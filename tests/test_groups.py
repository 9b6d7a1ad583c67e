"""Tests that share something costly run in one process."""

from __future__ import annotations

import re

import pytest
from conftest import ROOT, group_of


@pytest.mark.parametrize(
    ("test", "group"),
    [
        ("tests/cluster/test_real_slurm.py::test_a[x::y@z]", "slurm"),
        ("tests/cluster/test_real_slurm_training.py::test_b", "slurm"),
        ("tests/cluster/test_slurm.py::test_c@slurm", "tests/cluster/test_slurm.py"),
        ("tests/test_help.py::test_d[1]", "tests/test_help.py::test_d[1]"),
    ],
)
def test_the_group_of_a_test(test: str, group: str) -> None:
    assert group_of(test) == group


def test_a_module_names_one_group_for_all_of_its_tests() -> None:
    for path in (ROOT / "tests").rglob("test_*.py"):
        text = path.read_text(encoding="utf-8")
        if "xdist_group" in text and path.name != "test_groups.py":
            assert len(re.findall(r"xdist_group\(", text)) == 1, path
            assert re.search(r"^pytestmark = (\[|pytest\.mark\.xdist_group)", text, re.MULTILINE), path
