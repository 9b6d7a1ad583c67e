"""Training runs in processes of their own, which tests kill."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import textwrap
import time
from dataclasses import dataclass, field
from pathlib import Path

RUN = textwrap.dedent(
    """
    import logging, os, signal, sys, time
    from pathlib import Path
    import torch
    from screening.data.targets import TARGETS
    from screening.errors import Interrupted
    from screening.learning.data import DataSettings
    from screening.learning.module import OptimiserSettings, PropertyLearning
    from screening.learning.devices import process_rank
    from screening.learning.run import TrainingSettings
    from screening.signals import Signals
    from screening.learning.training import train

    torch.set_num_threads(1)
    logging.basicConfig(format="%(message)s")
    store, folder, kill_at, devices = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
    noisy, steps, slow_validation = sys.argv[5] == "True", int(sys.argv[6]), sys.argv[7] == "True"
    if slow_validation:
        validation_step = PropertyLearning.validation_step
        PropertyLearning.validation_step = lambda *given: (time.sleep(0.5), validation_step(*given))[1]
    if noisy:
        plain_step = PropertyLearning.training_step
        PropertyLearning.training_step = lambda self, *batch: plain_step(self, *batch) * (1 + 0.1 * torch.rand(()))

    def log(metrics, step):
        for name in ("train/loss", "val/relative_error"):
            if name in metrics:
                print(f"{name} {step} {metrics[name]!r}", flush=True)
        if step == kill_at:
            os.kill(os.getpid(), signal.SIGKILL)

    settings = TrainingSettings(
        name="t", output_dir=folder, data=DataSettings(store, tuple(TARGETS), batch_atoms=60), network="edge_update",
        parameters={"width": 16, "edge_width": 16, "layers": 1}, optimiser=OptimiserSettings(0, learning_rate=5e-3),
        max_steps=steps, ema_decay=0.9, precision="32", checkpoint_minutes=0.0, log_every_steps=1,
        validate_every_steps=12, devices=devices,
    )
    print(f"rank {process_rank(devices)} {os.getpid()}", flush=True)
    with Signals().caught() as signals:
        try:
            train(settings, log, signals)
        except Interrupted as stopped:
            if not process_rank(devices):
                print(f"screening: {stopped}", file=sys.stderr)
                sys.exit(stopped.exit_status)
    """
)


@dataclass
class Ended:
    """status: of the process. losses, validation: by step. ranks: ids of the processes. errors: what they said."""

    status: int = 0
    losses: dict[int, float] = field(default_factory=dict)
    validation: dict[int, float] = field(default_factory=dict)
    ranks: dict[int, int] = field(default_factory=dict)
    errors: str = ""

    def hear(self, line: str) -> int:
        """Book a line; the step it tells of, else 0."""
        words = line.split()
        if len(words) != 3:
            return 0
        name, number, value = words
        if name == "rank":
            self.ranks[int(number)] = int(value)
            return 0
        found = {"train/loss": self.losses, "val/relative_error": self.validation}[name]
        found[int(number)] = float(value)
        return int(number)


def run(
    store: Path,
    folder: Path,
    kill_at: int = -1,
    devices: int = 1,
    *,
    noisy: bool = False,
    slow_validation: bool = False,
    steps: int = 24,
    send: signal.Signals | None = None,
    at: int = 0,
    rank: int = 0,
) -> Ended:
    """Train to the end, or until the process kills itself at a step, or `send` is sent to a rank after step `at`.

    at: 0 sends it as soon as the process says who it is. noisy: losses times random numbers.
    slow_validation: half a second for each of its batches.
    """
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    folder.parent.mkdir(parents=True, exist_ok=True)
    script = folder.parent / f"{folder.name}.py"  # a file: Lightning starts it once more for every other rank
    script.write_text(RUN)
    arguments = [str(store), str(folder), str(kill_at), str(devices), str(noisy), str(steps), str(slow_validation)]
    ended = Ended()
    with (folder.parent / f"{folder.name}.log").open("w+") as errors:
        command = [sys.executable, str(script), *arguments]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True, env=environment) as process:
            for line in process.stdout or ():
                reached = ended.hear(line) >= at and len(ended.ranks) == devices
                if send is not None and reached:
                    time.sleep(random.random() * 0.05)
                    os.kill(ended.ranks[rank], send)
                    send = None
            ended.status = process.wait(timeout=120)
        errors.seek(0)
        ended.errors = errors.read()
    return ended
