"""`screening generate`: elements on the sites of known structure types become candidates to rank."""

from __future__ import annotations

import gzip
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import orjson

from screening.configuration.generate import GenerateConfig
from screening.console import say
from screening.crystals.prototypes import Member, members, read_prototypes
from screening.crystals.prototypes.generated_rows import as_row
from screening.crystals.prototypes.substitution import parse_elements
from screening.errors import RequestError
from screening.files import atomic_path, output_folder


def run(config: GenerateConfig) -> None:
    """Generate, write, and say what was made and what was not."""
    prototypes = read_prototypes(config.prototypes)
    elements = parse_elements(config.elements, prototypes)
    output = Path(config.output)
    if output.is_dir():
        raise RequestError(f"output={output}: that is a folder; expected the name of a file")
    output_folder(output.parent, "output")
    made: list[Member] = []
    left_out: Counter[str] = Counter()
    for prototype in prototypes:
        found = members(prototype, elements)
        made += found.made
        left_out += found.left_out
    if not made:
        empty = [f"elements.{role}" for role, ions in elements.items() if not ions]
        raise RequestError(f"no candidate can be made of these elements; empty are {', '.join(empty) or 'none'}")
    kept = spread(made, config.max_candidates)
    write_rows(kept, output)
    counts = Counter(member.prototype.name for member in kept)
    say(", ".join(f"{prototype.name} {counts[prototype.name]}" for prototype in prototypes))
    for reason, count in left_out.most_common():
        say(f"{count} combinations left out: {reason}")
    of_all = f" of {len(made)}" if len(kept) < len(made) else ""
    say(f"{len(kept)}{of_all} candidates in {output}")


def spread(made: Sequence[Member], most: int | None) -> list[Member]:
    """At most so many of them, at even steps, so that every prototype keeps its share."""
    if most is None or most >= len(made):
        return list(made)
    return [made[index] for index in np.linspace(0, len(made) - 1, most).round().astype(int)]


def write_rows(made: Sequence[Member], output: Path) -> None:
    """One JSON object a line, gzipped if the name says so; the same crystals make the same bytes."""
    data = b"".join(orjson.dumps(as_row(member)) + b"\n" for member in made)
    with atomic_path(output) as part:
        part.write_bytes(gzip.compress(data, 6, mtime=0) if output.suffix == ".gz" else data)
