"""Archives are read in memory; unsafe paths, hidden formats and archive bombs are refused by name."""

from __future__ import annotations

import io
import stat
import tarfile
import zipfile
from pathlib import Path

import pytest
from helpers.mixed_folder import cif_text, poscar_text

from screening.crystals import Crystal, Rejection, read_crystals
from screening.crystals.reading import archives as archives_module
from screening.crystals.reading.archives import read_archive

GOOD = cif_text((3.0, 4.2, ["Li", "Co", "O", "O"])).encode()
OTHER = poscar_text((3.1, 4.3, ["Li", "Ni", "O", "O"])).encode()


def read(path: Path) -> tuple[list[str], dict[str, str]]:
    """Sources of the crystals, and reasons of the refusals by source."""
    items = list(read_crystals(path))
    crystals = [item.source for item in items if isinstance(item, Crystal)]
    return crystals, {item.source: item.reason for item in items if isinstance(item, Rejection)}


@pytest.mark.parametrize("name", ["../up.cif", "/abs.cif", "a/../../up.cif", "..\\up.cif", "C:\\up.cif", "\\up.cif"])
def test_paths_that_leave_a_zip(name: str, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr(name, GOOD)
        archive.writestr("fine.vasp", OTHER)
    crystals, refused = read(tmp_path / "a.zip")
    assert crystals == ["a.zip/fine.vasp"]
    assert list(refused.values()) == ["unsafe path in the archive (absolute, or leading out of it)"]
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.zip"]


def test_links_and_devices_in_a_tar(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "a.tar.gz", "w:gz") as archive:
        for name, kind, target in [
            ("link.cif", tarfile.SYMTYPE, "/etc/passwd"),
            ("hard.cif", tarfile.LNKTYPE, "fine.cif"),
            ("pipe.cif", tarfile.FIFOTYPE, ""),
        ]:
            member = tarfile.TarInfo(name)
            member.type, member.linkname = kind, target
            archive.addfile(member)
        for name, content in [("./fine.cif", GOOD), ("../up.cif", GOOD), ("notes.txt", b"x"), ("._junk.cif", b"x")]:
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    crystals, refused = read(tmp_path / "a.tar.gz")
    assert crystals == ["a.tar.gz/fine.cif"]
    assert refused == {
        "a.tar.gz/link.cif": "a link in the archive",
        "a.tar.gz/hard.cif": "a link in the archive",
        "a.tar.gz/pipe.cif": "not a regular file in the archive",
        "a.tar.gz/../up.cif": "unsafe path in the archive (absolute, or leading out of it)",
        "a.tar.gz/notes.txt": "not a crystal file",
    }


def test_links_encryption_and_nesting_in_a_zip(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        link = zipfile.ZipInfo("link.cif")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
        archive.writestr("inner.zip", b"PK")
        archive.writestr("locked.cif", GOOD)
        archive.writestr("twice.vasp", OTHER)
    content = bytearray((tmp_path / "a.zip").read_bytes())
    for signature, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):  # set the encryption bit of locked.cif
        start = content.rfind(signature, 0, content.find(b"locked.cif", content.find(signature) if flags == 6 else
                              content.find(b"PK\x01\x02")))  # fmt: skip
        content[start + flags] |= 1
    (tmp_path / "a.zip").write_bytes(content)
    crystals, refused = read(tmp_path / "a.zip")
    assert crystals == ["a.zip/twice.vasp"]
    assert refused == {
        "a.zip/link.cif": "a link in the archive",
        "a.zip/inner.zip": "an archive inside an archive",
        "a.zip/locked.cif": "encrypted in the archive",
    }


def test_oversized_members(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives_module, "MAX_MEMBER_BYTES", len(GOOD) + 10)
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bomb.cif", b"0" * 5_000_000)
        archive.writestr("fine.cif", GOOD)
    bomb, fine = read_archive(tmp_path / "a.zip", "a.zip", 60.0)
    assert "too large" in bomb.reason and not fine.reason


def test_a_compressed_file_that_unfolds_without_end(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bomb.vasp", b"0" * (40 << 20))
        archive.writestr("line.jsonl", b"0" * (40 << 20) + b"\n{}\n")
    crystals, refused = read(tmp_path / "a.zip")
    assert crystals == []
    assert "longer than 32 MiB" in refused["a.zip/bomb.vasp"]
    assert "longer than 32 MiB" in refused["a.zip/line.jsonl#1"]
    assert "no lattice" in refused["a.zip/line.jsonl#2"]


def test_damaged_archives_keep_what_came_before(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "cut.tar.gz", "w:gz", compresslevel=0) as archive:
        for index in range(3):
            member = tarfile.TarInfo(f"{index}.cif")
            content = cif_text((3.0 + 0.1 * index, 4.2, ["Li", "Co", "O", "O"])).encode()
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    whole = (tmp_path / "cut.tar.gz").read_bytes()
    (tmp_path / "cut.tar.gz").write_bytes(whole[:2800])
    crystals, refused = read(tmp_path / "cut.tar.gz")
    assert crystals[0] == "cut.tar.gz/0.cif" and len(crystals) < 3
    assert any("damaged" in reason or "breaks off" in reason for reason in refused.values())

    (tmp_path / "not.zip").write_bytes(b"PK\x03\x04 nonsense")
    assert "damaged" in read(tmp_path / "not.zip")[1]["not.zip"]


def test_a_wrong_checksum_refuses_that_member_only(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("bad.cif", GOOD)
        archive.writestr("fine.vasp", OTHER)
    content = (tmp_path / "a.zip").read_bytes()
    (tmp_path / "a.zip").write_bytes(content.replace(b"_cell_length_a 3.0", b"_cell_length_a 3.5"))
    crystals, refused = read(tmp_path / "a.zip")
    assert crystals == ["a.zip/fine.vasp"] and "CRC" in refused["a.zip/bad.cif"]


def test_rows_inside_an_archive_are_numbered_by_line(tmp_path: Path) -> None:
    text = '{"lattice": [[3,0,0],[0,3,0],[0,0,%d]], "species": ["Fe"], "frac": [[0,0,0]]}\n'
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("rows.jsonl", text % 3 + "\n" + text % 4)
        archive.writestr("empty/", "")
    assert read(tmp_path / "a.zip")[0] == ["a.zip/rows.jsonl#1", "a.zip/rows.jsonl#3"]


def test_an_archive_without_crystals_is_named(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("readme.md", "words")
    assert read(tmp_path / "a.zip") == ([], {"a.zip": "no crystals in this archive"})
