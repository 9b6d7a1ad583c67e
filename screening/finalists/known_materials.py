"""The measured material nearest in composition to each candidate."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from screening.array_types import Floats
from screening.chemistry.compositions import count_matrix
from screening.chemistry.elements import N_ELEMENTS
from screening.finalists.finalist import KnownMaterial
from screening.materials.registry import material_class

_SAME_GROUP_COST = 0.5


@dataclass(frozen=True)
class KnownMaterials:
    """Materials with measured figures.

    Attributes:
        materials: M materials.
        fractions: (M, 119) atomic fractions by atomic number.
    """

    materials: tuple[KnownMaterial, ...]
    fractions: Floats

    @classmethod
    def of_task(cls, task: Mapping[str, Any]) -> KnownMaterials:
        """The materials of the class's reference table; none if the class or the task names no such table.

        Args:
            task: The task's config. Its section `report.known` has the keys `formula` (the table's column of the
                formula) and `figures` (our column -> the table's column).
        """
        wanted: Mapping[str, Any] = (task.get("report") or {}).get("known") or {}
        file = material_class(str(task["name"])).reference if wanted else None
        if file is None:
            return cls((), np.zeros((0, N_ELEMENTS)))
        with file.open(newline="", encoding="utf-8") as stream:
            rows = list(csv.DictReader(stream))
        materials = tuple(_material(row, wanted) for row in rows)
        return cls(materials, _fractions([material.formula for material in materials]))

    def nearest(self, formulas: Sequence[str]) -> list[KnownMaterial | None]:
        """The nearest material to each formula, the first of several; None for all if there are no materials."""
        if not self.materials:
            return [None] * len(formulas)
        distances = _distances(_fractions(formulas), self.fractions)
        found = []
        for row in distances:
            best = int(row.argmin())
            known = self.materials[best]
            found.append(KnownMaterial(known.formula, known.name, float(row[best]), known.source, known.figures))
        return list(found)


def _material(row: Mapping[str, str], wanted: Mapping[str, Any]) -> KnownMaterial:
    figures = {ours: float(row[theirs]) for ours, theirs in wanted["figures"].items() if row.get(theirs)}
    return KnownMaterial(row[wanted["formula"]], row["name"], 0.0, row["source"], figures)


def _fractions(formulas: Sequence[str]) -> Floats:
    """(B, 119) atomic fractions of formulas, which may have brackets and fractions: Sm(Fe0.8Co0.2)12."""
    counts = count_matrix(formulas)
    return np.asarray(counts / counts.sum(axis=1, keepdims=True))


def _distances(ours: Floats, theirs: Floats) -> Floats:
    """(B, M) smallest share of atoms to exchange; an exchange within a group of the periodic table costs half.

    This is the earth mover's distance on a tree (elements, groups, all), hence a sum over the tree's branches.
    """
    groups = _group_of_elements()
    elements = np.abs(ours[:, None] - theirs[None]).sum(axis=2) / 2
    joined = np.abs((ours @ groups)[:, None] - (theirs @ groups)[None]).sum(axis=2) / 2
    return np.asarray(_SAME_GROUP_COST * elements + (1 - _SAME_GROUP_COST) * joined)


def _group_of_elements() -> Floats:
    """(119, 19) membership in groups 1 to 18; the rare earths, Sc and Y included, are group 3."""
    from pymatgen.core.periodic_table import Element

    membership = np.zeros((N_ELEMENTS, 19))
    for number in range(1, N_ELEMENTS):
        element = Element.from_Z(number)
        membership[number, 3 if element.is_rare_earth else element.group] = 1.0
    return membership
