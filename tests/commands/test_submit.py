"""`screening submit`: whose argument is whose, what is refused, what is shown; without a Slurm."""

from __future__ import annotations

import re
import shlex
from dataclasses import asdict
from pathlib import Path

import pytest
from helpers.mixed_folder import cif_text
from helpers.models import tiny_release

from screening import cli
from screening.cluster.submitted import JOBS, SubmittedJob
from screening.commands.submit import _command_line
from screening.configuration import load_config
from screening.configuration.registry import COMMANDS
from screening.configuration.submit import SubmitConfig
from screening.jobs import preflight
from screening.jobs.preflight import Fetched
from screening.tracking.address import TrackingSettings
from screening.tracking.provenance import sha256


@pytest.fixture
def no_slurm(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "programs").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path / "programs"))


@pytest.fixture
def ranking(tmp_path: Path, no_slurm: None) -> list[str]:
    (tmp_path / "a, b.cif").write_text(cif_text((3.0, 4.3, ["Li", "Fe", "O", "O"])))
    model = tiny_release(tmp_path / "tiny")
    given = [f"candidates={tmp_path / 'a, b.cif'}", f"model={model}", "voltage=none", "workers=0"]
    return ["task=electrodes", "tracking=none", f"output_dir={tmp_path / 'out'}", *given]


def _config(*arguments: str) -> SubmitConfig:
    overrides, values = COMMANDS["submit"].sort(arguments)
    config = load_config("submit", overrides, values)
    assert isinstance(config, SubmitConfig)
    return config


def test_everything_that_is_not_of_the_cluster_is_passed_on_as_typed() -> None:
    hostile = [
        "candidates=a ${b} 'c' \"d\" [e,f]=g\n#",
        "+data.x=1",
        "~data.y",
        "seed=3",
        "debug=true",
        "tracking=none",
    ]
    config = _config("rank", hostile[0], "cluster.gpus=2", "dry_run=true", *hostile[1:], "cluster=slurm_cpu")
    assert config.passed_on == hostile
    assert (config.job, config.dry_run, config.cluster.gpus, config.cluster.memory) == ("rank", True, 2, "16G")


def test_the_command_is_kept_so_that_it_can_be_repeated() -> None:
    config = _config("rank", "candidates=a b.cif", "cluster=slurm_cpu", "cluster.options=--x='a b'", "dry_run=true")
    again = shlex.split(_command_line(config))
    assert again[:3] == ["screening", "submit", "rank"] and "dry_run" not in " ".join(again)
    repeated = _config(*again[2:])
    assert asdict(repeated.cluster) == asdict(config.cluster) and repeated.passed_on == ["candidates=a b.cif"]


def test_dry_run_shows_scripts_and_writes_nothing(
    ranking: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = sorted(tmp_path.rglob("*"))
    arguments = [*ranking, "shards=3", "cluster.partition=gpu", "cluster.account=lab", "dry_run=true"]
    assert cli.main(["submit", "rank", *arguments]) == 0
    said = capsys.readouterr().out
    assert "#SBATCH --array=0-2\n" in said and "#SBATCH --account=lab\n" in said
    assert shlex.join(["screening", "rank", *ranking, "shards=3"]) + ' shard="$SLURM_ARRAY_TASK_ID"\n' in said
    assert f"--- sbatch --dependency=afterok:$ID_OF_RANK {tmp_path}/out/jobs/reduce.sbatch" in said
    assert f"--- sbatch --dependency=afternotok:$ID_OF_RANK {tmp_path}/out/jobs/status.sbatch" in said
    assert said.endswith("nothing was queued: dry_run=true\n")
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "job=rank|train  (what to run"),
        (["predict"], "job=predict: expected one of rank, train"),
        (["rank", "cluster=lsf"], "cluster=lsf: no such choice"),
        (["rank", "cluster.gpu=1"], "unknown key cluster.gpu; did you mean cluster.gpus?"),
        (["rank", "task=magnets"], "candidates=...  (what to score"),
        (["rank", "ORDINARY", "canddiates=x"], "unknown key canddiates; did you mean candidates?"),
        (["rank", "ORDINARY", "seed=x"], "seed=x: expected a whole number"),
        (["rank", "ORDINARY", "model=nowhere"], "model=nowhere was not found"),
        (["rank", "ORDINARY", "candidates=nowhere"], "nowhere does not exist"),
        (["rank", "ORDINARY", "cluster.gpus=2"], "a ranking takes one node and one GPU; use more shards="),
        (["rank", "ORDINARY"], "no Slurm answers on this machine; dry_run=true shows the scripts"),
        (["train", "output_dir=out"], "missing: data=FILE"),
        (["train", "output_dir=out", "data.path=nowhere"], "nowhere"),
        (["train", "output_dir=out", "data=no/where"], "data=no/where: no such file or folder"),
        (["train", "output_dir=out", "model=nowhere", "data.path=x"], "model=nowhere was not found"),
    ],
)
def test_refusals(
    ranking: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    said: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    typed = [one for given in arguments for one in (ranking if given == "ORDINARY" else [given])]
    assert cli.main(["submit", *typed]) == (1 if "no Slurm" in said else 2)
    assert said in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_parts_of_another_ranking_are_refused(
    ranking: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["rank", *ranking, "shards=2", "shard=0"]) == 0
    capsys.readouterr()
    submit = ["submit", "rank", *ranking, "dry_run=true"]
    for other, said in (
        (["shards=2", "max_atoms=5"], "belongs to another job (different max_atoms)"),
        (["shards=3"], "shards=3: "),
    ):
        assert cli.main([*submit, *other]) == 2
        assert said in capsys.readouterr().err
    # a later part of another model is found before the shard is finished, too
    (tmp_path / "out" / "shards" / "0-of-2" / "done.json").unlink()
    tiny_release(tmp_path / "tiny", seed=1)
    assert cli.main([*submit, "shards=2"]) == 2
    assert "SHA-256 of model" in capsys.readouterr().err


def test_only_what_lacks_is_submitted(ranking: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = [*ranking, "shards=3", "report.cards=0"]
    for shard in (0, 1, 2):
        assert cli.main(["rank", *arguments, f"shard={shard}"]) == 0
    (tmp_path / "out" / "shards" / "1-of-3" / "done.json").unlink()
    capsys.readouterr()
    submit = ["submit", "rank", *arguments, "dry_run=true"]
    assert cli.main(submit) == 0
    assert "#SBATCH --array=1\n" in capsys.readouterr().out
    assert cli.main(["rank", *arguments, "shard=1"]) == 0
    capsys.readouterr()
    assert cli.main(submit) == 0
    said = capsys.readouterr().out
    assert "--array" not in said and "--dependency" not in said and "screening reduce output_dir=" in said
    assert cli.main(["reduce", str(tmp_path / "out")]) == 0
    capsys.readouterr()
    assert cli.main(submit) == 0
    assert capsys.readouterr().out == f"nothing to submit: the ranking is complete in {tmp_path / 'out'}\n"


def test_logs_have_the_names_that_the_scripts_ask_for(tmp_path: Path) -> None:
    assert SubmittedJob("5", "rank", "", "", (0,)).log(tmp_path, 0) == tmp_path / JOBS / "screening-rank-5_0.log"
    assert SubmittedJob("6", "reduce", "", "").log(tmp_path) == tmp_path / JOBS / "screening-reduce-6.log"


def test_a_model_on_a_server_is_fetched_before_and_not_by_the_job(
    ranking: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = []

    def fetch(settings: TrackingSettings, model: str) -> str:
        asked.append((settings.uri, model))
        return str(tmp_path / "tiny")

    monkeypatch.setattr(preflight, "fetch_model", fetch)
    given = [one for one in ranking if not one.startswith(("model=", "tracking="))]
    server = ["model=models:/magnets@champion", "tracking.uri=http://mlflow.invalid:5000", "shards=2"]
    assert cli.main(["submit", "rank", *given, *server, "dry_run=true"]) == 0
    assert asked == [("http://mlflow.invalid:5000", "models:/magnets@champion")]
    kept = Path(re.findall(r"model=(\S+/jobs/model-[0-9a-f]{16})", capsys.readouterr().out)[0])
    assert kept.parent == tmp_path / "out" / JOBS and not kept.exists()
    Fetched(tmp_path / "tiny", kept).copy()
    assert sha256(kept) == sha256(tmp_path / "tiny") and [path.name for path in kept.parent.iterdir()] == [kept.name]
    Fetched(tmp_path / "gone", kept).copy()  # it is there already
    assert Fetched(tmp_path / "gone", kept).here == kept
