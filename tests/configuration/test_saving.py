"""Settings written down read back as they were, with the keys of their class."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from screening.configuration import as_dict, load_config, save_config
from screening.configuration.evaluate import EvaluateConfig
from screening.configuration.fit import FitConfig
from screening.configuration.predict import PredictConfig
from screening.configuration.rank import RankConfig
from screening.configuration.saving import from_dict, read_config
from screening.configuration.train import TrainConfig
from screening.errors import RequestError

REQUESTS = [
    (RankConfig, "rank", ["task=magnets", "candidates=x", "output_dir=y", "temperature_K=450", "magnetism=mine"]),
    (RankConfig, "rank", ["task=electrodes", "candidates=x", "output_dir=y", "working_ion=Na", "prefer=sodium"]),
    (EvaluateConfig, "evaluate", ["task=magnets", "output_dir=y"]),
    (EvaluateConfig, "evaluate", ["output_dir=y"]),
    (PredictConfig, "predict", ["candidates=путь ${x}: #1", "output=ö.parquet"]),
    (FitConfig, "fit", ["voltage", "electrodes=x", "output_dir=y"]),
    (TrainConfig, "train", ["data.path=x", "output_dir=y", "trainer.max_hours=1"]),
]


@pytest.mark.parametrize(("schema", "command", "arguments"), REQUESTS)
def test_a_saved_config_reads_back(
    schema: type[RankConfig], command: str, arguments: list[str], tmp_path: Path
) -> None:
    config = load_config(command, arguments)
    save_config(config, tmp_path / "new" / "config.yaml")
    assert read_config(schema, tmp_path / "new" / "config.yaml") == config
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["config.yaml"]
    assert from_dict(schema, json.loads(json.dumps(as_dict(config)))) == config


def test_text_is_written_as_it_is_read(tmp_path: Path) -> None:
    config = load_config("predict", ["candidates=путь ${x}: #1", "output=ö.parquet"])
    save_config(config, tmp_path / "config.yaml")
    text = (tmp_path / "config.yaml").read_text(encoding="utf-8")
    assert yaml.safe_load(text) == as_dict(config)
    assert "путь" in text


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("- 1", "does not hold the settings of `screening rank`"),
        ("seed: 1", "does not hold the settings of `screening rank`"),
        ("a: [", "does not hold the settings of `screening rank`"),
        (None, "is not there: expected the settings that a job has written"),
    ],
)
def test_files_that_hold_something_else_are_refused(text: str | None, said: str, tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    if text is not None:
        path.write_text(text, encoding="utf-8")
    with pytest.raises(RequestError, match=said):
        read_config(RankConfig, path)


def test_settings_of_another_version_are_refused_by_key(tmp_path: Path) -> None:
    tree = as_dict(load_config("rank", ["task=magnets", "candidates=x", "output_dir=y"]))
    with pytest.raises(RequestError, match="seeed: unknown key; did you mean seed"):
        from_dict(RankConfig, tree | {"seeed": 1})
    with pytest.raises(RequestError, match="candidates: missing"):
        from_dict(RankConfig, {name: value for name, value in tree.items() if name != "candidates"})
