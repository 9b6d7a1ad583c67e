"""The scores of a training are those of the model that it leaves, and its record tells of every start."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from helpers.labelled import small_store

from screening import cli
from screening.configuration import load_config
from screening.configuration.train import TrainConfig
from screening.data.splits import splits_of
from screening.data.store import Store, open_store
from screening.data.targets import TARGETS
from screening.errors import RequestError
from screening.jobs.train import train_to_folder
from screening.learning.checkpoints import newest_checkpoint
from screening.networks.predictor import Predictor
from screening.networks.released_model import load_release
from screening.tracking.run_file import read_record
from screening.tracking.server import connect

pytestmark = pytest.mark.ci

SMALL = ["network.parameters.width=16", "network.parameters.edge_width=16", "network.parameters.layers=1"]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return small_store(tmp_path_factory.mktemp("store") / "store", 100)


def request(store: Store, folder: Path, *more: str) -> TrainConfig:
    given = [f"data.path={store.path}", f"output_dir={folder / 'run'}", f"tracking.uri=sqlite:///{folder / 'runs.db'}"]
    config = load_config("train", ["trainer=smoke", "trainer.max_steps=5", "device=cpu", *SMALL, *given, *more])
    assert isinstance(config, TrainConfig)
    return config


def errors_of_release(model: Path, store: Store) -> dict[str, float]:
    """Mean absolute errors on the validation split, as a user of the model finds them."""
    rows = [i for i, split in enumerate(splits_of(store.index["chemical_system"].to_list())) if split == "validation"]
    found = Predictor.load(str(model), "cpu", "32").predict([store.crystal(row) for row in rows])
    labels = store.index[rows]
    errors = {name: (found[name] - labels[name]).abs().mean() for name in TARGETS}
    return {f"val/mae/{name}": float(error) for name, error in errors.items() if isinstance(error, float)}


@pytest.mark.parametrize("precision", ["32", "bf16-mixed"])
def test_the_scores_are_those_of_the_released_weights(store: Store, tmp_path: Path, precision: str) -> None:
    """Steps 5 with a look at the validation split every 2: the last look is at other weights."""
    config = request(store, tmp_path, "trainer.validate_every_steps=2", f"trainer.precision={precision}")
    done = train_to_folder(config)
    expected = errors_of_release(done.model, store)
    assert expected.keys() == {f"val/mae/{name}" for name in TARGETS}
    for name, error in expected.items():
        assert done.validation[name] == pytest.approx(error, rel=1e-4), name
    training = load_release(done.model)[1].training
    assert training["validation"] == done.validation
    record = read_record(tmp_path / "run")
    assert record is not None and record.run_id is not None
    client = connect(config.tracking.uri)
    logged = client.get_run(record.run_id).data.metrics
    assert {name: logged[name] for name in done.validation} == pytest.approx(done.validation)
    history = client.get_metric_history(record.run_id, "val/mae/band_gap_eV")
    assert max(history, key=lambda m: (m.step, m.timestamp)).value == pytest.approx(expected["val/mae/band_gap_eV"])


@pytest.mark.parametrize(
    ("other", "said"),
    [
        ("trainer.learning_rate=0.5", r"trainer\.learning_rate=0\.5 \(the run: "),
        ("network.parameters.layers=2", r"network\.parameters\.layers=2 \(the run: 1\)"),
        ("graph.neighbours=6", r"graph\.neighbours=6 \(the run: 8\)"),
        ("trainer.ema_decay=0.25", r"trainer\.ema_decay=0\.25 "),
        ("seed=3", r"seed=3 \(the run: 0\)"),
        ("data.targets=[band_gap_eV]", r"data\.targets="),
        ("data.path=OTHER", r"data=\w{16} \(the run: \w{16}\)"),
    ],
)
def test_another_run_is_refused_and_changes_nothing(
    store: Store, tmp_path_factory: pytest.TempPathFactory, trained: Path, other: str, said: str
) -> None:
    if other == "data.path=OTHER":
        other = f"data.path={small_store(tmp_path_factory.mktemp('other') / 'store', 60).path}"
    before = everything(trained)
    with pytest.raises(RequestError, match=said):
        train_to_folder(request(store, trained, other))
    assert everything(trained) == before


@pytest.fixture(scope="module")
def trained(store: Store, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("trained")
    train_to_folder(request(store, folder))
    return folder


def everything(folder: Path) -> tuple[dict[str, bytes], object]:
    """The files of a training and what MLflow says of its run."""
    files = {path.name: path.read_bytes() for path in sorted((folder / "run").rglob("*")) if path.is_file()}
    record = read_record(folder / "run")
    assert record is not None and record.run_id is not None
    run = connect(f"sqlite:///{folder / 'runs.db'}").get_run(record.run_id)
    return files, (run.data.tags, run.data.params, run.data.metrics, run.info.status, run.info.run_name)


def test_what_may_change_is_recorded_with_when(store: Store, tmp_path: Path) -> None:
    train_to_folder(request(store, tmp_path, "trainer.max_steps=3"))
    done = train_to_folder(request(store, tmp_path, "trainer.max_steps=6", "trainer.checkpoint_minutes=1"))
    sessions = load_release(done.model)[1].training["sessions"]
    assert [(s["from_step"], s["total_steps"], s["device"]) for s in sessions] == [(0, 3, "cpu"), (3, 6, "cpu")]
    assert all(s["started"].endswith("+00:00") for s in sessions)
    assert "max_steps: 6" in (tmp_path / "run" / "config.yaml").read_text()
    again = train_to_folder(request(store, tmp_path, "trainer.max_steps=6"))
    assert load_release(again.model)[1].training["sessions"] == sessions
    resumed = newest_checkpoint(tmp_path / "run" / "checkpoints")
    assert resumed is not None and resumed.settings["trainer.learning_rate"] > 0
    assert np.isfinite(list(again.validation.values())).all()


def test_the_card_tells_of_a_resumed_run(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from screening.learning import baselines

    monkeypatch.setitem(baselines._BOOSTING, "max_iter", 5)
    for steps in (2, 4):
        done = train_to_folder(request(store, tmp_path, f"trainer.max_steps={steps}"))
    arguments = [f"model={done.model}", f"data.path={store.path}", "device=cpu", "tracking=none", "precision=32"]
    assert cli.main(["evaluate", *arguments, f"output_dir={tmp_path / 'test'}"]) == 0
    assert "The model learned from none of these crystals' chemical systems." in capsys.readouterr().out
    card = (tmp_path / "test" / "MODEL_CARD.md").read_text()
    assert "- Resumed: at step 2 on " in card and "for 4 steps in all, 1 x cpu in " in card
    assert cli.main(["evaluate", *arguments, "split=all", f"output_dir={tmp_path / 'all'}"]) == 0
    shown = capsys.readouterr().out
    training = load_release(done.model)[1].training
    learned, total = training["crystals"]["train"], len(open_store(store.path))
    assert f"The model learned from {learned} of {total} (" in shown
    assert f"The model learned from {learned} of {total} (" in (tmp_path / "all" / "evaluation.html").read_text()
    scores = pl.read_csv(tmp_path / "all" / "scores.csv")
    assert scores["n"].max() == total
