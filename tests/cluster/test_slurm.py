"""Parsing the output of Slurm's programs: recorded here, real in test_real_slurm.py."""

from __future__ import annotations

from pathlib import Path

import pytest

from screening.cluster import slurm
from screening.cluster.slurm import JobState
from screening.errors import RequestError, ScreeningError


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder in PATH; shell scripts in it stand in for Slurm's programs."""
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


def put(folder: Path, name: str, text: str = "", *, errors: str = "", status: int = 0) -> None:
    program = folder / name
    program.write_text(
        f"#!/bin/sh\n/bin/cat <<'END'\n{text}\nEND\n/bin/cat >&2 <<'END'\n{errors}\nEND\nexit {status}\n"
    )
    program.chmod(0o755)


def test_without_slurm(programs: Path) -> None:
    assert not slurm.is_installed() and not slurm.answers()
    assert slurm.states({"1"}) == {}
    with pytest.raises(ScreeningError, match="sbatch not found: Slurm is not installed on this machine"):
        slurm.submit(Path("x"))


def test_states_from_squeue_and_sacct(programs: Path) -> None:
    put(programs, "sbatch")
    put(programs, "squeue", "12_0|RUNNING|None|n1\n12_3|PENDING|Resources|\n99|RUNNING|None|n2")
    put(
        programs,
        "sacct",
        "12_0|FAILED|None|n1|1:0\n12_1|CANCELLED by 1000|None|n1|0:15\n12_2|OUT_OF_MEMORY|None|n1|0:9",
    )
    found = slurm.states({"12"})
    assert {name: str(state) for name, state in found.items()} == {
        "12_0": "RUNNING (n1)",
        "12_1": "CANCELLED (signal 15)",
        "12_2": "OUT_OF_MEMORY (signal 9)",
        "12_3": "PENDING (Resources)",
    }
    assert [name for name, state in found.items() if state.is_active] == ["12_0", "12_3"]


def test_states_from_the_controller_without_accounting(programs: Path) -> None:
    put(programs, "sbatch")
    put(programs, "squeue")
    put(programs, "sacct", errors="Slurm accounting storage is disabled", status=1)
    line = (
        "JobId=8 ArrayJobId=7 ArrayTaskId=1 JobName=x JobState=FAILED Reason=NonZeroExitCode ExitCode=3:0 NodeList=n1"
    )
    put(programs, "scontrol", f"{line}\nJobId=77 JobName=y JobState=RUNNING")
    assert slurm.states({"7"}) == {"7_1": JobState("FAILED", "NonZeroExitCode", "3:0", "n1")}
    assert str(slurm.states({"7"})["7_1"]) == "FAILED (exit status 3)"


def test_a_refusal_gives_slurms_reason_once(programs: Path) -> None:
    said = "sbatch: error: invalid partition specified: x\nallocation failure: Invalid partition name specified"
    put(programs, "sbatch", errors=said, status=1)
    with pytest.raises(RequestError, match=r"refuses the job: invalid partition specified: x; Invalid partition name"):
        slurm.check_script("#!/bin/sh\n")
    put(programs, "sbatch", "5;cluster")
    assert slurm.submit(Path("x")) == "5"


def test_times(programs: Path) -> None:
    for text, wanted in [
        ("90", 90),
        ("2:30", 2.5),
        ("4:00:00", 240),
        ("2-12", 3600),
        ("1-0:30", 1470),
        ("1-1:0:30", 1500.5),
    ]:
        assert slurm.minutes(text) == wanted
    assert slurm.minutes("infinite") is None
    put(programs, "sinfo", "low* 1:00:00\nhigh 2-00:00:00\nfree infinite")
    slurm.check_time("60", None)
    slurm.check_time("3-0", "low,free")
    slurm.check_time("3-0", "unknown")
    for partition, said in (
        (None, "low allows 1:00:00"),
        ("low,high", "low allows 1:00:00; the partition high allows"),
    ):
        with pytest.raises(RequestError, match=f"cluster.time=3-0: the partition {said}"):
            slurm.check_time("3-0", partition)
