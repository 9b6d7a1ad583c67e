"""The example plug-in installed by pip into an environment of its own: every command finds what it brings."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Callable
from pathlib import Path

import numpy as np
import orjson
import polars as pl
import pytest
from helpers.crystals import cubic, random_crystal
from helpers.labelled import small_store
from helpers.models import tiny_release

from screening.chemistry.elements import SYMBOLS
from screening.crystals import Crystal

EXAMPLE = Path(__file__).parent / "example"
Command = Callable[..., "subprocess.CompletedProcess[str]"]
pytestmark = pytest.mark.ci


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory, root: Path) -> Path:
    """Python of a new environment with the example in it; this checkout and its dependencies are borrowed."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, with_pip=False)
    (packages,) = folder.glob("lib/python*/site-packages")
    (packages / "borrowed.pth").write_text(f"{root}\n{sysconfig.get_path('purelib')}\n")
    source = shutil.copytree(EXAMPLE, tmp_path_factory.mktemp("source") / "example")
    made = folder / "bin" / "python"
    _pip(made, "install", "--no-deps", "--no-build-isolation", "--no-index", str(source))
    return made


def _pip(python: Path, *arguments: str) -> None:
    command = [sys.executable, "-m", "pip", "--python", str(python), arguments[0], "-q", *arguments[1:]]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def command(python: Path, tmp_path_factory: pytest.TempPathFactory) -> Command:
    """Runs `screening ARGUMENTS` in a folder of its own; it must end with this status."""
    folder = tmp_path_factory.mktemp("work")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}

    def run(*arguments: str, status: int = 0) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [python, "-m", "screening", *arguments],
            cwd=folder, env=environment | {"COLUMNS": "100"}, capture_output=True, text=True, timeout=300,
        )  # fmt: skip
        assert done.returncode == status, done.stderr
        return done

    return run


@pytest.fixture(scope="module")
def candidates(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Twelve crystals, and what a quick ranking of them needs."""
    folder, rng = tmp_path_factory.mktemp("candidates"), np.random.default_rng(0)
    crystals = [random_crystal(rng, 1 + n % 4, (12, 14, 50, 52, 82, 83)) for n in range(12)]
    model = tiny_release(folder / "model")
    return [f"candidates={_rows(folder / 'rows.jsonl', crystals)}", f"model={model}", "device=cpu", "workers=0"]


@pytest.fixture(scope="module")
def trained(command: Command, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of the plug-in's network."""
    folder = tmp_path_factory.mktemp("trained")
    store = small_store(folder / "store", 60)
    command(
        "train", "network=distances", "network.parameters.layers=1", "trainer=smoke", "trainer.precision=32",
        f"data.path={store.path}", f"output_dir={folder / 'run'}", "name=theirs", "device=cpu", "tracking=none",
    )  # fmt: skip
    return folder / "run" / "model"


def _prediction(model: Path, folder: Path) -> list[str]:
    """Arguments of `screening predict` for three crystals."""
    rng = np.random.default_rng(1)
    source = _rows(folder / "rows.jsonl", [random_crystal(rng, atoms, (8, 26)) for atoms in (2, 3, 4)])
    return [f"candidates={source}", f"model={model}", "device=cpu", "workers=0", "magnetism=none", "tracking=none"]


def _rows(file: Path, crystals: list[Crystal]) -> Path:
    with file.open("w", encoding="utf-8") as lines:
        for n, crystal in enumerate(crystals):
            species = [SYMBOLS[number] for number in crystal.numbers]
            row = {
                "id": f"c{n}",
                "lattice": crystal.lattice.tolist(),
                "species": species,
                "frac": crystal.frac.tolist(),
            }
            lines.write(json.dumps(row) + "\n")
    return file


def test_help_lists_them(command: Command) -> None:
    said = " ".join(command("rank", "--help").stdout.split())
    assert "thermoelectrics" in said and "heavy semiconductors whose gap fits the temperature" in said
    assert "hot_side_K" in command("rank", "task=thermoelectrics", "--help").stdout
    assert "hot_side_K" not in command("rank", "task=heavy", "--help").stdout
    assert "distances" in command("train", "--help").stdout
    assert "lennard_jones" in command("relax", "--help").stdout
    assert "cubic_table" in command("import", "--help").stdout


@pytest.mark.parametrize(
    ("language", "word"),
    [("en", "Thermoelectrics"), pytest.param("ru", "Термоэлектрики", marks=pytest.mark.slow)],
)
def test_the_class_is_ranked_in_both_languages_with_shards_and_runs(
    command: Command, candidates: list[str], tmp_path: Path, language: str, word: str
) -> None:
    database = tmp_path / "runs.db"
    said = command(
        "rank", "task=thermoelectrics", *candidates, f"output_dir={tmp_path / 'ranked'}", "shards=2", "hot_side_K=700",
        f"report.language={language}", "report.cards=2", f"tracking.uri=sqlite:///{database}",
    )  # fmt: skip
    ranked = pl.read_parquet(tmp_path / "ranked" / "ranking.parquet")
    assert sorted(ranked["candidate_id"].to_list()) == sorted(f"c{n}" for n in range(12))
    assert {"best_temperature_K", "best_temperature_K_lo", "mean_atomic_mass_u"} <= set(ranked.columns)
    assert "gate_semiconductor_probability" in ranked.columns
    landmarks = pl.read_parquet(tmp_path / "ranked" / "landmarks.parquet")
    assert set(landmarks["candidate_id"].to_list()) == {"PbTe", "SnTe", "Mg2Si"}
    page = (tmp_path / "ranked" / "report.html").read_text(encoding="utf-8")
    assert word in page and "700" in page
    assert ("Средняя масса атома" in page) == (language == "ru")
    assert len(list((tmp_path / "ranked" / "finalists").glob("*/card.html"))) == 2
    with sqlite3.connect(database) as connection:
        (runs,) = connection.execute("select count(*) from runs").fetchone()
    assert runs >= 3
    assert "measured materials" in said.stderr + said.stdout


def test_the_least_of_classes_is_ranked_and_says_what_it_lacks(
    command: Command, candidates: list[str], tmp_path: Path
) -> None:
    said = command(
        "rank", "task=heavy", *candidates, f"output_dir={tmp_path}", "report.language=ru", "tracking=none"
    )  # fmt: skip
    density = pl.read_parquet(tmp_path / "ranking.parquet")["density_kg_per_m3"]
    assert density.filter(density > 8000).is_sorted(descending=True)
    assert pl.read_parquet(tmp_path / "landmarks.parquet").height == 0
    assert (tmp_path / "report.html").is_file()
    for words in ("known materials to score along", "measured materials", "texts in ru"):
        assert words in said.stderr + said.stdout


def test_a_class_without_a_comparison_says_so(command: Command, tmp_path: Path) -> None:
    done = command("evaluate", "task=thermoelectrics", f"output_dir={tmp_path}", "tracking=none", status=2)
    assert "task=thermoelectrics: there is no comparison with measurements for it yet" in done.stderr
    done = command("rank", "task=thermoelectric", "candidates=x", f"output_dir={tmp_path}", status=2)
    assert "thermoelectrics" in done.stderr


def test_the_network_is_trained_and_its_model_predicts(command: Command, trained: Path, tmp_path: Path) -> None:
    config = json.loads((trained / "config.json").read_text(encoding="utf-8"))
    assert (config["architecture"], config["package"]) == ("distances", "example-plugin")
    assert config["parameters"] == {"width": 32, "layers": 1}
    output = tmp_path / "predicted.parquet"
    command("predict", *_prediction(trained, tmp_path), f"output={output}")
    assert pl.read_parquet(output).height == 3
    done = command("train", "network=distance", "data.path=store", f"output_dir={tmp_path / 'no'}", status=2)
    assert "distances" in done.stderr


def test_the_target_is_learned_and_predicted(command: Command, tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    crystals = [random_crystal(rng, 2 + n % 3, (8, 13, 26, 29)) for n in range(60)]
    rows = [orjson.loads(line) for line in _rows(tmp_path / "plain.jsonl", crystals).read_bytes().splitlines()]
    for row in rows:
        row["bulk_modulus_GPa"] = 50.0 + 10.0 * len(row["species"])
    labelled = tmp_path / "labelled.jsonl"
    labelled.write_bytes(b"\n".join(map(orjson.dumps, rows)))
    command("import", "kind=jsonl", f"source={labelled}", f"output={tmp_path / 'store'}")
    command("train", "trainer=smoke", f"data.path={tmp_path / 'store'}", f"output_dir={tmp_path / 'run'}", "device=cpu",
            "data.targets=[bulk_modulus_GPa]", "tracking=none")  # fmt: skip
    output = tmp_path / "predicted.parquet"
    command("predict", *_prediction(tmp_path / "run" / "model", tmp_path), f"output={output}")
    predicted = pl.read_parquet(output)
    assert predicted["bulk_modulus_GPa"].is_finite().all() and (predicted["bulk_modulus_GPa"] >= 0).all()
    assert "bulk_modulus_GPa_lo" in predicted.columns


def test_the_potential_relaxes(command: Command, tmp_path: Path) -> None:
    crystals = [cubic(18, 5.0, "F"), cubic(36, 5.2, "F"), cubic(26, 2.87, "I")]
    source = _rows(tmp_path / "rows.jsonl", crystals)
    relax = ["relax", f"candidates={source}", "device=cpu", "workers=0", "tracking=none"]
    command(*relax, "potential=lennard_jones", f"output_dir={tmp_path / 'relaxed'}", "fmax_eV_per_A=0.001")
    relaxed = pl.read_parquet(tmp_path / "relaxed" / "relaxed.parquet")
    assert set(relaxed["candidate_id"].to_list()) == {"c0", "c1"} and relaxed["converged"].all()
    assert (relaxed["volume_A3"] ** (1 / 3)).to_list() == pytest.approx([5.24, 5.24], abs=0.03)
    command(*relax, "potential=lennard_jones:3", f"output_dir={tmp_path / 'smaller'}", "fmax_eV_per_A=0.001")
    smaller = pl.read_parquet(tmp_path / "smaller" / "relaxed.parquet")
    assert (smaller["volume_A3"] < relaxed["volume_A3"]).all()
    done = command(*relax, "potential=lennard_jone", f"output_dir={tmp_path / 'no'}", status=2)
    assert "potential=lennard_jone: not known; did you mean lennard_jones?" in done.stderr


def test_the_importer_fills_a_store(command: Command, tmp_path: Path) -> None:
    table = tmp_path / "my.cubic.csv"
    table.write_text("id,element,a_A,centring,band_gap_eV\niron,Fe,2.87,I,0\nsilicon,Si,2.4,P,0.6\nodd,Xx,3,P,1\n")
    said = command("import", "kind=cubic_table", f"source={table}", f"output={tmp_path / 'store'}")
    assert "2 crystals" in said.stdout + said.stderr and "1 left out" in said.stdout + said.stderr
    done = command("import", "kind=cubic_tables", f"source={table}", f"output={tmp_path / 'other'}", status=2)
    assert "cubic_table" in done.stderr


def test_a_model_whose_network_was_uninstalled_names_the_package(
    command: Command, trained: Path, tmp_path: Path, python: Path
) -> None:
    """Last, for it takes the package away."""
    _pip(python, "uninstall", "-y", "example-plugin")
    done = command("predict", *_prediction(trained, tmp_path), f"output={tmp_path / 'p.parquet'}", status=2)
    assert "is from the package example-plugin, which is not installed" in done.stderr
    done = command("rank", "task=thermoelectrics", "candidates=x", f"output_dir={tmp_path / 'no'}", status=2)
    assert "thermoelectrics" in done.stderr and "Traceback" not in done.stderr
