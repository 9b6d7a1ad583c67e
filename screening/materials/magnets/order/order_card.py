"""The section of a model card on magnetic order: how the sources were combined, and how good the result is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from screening.materials.magnets.order.order_labels import CLASSES

_VIEWS = """## Magnetic order: three biased views combined

Three forests answer three questions, each from the sources that can: whether there are moments (m), whether they leave
a net moment (n), whether that is a difference of opposed moments (d). P(nonmagnetic) = 1 - m, P(antiferromagnetic) =
m (1 - n), P(ferrimagnetic) = m n d, P(ferromagnetic) = m n (1 - d); the order meant is that of the ground state.

- **Calculations** (Materials Project, started ferromagnetic) say whether a moment survives. They do not say whether
  moments add up. Frozen 4f shells count as moments; a zero total of a crystal that has site moments is left out.
- **NEMAD** (reports of Curie and Neel points), the **Curie collection** and **MAGNDATA** (measured structures) say
  whether there is a net moment. Their odds multiply, each by its reliability counted where it overlaps with MAGNDATA.
  The collection holds only ferro- and ferrimagnets and MAGNDATA mostly antiferromagnets, so net and compensated
  examples of each kind of host are weighted to the shares of NEMAD, which collected both.
- **MAGNDATA**'s vectors tell ferri- from ferromagnets; elsewhere a rule does for heavy rare earths with iron or cobalt
  (moments antiparallel: Buschow, Rep. Prog. Phys. 40, 1179 (1977)), and else the signed moments of a calculation,
  softened by how often it agrees with MAGNDATA.

A composition is one vote, shared by up to three of its stable crystals and two measured structures. Answers are
calibrated one by one on the calibration systems (Platt scaling). NEMAD's own selection remains: what nobody found worth
measuring is not in it.
"""


def order_card(report: Mapping[str, Any]) -> str:
    """Markdown from what `order_report` gave."""
    head = "| {} | crystals | compositions | log-loss | constant | accuracy | constant |"
    rule = "| --- | --- | --- | --- | --- | --- | --- |"
    parts = [_VIEWS, "On test systems (log-loss in nats; targets are soft, so the least is above zero):", ""]
    for name, section in (("question, source", "questions"), ("four classes on", "classes")):
        parts += [head.format(name), rule, *(_row(case, score) for case, score in report[section].items()), ""]
    for name, title in (("net_reliability", "P(net moment)"), ("moment_reliability", "P(moments)")):
        bins = ", ".join(f"{b['predicted']:.2f}: {b['observed']:.2f} ({b['votes']:.0f})" for b in report[name])
        parts += [f"{title}, predicted: observed share (compositions): {bins}", ""]
    parts += ["Measured structures of MAGNDATA (rows) by most probable order (columns), in compositions:", ""]
    parts += [f"| | {' | '.join(CLASSES)} |", "| --- " * (len(CLASSES) + 1) + "|"]
    for name, row in zip(CLASSES, report["magndata_confusion"], strict=True):
        parts.append(f"| {name} | {' | '.join(f'{votes:.1f}' for votes in row)} |")
    return "\n".join(parts) + "\n"


def _row(name: str, s: Mapping[str, float]) -> str:
    losses = f"{s['log_loss']:.3f} | {s['constant_log_loss']:.3f}"
    shares = f"{s['accuracy']:.3f} | {s['constant_accuracy']:.3f}"
    return f"| {name} | {s['rows']:.0f} | {s['votes']:.0f} | {losses} | {shares} |"
