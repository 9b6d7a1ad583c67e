"""`screening relax`: crystals in, relaxed crystals and their energies out; goes on after a kill."""

from __future__ import annotations

from screening.configuration.relax import RelaxConfig
from screening.console import say
from screening.jobs.relax import relax_to_folder


def run(config: RelaxConfig) -> None:
    """Relax and say how it ended."""
    outcome = relax_to_folder(config, config.candidates)
    counts = outcome.counts
    before = f" ({outcome.resumed} of them before)" if outcome.resumed else ""
    say(
        f"{counts['relaxed']} relaxed{before}, {counts['relaxed'] - counts['converged']} of them not converged in "
        f"{config.max_steps} steps; {counts['rejected']} rejected (reasons in rejected.csv)"
    )
    say(f"results: {config.output_dir}")
