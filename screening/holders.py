"""Who holds a lock: a process on a machine, told apart from later ones with its number, and its job of Slurm."""

from __future__ import annotations

import json
import os
import platform
import sys
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Self
from uuid import uuid4

from screening.masking import masked

_LONGEST_COMMAND = 200


@dataclass(frozen=True)
class Holder:
    """A process that holds a lock.

    Attributes:
        token: Names this claim.
        pid: The process.
        started: When it started, as the system counts; tells it from a later process with the same number.
        machine: Where such numbers mean the same: this boot of a machine, and its container.
        host: Name of the machine.
        command: What runs.
        since: When the lock was taken.
        job: The job of Slurm; empty outside one.
        restarts: How often that job was requeued.
        joins: Whether jobs that write parts may work beside it.
        token_is_written: False if the lock file could not be understood.
    """

    token: str
    pid: int = 0
    started: str = ""
    machine: str = ""
    host: str = ""
    command: str = ""
    since: str = ""
    job: str = ""
    restarts: int = 0
    joins: bool = False
    token_is_written: bool = True

    @classmethod
    def this_process(cls, joins: bool) -> Self:
        """This process, with a new token."""
        program, *arguments = sys.argv or ["python"]
        command = " ".join(["screening" if Path(program).stem == "__main__" else Path(program).name, *arguments])
        return cls(
            uuid4().hex,
            os.getpid(),
            _state_and_start(os.getpid())[1],
            _machine(),
            platform.node(),
            masked(command)[:_LONGEST_COMMAND],
            datetime.now(UTC).isoformat(timespec="seconds"),
            os.environ.get("SLURM_JOB_ID", ""),
            _restarts(),
            joins,
        )

    @classmethod
    def from_bytes(cls, content: bytes, otherwise: str) -> Self:
        """What `to_bytes` wrote; a holder of whom nothing but the token `otherwise` is known if it is damaged."""
        try:
            holder = cls(**json.loads(content))
            int(holder.token, 16)
            sound = isinstance(holder.pid, int) and isinstance(holder.restarts, int)
        except (ValueError, TypeError):
            sound = False
        if not sound:
            return cls(otherwise, token_is_written=False)
        return holder

    def to_bytes(self) -> bytes:
        """Readable text, one line an entry."""
        return json.dumps(asdict(self), indent=1).encode()

    def __str__(self) -> str:
        if not self.token_is_written:
            return "one that is not named in the lock"
        job = f", job {self.job} of Slurm" if self.job else ""
        return f"`{self.command}` (process {self.pid} on {self.host}{job}, since {self.since})"

    @property
    def is_here(self) -> bool:
        """Whether its process is one of this machine's, so that it can be looked up."""
        return self.machine == _machine()

    def is_process(self, pid: int) -> bool:
        """Whether it is this process of this machine."""
        return self.is_here and self.pid == pid

    def is_dead(self, age_s: float, dead_s: float) -> bool:
        """Whether it cannot be writing any more.

        Args:
            age_s: Seconds since its last sign of life.
            dead_s: So many without one mean death, where its process cannot be looked up.
        """
        again = bool(self.job) and self.job == os.environ.get("SLURM_JOB_ID") and _restarts() > self.restarts
        if again:
            return True
        if self.token_is_written and self.is_here and os.name == "posix":
            return not _is_running(self.pid, self.started)
        return age_s > dead_s

    def wrote(self, lock: Path) -> bool:
        """Whether the lock still names this claim."""
        return type(self).from_bytes(lock.read_bytes(), "").token == self.token


def _restarts() -> int:
    text = os.environ.get("SLURM_RESTART_COUNT", "")
    return int(text) if text.isdecimal() else 0


def _machine() -> str:
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{boot} {Path('/proc/self/ns/pid').readlink()}"
    except (OSError, ValueError):
        return platform.node()


def _is_running(pid: int, started: str) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        pass  # of another user
    state, start = _state_and_start(pid)
    return state != "Z" and (not start or not started or start == started)


def _state_and_start(pid: int) -> tuple[str, str]:
    """State and start of a process in clock ticks since boot; empty where the system does not say."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        return fields[0], fields[19]
    except (OSError, IndexError):
        return "", ""
