"""Every compression of every text form, in folders and archives; a file that breaks off is never just a shorter one."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import zstandard
from ase import Atoms
from ase.db import connect

from screening.crystals import Crystal, Rejection, read_crystals
from screening.crystals.reading.compressed import COMPRESSIONS, decompressed

pytestmark = pytest.mark.ci

COMPRESS: dict[str, Callable[[bytes], bytes]] = {
    ".gz": gzip.compress,
    ".bz2": bz2.compress,
    ".xz": lzma.compress,
    ".zst": zstandard.compress,
}
LATTICE = "4 0 0 0 4 0 0 0 5"
ROW = {"lattice": (np.diag([4.0, 4, 5])).tolist(), "species": ["Fe", "Co"], "frac": [[0, 0, 0], [0.5, 0.5, 0.5]]}
TEXTS = {
    "a.vasp": "x\n1\n4 0 0\n0 4 0\n0 0 5\nFe Co\n1 1\nDirect\n0 0 0\n.5 .5 .5\n",
    "POSCAR": "x\n1\n4 0 0\n0 4 0\n0 0 5\nFe Co\n1 1\nDirect\n0 0 0\n.5 .5 .5\n",
    "a.xyz": f'2\nLattice="{LATTICE}"\nFe 0 0 0\nCo 2 2 2.5\n',
    "a.json": json.dumps(ROW),
    "a.jsonl": json.dumps(ROW),
}


def test_the_list_of_compressions() -> None:
    assert set(COMPRESS) == set(COMPRESSIONS)


@pytest.mark.parametrize("ending", COMPRESS)
@pytest.mark.parametrize("name", TEXTS)
def test_a_compressed_file(name: str, ending: str, tmp_path: Path) -> None:
    content = COMPRESS[ending](TEXTS[name].encode())
    (tmp_path / f"{name}{ending}").write_bytes(content)
    with zipfile.ZipFile(tmp_path / "z.zip", "w") as archive:
        archive.writestr(f"in/{name}{ending}", content)
    alone, *others = [*read_crystals(tmp_path / f"{name}{ending}"), *read_crystals(tmp_path / "z.zip")]
    assert isinstance(alone, Crystal) and alone.formula == "FeCo" and alone.candidate_id == name.split(".")[0]
    assert [type(item) for item in others] == [Crystal]


@pytest.mark.parametrize("ending", COMPRESS)
def test_a_compressed_database(ending: str, tmp_path: Path) -> None:
    with connect(tmp_path / "a.db") as database:
        database.write(Atoms("FeCo", positions=[[0, 0, 0], [2, 2, 2.5]], cell=[4, 4, 5], pbc=True))
    (tmp_path / f"b.db{ending}").write_bytes(COMPRESS[ending]((tmp_path / "a.db").read_bytes()))
    (item,) = read_crystals(tmp_path / f"b.db{ending}")
    assert isinstance(item, Crystal) and item.formula == "FeCo" and item.candidate_id == "b"


@pytest.mark.parametrize("ending", COMPRESS)
def test_several_streams_in_one_file(ending: str) -> None:
    content = COMPRESS[ending](b"a" * 10_000) + COMPRESS[ending](b"b" * 3)
    assert decompressed(io.BytesIO(content), ending).read() == b"a" * 10_000 + b"bbb"
    assert decompressed(io.BytesIO(COMPRESS[ending](b"")), ending).read() == b""


@pytest.mark.parametrize("ending", COMPRESS)
@pytest.mark.parametrize("keep", [0.2, 0.5, 0.9, -1])
def test_a_file_that_breaks_off(ending: str, keep: float, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    lines = [json.dumps({**ROW, "id": i, "note": rng.bytes(50).hex()}) for i in range(300)]
    content = COMPRESS[ending]("\n".join(lines).encode())
    cut = len(content) - 1 if keep < 0 else int(keep * len(content))
    (tmp_path / f"a.jsonl{ending}").write_bytes(content[:cut])
    *before, last = read_crystals(tmp_path / f"a.jsonl{ending}")
    assert isinstance(last, Rejection) and ("breaks off" in last.reason or "not valid JSON" in last.reason)
    assert len(before) < 300 or "breaks off" in last.reason


@pytest.mark.parametrize("ending", COMPRESS)
@pytest.mark.parametrize("content", [b"not compressed at all", b""])
def test_a_file_that_is_not_compressed(ending: str, content: bytes, tmp_path: Path) -> None:
    (tmp_path / f"a.json{ending}").write_bytes(content)
    (item,) = read_crystals(tmp_path / f"a.json{ending}")
    assert isinstance(item, Rejection) and ("breaks off" in item.reason or "empty" in item.reason)


@pytest.mark.ci
def test_more_memory_than_any_tool_needs_is_refused(tmp_path: Path) -> None:
    filters = [{"id": lzma.FILTER_LZMA2, "dict_size": 1 << 28}]
    packed = lzma.LZMACompressor(filters=filters)  # the size of the dictionary stands in the file
    content = packed.compress(b"{}") + packed.flush()
    (tmp_path / "a.json.xz").write_bytes(content)
    (item,) = read_crystals(tmp_path / "a.json.xz")
    assert isinstance(item, Rejection) and "Memory usage limit" in item.reason
