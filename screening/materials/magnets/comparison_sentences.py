"""The statistics of a comparison in words, for the terminal."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

QUANTITIES = {
    "mu0_Ms_T": ("µ0Ms of ferro- and ferrimagnets ordered at {T:.0f} K", "T", 2),
    "curie_temperature_K": ("Curie temperature of ferro- and ferrimagnets", "K", 0),
}
WITHOUT_SOURCES = "without the compounds whose own K1 is in the family table:"
MOST_NAMES = 12  # in a sentence


def magnet_sentences(statistics: Mapping[str, Any]) -> list[str]:
    """One line for each quantity."""
    lines = []
    for name, (label, unit, digits) in QUANTITIES.items():
        lines.append(_numbers(label.format(T=statistics["temperature_K"]), unit, digits, statistics[name]))
    K1, places = statistics["K1_MJ_per_m3"], statistics["ranking"]
    lines.append(_anisotropy(K1, K1["not_in_family_table"]))
    axes = statistics["easy_axis"]
    lines.append(f"Easy axis, plane or cubic: {_right(axes)}; {WITHOUT_SOURCES} {_right(axes['not_in_family_table'])}")
    lines.append(f"Magnetic order: {_right(statistics['magnetic_order'])}")
    lines.append(f"Net moment or none: {_right(statistics['net_moment'])}")
    lines.append("Without a net moment, in the upper half: " + _names(places["without_net_moment_in_upper_half"]))
    wrong = places["wrongly_called_hard"]
    lines.append(f"Predicted hard (easy axis, kappa >= 1): {places['called_hard']}; wrongly: {_names(wrong)}")
    ranks = [f"{name} {rank}" for name, rank in places["permanent_magnets"].items()]
    lines.append(f"Ranks of the hard magnets among {statistics['rows']}: {', '.join(ranks) or 'none measured'}")
    return lines


def _anisotropy(scores: Mapping[str, Any], others: Mapping[str, Any]) -> str:
    if not scores["n"]:
        return "K1: nothing to compare"
    parts = [
        f"sign right for {part['sign_right']} of {part['n']}, size off by {fixed(part['median_factor'], 1)} times "
        f"(median), 80 % intervals cover {_percent(part['coverage'])}"
        for part in (scores, others)
    ]
    missing = f"; not predicted: {scores['not_predicted']}" if scores["not_predicted"] else ""
    return f"K1: {parts[0]}; {WITHOUT_SOURCES} {parts[1]}{missing}"


def _numbers(label: str, unit: str, digits: int, scores: Mapping[str, Any]) -> str:
    if not scores["n"]:
        return f"{label}: nothing to compare"
    text = (
        f"{label}: MAE {fixed(scores['mae'], digits)} {unit} over {scores['n']} (bias "
        f"{fixed(scores['bias'], digits)}; composition alone {fixed(scores['mae_composition'], digits)}, constant "
        f"{fixed(scores['mae_constant'], digits)}), Spearman {fixed(scores['spearman'], 2)}, 80 % intervals cover "
        f"{_percent(scores['coverage'])}"
    )
    if scores["not_predicted"]:
        text += f"; not predicted: {scores['not_predicted']}"
    if scores["n_unseen"]:
        own, other = fixed(scores["mae_unseen"], digits), fixed(scores["mae_unseen_composition"], digits)
        text += f"; on the {scores['n_unseen']} unseen ones: {own} (composition alone {other})"
    return text


def _right(scores: Mapping[str, Any]) -> str:
    if not scores["n"]:
        return "nothing to compare"
    return f"right for {scores['right']} of {scores['n']} ({_percent(scores['accuracy'])})"


def _names(names: list[str]) -> str:
    first = ", ".join(names[:MOST_NAMES]) or "none"
    return first + (f" and {len(names) - MOST_NAMES} more" if len(names) > MOST_NAMES else "")


def fixed(value: float | None, digits: int) -> str:
    """A number with a fixed number of decimals; a dash if there is none."""
    return "-" if value is None or not math.isfinite(value) else f"{value:.{digits}f}"


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{100 * value:.0f} %"
