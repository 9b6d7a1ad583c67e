"""`screening generate`: elements on the sites of known structure types become candidates to rank."""

from __future__ import annotations

from collections import Counter

from screening.configuration.generate import GenerateConfig
from screening.console import say
from screening.jobs.generate import generate_to_file


def run(config: GenerateConfig) -> None:
    """Generate, write, and say what was made and what was not."""
    candidates = generate_to_file(config)
    say(", ".join(f"{name} {count}" for name, count in candidates.counts.items()))
    for reason, count in Counter(candidates.left_out).most_common():
        say(f"{count} combinations left out: {reason}")
    of_all = f" of {candidates.made}" if len(candidates) < candidates.made else ""
    say(f"{len(candidates)}{of_all} candidates in {config.output}")
