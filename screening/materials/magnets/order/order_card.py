"""The section of a model card about magnetic order: how the sources are combined, and how good the result is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from screening.materials.magnets.order.order_labels import CLASSES

_METHOD = """## Magnetic order: three biased sources combined

Three forests answer three questions, each from the sources that can answer it: whether there are moments (m), whether
they leave a net moment (n), and whether it is the difference of opposed moments (d). P(nonmagnetic) = 1 - m,
P(antiferromagnetic) = m (1 - n), P(ferrimagnetic) = m n d, P(ferromagnetic) = m n (1 - d). The order is that of the
ground state.

- **Calculations** (Materials Project, started ferromagnetic) show whether moments survive, but not whether they add up.
  Frozen 4f shells count as moments; crystals with site moments and a total of zero are left out.
- **NEMAD** (reports of Curie and Néel points), the **Curie collection** and **MAGNDATA** (measured structures) show
  whether there is a net moment. Their odds are multiplied, each according to its reliability, which was counted on
  compositions that MAGNDATA has too. The collection has only ferro- and ferrimagnets, and MAGNDATA mostly
  antiferromagnets. So net and compensated examples of each kind of host are weighted to the shares in NEMAD, which
  collected both.
- **MAGNDATA**'s vectors distinguish ferri- from ferromagnets. For other compounds a rule applies to heavy rare earths
  with iron or cobalt (antiparallel moments: Buschow, Rep. Prog. Phys. 40, 1179 (1977)); otherwise the signed moments of
  a calculation count, weighted by how often calculations agree with MAGNDATA.

A composition has one vote, shared by up to three of its stable crystals and two measured structures. Each answer is
calibrated separately on the calibration systems (Platt scaling). The selection of NEMAD remains: it lacks compounds
that nobody chose to measure.
"""


def order_card(report: Mapping[str, Any]) -> str:
    """The section in Markdown, from the result of `order_report`."""
    head = "| {} | crystals | compositions | log-loss | constant | accuracy | constant |"
    rule = "| --- | --- | --- | --- | --- | --- | --- |"
    parts = [_METHOD, "On test systems (log-loss in nats; it cannot reach zero because targets are soft):", ""]
    for name, section in (("question, source", "questions"), ("four classes on", "classes")):
        parts += [head.format(name), rule, *(_row(case, score) for case, score in report[section].items()), ""]
    for name, title in (("net_reliability", "P(net moment)"), ("moment_reliability", "P(moments)")):
        bins = ", ".join(f"{b['predicted']:.2f}: {b['observed']:.2f} ({b['votes']:.0f})" for b in report[name])
        parts += [f"{title}, as predicted: observed share (compositions): {bins}", ""]
    parts += ["Number of compositions by measured order in MAGNDATA (rows) and most probable order (columns):", ""]
    parts += [f"| | {' | '.join(CLASSES)} |", "| --- " * (len(CLASSES) + 1) + "|"]
    for name, row in zip(CLASSES, report["magndata_confusion"], strict=True):
        parts.append(f"| {name} | {' | '.join(f'{votes:.1f}' for votes in row)} |")
    return "\n".join(parts) + "\n"


def _row(name: str, s: Mapping[str, float]) -> str:
    losses = f"{s['log_loss']:.3f} | {s['constant_log_loss']:.3f}"
    shares = f"{s['accuracy']:.3f} | {s['constant_accuracy']:.3f}"
    return f"| {name} | {s['rows']:.0f} | {s['votes']:.0f} | {losses} | {shares} |"
