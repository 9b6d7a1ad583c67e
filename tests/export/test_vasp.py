"""Inputs for VASP are those of pymatgen's sets, without potentials."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers.reviews import rock_salt
from pymatgen.io.vasp.inputs import Incar, Kpoints, Poscar
from pymatgen.io.vasp.sets import MPRelaxSet, MPScanRelaxSet

from screening.crystals import Crystal
from screening.errors import ScreeningError
from screening.export.crystals import CrystalFile
from screening.export.vasp import WARNINGS, write_vasp_inputs


def crystal_file(cation: str = "Fe", anion: str = "O") -> CrystalFile:
    return CrystalFile("crystal", b"", Crystal.from_structure(rock_salt(cation, anion), "c"))


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.ci
def test_relaxation_with_pbe(tmp_path: Path) -> None:
    write_vasp_inputs(crystal_file(), tmp_path / "v", "relax")
    assert names(tmp_path / "v") == ["INCAR", "KPOINTS", "POSCAR", "POTCAR.spec"]
    settings, expected = Incar.from_file(tmp_path / "v" / "INCAR"), MPRelaxSet(rock_salt())
    assert settings == expected.incar
    assert settings["MAGMOM"] == [5.0] * 4 + [0.6] * 4 and settings["LDAUU"] == [5.3, 0]
    assert Kpoints.from_file(tmp_path / "v" / "KPOINTS").kpts == expected.kpoints.kpts
    assert (tmp_path / "v" / "POTCAR.spec").read_text().split() == ["Fe_pv", "O"]
    assert Poscar.from_file(tmp_path / "v" / "POSCAR", check_for_potcar=False).site_symbols == ["Fe", "O"]


@pytest.mark.ci
def test_relaxation_with_r2scan(tmp_path: Path) -> None:
    write_vasp_inputs(crystal_file(), tmp_path / "v", "scan")
    assert names(tmp_path / "v") == ["INCAR", "POSCAR", "POTCAR.spec"]
    assert Incar.from_file(tmp_path / "v" / "INCAR") == MPScanRelaxSet(rock_salt()).incar
    assert Incar.from_file(tmp_path / "v" / "INCAR")["METAGGA"] == "R2scan"


def test_none_writes_nothing(tmp_path: Path) -> None:
    write_vasp_inputs(crystal_file(), tmp_path / "v", "none")
    assert names(tmp_path) == []


def test_warnings_of_pymatgen_are_kept(tmp_path: Path, recwarn: pytest.WarningsRecorder) -> None:
    write_vasp_inputs(crystal_file("Yb"), tmp_path / "v", "relax")
    assert "Yb_2" in (tmp_path / "v" / WARNINGS).read_text()
    assert not recwarn.list


def test_an_element_without_potential_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ScreeningError, match="MPRelaxSet has no potential for Po"):
        write_vasp_inputs(crystal_file("Po"), tmp_path / "v", "relax")
    assert names(tmp_path) == []
