"""The files of `screening relax`: a table, extended XYZ."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TextIO

import polars as pl

from screening.chemistry.elements import SYMBOLS
from screening.files import atomic_path
from screening.relaxation.relaxation import Relaxed

NOT_CONVERGED = "not_converged"
SCHEMA: dict[str, type[pl.DataType]] = {
    "candidate_id": pl.String,
    "source": pl.String,
    "formula": pl.String,
    "n_atoms": pl.Int32,
    "energy_eV_per_atom": pl.Float64,
    "start_energy_eV_per_atom": pl.Float64,
    "n_steps": pl.Int32,
    "converged": pl.Boolean,
    "max_force_eV_per_A": pl.Float64,
    "volume_A3": pl.Float64,
    "relaxation_volume_change_percent": pl.Float64,
    "flags": pl.String,
}


def results_table(results: Iterable[Relaxed]) -> pl.DataFrame:
    """One row a crystal that has a result; volume and positions are those after relaxation."""
    rows = [
        (
            result.crystal.candidate_id,
            result.crystal.source,
            result.crystal.formula,
            result.crystal.n_atoms,
            result.energy_eV / result.crystal.n_atoms,
            result.start_energy_eV / result.crystal.n_atoms,
            result.n_steps,
            result.converged,
            result.max_force_eV_per_A,
            result.crystal.volume_A3,
            result.volume_change_percent,
            ";".join((*result.crystal.flags, *(() if result.converged else (NOT_CONVERGED,)))),
        )
        for result in results
    ]
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


def write_xyz(results: Iterable[Relaxed], path: Path) -> None:
    """Extended XYZ, one frame a crystal; with id, energy in eV and flags; it appears when it is whole."""
    with atomic_path(path) as part, part.open("w", encoding="utf-8", newline="\n") as stream:
        for result in results:
            _write_frame(result, stream)


def _write_frame(result: Relaxed, stream: TextIO) -> None:
    crystal = result.crystal
    positions = crystal.frac @ crystal.lattice
    lattice = " ".join(f"{value:.10f}" for value in crystal.lattice.flat)
    flags = f" flags={quoted(';'.join(crystal.flags))}" if crystal.flags else ""
    stream.write(
        f'{crystal.n_atoms}\nLattice="{lattice}" Properties=species:S:1:pos:R:3 pbc="T T T" '
        f"id={quoted(crystal.candidate_id)} energy={result.energy_eV:.8f} "
        f"converged={'T' if result.converged else 'F'}{flags}\n"
    )
    for number, (x, y, z) in zip(crystal.numbers.tolist(), positions.tolist(), strict=True):
        stream.write(f"{SYMBOLS[number]} {x:.10f} {y:.10f} {z:.10f}\n")


def quoted(text: str) -> str:
    """A value that readers of extended XYZ give back as this text: ASE's JSON form where it would become a number."""
    import orjson
    from ase.io.extxyz import key_val_str_to_dict

    plain = '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
    read = key_val_str_to_dict(f"id={plain}").get("id") if text else None
    if isinstance(read, str) and read == text:
        return plain
    coded = "_JSON " + orjson.dumps(text).decode()
    return '"' + coded.replace("\\", "\\\\").replace('"', '\\"') + '"'
