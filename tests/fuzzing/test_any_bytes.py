"""Whatever bytes a file holds, each part of it ends as one crystal or one reason, and no crystal only we can see."""

from __future__ import annotations

from pathlib import Path

import pytest
from fuzzing.hunt import FINDINGS, corpus, judge
from fuzzing.judges import JUDGES
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

pytestmark = pytest.mark.ci


def _texts() -> st.SearchStrategy[bytes]:
    """Words of the corpus in any order."""
    words = sorted({word for _, _, data in corpus() for word in data.split()[:60] if len(word) < 40})
    return st.lists(st.sampled_from([*words, b"\n", b"\n", b"0", b"1", b"0.5", b"'", b";"]), max_size=60).map(b" ".join)


def _changed() -> st.SearchStrategy[bytes]:
    """A file of the corpus with some bytes replaced."""
    files = st.sampled_from([data for _, _, data in corpus()])
    return st.tuples(files, st.integers(0, 400), st.binary(max_size=8)).map(
        lambda parts: parts[0][: parts[1]] + parts[2] + parts[0][parts[1] + len(parts[2]) :]
    )


_DATA = st.one_of(st.binary(max_size=300), st.deferred(_texts), st.deferred(_changed))
"""Deferred, because the corpus takes seconds, and those who collect tests should not wait for it."""


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(extension=st.sampled_from(sorted(JUDGES)), data=_DATA)
@example(extension=".json", data=b"[" * 100_000)
@example(extension=".json", data=b"[]," * 1000)
@example(extension=".jsonl", data=b'{"a":' * 100_000)
@example(extension=".cif", data=b"data_a\nloop_\n" + b"_x\n" * 5000)
@example(extension=".vasp", data=b"x\n1\n4 0 0\n0 4 0\n0 0 4\nFe\n500000000\nDirect\n0 0 0\n")
@example(
    extension=".extxyz", data=b'1\nLattice="3 0 0 0 3 0 0 0 3" Properties=species:S:1:x:R:30000000:pos:R:3\nFe 0 0 0\n'
)
def test_no_bytes_are_misread(extension: str, data: bytes, tmp_path: Path) -> None:
    verdict = judge(extension, data, tmp_path)
    assert verdict.kind not in FINDINGS, verdict
