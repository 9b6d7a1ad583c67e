"""A team's own labelled crystals on the command line: import, fine-tuning, registration, and wrong requests."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from helpers.crystals import random_crystal
from helpers.labelled import labelled_crystal

from screening import cli
from screening.chemistry.elements import SYMBOLS
from screening.crystals import Crystal
from screening.data.targets import TARGETS
from screening.networks.released_model import load_release

pytestmark = pytest.mark.ci

GAP, ENERGY = "band_gap_eV", "formation_energy_eV_per_atom"
SMALL = ["network.parameters.width=16", "network.parameters.edge_width=16", "network.parameters.layers=1"]
QUICK = ["device=cpu", "trainer.max_steps=2", "trainer.precision=32", "trainer.checkpoint_minutes=0"]


def poscar(crystal: Crystal) -> str:
    symbols = [SYMBOLS[z] for z in crystal.numbers]
    rows = [*crystal.lattice, *crystal.frac]
    lines = [" ".join(f"{x:.8f}" for x in row) for row in rows]
    return "\n".join(
        ["x", "1.0", *lines[:3], " ".join(symbols), " ".join("1" * len(symbols)), "Direct", *lines[3:], ""]
    )


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of structures with a CSV, the same as rows, and a model trained on them and registered."""
    folder = tmp_path_factory.mktemp("наши #1")
    rng = np.random.default_rng(0)
    (folder / "own").mkdir()
    table, rows = [f"id,note,{GAP}"], []
    for i in range(60):
        labelled = labelled_crystal(random_crystal(rng, int(rng.integers(2, 5)), (3, 8, 9, 11, 22, 26)))
        crystal = labelled.crystal
        (folder / "own" / f"x{i}.vasp").write_text(poscar(crystal))
        table.append(f"x{i},made up,{labelled.labels[GAP] + 1:.4f}")
        species = [SYMBOLS[z] for z in crystal.numbers]
        structure = {"lattice": crystal.lattice.tolist(), "species": species, "frac": crystal.frac.tolist()}
        rows.append(json.dumps({"id": f"x{i}", **structure, **labelled.labels}))
    (folder / "own" / "labels.csv").write_text("\n".join([*table[:-2], "x58,no value,", "gone,made up,1"]))
    (folder / "rows.jsonl").write_text("\n".join(rows))
    first = ["train", f"data={folder / 'rows.jsonl'}", f"output_dir={folder / 'first'}", *SMALL, *QUICK]
    assert cli.main([*first, tracking(folder)]) == 0
    return folder


def tracking(folder: Path) -> str:
    return f"tracking.uri=sqlite:///{folder / 'mlflow.db'}"


def tune(work: Path, output: Path, *arguments: str) -> list[str]:
    return ["train", f"output_dir={output}", *QUICK, "tracking=none", *arguments]


def test_a_registered_model_is_tuned_registered_and_evaluated(
    work: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from mlflow import MlflowClient

    client = MlflowClient(tracking_uri=tracking(work).partition("=")[2])
    client.set_registered_model_alias("first", "champion", "1")
    output = tmp_path / "tuned"
    assert cli.main(tune(work, output, "model=models:/first@champion", f"data={work / 'own'}", tracking(work))) == 0
    shown = capsys.readouterr().out
    assert "58 labelled crystals in " in shown and "(band_gap_eV 58)" in shown
    assert "3 left out, the first because: " in shown
    assert "registered in MLflow: model=models:/tuned/1" in shown and "% of the time in the network" in shown
    rejected = pl.read_csv(output / "data" / "rejected.csv")
    assert dict(rejected.select("candidate_id", "reason").iter_rows()) == {
        "x58": "no value in line 60 of labels.csv",
        "x59": "no row in labels.csv",
        "gone": "no crystal of this id in own",
    }
    _, config = load_release(output / "model")
    assert config.name == "tuned" and config.targets == tuple(TARGETS)
    assert config.training["started_from"].startswith("first, weights with sha256 ")
    assert config.training["learned"] == [GAP]
    expected = f"screening train model=models:/first@champion 'data={work / 'own'}' trainer.max_steps=2"
    assert config.training["command"].startswith(expected)
    assert config.training["hours"] > 0 and config.training["hardware"]
    measure = ["evaluate", "model=models:/tuned/1", f"data.path={output / 'data'}", "device=cpu", "split=all"]
    assert cli.main([*measure, f"output_dir={tmp_path / 'measured'}", tracking(work)]) == 0
    card = (tmp_path / "measured" / "MODEL_CARD.md").read_text(encoding="utf-8")
    assert "first, weights with sha256 " in card and GAP in card
    tags = client.search_runs(["1"], "tags.parent = 'models:/first@champion'")
    assert len(tags) == 1 and tags[0].data.metrics["train/network_share"] > 0


def test_rows_with_labels_and_a_folder_or_a_bundled_name_to_start_from(
    work: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = f"data={work / 'rows.jsonl'}"
    assert cli.main(tune(work, tmp_path / "all", f"model={work / 'first' / 'model'}", rows)) == 0
    assert load_release(tmp_path / "all" / "model")[1].training["learned"] == list(TARGETS)
    some = [rows, f"data.targets=[{ENERGY}]", "trainer.max_steps=1"]
    assert cli.main(tune(work, tmp_path / "some", "model=screening-v3", *some)) == 0
    _, config = load_release(tmp_path / "some" / "model")
    assert config.training["learned"] == [ENERGY] and config.training["started_from"].startswith("screening-v3, ")
    assert config.architecture == load_release(Path("models/screening-v3"))[1].architecture


def test_the_same_command_goes_on_unless_the_data_has_changed(
    work: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = tmp_path / "rows.jsonl"
    lines = (work / "rows.jsonl").read_text().splitlines()
    source.write_text("\n".join(lines))
    again = tune(work, tmp_path / "run", f"model={work / 'first' / 'model'}", f"data={source}")
    assert cli.main(again) == 0
    built = sorted((tmp_path / "run" / "data" / "graphs").iterdir())
    assert cli.main([*again, "trainer.max_steps=3"]) == 0
    assert "3 steps done" in capsys.readouterr().out
    assert sorted((tmp_path / "run" / "data" / "graphs").iterdir()) == built
    source.write_text("\n".join(lines[1:]))
    assert cli.main(again) == 2
    assert "choose another output_dir to start again" in capsys.readouterr().err
    assert sorted(path.name for path in (tmp_path / "run" / "data" / "graphs").iterdir()) == [p.name for p in built]


def test_too_few_calibration_crystals_cause_a_warning(
    work: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = [f"model={work / 'first' / 'model'}", f"data={work / 'own'}"]
    assert cli.main(tune(work, tmp_path / "run", *arguments)) == 0
    assert "crystals to calibrate its intervals, expected at least 20; " in capsys.readouterr().err
    model, config = load_release(tmp_path / "run" / "model")
    parent, _ = load_release(work / "first" / "model")
    assert config.training["calibrated_on"] == dict.fromkeys(TARGETS, 0)
    assert model.interval.tolist() == parent.interval.tolist()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "missing: data=FILE"),
        (["data=smal"], "data=smal: no such choice; did you mean small? Choices are default, own, small, or a path."),
        (["data=no.jsonl"], "no.jsonl: no such file"),
        (["data=no/labels.csv"], "no/labels.csv: no such file"),
        (["data=OWN", "data.path=stores/mp"], "data.path=stores/mp and data=OWN: expected one of them"),
        (["data=OWN", "model=nowhere"], "model=nowhere was not found; released models: screening-v3"),
        (["data=OWN", "model=models:/first@best"], "is in MLflow, but tracking is off"),
        (
            ["data=OWN", "model=screening-v3", "network.parameters.width=32"],
            "network: model=screening-v3 brings its own",
        ),
        (["data=OWN", "model=screening-v3", "graph.neighbours=4"], "graph: model=screening-v3 brings its own"),
        (["data=OWN", f"data.targets=[{ENERGY}]"], f"no label column '{ENERGY}'"),
        (["data=OWN", "data.labels=no.csv"], "no.csv: no such file"),
        (["data=ROWS", "data.labels=OWN/labels.csv", "device=cuda", "trainer.devices=2"], "finds no CUDA GPU"),
    ],
)
def test_wrong_requests_make_nothing(
    work: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
    arguments: list[str], said: str,
) -> None:  # fmt: skip
    def shown(text: str) -> str:
        return text.replace("OWN", str(work / "own")).replace("ROWS", str(work / "rows.jsonl"))

    monkeypatch.chdir(tmp_path)
    assert cli.main(["train", "output_dir=run", "tracking=none", *QUICK[1:], *map(shown, arguments)]) == 2
    assert shown(said) in capsys.readouterr().err
    assert not any(path.is_file() for path in tmp_path.rglob("*"))
