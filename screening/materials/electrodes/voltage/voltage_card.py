"""The model card of a voltage release."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from screening.data.splits import DEFAULT_SALT
from screening.materials.electrodes.voltage.correction import HULL, VOLTAGE, VOLUME
from screening.materials.electrodes.voltage.voltage_fit import LARGEST_VOLUME_CHANGE
from screening.materials.electrodes.voltage.voltage_scores import ALL, COMMON_IONS, NEW_FRAMES
from screening.materials.exclusions import excluded_words
from screening.relaxation.few_steps import PRERELAX_STEPS
from screening.tabular.release import TabularRelease

_TITLES = {
    "pair": "both ends given",
    "discharged": "only the discharged crystal given, its frame without the ion relaxed for {steps} steps",
    "charged": "only the host given, relaxed with the ion in its voids for {steps} steps",
}
_UNITS = {VOLTAGE: "V", HULL: "eV/atom"}
_LIMITS = f"""## Limits

- CHGNet 0.3.0 and SevenNet-l3i5 were trained on relaxations of most Materials Project crystals, including the ends of
  these electrodes and those of held-out systems. Expect larger errors for your own crystals. The
  correction and the property network saw no electrode of a test system.
- Features, learners and intervals were compared on the same test rows, so errors and coverage are slightly optimistic.
- The split is by the chemical system of the discharged crystal, so the network may have learned the ion-free frame of a
  test electrode. In the rows "{NEW_FRAMES}" it has not.
- Voltages are those of PBE or PBE+U calculations at 0 K between two crystals, not of experiments.
- Alloying anodes, conversion and frames that fall apart are not described.
- For `voltage_V` the ions that stay are as far apart as possible; other arrangements give other voltages.

## Data

The table is that of `electrodes=`; state its source and licence when you share this release. It contains no crystals,
but the kernels keep descriptors of the training electrodes.
"""


def voltage_card(release: TabularRelease) -> str:
    """The whole card in Markdown."""
    training = release.training
    relaxing, better = training["potential"], training.get("energies_by")
    potentials = f"`{better}`, at derived ends relaxed by `{relaxing}`" if better else f"`{relaxing}`"
    head = f"""# {release.name}

Average voltage between the two ends of an insertion electrode against its ion's metal, and the volume change on charge:
energies by {potentials}.
Extra trees and a kernel correct them by the redox couple, the ion, volumes, moments and the properties that
`{training["network"]}` predicts for both ends. Splits keep chemical systems of the discharged crystal (frame and ion)
together, by a hash of their name with the salt `{DEFAULT_SALT}`: errors are those on test systems, all others are for
training. Intervals are cross-conformal by chemical system.

- Fitted with `screening fit voltage {_keys(release)}`.{excluded_words(training)}
- Time: {training["minutes"]} min on {training["machine"]}, no GPU, without evaluations that were already on disk.
- Columns: `voltage_calculated_V`, `voltage_V`, `volume_change_percent`, each with an 80 % interval `_lo`, `_hi`, and
  `voltage_method`.
"""
    steps = PRERELAX_STEPS + (training.get("further_steps") or 0)
    titles = {given: title.format(steps=steps) for given, title in _TITLES.items()}
    return "\n".join([head, *part_sections(release, titles), _LIMITS])


def part_sections(release: TabularRelease, titles: Mapping[str, str]) -> list[str]:
    """A section of Markdown for each part: its rows, and its errors on test systems; titles: of each situation."""
    return [_section(name, part.settings["report"], titles) for name, part in release.parts.items()]


def _keys(release: TabularRelease) -> str:
    training = release.training
    given = {"electrodes": "FOLDER", "output_dir": release.name, "seed": training["seed"]}
    given |= {key: training[key] for key in ("energies_by", "further_steps", "most_atoms") if training.get(key)}
    given |= {"exclude": "FILE"} if training.get("excluded") else {}
    return " ".join(f"{key}={value}" for key, value in given.items())


def _section(name: str, report: Mapping[str, Any], titles: Mapping[str, str]) -> str:
    target, given = name.split(" of ")
    unit = _UNITS.get(target, "%")
    rows = ", ".join(f"{split} {n}" for split, n in report["rows"].items())
    dropped = "; ".join(f"{reason} {n}" for reason, n in report["dropped"].items()) or "none"
    lines = [f"## {target.capitalize()}, {titles[given]}", "", f"Rows by split: {rows}. Left out: {dropped}."]
    if target == VOLUME:
        lines[-1] += f" Pairs whose volumes differ by more than {100 * LARGEST_VOLUME_CHANGE:.0f} % are also left out."
    if not report["scores"]:
        return "\n".join(lines) + "\n"
    maes = ", ".join(f"{mae:.3f}" for mae in report["scores"][ALL]["maes"])
    lines += [
        "",
        f"Mean absolute error on test systems in {unit} ({maes} by seed). 'Uncorrected' is the value without the "
        "learned correction, 'composition' is gradient boosting on composition, ion and amounts, on the same rows:",
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
