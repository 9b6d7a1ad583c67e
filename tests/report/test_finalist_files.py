"""The folder of finalists: complete, replaced as a whole, safe."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import orjson
import pytest
from lxml import html
from pymatgen.core.structure import Structure
from report.conftest import HOSTILE, salt

from screening.report.finalist_files import cif_text, write_finalist_files
from screening.report.page import ReportContent


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("ranking")


def test_every_finalist_has_its_files(with_finalists: ReportContent, folder: Path) -> None:
    stale = folder / "finalists" / "99-Old"
    stale.mkdir(parents=True)
    write_finalist_files(folder, with_finalists)
    assert not stale.exists() and [path.name for path in folder.iterdir()] == ["finalists"]
    entries = orjson.loads((folder / "finalists" / "index.json").read_bytes())
    assert [entry["folder"] for entry in entries] == ["01-Nd2Fe14B", "02-bFeb", "03-NaN"]
    assert [entry["candidate_id"] for entry in entries] == HOSTILE[:3]
    assert entries[0]["remarks"] == ["frame_kept"] and entries[0]["nearest"]["figures"] == {"mu0_Ms_T": 1.61}
    assert entries[0]["curve"]["x"] == [0.0, 300.0]
    assert [curve["kind"] for curve in entries[0]["further_curves"]] == ["hop"]
    for entry in entries:
        files = {path.name for path in (folder / "finalists" / entry["folder"]).iterdir()}
        assert files == {"crystal.cif", "charged.cif", "picture.png", "card.html"}
    assert (folder / "finalists" / "01-Nd2Fe14B" / "picture.png").read_bytes().startswith(b"\x89PNG")


def test_the_page_of_a_finalist_is_escaped_and_self_contained(with_finalists: ReportContent, folder: Path) -> None:
    write_finalist_files(folder, replace(with_finalists, language="ru", finalists=with_finalists.finalists[:1]))
    text = (folder / "finalists" / "01-Nd2Fe14B" / "card.html").read_text(encoding="utf-8")
    tree = html.fromstring(text)
    assert tree.get("lang") == "ru" and HOSTILE[0] in tree.text_content()
    assert not tree.xpath("//script | //i | //b")
    assert [image.get("src")[:22] for image in tree.xpath("//img")] == ["data:image/png;base64,"]
    assert "Измерено для" in tree.text_content() and "1,61" in tree.text_content()
    assert not (folder / "finalists" / "02-bFeb").exists()


def test_without_finalists_none_are_left(content: ReportContent, tmp_path: Path) -> None:
    (tmp_path / "finalists" / "01-Old").mkdir(parents=True)
    write_finalist_files(tmp_path, content)
    assert list(tmp_path.iterdir()) == []


def test_the_crystal_is_kept_exactly() -> None:
    crystal = replace(salt(), lattice=salt().lattice + 0.1234567)
    read = Structure.from_str(cif_text(crystal), fmt="cif")
    assert np.allclose(read.lattice.abc, np.linalg.norm(crystal.lattice, axis=1), atol=1e-7)
    assert sorted(read.atomic_numbers) == sorted(crystal.numbers.tolist())
