"""`screening train`: labelled crystals become a released model."""

from __future__ import annotations

import logging

from screening.configuration.train import TrainConfig
from screening.console import say
from screening.errors import Interrupted
from screening.signals import StopSignal


def run(config: TrainConfig) -> None:
    """Train or resume, and say where the model is. With several devices each of the processes runs this.

    Told to stop while it trains, it saves a checkpoint, puts its Slurm job back into the queue if that is what was
    meant, and raises Interrupted.
    """
    from screening.jobs.train import train_to_folder
    from screening.learning.devices import process_rank

    rank = process_rank(config.trainer.devices)
    if rank:
        logging.getLogger("screening").setLevel(logging.WARNING)
    try:
        training = train_to_folder(config, say)
    except (Interrupted, StopSignal):
        # the first process speaks for all; a bad exit status of another one would have it killed meanwhile
        if rank:
            return
        raise
    if rank:
        return
    result = training.result
    say(f"{result.steps} steps done; model: {training.model}")
    speed = result.speed
    say(
        f"  {speed['epochs']:.3g} epochs, {speed['structures_per_s']:.0f} structures/s, "
        f"{speed['network_share']:.0%} of the time in the network"
    )
    for name, value in training.validation.items():
        say(f"  {name} {value:.5g}" + (f" (before: {result.parent[name]:.5g})" if name in result.parent else ""))
    if training.registered:
        say(f"registered in MLflow: model={training.registered}")
    say(f"measure it: screening evaluate model={training.model} data.path={training.store} output_dir=...")
