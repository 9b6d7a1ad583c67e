"""A real Slurm for tests: one machine plays a controller and several nodes, started in seconds, always stopped.

Debian has what it takes: slurmctld, slurmd, slurm-client, munge. Nothing outside a temporary folder is touched, and the
daemons are children of the tests, so that none outlives them.
"""

from __future__ import annotations

import ctypes
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "scancel", "scontrol", "sinfo", "squeue", "srun")
NODES, CPUS = 2, 2
_DEVICES = ("/dev/null", "/dev/zero")
ENDED = frozenset(
    {"COMPLETED", "FAILED", "CANCELLED", "TIMEOUT", "NODE_FAIL", "PREEMPTED", "OUT_OF_MEMORY", "DEADLINE"}
)
_START_SECONDS, _STOP_SECONDS = 40.0, 10.0

# The credentials of a job live for `cred_expire`, and a requeued job waits for that long: 5 s is the least that Slurm
# takes, 120 s the default. The names of the nodes resolve to nothing: jobs on several set MASTER_ADDR=127.0.0.1.
_CONFIGURATION = """\
ClusterName=tests
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={port}
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
CredType=cred/munge
AuthInfo=socket={folder}/munge.socket,cred_expire=5
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool-%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd-%n.pid
SlurmctldParameters=preempt_send_user_signal
SlurmdParameters=config_overrides
MailProg=/bin/true
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
MpiDefault=none
SwitchType=switch/none
ReturnToService=2
GresTypes=gpu
NodeName=n[1-{nodes}] NodeHostname={host} NodeAddr=127.0.0.1 Port=[{first}-{last}] CPUs={cpus} RealMemory=4000 \
Gres=gpu:{gpus} State=UNKNOWN
SchedulerType=sched/backfill
SchedulerParameters=batch_sched_delay=0,sched_interval=1,bf_interval=1
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
JobRequeue=1
PartitionName=low  Nodes=ALL Default=YES PriorityTier=1  PreemptMode=REQUEUE GraceTime=5 DefMemPerCPU=100 MaxTime=60
PartitionName=high Nodes=ALL Default=NO  PriorityTier=10 PreemptMode=OFF DefMemPerCPU=100 MaxTime=60
KillWait=3
MinJobAge=3600
FirstJobId={first_job}
SlurmctldTimeout=30
SlurmdTimeout=30
"""


@dataclass(frozen=True)
class Slurm:
    """A running Slurm. Partitions: low (the default; its jobs are preempted by requeueing) and high. Nodes: n1, n2."""

    folder: Path

    @property
    def environment(self) -> dict[str, str]:
        """What makes Slurm's programs find it."""
        return {"SLURM_CONF": str(self.folder / "slurm.conf")}

    def call(self, *command: str, stdin: str | None = None) -> str:
        """The output of one of Slurm's programs; fails with its message."""
        ended = subprocess.run(
            command, env={**os.environ, **self.environment}, input=stdin, capture_output=True, text=True, timeout=60
        )
        if ended.returncode:
            raise RuntimeError(f"{' '.join(command)}: {ended.stderr.strip()}")
        return ended.stdout

    def jobs(self) -> dict[str, dict[str, str]]:
        """Every job by its id, a task of an array by ARRAY_TASK: the fields that scontrol shows."""
        found = {}
        for line in self.call("scontrol", "--oneliner", "show", "job").splitlines():
            fields = dict(re.findall(r"(\w+)=(\S*)", line))
            if "JobId" in fields:
                task = fields.get("ArrayTaskId")
                found[f"{fields['ArrayJobId']}_{task}" if task else fields["JobId"]] = fields
        return found

    def states(self, jobs: Collection[str]) -> dict[str, str]:
        """State by id, with the tasks of the arrays among the jobs."""
        return {
            name: fields["JobState"]
            for name, fields in self.jobs().items()
            if name in jobs or fields.get("ArrayJobId") in jobs
        }

    def wait(self, *jobs: str, states: Collection[str] = ENDED, seconds: float = 60.0) -> dict[str, str]:
        """States by id once all of the jobs are in one of `states`; fails with what it found if they do not get there.

        A job that Slurm has dropped because what it depends on has failed counts as ended.
        """
        found: dict[str, str] = {}

        def there() -> bool:
            nonlocal found
            found = self.states(jobs)
            return bool(found) and set(found.values()) <= set(states)

        wait_until(there, seconds, lambda: f"{found}\n{self.log()}")
        return found

    def lose_node_of(self, job: str) -> None:
        """Set the node that a job runs on down, until its jobs are back in the queue."""
        node = self.jobs()[job]["NodeList"]
        self.call("scontrol", "update", f"NodeName={node}", "State=DOWN", "Reason=test")
        self.wait(job, states={"PENDING"})
        with suppress(RuntimeError):  # it may have come back by itself
            self.call("scontrol", "update", f"NodeName={node}", "State=RESUME")

    def log(self) -> str:
        """The last lines of all daemons."""
        return "\n".join(f"{path.name}: {path.read_text()[-1500:]}" for path in sorted(self.folder.glob("*.log")))

    def clear(self) -> None:
        """End all jobs, bring all nodes back."""
        for options in (["--signal=KILL"], []):
            with suppress(RuntimeError):
                self.call("scancel", "--user=root", "--full" if options else "--quiet", *options)
        with suppress(RuntimeError):
            self.call("scontrol", "update", f"NodeName=n[1-{NODES}]", "State=RESUME")
        wait_until(lambda: not self.call("squeue", "--noheader").strip(), 30, self.log)
        wait_until(self.is_idle, 30, self.log)

    def is_idle(self) -> bool:
        """Whether every node waits for work."""
        try:
            names = self.call("sinfo", "--noheader", "--Node", "--partition=low", "--states=idle", "--format=%N")
        except (RuntimeError, subprocess.TimeoutExpired):
            return False
        return len(names.split()) == NODES


def wait_until(condition: Callable[[], bool], seconds: float, said: Callable[[], str]) -> None:
    """Fail with what `said` tells if the condition does not come true."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(f"not within {seconds} s: {said()}")
        time.sleep(0.1)


def why_not() -> str:
    """Why there can be no Slurm here; empty if there can."""
    path = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/sbin"])
    lacking = [name for name in PROGRAMS if shutil.which(name, path=path) is None]
    if lacking:
        return f"Slurm is not installed ({', '.join(lacking)} missing)"
    return "" if os.geteuid() == 0 else "a Slurm of one's own needs root"


@contextmanager
def running_slurm() -> Iterator[Slurm]:
    """Two nodes of two CPUs and two GPUs that are none, ready for jobs."""
    with tempfile.TemporaryDirectory(prefix="slurm-", ignore_cleanup_errors=True) as name, ExitStack() as daemons:
        slurm = Slurm(Path(name))
        slurm.folder.chmod(0o755)
        _configure(slurm.folder)
        for label, command in _daemons(slurm.folder).items():
            daemons.enter_context(_daemon(label, command, slurm))
            if label == "munged":
                wait_until((slurm.folder / "munge.socket").exists, _START_SECONDS, slurm.log)
        wait_until(slurm.is_idle, _START_SECONDS, slurm.log)
        try:
            yield slurm
        finally:
            with suppress(RuntimeError, TimeoutError, subprocess.TimeoutExpired):
                slurm.clear()


@pytest.fixture(scope="session")
def private_slurm() -> Iterator[Slurm]:
    """One Slurm for all tests of a process that ask for it; skips them where there can be none."""
    if reason := why_not():
        pytest.skip(reason)
    with running_slurm() as slurm:
        yield slurm


@pytest.fixture
def slurm(private_slurm: Slurm, monkeypatch: pytest.MonkeyPatch) -> Iterator[Slurm]:
    """A Slurm without jobs, found by Slurm's programs through the environment."""
    for name in [name for name in os.environ if name.startswith(("SLURM_", "SBATCH_"))]:
        monkeypatch.delenv(name)
    for name, value in private_slurm.environment.items():
        monkeypatch.setenv(name, value)
    yield private_slurm
    private_slurm.clear()


def _configure(folder: Path) -> None:
    (folder / "state").mkdir()
    for node in range(NODES):
        (folder / f"spool-n{node + 1}").mkdir()
    key = folder / "munge.key"
    key.touch(0o600)
    key.write_bytes(secrets.token_bytes(128))
    # any device files do: nothing is ever sent to them
    gpus = [f"NodeName=n[1-{NODES}] Name=gpu File={device}\n" for device in _DEVICES]
    (folder / "gres.conf").write_text("".join(gpus))
    ports = _free_ports(NODES + 1)
    text = _CONFIGURATION.format(
        host=socket.gethostname().partition(".")[0],
        folder=folder,
        port=ports,
        first=ports + 1,
        last=ports + NODES,
        nodes=NODES,
        cpus=CPUS,
        gpus=len(_DEVICES),
        # never the ids of another Slurm, which may run at the same time or have left logs
        first_job=1000 + secrets.randbelow(6_000_000) * 10,
    )
    (folder / "slurm.conf").write_text(text)


def _daemons(folder: Path) -> Mapping[str, Sequence[str]]:
    munge = ["--key-file", "--socket", "--pid-file", "--log-file", "--seed-file"]
    files = ["munge.key", "munge.socket", "munged.pid", "munged.log", "munge.seed"]
    options = [f"{option}={folder / file}" for option, file in zip(munge, files, strict=True)]
    nodes = {f"slurmd-n{node + 1}": ["slurmd", "-D", "-c", "-N", f"n{node + 1}"] for node in range(NODES)}
    return {"munged": ["munged", "--foreground", "--force", *options], "slurmctld": ["slurmctld", "-D", "-c"], **nodes}


@contextmanager
def _daemon(label: str, command: Sequence[str], slurm: Slurm) -> Iterator[None]:
    environment = {**os.environ, **slurm.environment, "PATH": f"{os.environ['PATH']}{os.pathsep}/usr/sbin"}
    with (slurm.folder / f"{label}.out.log").open("w") as log:
        process = subprocess.Popen(
            command, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log, preexec_fn=_die_with_parent
        )
    try:
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _die_with_parent() -> None:
    """Linux ends the daemon when the tests are killed before they can stop it; in a session without a terminal."""
    os.setsid()
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)


def _free_ports(count: int) -> int:
    """The first of so many ports in a row that nothing listens on, below those that connections are given."""
    for first in range(10_000 + os.getpid() % 150 * 100, 30_000, 100):
        with ExitStack() as sockets:
            try:
                for port in range(first, first + count):
                    sockets.enter_context(socket.socket()).bind(("127.0.0.1", port))
            except OSError:
                continue
            return first
    raise RuntimeError("no free ports")
