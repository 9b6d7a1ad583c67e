"""The tables of measured figures in the README and docs/, each from the file that the measuring script wrote."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
Rows = Iterable[Sequence[object]]


def tables() -> dict[str, str]:
    """All tables as Markdown, by name."""
    written = {
        "headline": _headline(),
        "properties": _properties(),
        "out-of-domain": _out_of_domain(),
        "order-and-curie": _order_and_curie(),
        "directions": _directions(),
        "magnets-reference": _magnets_reference(),
        "magnets-generated": _magnets_generated(),
        "voltages": _voltages("voltage-v2", "CHGNet"),
        "voltages-accurate": _voltages("voltage-accurate-v1", "SevenNet"),
        "electrodes-reference": _electrodes_reference(),
        "offsets": _offsets(),
    }
    recorded = _load("docs/results/recorded.json")
    return written | {name: _recorded(table, recorded["date"]) for name, table in recorded["tables"].items()}


def _headline() -> str:
    accuracy = _card_table("Accuracy on the test split")
    magnetism = _parts("magnetism-v3")
    moment, curie = magnetism["moment"]["test"], magnetism["curie"]["scores"]["all"]
    voltage = _parts("voltage-v2")["voltage of pair"]["scores"]["all"]
    measured = _parts("offsets-v2")["offsets"]["unseen systems"]
    rows: list[Sequence[object]] = [
        [f"{label}, {unit}", row["n"], row["MAE"], row["composition"], row["best constant"]]
        for label, unit, row in (
            ("formation energy", "eV/atom", accuracy["formation energy, eV/atom", "all"]),
            ("energy above hull", "eV/atom", accuracy["energy above hull, eV/atom", "all"]),
            ("PBE band gap", "eV", accuracy["PBE band gap, eV", "all"]),
        )
    ]
    rows += [
        ["µ0M of metallic hosts, T", moment["n"], f"{moment['mae_T'][0]:.2f}",
         f"{moment['mae_T_composition_trees']:.2f}", f"{moment['mae_T_constant']:.2f}"],
        ["Curie temperature, K", curie["n"], f"{curie['mae']:.0f}", f"{curie['composition_trees']:.0f}",
         f"{curie['constant']:.0f}"],
        ["electrode voltage, calculated, V", voltage["n"], *(f"{value:.2f}" for value in _errors(voltage))],
        ["electrode voltage, measured, V", measured["n"],
         *(f"{measured[name]:.2f}" for name in ("mae", "composition", "constant"))],
    ]  # fmt: skip
    return _table(["mean absolute error", "test rows", "ours", "composition only", "constant"], rows)


def _properties() -> str:
    accuracy = _card_table("Accuracy on the test split")
    coverage = _card_table("Coverage of the 80 % intervals")
    rows = [
        [quantity, which, row["n"], row["MAE"], row["best constant"], row["composition"],
         coverage.get((quantity, which), {}).get("coverage", "")]
        for (quantity, which), row in accuracy.items()
        if "µB" not in quantity
    ]  # fmt: skip
    return _table(["target", "rows", "n", "MAE", "best constant", "composition only", "80 % interval covers"], rows)


def _out_of_domain() -> str:
    found = _load("docs/results/screening-v3.json")["tables"]["Flagged as out of domain"]
    return _table(found["columns"], found["rows"])


def _order_and_curie() -> str:
    parts = _parts("magnetism-v3")
    net, moment, test = parts["order"]["questions"]["net, all"], parts["moment"]["test"], parts["anisotropy"]["test"]
    rows = [
        [f"is there a net moment ({net['votes']:.0f} measured compositions), accuracy",
         f"{net['accuracy']:.2f}", f"{net['constant_accuracy']:.2f}", ""],
        [f"µ0M of metallic hosts ({moment['n']} calculations that kept moments), T",
         f"{moment['mae_T'][0]:.3f} ({_span(moment['mae_T'], 3)})", f"{moment['mae_T_constant']:.3f}",
         f"{moment['mae_T_composition_trees']:.3f}"],
    ]  # fmt: skip
    for name, what in (("all", "Curie temperature"), ("above 300 K", "the same above 300 K")):
        curie = parts["curie"]["scores"][name]
        rows.append(
            [f"{what} ({curie['n']} compositions), K", f"{curie['mae']:.1f} ({_span(curie['maes'], 1)})",
             f"{curie['constant']:.0f}", f"{curie['composition_trees']:.1f}"]
        )  # fmt: skip
        crossed = parts["curie"]["cross_validation"][name]
        rows.append(
            [f"{what}, cross-validated ({crossed['n']} compositions), K", _span(crossed["maes"], 1), "",
             f"{crossed['composition_trees']:.1f}"]
        )  # fmt: skip
    rows.append(
        [f"log10 of the size of K1 of 3d metals ({test['n']} calculated crystals)",
         f"{test['log10_mae'][0]:.2f}", f"{test['log10_mae_constant']:.2f}", ""]
    )  # fmt: skip
    return _table(["", "ours (seeds)", "constant", "extra trees on composition"], rows)


def _directions() -> str:
    found = _parts("magnetism-v3")["anisotropy"]
    names = {"held by 3d moments": "at least as many Mn, Fe and Co as rare earths", "alone": "fewer or none"}
    rows = [
        [names[name], f"{row['n']:.0f}", f"{_percent(row['right'])}", f"{_percent(row['majority'])}"]
        for name, row in found["directions"]["four_f"].items()
    ]
    return _table(["direction that 4f shells prefer", "measured compositions", "right", "majority"], rows)


def _magnets_reference() -> str:
    found = _load("docs/results/magnets_reference.json")["statistics"]
    rows: list[Sequence[object]] = []
    for column, label, unit, digits in (
        ("mu0_Ms_T", "µ0Ms at 300 K", "T", 2),
        ("curie_temperature_K", "Curie temperature", "K", 0),
    ):
        row = found[column]
        errors = [f"{row[key]:.{digits}f} {unit}" for key in ("mae", "mae_composition", "mae_constant")]
        ours = f"{errors[0]}, Spearman {row['spearman']:.2f}, intervals cover {_percent(row['coverage'])}"
        rows.append([f"{label} ({row['n']}), MAE", ours, *errors[1:]])
        rows.append([f"the same, never learned ({row['n_unseen']})", f"{row['mae_unseen']:.{digits}f} {unit}",
                     f"{row['mae_unseen_composition']:.{digits}f} {unit}", ""])  # fmt: skip
    constant = found["K1_MJ_per_m3"]
    rows.append([f"sign of K1 ({constant['n']})", _percent(constant["sign_right"] / constant["n"]), "", ""])
    axis, apart = found["easy_axis"], found["easy_axis"]["not_in_family_table"]
    rows.append([f"easy axis, plane or cubic ({axis['n']})", _percent(axis["accuracy"]), "", ""])
    rows.append(
        [f"the same without the compounds of the family table ({apart['n']})", f"{_percent(apart['accuracy'])}", "", ""]
    )
    net = found["net_moment"]
    rows.append([f"net moment or none ({net['n']})", _percent(net["accuracy"]), "", ""])
    return _table([f"on the {found['rows']} reference compounds", "ours", "composition only", "constant"], rows)


def _magnets_generated() -> str:
    rows = [
        [row["rank"], row["formula"], _site(row["candidate_id"]),
         f"{row['mu0_Ms_T']:.2f}", f"{row['hardness_kappa']:.1f}", f"{row['curie_temperature_K']:.0f}",
         f"{row['energy_above_hull_eV_per_atom']:.3f}", f"{row['price_USD_per_kg']:.0f}"]
        for row in _load("docs/results/magnets_generated.json")["first"]
    ]  # fmt: skip
    header = ["rank", "formula", "site of the substituent", "µ0Ms, T", "κ", "Tc, K", "above hull, eV/atom", "USD/kg"]
    return _table(header, rows)


def _site(candidate: str) -> str:
    """Of an id such as `Nd2Fe14B__Nd2Fe13CoB__4e-Co`; empty where nothing is mixed."""
    return "".join(candidate.split("__")[2:])


def _voltages(release: str, potential: str) -> str:
    parts = _parts(release)
    rows = []
    for name, label, unit, digits in (
        ("voltage of pair", "voltage, both ends given", "V", 2),
        ("voltage of discharged", "voltage, discharged crystal alone", "V", 2),
        ("voltage of charged", "voltage, host alone, ion inserted", "V", 2),
        ("volume of discharged", "volume change, discharged crystal alone", "%", 1),
    ):
        row = parts[name]["scores"]["all"]
        ours = f"{row['maes'][0]:.{digits}f} {unit} ({_span(row['maes'], digits + 1)})"
        others = [f"{row[key]:.{digits}f} {unit}" for key in ("uncorrected", "composition", "constant")]
        rows.append([f"{label} ({row['n']})", ours, *others, f"{_percent(row['coverage'])}"])
    header = ["MAE", "ours (three seeds)", f"{potential} alone", "composition only", "constant", "80 % interval covers"]
    return _table(header, rows)


def _electrodes_reference() -> str:
    found = _load("docs/results/electrodes_reference.json")["statistics"]
    kinds = [("as ranked", found["as_ranked"]), ("own chemical system left out", found["voltage_V"]),
             ("as calculated, no offset", found["calculated"]), *found["by_class"].items()]  # fmt: skip
    rows = [
        [name, row["n"], f"{row['mae']:.2f} V", f"{row['bias']:+.2f} V",
         "" if row["spearman"] is None else f"{row['spearman']:.2f}", _percent(row["coverage"])]
        for name, row in kinds if row["n"]
    ]  # fmt: skip
    capacity = found["capacity"]
    rows.append(["practical capacity within 2 %", capacity["n"], f"{capacity['within_2_percent']} rows", "", "", ""])
    return _table(["voltage", "measured", "MAE", "bias", "rank correlation", "80 % interval covers"], rows)


def _offsets() -> str:
    report = _parts("offsets-v2")["offsets"]
    names = {"calculated": "as calculated", "unseen systems": "chemical systems left out one by one",
             "unseen couples": "redox couples left out one by one"}  # fmt: skip
    rows = [
        [names[name], row["n"], f"{row['mae']:.2f} V", f"{row['bias']:+.2f} V", f"{row['spearman']:.2f}",
         _percent(row["coverage"])]
        for name, row in report.items()
    ]  # fmt: skip
    return _table(["voltage", "measured", "MAE", "bias", "rank correlation", "80 % interval covers"], rows)


def _recorded(table: dict[str, Any], date: str) -> str:
    return f"{_table(table['columns'], table['rows'])}\n\nRecorded {date}; to repeat it: `{table['command']}`."


def _errors(score: dict[str, Any]) -> list[float]:
    return [score["maes"][0], score["composition"], score["constant"]]


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def _span(values: Sequence[float], digits: int) -> str:
    return f"{min(values):.{digits}f} to {max(values):.{digits}f}"


def _parts(model: str) -> dict[str, Any]:
    """The reports that fitting wrote into a release, by part."""
    parts = _load(f"models/{model}/config.json")["parts"]
    return {name: part["report"] for name, part in parts.items()}


def _card_table(heading: str) -> dict[tuple[str, str], dict[str, str]]:
    """A table of the card of screening-v3 by quantity and rows."""
    found = _load("docs/results/screening-v3.json")["tables"][heading]
    rows = (dict(zip(found["columns"], row, strict=True)) for row in found["rows"])
    return {(row["quantity"], row["rows"]): row for row in rows}


def _table(header: Sequence[str], rows: Rows) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"|{'|'.join(f' {cell} ' if cell else ' ' for cell in map(str, line))}|" for line in lines)


def _load(path: str) -> Any:
    return json.loads((ROOT / path).read_text("utf-8"))
