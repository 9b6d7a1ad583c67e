"""The statistics of the comparison of electrodes in words, for the terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_MOST_NAMED = 12


def electrode_sentences(statistics: Mapping[str, Any]) -> list[str]:
    """One line for each quantity."""
    voltage, capacity = statistics["voltage_V"], statistics["capacity"]
    if not voltage["n"]:
        return ["Measured voltage: nothing to compare"]
    missing = f"; not predicted: {voltage['not_predicted']}" if voltage["not_predicted"] else ""
    silent = statistics["outside_and_not_flagged"]
    more = f" and {len(silent) - _MOST_NAMED} more" if len(silent) > _MOST_NAMED else ""
    return [
        f"Measured voltage: {_in_words(voltage)} (constant {_volts(voltage['mae_constant'])}, composition alone "
        f"{_volts(voltage['mae_composition'])}){missing}; the offsets have seen the chemical systems of "
        f"{statistics['seen']}, which are predicted by the other systems",
        f"The same without offsets, as calculated: {_in_words(statistics['calculated'])}",
        *(f"  {name}: {_in_words(scores)}" for name, scores in statistics["by_class"].items() if scores["n"]),
        f"Outside the interval without the flag offset_unknown: {', '.join(silent[:_MOST_NAMED]) or 'none'}{more}",
        f"Practical capacity within 2 % for {capacity['within_2_percent']} of {capacity['n']}"
        + (f"; not predicted: {capacity['not_predicted']}" if capacity["not_predicted"] else ""),
    ]


def _in_words(scores: Mapping[str, Any]) -> str:
    bias = "-" if scores["bias"] is None else f"{scores['bias']:+.2f} V"
    rank = "" if scores["spearman"] is None else f", Spearman {scores['spearman']:.2f}"
    inside = "-" if scores["coverage"] is None else f"{100 * scores['coverage']:.0f} %"
    return f"MAE {_volts(scores['mae'])} over {scores['n']}, bias {bias}{rank}, 80 % intervals cover {inside}"


def _volts(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f} V"
