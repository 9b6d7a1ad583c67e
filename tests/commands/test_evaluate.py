"""`screening evaluate` on stores and on labelled files: what it writes, logs and refuses."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable
from itertools import islice
from pathlib import Path

import polars as pl
import pytest
from helpers.labelled import small_store
from helpers.models import tiny_release

from screening import cli
from screening.chemistry.elements import SYMBOLS
from screening.crystals import ReadSettings
from screening.crystals.sanity import find_problem
from screening.crystals.sites import Sites
from screening.data.splits import split_of
from screening.data.store import Store
from screening.data.targets import TARGETS
from screening.learning import baselines
from screening.tracking.server import connect

COMMON = ["evaluate", "device=cpu", "tracking=none"]
WRITTEN = {"config.yaml", "scores.csv", "scores.json", "predictions.parquet", "evaluation.html", "MODEL_CARD.md"}


@pytest.fixture(autouse=True)
def quick_baselines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(baselines._BOOSTING, "max_iter", 5)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return small_store(tmp_path_factory.mktemp("склад #1") / "store", 100)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_release(tmp_path_factory.mktemp("model") / "tiny")


def labelled_row(store: Store, row: int) -> dict[str, object]:
    crystal, labels = store.crystal(row), store.index.row(row, named=True)
    return {
        "id": f"c{row}",
        "lattice": crystal.lattice.tolist(),
        "species": [SYMBOLS[z] for z in crystal.numbers],
        "frac": crystal.frac.tolist(),
        **{target: labels[target] for target in TARGETS},
    }


def sound_rows(store: Store, count: int) -> list[int]:
    """The first crystals that pass the checks of every input."""
    sound = (row for row in range(len(store)) if find_problem(_sites(store, row), ReadSettings()) == "")
    return list(islice(sound, count))


def _sites(store: Store, row: int) -> Sites:
    crystal = store.crystal(row)
    return Sites(crystal.lattice, crystal.numbers, crystal.frac, None, "")


def write_jsonl(file: Path, rows: Iterable[dict[str, object]]) -> Path:
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return file


def scores(folder: Path) -> pl.DataFrame:
    return pl.read_csv(folder / "scores.csv").filter(pl.col("group") == "all", pl.col("rows") == "all")


def test_a_store_is_measured_on_its_test_split_by_group(store: Store, model: Path, tmp_path: Path) -> None:
    assert cli.main([*COMMON, f"model={model}", f"data.path={store.path}", f"output_dir={tmp_path / 'out'}"]) == 0
    assert {path.name for path in (tmp_path / "out").iterdir()} == WRITTEN
    test = [split_of(system) == "test" for system in store.index["chemical_system"]]
    assert scores(tmp_path / "out")["n"].unique().to_list() == [sum(test)]
    table = pl.read_parquet(tmp_path / "out" / "predictions.parquet")
    assert table["crystal_id"].to_list() == store.index.filter(pl.Series(test))["crystal_id"].to_list()
    whole = pl.read_csv(tmp_path / "out" / "scores.csv")
    assert {"all", "3d oxides", "Li/Na compounds"} <= set(whole["group"])
    error = (table["band_gap_eV"] - table["band_gap_eV_label"]).abs().mean()
    assert scores(tmp_path / "out").row(2, named=True)["mae"] == pytest.approx(error)
    assert "in float32" not in (tmp_path / "out" / "MODEL_CARD.md").read_text(encoding="utf-8")


def test_rows_with_labels_are_measured_all_of_them_with_the_baselines_of_a_store(
    store: Store, model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = sound_rows(store, 30)
    file = write_jsonl(tmp_path / "мои, rows=1.jsonl", [*(labelled_row(store, row) for row in rows), {"id": "bad"}])
    request = [*COMMON, f"model={model}", f"data.source={file}"]
    assert cli.main([*request, f"output_dir={tmp_path / 'alone'}"]) == 0
    assert "1 left out, the first because: " in capsys.readouterr().out
    assert (tmp_path / "alone" / "rejected.csv").is_file()
    alone = scores(tmp_path / "alone")
    assert alone["n"].unique().to_list() == [30] and alone["mae_composition"].is_nan().all()
    card = (tmp_path / "alone" / "MODEL_CARD.md").read_text(encoding="utf-8")
    assert "Accuracy on мои, rows=1.jsonl" in card and "no training rows" in card
    assert "the model was trained on crystals of some" in card.lower()
    assert cli.main([*request, f"data.path={store.path}", f"output_dir={tmp_path / 'beside'}"]) == 0
    beside = scores(tmp_path / "beside")
    assert beside["mae"].to_list() == alone["mae"].to_list() and beside["mae_composition"].is_finite().all()
    assert cli.main([*request, "split=test", f"output_dir={tmp_path / 'test'}"]) == 0
    test = [split_of(store.index["chemical_system"][row]) == "test" for row in rows]
    assert scores(tmp_path / "test")["n"].unique().to_list() == [sum(test)]


def test_structures_with_a_csv_of_ids_and_values(store: Store, model: Path, tmp_path: Path) -> None:
    folder = tmp_path / "cifs [1]"
    folder.mkdir()
    with (tmp_path / "values.csv").open("w", newline="", encoding="utf-8") as stream:
        table = csv.writer(stream)
        table.writerow(["id", "band_gap_eV"])
        for row in sound_rows(store, 12):
            store.crystal(row).to_structure().to(str(folder / f"c{row}.cif"))
            table.writerow([f"c{row}", store.index["band_gap_eV"][row]])
    request = [*COMMON, f"model={model}", f"data.source={folder}", f"data.labels={tmp_path / 'values.csv'}"]
    assert cli.main([*request, f"output_dir={tmp_path / 'out'}"]) == 0
    found = scores(tmp_path / "out")
    assert found["target"].to_list() == ["band_gap_eV"] and found["n"].to_list() == [12]


@pytest.mark.ci
def test_a_run_is_logged_with_figures_tables_and_the_page(store: Store, model: Path, tmp_path: Path) -> None:
    uri = f"sqlite:///{tmp_path / 'runs.db'}"
    request = ["evaluate", "device=cpu", f"tracking.uri={uri}", f"model={model}", f"data.path={store.path}"]
    assert cli.main([*request, f"output_dir={tmp_path / 'out'}"]) == 0
    run_id = json.loads((tmp_path / "out" / "mlflow_run_id.json").read_text())["run_id"]
    client = connect(uri)
    run = client.get_run(run_id)
    expected = scores(tmp_path / "out").row(0, named=True)
    assert run.data.metrics[f"test/{expected['target']}/all/mae"] == pytest.approx(expected["mae"])
    assert any("3d oxides" in name for name in run.data.metrics)
    artifacts = {artifact.path for artifact in client.list_artifacts(run_id)}
    assert {"evaluation.html", "MODEL_CARD.md", "scores.csv", "predictions.parquet", "scores.json"} <= artifacts


def test_the_card_of_the_release_keeps_its_author_s_words(store: Store, tmp_path: Path) -> None:
    folder = tiny_release(tmp_path / "tiny")
    (folder / "MODEL_CARD.md").write_text("# tiny\n\n## Mine\n\nBy hand.\n", encoding="utf-8")
    request = [*COMMON, f"model={folder}", f"data.path={store.path}", f"output_dir={tmp_path / 'out'}"]
    assert cli.main([*request, "split=validation"]) == 0
    card = (tmp_path / "out" / "MODEL_CARD.md").read_text(encoding="utf-8")
    assert "By hand." in card and "on the validation split" in card
    assert (folder / "MODEL_CARD.md").read_text(encoding="utf-8") == "# tiny\n\n## Mine\n\nBy hand.\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "missing: data.path=STORE"),
        (["data.source=nowhere.jsonl"], "nowhere.jsonl"),
        (["data.path={store}", "split=tset"], "split=tset: expected one of auto, test"),
        (["data.path={store}", "data.max_crystals=0"], "data.max_crystals=0"),
        (["data.source=moments.jsonl"], "there are labels of nothing; tiny predicts"),
        (["data.source=one.jsonl", "split=calibration"], "split=calibration: one.jsonl has no labelled crystal there"),
    ],
)
def test_wrong_requests_make_nothing(
    store: Store, model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
    arguments: list[str], said: str,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    row = next(i for i in range(len(store)) if split_of(store.index["chemical_system"][i]) == "train")
    write_jsonl(Path("one.jsonl"), [labelled_row(store, row)])
    bare = {key: value for key, value in labelled_row(store, row).items() if key not in TARGETS}
    write_jsonl(Path("moments.jsonl"), [{**bare, "site_moment_muB": [0.0] * len(bare["species"])}])  # type: ignore[arg-type]
    given = [argument.format(store=store.path) for argument in arguments]
    assert cli.main([*COMMON, f"model={model}", "output_dir=out", *given]) == 2
    assert said in capsys.readouterr().err
    assert not Path("out").exists()
