"""Examples of magnetic order: crystals with soft answers to three questions, from three biased sources.

moment: are there moments? Calculations answer. They start ferromagnetic and keep or lose their moments, so the start
    does no harm. All measured compounds count as magnetic, and so do crystals with open 4f shells that the calculations
    froze, because the Hund's-rule moment of such a shell does not vanish.
net: given moments, is there a net moment? Only experiments answer, because calculations rarely tried antiferromagnetic
    starts. NEMAD, the Curie collection and MAGNDATA are taken as independent; their reliability was counted where they
    overlap, and their odds are multiplied. The Curie collection has only ferro- and ferrimagnets and MAGNDATA mostly
    antiferromagnets. So in each kind of host net and compensated examples are weighted to the shares in NEMAD, the
    only source that collected both.
opposed: given a net moment, is it a difference? The vectors of MAGNDATA answer; otherwise a rule for heavy rare earths
    in iron and cobalt (antiparallel moments: Buschow, Rep. Prog. Phys. 40, 1179 (1977)); otherwise the signed moments
    of a calculation, weighted by how often calculations agree with MAGNDATA.

Each composition has one vote, whatever the number of its reports or crystals.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from screening.array_types import Floats
from screening.chemistry.compositions import chemical_system
from screening.chemistry.elements import indicator
from screening.chemistry.families import ELEMENT_GROUPS
from screening.crystals.packed import PackedCrystals, pack
from screening.data.store import Store
from screening.materials.magnets.carriers import MAY_BE_MAGNETIC
from screening.materials.magnets.moments.moment import metallic_hosts
from screening.materials.magnets.order.order_evidence import CALCULATED, NEMAD, OrderEvidence
from screening.materials.magnets.order.order_labels import NONE, Key, crystal_key, order_of_moments

QUESTIONS = ("moment", "net", "opposed")
MOMENT, NET, OPPOSED = range(len(QUESTIONS))

_LEAST_PER_CARRIER_MUB = 0.1
_SAME_STABILITY_EV = 0.03
_MOST_STORED, _MOST_STRUCTURES = 3, 2
_KEEP_MOMENTS = {"Mn": 0.3, "Fe": 0.55, "Co": 0.55}
"""Metals with at least this share of such atoms have moments: calculations without moments, such as those of Nd2Fe14B,
TbFe2 and MnBi, ended in the wrong state."""
_FROZEN_4F = ("Pr", "Nd", "Pm", "Sm", "Tb", "Dy", "Ho", "Er", "Tm")

Rows = NDArray[np.int64]


@dataclass(frozen=True)
class OrderExamples:
    """R crystals with the evidence for their order.

    Attributes:
        packed: The crystals.
        counts: Atoms of each element, (R, 119).
        keys: Compositions.
        systems: Chemical systems.
        source: The most detailed source of the composition, (R,).
        answer: Probability of a yes to each of `QUESTIONS`, (R, 3); NaN without an answer.
        vote: Share of the vote of the composition, (R,).
        order: Class of this crystal in MAGNDATA, (R,); -1 for other crystals.
    """

    packed: PackedCrystals
    counts: Floats
    keys: list[Key]
    systems: list[str]
    source: NDArray[np.str_]
    answer: Floats
    vote: Floats
    order: Rows

    def __len__(self) -> int:
        return len(self.systems)

    def take(self, rows: Rows) -> OrderExamples:
        """Some of the examples."""
        return OrderExamples(
            self.packed.take(rows),
            self.counts[rows],
            [self.keys[row] for row in rows],
            [self.systems[row] for row in rows],
            self.source[rows],
            self.answer[rows],
            self.vote[rows],
            self.order[rows],
        )


def order_examples(store: Store, folder: Path, excluded: Sequence[str] = ()) -> OrderExamples:
    """Examples from the crystals of a store and a folder of measurements.

    Args:
        store: Of calculations.
        folder: As for `OrderEvidence.read`.
        excluded: Formulas of compounds whose measurements are left out.

    Raises:
        RequestError: A file is missing or cannot be read.
    """
    evidence = OrderEvidence.read(folder, excluded)
    numbers, offsets = np.asarray(store.crystals.numbers), store.crystals.offsets.tolist()
    keys = [crystal_key(numbers[a:b]) for a, b in pairwise(offsets)]
    return _joined([_measured(store, keys, evidence), _calculated(store, keys, evidence)])


def host_kinds(counts: Floats) -> Rows:
    """The kind of each host, (B,): 0 with 3d metals, 1 with only open 4f shells, 2 for others; plus 3 with anions."""
    metal, earth = counts @ indicator(ELEMENT_GROUPS["metal_3d"]) > 0, counts @ indicator(ELEMENT_GROUPS["open_4f"]) > 0
    anionic = counts @ indicator(ELEMENT_GROUPS["anion"]) > 0
    return np.asarray(np.where(metal, 0, np.where(earth, 1, 2)) + 3 * anionic)


def balance(examples: OrderExamples, reference: OrderExamples) -> Floats:
    """Factors on the weights of compensated and net examples that give each kind of host the shares in NEMAD.

    Args:
        examples: R examples.
        reference: The examples in which to count the shares: those for training.

    Returns:
        (R, 2): for compensated and for net examples.
    """
    factors = np.ones((len(examples), 2))
    kinds, own_kinds = host_kinds(examples.counts), host_kinds(reference.counts)
    answers, asked = reference.answer[:, NET], np.isfinite(reference.answer[:, NET])
    for kind in np.unique(own_kinds[asked]):
        pool = asked & (own_kinds == kind)
        of_nemad = pool & (reference.source == NEMAD)
        # one extra vote for each side keeps the shares away from 0 and 1
        share = (reference.vote[of_nemad] @ answers[of_nemad] + 1) / (reference.vote[of_nemad].sum() + 2)
        pooled = (reference.vote[pool] @ answers[pool] + 1) / (reference.vote[pool].sum() + 2)
        factors[kinds == kind] = (1 - share) / (1 - pooled), share / pooled
    return factors


def _measured(store: Store, keys: list[Key], evidence: OrderEvidence) -> OrderExamples:
    """Stable crystals of the store and structures of MAGNDATA for each measured composition."""
    rows_of: dict[Key, list[int]] = defaultdict(list)
    for row, key in enumerate(keys):
        rows_of[key].append(row)
    hull = store.labels(["energy_above_hull_eV_per_atom"])[:, 0]
    stored: list[tuple[Key, float, int]] = []
    own = []
    for key in evidence.measured():
        rows = _most_stable(rows_of.get(key, []), hull)
        structures = evidence.structures.get(key, [])[:_MOST_STRUCTURES]
        share = 1 / max(len(rows) + len(structures), 1)
        stored += [(key, share, row) for row in rows]
        own += [(key, share, structure) for structure in structures]
    crystals = store.crystals.take(np.asarray([row for *_, row in stored], dtype=np.int64))
    packed = _concatenated([crystals, pack([structure.crystal for *_, structure in own])])
    counts = packed.element_counts()
    of_rows = [key for key, *_ in stored] + [key for key, *_ in own]
    answer = np.ones((len(of_rows), len(QUESTIONS)))
    answer[:, NET] = [evidence.net(key) for key in of_rows]
    answer[:, OPPOSED] = evidence.opposed(of_rows, counts)
    vote = np.array([share for _, share, _ in stored] + [share for _, share, _ in own])
    source = np.array([evidence.source(key) for key in of_rows])
    order = [-1] * len(stored) + [order_of_moments(structure.moment_muB) for *_, structure in own]
    return OrderExamples(packed, counts, of_rows, _systems(counts), source, answer, vote, np.asarray(order))


def _most_stable(rows: Sequence[int], hull: NDArray[np.float32]) -> list[int]:
    """The rows with about the lowest energy, as in experiments; the first row where no energy is known."""
    known = sorted((row for row in rows if np.isfinite(hull[row])), key=lambda row: float(hull[row]))
    if not known:
        return list(rows[:1])
    return [row for row in known if hull[row] <= hull[known[0]] + _SAME_STABILITY_EV][:_MOST_STORED]


def _calculated(store: Store, keys: list[Key], evidence: OrderEvidence) -> OrderExamples:
    """Crystals of the store with a total magnetization but no experiment; they answer the first question."""
    known = set(evidence.measured())
    total = store.labels(["magnetization_muB_per_A3"])[:, 0] * store.crystals.volume_A3
    rows = np.array([row for row in np.flatnonzero(np.isfinite(total)) if keys[row] not in known], dtype=np.int64)
    crystals = store.crystals.take(rows)
    counts = crystals.element_counts()
    carriers = counts @ indicator(MAY_BE_MAGNETIC)
    moment = total[rows] > _LEAST_PER_CARRIER_MUB * np.where(carriers > 0, carriers, counts.sum(axis=1))
    moment |= counts @ indicator(_FROZEN_4F) > 0
    # a crystal with site moments but no total is an antiferromagnet; the 4f shell of ytterbium is open in half of its
    # compounds, but filled in the calculations
    with_sites = np.array([bool(evidence.calculated.get(keys[row], set()) - {NONE}) for row in rows], dtype=bool)
    unclear = with_sites | (counts @ indicator(("Yb",)) > 0) | _must_keep_moments(counts)
    clear = np.flatnonzero(moment | ~unclear)
    of_rows = [keys[row] for row in rows]
    crystals_of = Counter(of_rows[row] for row in clear)
    answer = np.full((len(rows), len(QUESTIONS)), np.nan)
    answer[:, MOMENT] = moment
    vote = np.array([1 / max(crystals_of[key], 1) for key in of_rows])
    no_structure = np.full(len(rows), -1)
    source = np.full(len(rows), CALCULATED)
    return OrderExamples(crystals, counts, of_rows, _systems(counts), source, answer, vote, no_structure).take(clear)


def _must_keep_moments(counts: Floats) -> NDArray[np.bool_]:
    """Metals with enough Mn, Fe or Co, by `_KEEP_MOMENTS`, (B,)."""
    share = counts / counts.sum(axis=1, keepdims=True)
    enough = [share @ indicator((symbol,)) >= least for symbol, least in _KEEP_MOMENTS.items()]
    return np.asarray(metallic_hosts(counts) & np.any(enough, axis=0))


def _systems(counts: Floats) -> list[str]:
    return [chemical_system(row) for row in counts]


def _concatenated(parts: Sequence[PackedCrystals]) -> PackedCrystals:
    sizes = np.concatenate([part.n_atoms for part in parts])
    offsets = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(sizes)])
    lattice, numbers, frac = (
        np.concatenate([getattr(part, name) for part in parts]) for name in ("lattice", "numbers", "frac")
    )
    return PackedCrystals(lattice, numbers, frac, offsets)


def _joined(parts: Sequence[OrderExamples]) -> OrderExamples:
    names = ("counts", "source", "answer", "vote", "order")
    arrays = {name: np.concatenate([getattr(part, name) for part in parts]) for name in names}
    return replace(
        parts[0],
        packed=_concatenated([part.packed for part in parts]),
        keys=[key for part in parts for key in part.keys],
        systems=[system for part in parts for system in part.systems],
        **arrays,
    )
