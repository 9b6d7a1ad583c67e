"""Files that unpack to much more than they are, and archives of them: one refusal each, and the rest is read."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import tarfile
import time
import zipfile
from pathlib import Path

import pytest
from helpers.mixed_folder import cif_text, poscar_text, row

from screening.crystals import Crystal, Rejection, read_crystals
from screening.crystals.reading import unpacking
from screening.crystals.reading.bounds import Budget, TooMuchError, is_small
from screening.crystals.reading.parts import Part
from screening.crystals.reading.workers import Worker

MANY = 96 << 20
GOOD = cif_text((3.0, 4.2, ["Li", "Co", "O", "O"])).encode()
LINE = json.dumps({"id": "fine", **row((3.1, 4.2, ["Li", "Co", "O", "O"]))}).encode() + b"\n"
PACKED = {
    "gz": lambda data: gzip.compress(data, 1),
    "bz2": bz2.compress,
    "xz": lambda data: lzma.compress(data, preset=0),
}


def read(path: Path) -> tuple[list[str], dict[str, str]]:
    """Sources of the crystals, and reasons of the refusals by source."""
    items = list(read_crystals(path))
    crystals = [item.source for item in items if isinstance(item, Crystal)]
    return crystals, {item.source: item.reason for item in items if isinstance(item, Rejection)}


def zipped(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


@pytest.mark.ci
@pytest.mark.parametrize("filler", [b"\n", b"  ", b"0"])
def test_a_member_without_a_crystal_ends_soon(filler: bytes, tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", {"a.jsonl": LINE + filler * (MANY // len(filler)), "fine.cif": GOOD})
    started = time.process_time()
    crystals, refused = read(path)
    assert crystals == ["a.zip/a.jsonl#1", "a.zip/fine.cif"]
    assert "unpacks to more than 64 MiB without a crystal" in refused["a.zip/a.jsonl#2"]
    assert time.process_time() - started < 5  # here; the worker has its own limit


@pytest.mark.ci
@pytest.mark.parametrize("packing", PACKED)
def test_a_compressed_file_without_an_end(packing: str, tmp_path: Path) -> None:
    path = tmp_path / f"a.jsonl.{packing}"
    path.write_bytes(PACKED[packing](LINE + b"\n" * MANY))
    crystals, refused = read(path)
    assert len(crystals) == 1 and len(refused) == 1
    assert "unpacks to more than 64 MiB without a crystal" in next(iter(refused.values()))


@pytest.mark.ci
def test_all_members_together_have_a_limit(tmp_path: Path) -> None:
    content = LINE * (4 << 10)  # each member holds crystals, so only the sum is too much
    path = zipped(tmp_path / "a.zip", {f"{n}.vasp": b" \n" * (8 << 20) for n in range(8)} | {"z.jsonl": content})
    _, refused = read(path)
    assert "unpacks to more than 200 times its size" in refused["a.zip/7.vasp"]
    assert "a.zip/0.vasp" in refused and len(refused) >= 9


@pytest.mark.ci
def test_a_tar_passes_over_large_members_but_not_over_any(tmp_path: Path) -> None:
    path = tmp_path / "a.tar.gz"
    with tarfile.open(path, "w:gz", compresslevel=1) as archive:
        for name, content in [("WAVECAR.txt", b"0" * MANY), ("fine.cif", GOOD), ("bomb.cif", b"0" * MANY)]:
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    _, refused = read(path)
    assert "a.tar.gz/WAVECAR.txt" in refused
    assert any("unpacks to more than" in reason for reason in refused.values())


@pytest.mark.ci
def test_a_header_that_asks_for_all_memory_is_refused(tmp_path: Path) -> None:
    header = tarfile.TarInfo("x")
    header.type, header.size = tarfile.XHDTYPE, 3 << 30
    with gzip.open(tmp_path / "a.tar.gz", "wb", 1) as file:
        file.write(header.tobuf(format=tarfile.USTAR_FORMAT) + b"\0" * MANY)
    _, refused = read(tmp_path / "a.tar.gz")
    assert list(refused) == ["a.tar.gz"]


@pytest.mark.ci
def test_overlapping_members_are_limited_as_one_file(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", {"0.vasp": b"0 \n" * (10 << 20)})
    with zipfile.ZipFile(path, "a") as archive:
        first = archive.infolist()[0]
        for n in range(1, 40):
            again = zipfile.ZipInfo(f"{n}.vasp")
            for name in ("compress_type", "CRC", "compress_size", "file_size", "header_offset", "flag_bits"):
                setattr(again, name, getattr(first, name))
            archive.filelist.append(again)
        archive._didModify = True  # type: ignore[attr-defined]
    _, refused = read(path)
    assert len(refused) == 40  # each in its place, most without being unpacked


def test_small_files_need_no_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unpacking, "Worker", _never)
    monkeypatch.setattr("screening.crystals.reading.worker_pool.Worker", _never)
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.vasp").write_text(poscar_text((3.2, 4.2, ["Li", "Co", "O", "O"])))
    (tmp_path / "in" / "b.cif").write_bytes(GOOD)
    (tmp_path / "in" / "c.jsonl.gz").write_bytes(gzip.compress(LINE))
    zipped(tmp_path / "in" / "d.zip", {"e.cif": GOOD.replace(b"3.0", b"3.3")})
    with tarfile.open(tmp_path / "in" / "f.tar.gz", "w:gz") as archive:
        archive.add(tmp_path / "in" / "b.cif", "g.cif")
    crystals, refused = read(tmp_path / "in")
    assert len(crystals) == 4 and list(refused) == ["f.tar.gz/g.cif"]  # which is b.cif once more


@pytest.mark.parametrize("name", ["a.json.gz", "a.tar.gz", "a.zip", "a.jsonl"])
def test_what_may_expand_needs_one(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / name
    large = b" " * (80 << 10)
    if name == "a.zip":
        zipped(path, {"a.json": large})
    elif name == "a.tar.gz":
        with tarfile.open(path, "w:gz") as archive:
            member = tarfile.TarInfo("a.json")
            member.size = len(large)
            archive.addfile(member, io.BytesIO(large))
    else:
        path.write_bytes(gzip.compress(large) if name.endswith(".gz") else large)
    monkeypatch.setattr(unpacking, "Worker", _never)
    _, refused = read(path)
    assert list(refused.values()) == ["unreadable: no process"]


def _never() -> Worker:
    raise OSError("no process")


@pytest.mark.parametrize(
    ("kind", "text", "small"),
    [
        ("poscar", b"Fe\n1\n3 0 0\n0 3 0\n0 0 3\nFe\n500000000\nDirect\n0 0 0\n", False),
        ("poscar", b"Fe\n1\n3.123456 0 0\n0 3 0\n0 0 3\nFe\n1\nDirect\n0.123456 0 0\n", True),
        ("xyz", b"1\nProperties=species:S:1:pos:R:3:x:R:30000000\n", False),
        ("xyz", "１００００００\n".encode(), False),
        ("xyz", b"30_000_000\n", False),
        ("row", b'{"id": "mp-1234567"}', True),
        ("row", b" " * (20 << 10), False),
    ],
)
def test_stated_sizes_are_looked_at_first(kind: str, text: bytes, small: bool) -> None:
    assert is_small(Part(kind, "a", "a", text)) is small
    assert not is_small(Part(kind, "a", "a", b"", charged=Part(kind, "b", "b", b" " * (20 << 10))))


def test_a_budget_counts_from_crystal_to_crystal(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]
    monkeypatch.setattr("screening.crystals.reading.bounds.time.thread_time", lambda: clock[0])
    budget = Budget(1 << 30, 10.0)
    for _ in range(5):
        budget.spend(60 << 20)
        clock[0] += 9.0
        budget.restart()
    clock[0] += 11.0
    with pytest.raises(TooMuchError, match="took longer than 10 s"):
        budget.spend(0)
