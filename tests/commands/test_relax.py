"""`screening relax` as a user runs it: its files, going on after a kill, bad input, wrong requests."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import ase.io
import numpy as np
import orjson
import polars as pl
import pytest
from conftest import ROOT, RunScreening
from helpers.crystals import cubic

from screening.chemistry.elements import SYMBOLS
from screening.commands import relax
from screening.configuration import load_config
from screening.crystals import Crystal, ReadSettings, read_crystals
from screening.errors import RequestError
from screening.holders import Holder
from screening.jobs import relax as relax_job
from screening.potentials.base import Potential
from screening.relaxation.progress_file import FILE
from screening.relaxation.results import quoted
from screening.tables import read_table

EMT = "potential=ase:ase.calculators.emt.EMT"
METALS = {"Cu": (29, 3.75), "Ag": (47, 4.2), "Au": (79, 4.2), "Ni": (28, 3.6)}


def row(name: str, crystal: Crystal) -> dict[str, Any]:
    species = [SYMBOLS[z] for z in crystal.numbers]
    return {"id": name, "lattice": crystal.lattice.tolist(), "species": species, "frac": crystal.frac.tolist()}


def metals(seed: int = 0, copies: int = 1) -> list[dict[str, Any]]:
    """Strained and shaken fcc metals, for ASE's EMT."""
    rng, rows = np.random.default_rng(seed), []
    for copy in range(copies):
        for name, (number, a) in METALS.items():
            crystal = cubic(number, a, "F")
            frac = crystal.frac + rng.normal(scale=0.01, size=(4, 3))
            rows.append(row(f"{name}-{copy}", Crystal.from_arrays(name, crystal.lattice, crystal.numbers, frac)))
    return rows


def write(file: Path, rows: list[dict[str, Any]]) -> Path:
    file.write_bytes(b"".join(orjson.dumps(r) + b"\n" for r in rows))
    return file


def run(candidates: Path, output: Path, *overrides: str) -> pl.DataFrame:
    keys = [f"candidates={candidates}", f"output_dir={output}", EMT, "tracking=none", "workers=0", *overrides]
    relax.run(load_config("relax", keys))  # type: ignore[arg-type]
    return read_table(output / "relaxed.parquet")


def test_writes_tables_and_crystals_in_the_order_of_the_input(tmp_path: Path) -> None:
    bad = {"id": "broken", "lattice": [[3, 0, 0]], "species": ["Cu"], "frac": [[0, 0, 0]]}
    uranium = row("unknown", cubic(92, 3.5, "I"))
    file = write(tmp_path / "in.jsonl", [bad, *metals(), uranium])
    output = tmp_path / "out"
    table = run(file, output, "fmax_eV_per_A=0.02")
    assert table["candidate_id"].to_list() == ["Cu-0", "Ag-0", "Au-0", "Ni-0"]
    assert table["converged"].all()
    assert (table["max_force_eV_per_A"] < 0.02).all()
    assert (table["energy_eV_per_atom"] < table["start_energy_eV_per_atom"]).all()
    assert (table["relaxation_volume_change_percent"] < 0).all()
    assert read_table(output / "relaxed.csv").equals(table)
    rejected = read_table(output / "rejected.csv")
    assert dict(rejected.select("candidate_id", "stage").iter_rows()) == {"broken": "read", "unknown": "relax"}
    record = json.loads((output / "run.json").read_text())
    assert (record["command"], record["counts"]["relaxed"], record["counts"]["rejected"]) == ("relax", 4, 2)
    frames = ase.io.read(output / "relaxed.extxyz", ":")
    for frame, values in zip(frames, table.iter_rows(named=True), strict=True):
        assert frame.info["id"] == values["candidate_id"]
        assert frame.get_potential_energy() / 4 == pytest.approx(values["energy_eV_per_atom"], abs=1e-8)
        assert frame.get_volume() == pytest.approx(values["volume_A3"], abs=1e-6)


def test_what_it_writes_can_be_read_as_candidates(tmp_path: Path) -> None:
    rows = metals()
    names = ["007", "a b", 'quo"te', "Ключ", "1e5", "T", "=1+1", "back\\slash"]
    rows = [r | {"id": name} for r, name in zip(rows * 2, names, strict=True)]
    for index, r in enumerate(rows):  # no two are the same crystal
        r["lattice"] = (np.array(r["lattice"]) * (1 + 0.001 * index)).tolist()
    run(write(tmp_path / "in.jsonl", rows), tmp_path / "out", "fmax_eV_per_A=1.0")
    read = list(read_crystals(tmp_path / "out" / "relaxed.extxyz", ReadSettings(workers=0)))
    assert [item.candidate_id for item in read] == names
    assert all(isinstance(item, Crystal) for item in read)


@pytest.mark.parametrize("text", ["", "nan", "{x}", "[1, 2]", "a=b", "True", "-5", "2/3", "mp-1", "x'y"])
def test_any_text_survives_extended_xyz(text: str) -> None:
    from ase.io.extxyz import key_val_str_to_dict

    assert key_val_str_to_dict(f'pbc="T T T" id={quoted(text)} energy=1.0')["id"] == text


def test_ordered_stand_ins_stay_marked(tmp_path: Path) -> None:
    first = metals()[0] | {"flags": ["ordered_approximant"], "parent_space_group": 225}
    table = run(write(tmp_path / "in.jsonl", [first]), tmp_path / "out")
    assert table["flags"].to_list() == ["ordered_approximant"]


def test_steps_that_run_out_are_flagged(tmp_path: Path) -> None:
    table = run(write(tmp_path / "in.jsonl", metals()), tmp_path / "out", "max_steps=1", "fmax_eV_per_A=0.001")
    assert not table["converged"].any()
    assert table["flags"].to_list() == ["not_converged"] * 4
    assert table["n_steps"].to_list() == [1] * 4


class Calls:
    """Counts the crystals that start a relaxation."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.ids: list[str] = []
        original = relax_job.relax

        def counted(potential: Any, crystals: Any, settings: Any) -> Iterator[Any]:
            def seen() -> Iterator[Crystal]:
                for crystal in crystals:
                    self.ids.append(crystal.candidate_id)
                    yield crystal

            return original(potential, seen(), settings)

        monkeypatch.setattr(relax_job, "relax", counted)


def test_the_same_command_again_relaxes_nothing_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls, output = Calls(monkeypatch), tmp_path / "out"
    rows = metals()
    first = run(write(tmp_path / "in.jsonl", rows[:3]), output)
    assert len(calls.ids) == 3
    changed = metals(seed=1)[1]
    second = run(write(tmp_path / "in.jsonl", [rows[0], changed, rows[2], rows[3]]), output)
    assert calls.ids[3:] == ["Ag-0", "Ni-0"], "what is new or another crystal under the same id"
    assert second.height == 4
    assert second.row(0) == first.row(0)
    assert run(tmp_path / "in.jsonl", output).equals(second)
    assert len(calls.ids) == 5


def test_a_line_that_a_kill_cut_short_is_done_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls, output = Calls(monkeypatch), tmp_path / "out"
    file = write(tmp_path / "in.jsonl", metals())
    whole = run(file, output)
    kept = (output / FILE).read_bytes()
    (output / FILE).write_bytes(kept[:-40])
    again = run(file, output)
    assert again.row(0) == whole.row(0)
    assert again["energy_eV_per_atom"].to_list() == pytest.approx(whole["energy_eV_per_atom"].to_list(), abs=1e-6)
    assert len(calls.ids) == 5
    assert len((output / FILE).read_bytes().splitlines()) == 5
    (output / FILE).write_bytes(kept[:30])  # not even the first line
    assert run(file, output).height == 4


def test_other_settings_are_no_continuation(tmp_path: Path) -> None:
    file, output = write(tmp_path / "in.jsonl", metals()), tmp_path / "out"
    run(file, output)
    with pytest.raises(RequestError, match=r"holds a relaxation with fmax_eV_per_A=0.1; choose another output_dir"):
        run(file, output, "fmax_eV_per_A=0.05")


@pytest.mark.parametrize("line", [0, 2])
def test_a_damaged_line_is_done_again_and_said(
    line: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    calls, output = Calls(monkeypatch), tmp_path / "out"
    file = write(tmp_path / "in.jsonl", metals())
    whole = run(file, output)
    lines = (output / FILE).read_text().splitlines(keepends=True)
    where = lines[line].index('":') + 4
    lines[line] = lines[line][:where] + chr(ord(lines[line][where]) ^ 1) + lines[line][where + 1 :]
    (output / FILE).write_text("".join(lines))
    assert run(file, output)["candidate_id"].to_list() == whole["candidate_id"].to_list()
    assert len(calls.ids) == 4 + (1 if line else 4)
    assert "damaged" in caplog.text


def test_a_foreign_file_and_another_potential_are_no_continuation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, output = write(tmp_path / "in.jsonl", metals()), tmp_path / "out"
    run(file, output)
    monkeypatch.setattr(Potential, "fingerprint", "another")
    with pytest.raises(RequestError, match=r"holds a relaxation with SHA-256 of the potential="):
        run(file, output)
    (output / FILE).write_text("[]\n{}\n")
    assert run(file, output).height == 4


def test_two_at_once_do_not_mix(tmp_path: Path) -> None:
    file, output = write(tmp_path / "in.jsonl", metals()), tmp_path / "out"
    output.mkdir()
    (output / ".screening.lock").write_bytes(Holder.this_process(joins=False).to_bytes())
    with pytest.raises(RequestError, match="another job is writing there"):
        run(file, output)


def test_nothing_that_can_be_relaxed(tmp_path: Path) -> None:
    file = write(tmp_path / "in.jsonl", [row("u", cubic(92, 3.5, "I"))])
    with pytest.raises(RequestError, match=r"none of 1 inputs could be relaxed; the first: .* not finite"):
        run(file, tmp_path / "out")
    assert not (tmp_path / "out" / "relaxed.parquet").exists()
    assert (tmp_path / "out" / "rejected.csv").exists()


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("potential=mace", "potential=mace: not known; known: ase, chgnet"),
        ("fmax_eV_per_A=0", "fmax_eV_per_A=0: expected a number above 0"),
        ("fmax_eV_per_A=-1", "fmax_eV_per_A"),
        ("max_steps=0", "max_steps"),
    ],
)
def test_wrong_requests_make_no_folder(tmp_path: Path, override: str, message: str) -> None:
    file = write(tmp_path / "in.jsonl", metals())
    with pytest.raises(RequestError, match=message):
        run(file, tmp_path / "out", override)
    assert not (tmp_path / "out").exists()
    with pytest.raises(RequestError, match="nowhere"):
        run(tmp_path / "nowhere", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_its_own_files_are_no_candidates(tmp_path: Path) -> None:
    folder = tmp_path / "both"
    folder.mkdir()
    write(folder / "in.jsonl", metals())
    first = run(folder, folder)
    assert run(folder, folder).equals(first)
    assert read_table(folder / "rejected.csv").height == 0


SLOW = """
import time
from ase.calculators.emt import EMT
class Slow(EMT):
    def calculate(self, *arguments, **keys):
        time.sleep(0.02)
        super().calculate(*arguments, **keys)
"""


@pytest.mark.ci
def test_a_killed_process_goes_on(tmp_path: Path, screening: RunScreening) -> None:
    (tmp_path / "slow.py").write_text(SLOW)
    write(tmp_path / "in.jsonl", metals(copies=5))
    keys = ["relax", "candidates=in.jsonl", "output_dir=out", "potential=ase:slow.Slow", "tracking=none"]
    keys += ["workers=0", "batch_atoms=8", "fmax_eV_per_A=0.02"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(tmp_path)])}
    process = subprocess.Popen(
        [sys.executable, "-m", "screening", *keys], cwd=tmp_path, env=environment, stderr=subprocess.PIPE
    )
    progress, end = tmp_path / "out" / FILE, time.monotonic() + 60
    while time.monotonic() < end and not (progress.exists() and progress.read_bytes().count(b"\n") > 4):
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=30)
    before = progress.read_bytes().count(b"\n") - 1
    assert 4 <= before < 20
    assert not (tmp_path / "out" / "relaxed.parquet").exists()
    done = screening(*keys, env=environment)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    assert f"20 relaxed ({before} of them before)" in done.stdout
    assert len(progress.read_bytes().splitlines()) == 21, "no crystal twice"


@pytest.mark.ci
def test_from_the_command_line_with_chgnet_and_tracking(screening: RunScreening, tmp_path: Path) -> None:
    write(
        tmp_path / "in.jsonl", [row("salt", Crystal.from_arrays("s", np.eye(3) * 2.95, [3, 9], [[0] * 3, [0.5] * 3]))]
    )
    done = screening("relax", "candidates=in.jsonl", "output_dir=out")
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    assert "1 relaxed, 0 of them not converged in 500 steps; 0 rejected" in done.stdout
    record = json.loads((tmp_path / "out" / "run.json").read_text())
    assert record["mlflow"]["run_id"]
    assert len(record["sha256"]["potential"]) == 64
