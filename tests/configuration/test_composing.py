"""Every config composes into its schema; requests that are wrong are refused in words."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from _pytest.mark import ParameterSet
from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra

from screening.configuration import as_dict, as_yaml, load_config
from screening.configuration.composing import compose_config
from screening.configuration.groups import groups_of
from screening.configuration.registry import COMMANDS
from screening.configuration.train import TrainConfig
from screening.errors import RequestError
from screening.resources import resource

REQUIRED_VALUES: dict[str, Any] = {
    "candidates": "set.zip",
    "output": "out.parquet",
    "generate.output": "out.jsonl.gz",
    "output_dir": "out",
    "name": "try",
    "data.path": "store",
    "source": "raw",
    "predictor": "voltage",
    "electrodes": "electrodes",
    "paths": "paths.jsonl",
    "kind": "jsonl",
    "models": ["one", "two"],
    "run": "0f8fad5b",
    "job": "rank",
}


def _requests() -> Iterator[ParameterSet]:
    """Every combination of group options of every command."""
    for command in COMMANDS:
        groups = groups_of(command)
        for options in itertools.product(*(group.options for group in groups.values())):
            choices = dict(zip(groups, options, strict=True))
            yield pytest.param(command, choices, id=" ".join([command, *choices.values()]))


def _required(command: str) -> dict[str, Any]:
    given: dict[str, Any] = {}
    while missing := [key.name for key in compose_config(command, values=given).missing]:
        given |= {key: REQUIRED_VALUES.get(f"{command}.{key}") or REQUIRED_VALUES[key] for key in missing}
    return given


@pytest.mark.parametrize(("command", "choices"), list(_requests()))
def test_every_choice_composes_into_the_schema(command: str, choices: dict[str, str]) -> None:
    config = load_config(command, [f"{key}={value}" for key, value in choices.items()], _required(command))
    assert isinstance(config, COMMANDS[command])
    assert yaml.safe_load(as_yaml(as_dict(config))) == as_dict(config)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_choice_has_a_sentence(command: str) -> None:
    groups = groups_of(command)
    assert all(group.options for group in groups.values())
    for group in groups.values():
        assert group.default is None or group.default in group.options
        for option, sentence in group.options.items():
            assert sentence.endswith("."), f"configs/{group.name}/{option}.yaml should begin with a comment sentence"


def test_no_config_is_left_out() -> None:
    used = {name for command in COMMANDS for name in groups_of(command)}
    folders = {path.name for path in resource("configs").iterdir() if path.is_dir()}
    assert folders == used
    assert {path.stem for path in resource("configs").glob("*.yaml")} == set(COMMANDS)


def test_python_values_do_what_overrides_do() -> None:
    typed = load_config("train", ["network=" + next(iter(groups_of("train")["network"].options)), "seed=3",
                                  "data.targets=[band_gap_eV]", "trainer=smoke", "trainer.threads=null",
                                  "output_dir=o", "name=n", "data.path=d"])  # fmt: skip
    values = {"network": next(iter(groups_of("train")["network"].options)), "seed": 3,
              "data.targets": ["band_gap_eV"], "trainer": "smoke", "trainer.threads": None,
              "output_dir": Path("o"), "name": "n", "data.path": "d"}  # fmt: skip
    assert load_config("train", values=values) == typed
    assert isinstance(typed, TrainConfig)
    assert typed.trainer.max_steps == 4


@pytest.mark.parametrize("path", ["stores/mp", "мои данные, [v2] a=b #1.csv", "~/x.jsonl", "/", "x.zip"])
def test_a_path_may_stand_for_a_group_that_has_a_source(path: str) -> None:
    for given in (load_config("train", [f"data={path}", "output_dir=o"]),
                  load_config("train", values={"data": path, "output_dir": "o"})):  # fmt: skip
        assert isinstance(given, TrainConfig)
        assert given.data.source == os.path.expanduser(path)  # noqa: PTH111
        assert (given.data.path, given.data.targets, given.model_name) == (None, None, "o")


def test_what_there_is_counts_as_a_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(RequestError, match="data=mine: no such choice"):
        load_config("train", ["data=mine", "output_dir=o"])
    for name in ("mine", "small"):
        Path(name).mkdir()
    assert compose_config("train", ["data=mine"]).tree["data"]["source"] == "mine"
    assert compose_config("train", ["data=small"]).tree["data"]["source"] is None, "choices come first"
    with pytest.raises(RequestError, match="trainer=mine: no such choice"):
        load_config("train", ["trainer=mine", "output_dir=o"])


def test_choices_that_follow_from_a_model_unless_the_user_makes_them() -> None:
    plain, tuned = (compose_config("train", given) for given in (["data.path=d"], ["data.path=d", "model=m"]))
    assert (plain.choices["data"], plain.choices["trainer"]) == ("default", "default")
    assert (tuned.choices["data"], tuned.choices["trainer"]) == ("own", "finetune")
    assert tuned.tree["trainer"]["learning_rate"] < plain.tree["trainer"]["learning_rate"]
    chosen = compose_config("train", ["model=m", "trainer=smoke", "data=small", "data.source=x.csv"])
    assert (chosen.choices["data"], chosen.choices["trainer"]) == ("small", "smoke")
    assert compose_config("train", ["model=null"]).choices["trainer"] == "default"


def test_the_last_value_counts() -> None:
    config = load_config("predict", ["seed=1", "output=a.parquet", "candidates=x", "seed=2", "output=b.parquet"])
    assert (config.seed, as_dict(config)["output"]) == (2, "b.parquet")


def test_tracking_off_or_elsewhere() -> None:
    assert compose_config("rank", ["tracking=none"]).tree["tracking"]["uri"] == "none"
    uri = "sqlite:///my runs/a,b.db"
    assert compose_config("rank", [f"tracking.uri={uri}"]).tree["tracking"]["uri"] == uri
    assert compose_config("rank", [f"tracking.uri={uri}", "tracking=none"]).tree["tracking"]["uri"] == uri


def test_what_is_missing_is_all_named() -> None:
    with pytest.raises(RequestError) as caught:
        load_config("rank", ["seed=1"])
    for name in ("task=electrodes|magnets", "candidates=...", "output_dir=..."):
        assert name in str(caught.value)


@pytest.mark.parametrize(
    ("command", "override", "said"),
    [
        ("predict", "canddiates=x", "unknown key canddiates; did you mean candidates?"),
        ("predict", "uri=x", "unknown key uri; did you mean tracking.uri?"),
        ("predict", "+zzz=1", "unknown key zzz."),
        ("predict", "hydra.run.dir=x", "unknown key hydra.run.dir"),
        ("rank", "report=1", "unknown key report; did you mean report.language?"),
        ("rank", "task.merit.x=1", "choose task= first"),
        ("rank", "task=magnet", "task=magnet: no such choice; did you mean magnets? Choices are electrodes, magnets."),
        ("rank", "tracking=on", "Choices are none, sqlite."),
        ("predict", "seed=abc", "seed=abc: expected a whole number"),
        ("predict", "seed=null", "seed=null: expected a whole number"),
        ("predict", "seed=-1", "seed=-1: expected a whole number, at least 0"),
        ("predict", "workers=1.5", "workers=1.5: expected a whole number, at least 0, or null"),
        ("predict", "workers=1,2", "workers=1,2: expected a whole number"),
        ("predict", "workers=a'b", "workers=a'b: expected a whole number"),
        ("predict", "workers=", "workers=: expected a whole number"),
        ("predict", "order=maybe", "order=maybe: expected true or false"),
        ("predict", "device=gpu", "device=gpu: expected one of auto, cpu, cuda"),
        ("predict", "seed=${oc.env:SURELY_NOT_THERE}", "SURELY_NOT_THERE"),
        ("train", "graph.spread=wide", "graph.spread=wide: expected a number, at least 0"),
        ("train", "data.targets=[weight]", "data.targets=[weight]: expected a list of any of"),
        ("train", "data.targets=3", "data.targets=3: expected a list of any of"),
        ("train", "trainer.learning_rate=nan", "trainer.learning_rate=nan: expected a number"),
        ("predict", "~seed", "~seed: only keys inside open sections can be removed"),
        ("predict", "+seedd=1", "unknown key seedd; did you mean seed?"),
        ("train", "data.targets={a: 1}", "data.targets={a:1}: expected a list of any of"),
        ("predict", "candidates", "expected key=value; did you mean candidates=...?"),
        ("predict", "--verbose", "no such option"),
        ("predict", "=3", "expected key=value"),
    ],
)
def test_wrong_requests_are_refused_in_words(command: str, override: str, said: str) -> None:
    with pytest.raises(RequestError) as caught:
        compose_config(command, [override])
    assert said in str(caught.value)


@pytest.mark.parametrize("key", ["seedd", "trainer.lerning_rate", "nonsense"])
def test_unknown_python_keys_are_refused_too(key: str) -> None:
    with pytest.raises(RequestError, match=f"unknown key {key}"):
        compose_config("train", values={key: 1})


@pytest.mark.parametrize(("key", "value"), [("seed", "abc"), ("order", 3.5), ("workers", [1])])
def test_wrong_python_values_are_refused(key: str, value: object) -> None:
    with pytest.raises(RequestError, match=f"^{key}="):
        compose_config("predict", values={key: value})


def test_output_of_predict_has_to_be_parquet() -> None:
    with pytest.raises(RequestError, match=r"output=a\.csv: expected a file name that ends in \.parquet"):
        load_config("predict", ["candidates=x", "output=a.csv"])


def _task(*overrides: str) -> dict[str, Any]:
    tree: dict[str, Any] = compose_config("rank", ["task=magnets", *overrides]).tree["task"]
    return tree


def test_open_sections_take_new_values_and_new_keys_on_purpose() -> None:
    assert _task("task.ranking.gates.stability.at_most=1")["ranking"]["gates"]["stability"]["at_most"] == 1
    gates = _task("+task.ranking.gates.curie={column: curie_temperature_K, at_least: 550}")["ranking"]["gates"]
    assert gates["curie"] == {"column": "curie_temperature_K", "at_least": 550}
    assert "easy_axis" in gates
    assert "easy_axis" not in _task("~task.ranking.gates.easy_axis")["ranking"]["gates"]


def _supply(*overrides: str, **values: Any) -> dict[str, Any]:
    config = load_config("rank", ["task=magnets", "candidates=x", "output_dir=x", *overrides], values)
    settings: dict[str, Any] = config.task_settings["merit"]["supply"]  # type: ignore[attr-defined]
    return settings


def test_prices_and_local_elements_are_given_one_by_one() -> None:
    assert _supply("supply.prices.Nd=120")["prices"] == {"Nd": 120}
    assert _supply("supply.prices={Nd: 120, Co: 30}")["prices"] == {"Nd": 120, "Co": 30}
    assert _supply(**{"supply.prices": {"Nd": 120}}) == _supply("supply.prices.Nd=120")
    dated = _supply("supply.prices.Nd={price: 120, date: 2026-03, source: Argus}")["prices"]["Nd"]
    assert dated == {"price": 120, "date": "2026-03", "source": "Argus"}
    assert _supply()["local"] == {}
    region = _supply("supply=angara_yenisei", "+supply.local.Fe=own mill", "~supply.local.Sm")["local"]
    assert region["Fe"] == "own mill"
    assert "Ni" in region
    assert "Sm" not in region


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("task.merit.insulator_gap_eV=wide", "task.merit.insulator_gap_eV=wide: expected a number"),
        ("task.merit.insulator_gap_eV=true", "task.merit.insulator_gap_eV=true: expected a number"),
        (
            "task.merit.insulator_gap=1",
            "unknown key task.merit.insulator_gap; did you mean task.merit.insulator_gap_eV?",
        ),
        ("task.merit={insulator_gap: 1}", "unknown key task.merit.insulator_gap"),
        ("task.ranking.gates.curie={at_least: 5}", "unknown key task.ranking.gates.curie"),
        ("task.ranking.gates=3", "task.ranking.gates=3: expected a section of keys"),
        ("task.ranking.tie_break=score", "task.ranking.tie_break=score: expected a list"),
        ("~task.ranking.gates.nothing", "unknown key task.ranking.gates.nothing"),
        ("~task.name", "only keys inside task.merit and task.ranking and task.report"),
    ],
)
def test_open_sections_refuse_what_is_wrong(override: str, said: str) -> None:
    with pytest.raises(RequestError) as caught:
        _task(override)
    assert said in str(caught.value)


def test_a_callers_own_hydra_is_left_alone() -> None:
    with initialize_config_dir(str(resource("configs")), version_base="1.3"):
        before = GlobalHydra.instance().hydra
        compose_config("predict")
        assert GlobalHydra.instance().hydra is before
        assert compose("tracking/none").tracking.uri == "none"
