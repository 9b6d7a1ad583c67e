"""The model card of a voltage release."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from screening.data.splits import DEFAULT_SALT
from screening.materials.electrodes.voltage.correction import VOLTAGE
from screening.materials.electrodes.voltage.voltage_fit import LARGEST_VOLUME_CHANGE
from screening.materials.electrodes.voltage.voltage_scores import ALL, COMMON_IONS, NEW_FRAMES
from screening.relaxation.few_steps import PRERELAX_STEPS
from screening.tabular.release import TabularRelease

_TITLES = {
    "pair": "both ends given",
    "discharged": f"discharged crystal alone, its frame {PRERELAX_STEPS} steps downhill without the ion",
    "charged": f"host alone, {PRERELAX_STEPS} steps downhill with the ion in its voids",
}
_UNITS = {VOLTAGE: "V"}
_LIMITS = f"""## Limits

- What the potential was trained on: CHGNet 0.3.0 has seen relaxations of most Materials Project crystals, the ends of
  these electrodes among them, held-out systems included. So its part of the errors is that of crystals it knows; for
  crystals of your own expect more. The correction and the property network saw no electrode of a test system.
- Features, learners and the way intervals are made were compared on the same test rows, so errors and coverage are
  mildly optimistic.
- The split is by the chemical system of the discharged crystal. The network may have learned the ion-free frame of a
  test electrode: the rows "{NEW_FRAMES}" are those where it has not.
- Voltages are those of PBE or PBE+U calculations at 0 K between two crystals, not of experiments.
- Alloying anodes, conversion and frames that fall apart are not described.
- `voltage_extractable_V` leaves ions in that are as far apart as they can be; other orders of as many ions differ.

## Data

The table is that of `electrodes=`; whoever passes this on states its source and licence. No crystal is in this folder,
but the kernels keep descriptors of the electrodes learned from.
"""


def voltage_card(release: TabularRelease) -> str:
    """Markdown of the whole card."""
    training = release.training
    head = f"""# {release.name}

Average voltage between the two ends of an insertion electrode against its ion's metal, and the volume change on charge:
energies by `{training["potential"]}`, corrected by extra trees and a kernel on the redox couple, the ion, volumes,
moments and the properties that `{training["network"]}` predicts for both ends. Splits are by whole chemical systems of
the discharged crystal (frame and ion), by a hash of their name with the salt `{DEFAULT_SALT}`: the test systems judge,
all others teach. Intervals are cross-conformal by chemical system.

- Fitted with `screening fit voltage electrodes=FOLDER output_dir={release.name} seed={training["seed"]}`.
- Time: {training["minutes"]} min on {training["machine"]}, no GPU, evaluations of crystals that were kept not counted.
- Columns: `voltage_V`, `voltage_extractable_V`, `volume_change_percent`, each with an 80 % interval `_lo`, `_hi`, and
  `voltage_method`.
"""
    sections = [_section(name, part.settings["report"]) for name, part in release.parts.items()]
    return "\n".join([head, *sections, _LIMITS])


def _section(name: str, report: Mapping[str, Any]) -> str:
    target, given = name.split(" of ")
    unit = _UNITS.get(target, "%")
    rows = ", ".join(f"{split} {n}" for split, n in report["rows"].items())
    dropped = "; ".join(f"{reason} {n}" for reason, n in report["dropped"].items()) or "none"
    lines = [f"## {target.capitalize()}, {_TITLES[given]}", "", f"Rows by split: {rows}. Left out: {dropped}."]
    if target != VOLTAGE:
        lines[-1] += f" Pairs whose volumes differ by more than {100 * LARGEST_VOLUME_CHANGE:.0f} % are left out too."
    if not report["scores"]:
        return "\n".join(lines) + "\n"
    maes = ", ".join(f"{mae:.3f}" for mae in report["scores"][ALL]["maes"])
    lines += [
        "",
        f"Test systems, mean absolute error in {unit} ({maes} by seed); 'uncorrected' is the start without the learned "
        "part, 'composition' gradient boosting on composition, ion and amounts, on the same rows:",
        "",
        "| rows | n | error | bias | uncorrected | composition | constant | 80 % interval covers | its width |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    lines += [_row(group, found) for group, found in report["scores"].items()]
    return "\n".join(lines) + "\n"


def _row(group: str, found: Mapping[str, Any]) -> str:
    numbers = (found["maes"][0], found["bias"], found["uncorrected"], found["composition"], found["constant"])
    cells = " | ".join(f"{number:.3f}" for number in numbers)
    name = f"**{group}**" if group in (ALL, COMMON_IONS) else group
    return f"| {name} | {found['n']} | {cells} | {100 * found['coverage']:.0f} % | {found['width']:.2f} |"
