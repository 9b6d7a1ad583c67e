"""The model card of a release of offsets."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from screening.tabular.release import TabularRelease

_TITLES = {
    "calculated": "as calculated",
    "unseen systems": "with offsets, chemical systems left out one by one",
    "unseen couples": "with offsets, redox couples left out one by one",
}
_LIMITS = """## Limits

- The voltage release has seen many of these chemical systems, so that the calculated voltages have smaller errors than
  those of a new crystal. The interval of a new crystal adds the calculated one.
- Measured averages depend on rate and cut-off voltages. Rows of low confidence count less.
- Couples that nobody measured beside similar anions get the offset of their terms alone, a wide interval, and the flag
  `offset_unknown`.
- Alloys, carbon and conversion get no offset.

## Data

`datasets/measured/electrodes.csv`, with a source in every row. The release keeps levels and offsets; it contains no
crystals.
"""


def offset_card(release: TabularRelease) -> str:
    """The whole card in Markdown."""
    training = release.training
    part = release.parts["offsets"]
    variances: Mapping[str, float] = part.settings["variances_V2"]
    terms = "\n".join(f"| {term} | {math.sqrt(value):.2f} |" for term, value in variances.items())
    errors = "\n".join(_row(name, scores) for name, scores in part.settings["report"].items())
    return f"""# {release.name}

What is added to a calculated average voltage to get the one to be expected in a measurement, with its spread: a linear
model of random effects of the redox couple, the anion class and its group, the ion, the treatment of the metal in the
calculations (with a Hubbard U or without), and the calculated voltage itself. The size of each term is the one of
highest marginal likelihood; no compound has a constant of its own.

- Corrects `{training["voltage"]}`; other voltage releases are refused.
- Learned from {training["used"]} of {training["measured"]} measured electrodes, those with a crystal at hand.
- Fitted with `screening fit offsets structures=FILE voltage={training["voltage"]} output_dir={release.name}`.
- Columns: `voltage_V`, `voltage_offset_V`, each with an 80 % interval, and `voltage_offset_class`.

| term | standard deviation of its levels, V |
| --- | --- |
{terms}

## Errors against measured voltages

| | n | MAE, V | bias, V | Spearman | inside the 80 % interval | its width, V |
| --- | --- | --- | --- | --- | --- | --- |
{errors}

{_baselines(part.settings["report"]["unseen systems"])}

{_LIMITS}"""


def _row(name: str, scores: Mapping[str, Any]) -> str:
    rank = "-" if scores["spearman"] is None else f"{scores['spearman']:.2f}"
    figures = f"{scores['mae']:.2f} | {scores['bias']:+.2f} | {rank} | {100 * scores['coverage']:.0f} %"
    return f"| {_TITLES[name]} | {scores['n']} | {figures} | {scores['interval_V']:.2f} |"


def _baselines(scores: Mapping[str, Any]) -> str:
    """What is to be beaten: learned from the other chemical systems, too."""
    return (
        "On the same rows and with chemical systems left out, trees on the composition alone have "
        f"{scores['composition']:.2f} V, and a constant has {scores['constant']:.2f} V."
    )
