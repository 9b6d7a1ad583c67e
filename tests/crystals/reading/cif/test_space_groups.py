"""Symbols of space groups as people write them; the tables of spglib and gemmi agree on all 530 settings."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
import spglib

from screening.crystals.reading.cif.operations import STEPS, from_hall
from screening.crystals.reading.cif.space_groups import settings_of_number, settings_of_symbol

PF = "-P 2ac 2n"  # P n m a


def meanings(symbol: str) -> list[tuple[int, str]]:
    return [(setting.number, setting.choice) for setting in settings_of_symbol(symbol)]


@pytest.mark.parametrize(
    ("symbols", "expected"),
    [
        (["F m -3 m", "Fm-3m", "F M -3 M", "f m -3 m", "F_m_-3_m", "F m 3 m", "Fm3m", "F 4/m -3 2/m", "F4/m-32/m",
          "F M 3- M", "F m -3 m (225)", "Fm-3m (No. 225)", "'F m -3 m'"], [(225, "")]),
        (["P 42/m n m", "P 42/M N M", "P42/mnm", "P4_2/mnm", "P 4_2/m n m", "P 4(2)/m n m", "P 42/m 21/n 2/m"],
         [(136, "")]),
        (["P 63/m m c", "P63/mmc", "P 6_3/m 2/m 2/c", "P6(3)/mmc", "P 63/M M C"], [(194, "")]),
        (["F d -3 m", "Fd3m", "F 41/d -3 2/m", "FD-3M"], [(227, "1"), (227, "2")]),
        (["F d -3 m Z", "Fd-3mZ", "F d -3 m :2", "Fd-3m:2", "F d -3 m (origin choice 2)",
          "F 41/d -3 2/m (origin choice 2)", "FD-3MZ", "Fd3m (setting 2)"], [(227, "2")]),
        (["F d -3 m S", "F d -3 m :1", "F d -3 m, origin 1", "Fd-3mS"], [(227, "1")]),
        (["R -3 m", "R-3m", "R -3 2/m"], [(166, "H"), (166, "R")]),
        (["R -3 m H", "R -3 m :H", "R-3m:h", "R-3mH", "R -3 2/m (hexagonal axes)", "R -3 m (hex)", "H -3 m"],
         [(166, "H")]),
        (["R -3 m R", "R -3 m :R", "R-3mr", "R -3 2/m (rhombohedral axes)"], [(166, "R")]),
        (["P 4/n m m :2", "P 4/n 21/m 2/m (origin choice 2)", "P4/nmm Z"], [(129, "2")]),
        (["P 1 21/c 1", "P 1 21/C 1", "P 21/c :b1"], [(14, "b1")]),
        (["P 21/c", "P2(1)/c", "P 21/C"], [(14, "b1"), (14, "a3")]),
        (["P 2(1)2(1)2(1)", "P212121", "P 21 21 21 (19)"], [(19, "")]),
        (["C m c a", "Cmca", "C m c e", "C 2/m 2/c 21/e"], [(64, "")]),
        (["A b m 2", "Abm2", "A e m 2"], [(39, "")]),
        (["P b n m", "P B N M"], [(62, "cab")]),
        (["P 31 2 1", "P3121"], [(152, "")]),
        (["P 3 1 m", "P31m"], [(157, "")]),
        (["P 1", "P1"], [(1, "")]),
        (["C -1"], [(2, "other")]),
        (["I a 3 d", "Ia-3d"], [(230, "")]),
        (["P a 3"], [(205, "")]),
    ],
)  # fmt: skip
def test_symbols(symbols: list[str], expected: list[tuple[int, str]]) -> None:
    assert {symbol: meanings(symbol) for symbol in symbols} == dict.fromkeys(symbols, expected)


@pytest.mark.parametrize(
    "symbol", ["", "nonsense", "F m -3 m :1", "F m -3 m (224)", "F 43 m", "P m -3 m H", "P 99", "-F 4 2 3", "F" * 10**6]
)
def test_unknown_symbols(symbol: str) -> None:
    assert settings_of_symbol(symbol) == []


def test_every_symbol_of_spglib_is_known_and_means_one_group() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        entries = [spglib.get_spacegroup_type(index) for index in range(1, 531)]
    for entry in entries:
        for symbol in (entry.international_full, entry.international.split("=")[-1]):
            for spelled in (symbol, symbol.replace(" ", ""), symbol.upper(), symbol.replace("_", "")):
                found = settings_of_symbol(spelled)
                assert {setting.number for setting in found} == {entry.number}, spelled
                assert entry.hall_symbol in {setting.hall for setting in found}, spelled


def test_the_operations_of_both_tables_are_the_same() -> None:
    for index in range(1, 531):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            entry = spglib.get_spacegroup_type(index)
            database = spglib.get_symmetry_from_database(index)
        ours = from_hall(entry.hall_symbol)
        shifts = np.rint(database["translations"] * STEPS).astype(int) % STEPS
        theirs = {(r.tobytes(), t.tobytes()) for r, t in zip(database["rotations"].astype(int), shifts, strict=True)}
        assert {(r.tobytes(), t.tobytes()) for r, t in zip(ours.rotations, ours.shifts, strict=True)} == theirs


def test_numbers_begin_with_the_standard_setting() -> None:
    firsts = [settings_of_number(number)[0] for number in (1, 14, 62, 166, 225, 227)]
    assert [(s.number, s.choice) for s in firsts] == [(1, ""), (14, "b1"), (62, ""), (166, "H"), (225, ""), (227, "1")]
    assert settings_of_number(0) == settings_of_number(231) == []
    assert settings_of_number(62)[0].hall == PF


def test_codes_of_settings() -> None:
    by_choice = {s.choice: s for n in (14, 62, 166, 227) for s in settings_of_number(n)}
    assert by_choice["2"].has_choice("2") and not by_choice["2"].has_choice("1")
    assert by_choice["H"].has_choice("h") and by_choice[""].has_choice("abc") and not by_choice[""].has_choice("1")
    assert by_choice["b1"].has_choice("b") and by_choice["cab"].has_choice("cab")
