"""Every dialect of POSCAR gives the same crystal; what could be another crystal is refused with its line."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from ase.io.vasp import write_vasp
from pymatgen.core import Lattice, Structure
from pymatgen.io.ase import AseAtomsAdaptor
from pymatgen.io.vasp import Poscar

from screening.crystals.read_settings import ReadSettings
from screening.crystals.reading.parts import UnreadableError
from screening.crystals.reading.poscar import read_poscar
from screening.crystals.sites import Sites

HEAD = "title\n1.0\n4 0 0\n0 4 0\n0 0 5\n"
DIRECT = "Direct\n0 0 0\n0.5 0.5 0.4\n"
GOOD = f"{HEAD}Fe Co\n1 1\n{DIRECT}"


def read(text: str | bytes) -> Sites:
    return read_poscar(text.encode() if isinstance(text, str) else text, ReadSettings())


def same(text: str | bytes) -> bool:
    """Whether it is the crystal of GOOD."""
    sites, good = read(text), read(GOOD)
    return (
        sites.numbers.tolist() == [26, 27]
        and np.allclose(sites.lattice, good.lattice)
        and np.allclose(sites.frac, good.frac)
    )


DIALECTS = {
    "blank title": GOOD.replace("title", ""),
    "BOM": "\ufeff" + GOOD,
    "CR": GOOD.replace("\n", "\r"),
    "CRLF": GOOD.replace("\n", "\r\n"),
    "no last line end": GOOD.rstrip("\n"),
    "blank lines at the end": GOOD + "\n \n",
    "Latin-1 title": GOOD.replace("title", "Universität").encode("latin-1"),
    "comments": "\n".join(line + " ! words # more" for line in GOOD.rstrip().split("\n")),
    "words after the numbers": GOOD.replace("1.0\n", "1.0 scale\n").replace("0 0 5", "0 0 5 the axis"),
    "Fortran": GOOD.replace("1.0\n", "1.0D0\n").replace("0 0 5", "0 .0e0 50.d-1"),
    "commas": GOOD.replace("0.5 0.5 0.4", "0.5, 0.5, 0.4"),
    "scale": GOOD.replace("1.0\n", "0.5\n").replace("4", "8").replace("0 0 5", "0 0 10").replace("0.8", "0.4"),
    "volume": GOOD.replace("1.0\n", "-80.0\n"),
    "three factors": GOOD.replace("1.0\n", "2 1 0.5\n").replace("4 0 0", "2 0 0").replace("0 0 5", "0 0 10"),
    "three factors, Cartesian": HEAD.replace("1.0\n", "2 1 0.5\n").replace("4 0 0", "2 0 0").replace("0 0 5", "0 0 10")
    + "Fe Co\n1 1\nCartesian\n0 0 0\n1 2 4\n",
    "scaled Cartesian": HEAD.replace("1.0", "2").replace("4", "2").replace("5", "2.5")
    + "Fe Co\n1 1\nkart\n0 0 0\n1 1 1\n",
    "cartesian c": GOOD.replace("Direct", "c").replace("0.5 0.5 0.4", "2 2 2"),
    "direct d": GOOD.replace("Direct", "d"),
    "fractional": GOOD.replace("Direct", "Fractional"),
    "hashes": GOOD.replace("Fe Co", "Fe/3a7f9c1b Co_pv/aa00"),
    "potentials": GOOD.replace("Fe Co", "Fe_pv Co_sv_GW"),
    "capitals": GOOD.replace("Fe Co", "FE CO"),
    "small letters": GOOD.replace("Fe Co", "fe co"),
    "charges": GOOD.replace("Fe Co", "Fe3+ Co2+"),
    "numbered": GOOD.replace("Fe Co", "Fe1 Co1"),
    "an absent element": GOOD.replace("Fe Co\n1 1", "Fe O Co\n1 0 1"),
    "labels": GOOD.replace("0 0 0\n0.5 0.5 0.4", "0 0 0 Fe1\n0.5 0.5 0.4 Co"),
    "labels of sites": GOOD.replace("0 0 0\n0.5 0.5 0.4", "0 0 0 2a\n0.5 0.5 0.4 site"),
    "only labels": GOOD.replace("Fe Co\n", "").replace("0 0 0\n0.5 0.5 0.4", "0 0 0 Fe\n0.5 0.5 0.4 Co"),
    "flags without their line": GOOD.replace("0 0 0\n0.5 0.5 0.4", "0 0 0 F F F\n0.5 0.5 0.4 T T T"),
    "velocities": GOOD + "\n0.1 0.2 0.3\n0 0 0\n\n1\n0.5\n0 0 0\n",
    "velocities with their mode": GOOD + "Cartesian\n0.1 0.2 0.3\n0 0 0\n",
    "lattice velocities": GOOD + "Lattice velocities and vectors\n1\n" + "0 0 0\n" * 6 + "\n0 0 0\n0 0 0\n",
    **{
        f"{line}, flags {flags}": GOOD.replace("Direct", f"{line}\nDirect")
        .replace("0 0 0\n", f"0 0 0 {flags}\n")
        .replace("0.4\n", f"0.4 {flags} Co\n")
        for line in ("Selective dynamics", "selective", "S", "s")
        for flags in ("T T T", "F F F", "t f T", ".TRUE. .FALSE. .true.", "True False true", ".T. .F. .t.")
    },
}


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_dialect(dialect: str) -> None:
    assert same(DIALECTS[dialect])


def test_fluorine_is_not_a_flag() -> None:
    text = GOOD.replace("Fe Co", "Li F").replace("Direct", "Selective dynamics\nDirect")
    text = text.replace("0 0 0\n0.5 0.5 0.4", "0 0 0 F F F Li\n0.5 0.5 0.4 T T T F")
    assert read(text).numbers.tolist() == [3, 9]
    assert read(GOOD.replace("Fe Co", "Li F").replace("0.4", "0.4 F")).numbers.tolist() == [3, 9]


def test_a_repeated_element_and_isotopes() -> None:
    text = f"{HEAD}Fe O Fe D\n1 1 2 1\nDirect\n" + "".join(f"0 0 0.{i}\n" for i in range(5))
    assert read(text).numbers.tolist() == [26, 8, 26, 26, 1]


def test_a_left_handed_cell_keeps_its_vectors() -> None:
    sites = read(GOOD.replace("0 0 5", "0 0 -5").replace("1.0\n", "-160\n"))
    assert np.isclose(np.linalg.det(sites.lattice), -160) and sites.lattice[2, 2] < 0


REFUSED = {
    "VASP 4": (GOOD.replace("Fe Co\n", ""), "does not name its elements"),
    "VASP 4, some labels": (GOOD.replace("Fe Co\n", "").replace("0 0 0\n", "0 0 0 Fe\n"), "does not name its elements"),
    "two elements in one group": (
        f"{HEAD}2\nDirect\n0 0 0 Fe\n0.5 0.5 0.5 Co\n",
        "line 9: the label 'Co' contradicts 'Fe'",
    ),
    "label of another element": (GOOD.replace("0.4", "0.4 Ni"), "line 10: the label 'Ni' contradicts 'Co'"),
    "joined": (GOOD.replace("Fe Co", "FECO"), "2 counts for 1 elements"),
    "a formula": (GOOD.replace("Fe Co", "Fe2O3 Co"), "'Fe2O3' is not an element"),
    "vacancy": (GOOD.replace("Fe Co", "Fe Va"), "'Va' is not an element"),
    "vacancy, longer": (GOOD.replace("Fe Co", "Fe Vac"), "'Vac' is not an element"),
    "dummy": (GOOD.replace("Fe Co", "Fe X"), "'X' is not an element"),
    "a part of hydrogen": (GOOD.replace("Fe Co", "Fe H.75"), "'H.75' is not an element"),
    "no scale": (GOOD.replace("1.0\n", "0\n"), "line 2: the scaling factor is 0"),
    "NaN scale": (GOOD.replace("1.0\n", "nan\n"), "line 2 should hold one scaling factor"),
    "two scales": (GOOD.replace("1.0\n", "1 1\n"), "line 2 should hold one scaling factor"),
    "a negative scale of three": (GOOD.replace("1.0\n", "1 1 -1\n"), "three must be positive"),
    "no volume": (GOOD.replace("0 0 5", "0 0 0").replace("1.0\n", "-80\n"), "encloses no volume"),
    "NaN lattice": (GOOD.replace("4 0 0", "nan 0 0"), "line 3: three numbers expected; 'nan' is not a number"),
    "decimal commas": (GOOD.replace("0.5 0.5 0.4", "0,5 0,5 0,4"), "line 10: three numbers expected"),
    "two coordinates": (GOOD.replace("0.5 0.5 0.4", "0.5 0.5"), "line 10: three numbers expected; it has 2"),
    "four numbers": (GOOD.replace("0.5 0.5 0.4", "0.5 0.5 0.4 0.5"), "line 10: three numbers expected; it has 4"),
    "stars": (GOOD.replace("0.5 0.5 0.4", "0.5 ****** 0.4"), "'******' is not a number"),
    "run together": (GOOD.replace("0.5 0.5 0.4", "0.5-0.5 0.4"), "'0.5-0.5' is not a number"),
    "a fraction": (GOOD.replace("0.5 0.5 0.4", "1/2 0.5 0.4"), "'1/2' is not a number"),
    "too few": (GOOD.replace("1 1\n", "1 2\n"), "the counts add up to 3 atoms, but only 2 lines follow"),
    "a great many": (GOOD.replace("1 1\n", "1 500000000\n"), "500000001 atoms, but only 2 lines follow"),
    "absurdly many": (GOOD.replace("1 1\n", "1 " + "9" * 5000 + "\n"), "should hold the number of atoms"),
    "too many": (GOOD + "0.1 0.1 0.1\n", "line 11: more lines than the counts say"),
    "another POSCAR": (GOOD + GOOD, "line 11: more lines than the counts say"),
    "another POSCAR, its title blank": (GOOD + GOOD.replace("title", ""), "line 12: neither velocities nor the end"),
    "another POSCAR, titled Co": (GOOD + GOOD.replace("title", "Co"), "line 12: neither velocities nor the end"),
    "a blank line among the positions": (GOOD.replace("0 0 0\n0.5", "0 0 0\n\n0.5"), "line 10: three numbers expected"),
    "no mode": (GOOD.replace("Direct\n", ""), "line 8 should say Direct or Cartesian"),
    "another mode": (GOOD.replace("Direct", "Helical"), "line 8 should say Direct or Cartesian"),
    "selective without flags": (GOOD.replace("Direct", "Selective\nDirect"), "line 10: selective dynamics, so"),
    "two flags": (
        GOOD.replace("Direct", "Selective\nDirect").replace("0 0 0\n", "0 0 0 T T\n"),
        "line 10: selective dynamics, so three flags",
    ),
    "no atoms": (f"{HEAD}Fe\n0\nDirect\n", "no atoms"),
    "cut": (HEAD, "it ends at line 5"),
    "UTF-16": (GOOD.encode("utf-16"), "save it as UTF-8"),
}  # fmt: skip


@pytest.mark.parametrize("fault", REFUSED)
def test_a_fault(fault: str) -> None:
    text, reason = REFUSED[fault]
    with pytest.raises(UnreadableError) as caught:
        read(text)
    assert reason in str(caught.value)


def test_the_limit_of_atoms_holds_before_they_are_read() -> None:
    with pytest.raises(UnreadableError, match="2 atoms, more than the limit of 1"):
        read_poscar(GOOD.encode(), ReadSettings(max_atoms=1))


@pytest.mark.parametrize("seed", range(5))
def test_the_writers_of_pymatgen_and_ase(seed: int, tmp_path: Path) -> None:
    rng = np.random.default_rng(seed)
    lattice = Lattice(rng.normal(size=(3, 3)) + 5 * np.eye(3))
    structure = Structure(lattice, rng.choice(["Li", "Fe", "O", "F"], size=6), rng.random((6, 3)))
    flags = rng.random((6, 3)) < 0.5
    texts = [
        str(Poscar(structure)),
        Poscar(structure, selective_dynamics=flags.tolist(), velocities=rng.random((6, 3)).tolist()).get_str(),
        Poscar(structure).get_str(direct=False, significant_figures=16),
    ]
    for options in ({"direct": True}, {"direct": False}, {"sort": True}):
        buffer = io.StringIO()
        write_vasp(buffer, AseAtomsAdaptor.get_atoms(structure), **options)
        texts.append(buffer.getvalue())
    order = np.lexsort(structure.frac_coords.T)
    for text in texts:
        sites = read(text)
        found = np.lexsort(sites.frac.T)
        assert sites.numbers[found].tolist() == [structure[i].specie.Z for i in order]
        assert np.allclose(sites.frac[found], structure.frac_coords[order], atol=1e-6)
        assert np.allclose(sites.lattice, lattice.matrix, atol=1e-6)
