"""The model card of a barrier release."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from screening.materials.electrodes.barriers.barrier_fit import ALL_PATHS
from screening.materials.electrodes.barriers.barrier_model import BARRIER_PART
from screening.materials.exclusions import excluded_words
from screening.tabular.release import TabularRelease

_LIMITS = """## Limits

- The truth is calculated: barriers of nudged-elastic-band calculations with DFT, from many groups with different
  functionals, U values, cells and numbers of ions; a few paths stand in the table with two values. Measured activation
  energies differ further.
- A barrier counts from the lowest to the highest energy on the path. The model sees the straight path, the frame as it
  is given, and no energies of an interatomic potential.
- Layered, tunnel and polyanion crystals of Li, Na, Mg and Ca make up most rows. For Rb, Sr and Al there are few.
- The interval holds for single paths like those of the table. That of a crystal is the interval of its deciding hop.

## Data

The table is that of `barriers=`; state its source and licence when you share this release. It contains no crystals,
but the kernel keeps descriptors of the training paths.
"""


def barrier_card(release: TabularRelease) -> str:
    """The whole card in Markdown."""
    training = release.training
    report = release.parts[BARRIER_PART].settings["report"]
    dropped = "; ".join(f"{reason} {n}" for reason, n in report["dropped"].items()) or "none"
    command = f"barriers=FOLDER output_dir={release.name} seed={training['seed']}"
    command += " exclude=FILE" if training.get("excluded") else ""
    maes = ", ".join(f"{mae:.3f}" for mae in report["scores"][ALL_PATHS]["maes"])
    head = f"""# {release.name}

Migration barrier of an ion along a given path, in eV: extra trees and a kernel on the narrowness of the path and of the
path bent around the atoms of the frame, bond valences, the energies of formal charges along both, the ion, and the
composition of the frame. The root of the barrier is learned. Intervals are cross-conformal by chemical system.

- Fitted with `screening fit barrier {command}`.{excluded_words(training)}
- Time: {training["minutes"]} min on {training["machine"]}, no GPU.
- Columns: `migration_barrier_eV`, with an 80 % interval `_lo`, `_hi`.
- Rows: {report["rows"]} paths in {report["systems"]} chemical systems, all of them used for the fit. Of a path with
  several rows ({report["repeated"]} repeat one) the median counts.
- Left out: {dropped}.

## Errors in unseen chemical systems

Five fits, each to four fifths of the chemical systems (frame and ion), predict the last fifth; repeated for
{len(report["seeds"])} seeds with other fifths. Mean absolute error of all paths by seed: {maes} eV.

| paths | n | error | median error | bias | constant | median of the ion | 80 % interval covers | its width |
| --- | --- | --- | --- | --- | --- | --- | --- | --- |
"""
    rows = [_row(name, found) for name, found in report["scores"].items()]
    return head + "\n".join(rows) + "\n\n" + _LIMITS


def _row(name: str, found: Mapping[str, Any]) -> str:
    error = sum(found["maes"]) / len(found["maes"])
    numbers = (error, found["median_error"], found["bias"], found["constant"], found["ion_median"])
    cells = " | ".join(f"{number:.3f}" for number in numbers)
    title = f"**{name}**" if name == ALL_PATHS else name
    return f"| {title} | {found['n']} | {cells} | {100 * found['coverage']:.0f} % | {found['width']:.2f} |"
