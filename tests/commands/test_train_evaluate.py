"""import -> train -> evaluate -> predict as typed in a shell: what they print, where results lie, how they fail."""

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
from screening.data.targets import TARGETS
from screening.learning import baselines
from screening.networks.released_model import load_release
from screening.tracking.provenance import sha256

pytestmark = pytest.mark.ci

ELEMENTS = (3, 8, 9, 11, 16, 22, 25, 26, 27, 28)
SMALL = ["network.parameters.width=16", "network.parameters.edge_width=16", "network.parameters.layers=1"]
COMMON = ["device=cpu", "tracking=none"]
TRAIN = ["train", "name=tiny", "trainer=smoke", "trainer.precision=32", *SMALL, *COMMON]


def write_rows(file: Path, crystals: int, elements: tuple[int, ...] = ELEMENTS) -> None:
    rng = np.random.default_rng(0)
    with file.open("w") as lines:
        for i in range(crystals):
            labelled = labelled_crystal(random_crystal(rng, int(rng.integers(2, 6)), elements))
            crystal = labelled.crystal
            assert labelled.site_moment_muB is not None
            row = {
                "id": f"row-{i}",
                "lattice": crystal.lattice.tolist(),
                "species": [SYMBOLS[z] for z in crystal.numbers],
                "frac": crystal.frac.tolist(),
                "site_moment_muB": labelled.site_moment_muB.tolist(),
                **labelled.labels,
            }
            lines.write(json.dumps(row) + "\n")


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with rows, their store and a model trained on it, made by the commands."""
    folder = tmp_path_factory.mktemp("работа #1")
    write_rows(folder / "rows.jsonl", 120)
    imported = ["import", "kind=jsonl", f"source={folder / 'rows.jsonl'}", f"output={folder / 'store'}"]
    assert cli.main(imported) == 0
    assert cli.main([*TRAIN, f"data.path={folder / 'store'}", f"output_dir={folder / 'run'}"]) == 0
    return folder


@pytest.fixture
def train(work: Path) -> list[str]:
    return [*TRAIN, f"data.path={work / 'store'}", f"output_dir={work / 'run'}"]


def test_training_leaves_a_release_that_says_where_it_came_from(work: Path) -> None:
    _, config = load_release(work / "run" / "model")
    meta = json.loads((work / "store" / "meta.json").read_text(encoding="utf-8"))
    assert (config.name, config.targets) == ("tiny", tuple(TARGETS))
    assert config.parameters["width"] == 16 and config.parameters["angular_channels"] == 6
    assert config.training["store_sha256"] == meta["sha256"] and config.training["steps"] == 4
    assert sum(config.training["crystals"].values()) == meta["crystals"]
    assert set(config.elements) <= set(ELEMENTS)
    assert (work / "run" / "config.yaml").is_file()


def test_training_again_when_it_is_done_changes_nothing(
    work: Path, train: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    before = sha256(work / "run" / "model")
    assert cli.main(train) == 0
    assert "4 steps done; model: " in capsys.readouterr().out
    assert sha256(work / "run" / "model") == before


def test_a_finished_run_goes_on_when_it_is_given_more_steps(
    work: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = [*TRAIN, f"data.path={work / 'store'}", f"output_dir={tmp_path}"]
    assert cli.main([*arguments, "trainer.max_steps=2"]) == 0
    assert cli.main([*arguments, "trainer.max_steps=5"]) == 0
    shown = capsys.readouterr()
    assert "5 steps done" in shown.out and "resuming from" in shown.err


def test_evaluate_writes_scores_and_a_card(
    work: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(baselines._BOOSTING, "max_iter", 5)
    measure = ["evaluate", *COMMON, f"model={work / 'run' / 'model'}", f"data.path={work / 'store'}"]
    assert cli.main([*measure, f"output_dir={tmp_path / 'test'}"]) == 0
    shown = capsys.readouterr().out
    assert "structures/s; scores and model card in " in shown
    scores = pl.read_csv(tmp_path / "test" / "scores.csv").filter(pl.col("rows") == "all", pl.col("group") == "all")
    assert scores["target"].to_list() == [*TARGETS, "mu0_M_T"]
    assert all(name in shown for name in [*list(TARGETS)[:3], "mu0_M_T"])
    _, config = load_release(work / "run" / "model")
    assert scores["n"].unique().to_list() == [config.training["crystals"]["test"]]
    assert scores.select(pl.col("mae", "rmse", "width", "mae_constant", "mae_composition").is_finite().all()).row(
        0
    ) == ((True,) * 5)
    assert ((scores["coverage"] >= 0) & (scores["coverage"] <= 1)).all() and (scores["rmse"] >= scores["mae"]).all()
    card = (tmp_path / "test" / "MODEL_CARD.md").read_text(encoding="utf-8")
    assert "on the test split" in card and "none was trained on." in card
    assert cli.main([*measure, f"output_dir={tmp_path / 'train'}", "split=train"]) == 0
    card = (tmp_path / "train" / "MODEL_CARD.md").read_text(encoding="utf-8")
    assert "none was trained on" not in card and "trained on crystals of some or all of these" in card


def test_predict_and_rank_with_the_trained_model(work: Path, tmp_path: Path) -> None:
    use = [*COMMON, f"model={work / 'run' / 'model'}", f"candidates={work / 'rows.jsonl'}"]
    assert cli.main(["predict", *use, f"output={tmp_path / 'p.parquet'}"]) == 0
    table = pl.read_parquet(tmp_path / "p.parquet")
    rejected = pl.read_csv(tmp_path / "p.rejected.csv")
    assert table.height > 100 and table.height + rejected.height == 120
    for target in TARGETS:
        assert (table[f"{target}_lo"] <= table[target]).all() and (table[target] <= table[f"{target}_hi"]).all()
    assert cli.main(["rank", "task=electrodes", "voltage=none", *use, f"output_dir={tmp_path / 'ranked'}"]) == 0
    assert pl.read_parquet(tmp_path / "ranked" / "ranking.parquet").height == table.height


def test_a_store_too_small_for_every_split_trains(tmp_path: Path) -> None:
    write_rows(tmp_path / "rows.jsonl", 6, (26,))  # one chemical system, of the training split
    made = ["import", "kind=jsonl", f"source={tmp_path / 'rows.jsonl'}", f"output={tmp_path / 'store'}"]
    assert cli.main(made) == 0
    assert cli.main([*TRAIN, f"data.path={tmp_path / 'store'}", f"output_dir={tmp_path / 'run'}"]) == 0
    _, config = load_release(tmp_path / "run" / "model")
    assert config.training["crystals"]["validation"] == 0 and config.training["crystals"]["calibration"] == 0


def test_a_checkpoint_that_does_not_fit_is_refused_by_name(
    work: Path, train: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main([*train, "network.parameters.width=32"]) == 2
    assert "holds a run with other settings: network.parameters.width=32 (the run: 16)" in capsys.readouterr().err
    (tmp_path / "checkpoints").mkdir()
    (tmp_path / "checkpoints" / "last.ckpt").write_bytes(b"cut off")
    assert cli.main([*train, f"output_dir={tmp_path}"]) == 2
    assert "checkpoints has no valid checkpoint (last.ckpt)" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["data.path=nowhere"], "data.path: nowhere is not a data store"),
        (["data.targets=[hardness]"], "data.targets=[hardness]: expected a list of any of"),
        (["data.targets=[]"], "data.targets: expected at least one target"),
        (["network.parameters.widht=8"], "did you mean network.parameters.width?"),
        (["output_dir=file"], "output_dir=file: not a folder"),
    ],
)
def test_wrong_training_requests_make_nothing(
    work: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
    arguments: list[str], said: str,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    Path("file").touch()
    assert cli.main([*TRAIN, f"data.path={work / 'store'}", "output_dir=run", *arguments]) == 2
    assert said in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["model=nowhere"], "model=nowhere was not found"),
        (["data.path=nowhere"], "data.path: nowhere is not a data store"),
        (["split=tset"], "split=tset: expected one of auto, test"),
        (["output_dir=file"], "output_dir=file: not a folder"),
    ],
)
def test_wrong_evaluation_requests_make_nothing(
    work: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
    arguments: list[str], said: str,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    Path("file").touch()
    request = ["evaluate", *COMMON, f"model={work / 'run' / 'model'}", f"data.path={work / 'store'}", "output_dir=run"]
    assert cli.main([*request, *arguments]) == 2
    assert said in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


@pytest.mark.ci
def test_two_runs_are_combined_and_measured(work: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store = f"data.path={work / 'store'}"
    assert cli.main([*TRAIN, "seed=1", store, f"output_dir={work / 'second'}"]) == 0
    both = f"""models=["{work / "run" / "model"}","{work / "second" / "model"}"]"""
    assert cli.main(["combine", both, store, f"output_dir={work / 'both'}", *COMMON]) == 0
    model = work / "both" / "model"
    assert f"2 members; model: {model}" in capsys.readouterr().out
    evaluate = ["evaluate", f"model={model}", store, "split=all", f"output_dir={work / 'measured'}", *COMMON]
    assert cli.main(evaluate) == 0
    card = (work / "measured" / "MODEL_CARD.md").read_text()
    assert not (model / "MODEL_CARD.md").exists(), "not measured on systems never seen"
    assert cli.main([*evaluate[:3], f"output_dir={work / 'measured'}", *COMMON]) == 0
    assert "## Accuracy on the test split" in (model / "MODEL_CARD.md").read_text()
    assert "Seed: 0 and 1, an ensemble of 2 networks" in card and card.count("screening train") == 2
    assert cli.main(["combine", 'models=["one"]', store, f"output_dir={work / 'x'}", *COMMON]) == 2
    assert "expected two or more" in capsys.readouterr().err
    write_rows(work / "other.jsonl", 40)
    other = work / "other"
    assert cli.main(["import", "kind=jsonl", f"source={work / 'other.jsonl'}", f"output={other}"]) == 0
    assert cli.main(["combine", both, f"data.path={other}", f"output_dir={work / 'x'}", *COMMON]) == 2
    assert "not the store" in capsys.readouterr().err


def test_a_published_split_is_followed_and_told(work: Path, tmp_path: Path) -> None:
    splits = tmp_path / "published.csv"
    parts = ["train", "train", "val", "test"]
    splits.write_text("id,published\n" + "".join(f"row-{i},{parts[i % 4]}\n" for i in range(120)))
    keys = [f"data.path={work / 'store'}", f"data.split_file={splits}", "data.split_column=published", *COMMON]
    assert cli.main([*TRAIN, *keys[:-2], f"output_dir={tmp_path / 'run'}"]) == 0
    training = load_release(tmp_path / "run" / "model")[1].training
    assert training["crystals"] == {"train": 59, "validation": 30, "calibration": 0, "test": 29}
    assert training["split_file"] == "published.csv" and training["calibrated_on"]["formation_energy_eV_per_atom"] == 30
    model = f"model={tmp_path / 'run' / 'model'}"
    assert cli.main(["evaluate", model, *keys, f"output_dir={tmp_path / 'measured'}"]) == 0
    card = (tmp_path / "measured" / "MODEL_CARD.md").read_text()
    assert not (tmp_path / "run" / "model" / "MODEL_CARD.md").exists(), "not measured on systems never seen"
    assert (
        "data.split_file=" in card
        and "the test split of published.csv" in card
        and "some or all of these chemical systems" in card
    )
