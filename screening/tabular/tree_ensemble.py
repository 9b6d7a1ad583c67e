"""Tree ensembles as plain arrays: fitted by scikit-learn, kept as safetensors, evaluated for whole batches by numpy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from screening.array_types import Floats
from screening.tabular.release import FittedPart

_TENSORS = ("roots", "outputs", "feature", "missing_left", "offset", "number", "baseline")
_LONGEST_OFFSET = np.iinfo(np.uint16).max
_LARGEST = np.finfo(np.float32).max
_BATCH = 2048  # rows at a time, so that the states of all trees stay in the cache

# When rows that have reached a leaf are left behind: looked for from this step on, every few steps, if they are many.
_EARLIEST_LEAF, _LOOK_AROUND, _WORTH_LEAVING = 8, 4, 0.8


@dataclass(frozen=True)
class _Walk:
    """What a walk needs of N nodes, (N,) each: column of the doubled features, threshold, steps to the left child.

    Leaves have no step and an infinite threshold, so a walk stays there. Small types keep the nodes in the cache.
    """

    column: NDArray[np.int32]
    threshold: NDArray[np.float32]
    step: NDArray[np.uint16]


@dataclass(frozen=True)
class TreeEnsemble:
    """A sum of T regression trees with N nodes in all, for K outputs.

    Attributes:
        roots: (T,) first node of each tree.
        outputs: (T,) the output that it adds to.
        feature: (N,) column that a node looks at.
        missing_left: (N,) whether NaN goes to the left.
        offset: (N,) from a node to its left child, which the right child follows; 0 for a leaf.
        number: (N,) the threshold, up to which a value goes to the left, or a leaf's value.
        baseline: (K,) is added to the sums.
    """

    roots: NDArray[np.int32]
    outputs: NDArray[np.int16]
    feature: NDArray[np.int16]
    missing_left: NDArray[np.uint8]
    offset: NDArray[np.uint16]
    number: NDArray[np.float32]
    baseline: Floats

    def predict(self, features: NDArray[np.floating]) -> Floats:
        """(B, K) from features (B, F), taken as float32; NaN is a missing value."""
        parts = [self._sums(features[start : start + _BATCH]) for start in range(0, len(features), _BATCH)]
        return np.concatenate(parts) if parts else np.zeros((0, len(self.baseline)))

    def _sums(self, features: NDArray[np.floating]) -> Floats:
        rows, width = features.shape
        value = np.clip(features.astype(np.float32), -_LARGEST, _LARGEST)
        missing = np.isnan(value)
        # A missing value sits below every threshold in the first place of two and above it in the second.
        both = np.stack([value, value], axis=2)
        both[missing] = -np.inf, np.inf
        leaves = self._leaves(both.ravel(), rows, width)
        values = self.number.take(leaves).astype(np.float64).reshape(len(self.roots), rows)
        sums = np.zeros((rows, len(self.baseline)))
        for output in range(len(self.baseline)):
            sums[:, output] = values[self.outputs == output].sum(axis=0)
        return sums + self.baseline

    def _leaves(self, both: NDArray[np.float32], rows: int, width: int) -> NDArray[np.int64]:
        """(T * B,) the leaf of each tree, and within it of each row, that features (B * F * 2,) lead to."""
        walk = self._walk
        reached = np.repeat(self.roots.astype(np.int64), rows)
        start = np.tile(np.arange(rows) * (2 * width), len(self.roots))
        moving, node = np.arange(len(reached)), reached.copy()
        for depth in range(self.depth):
            step = walk.step.take(node)
            if depth >= _EARLIEST_LEAF and depth % _LOOK_AROUND == 0:
                live = step.nonzero()[0]
                if len(live) < _WORTH_LEAVING * len(node):
                    reached[moving] = node
                    moving, node, start, step = moving[live], node[live], start[live], step[live]
            # take is several times as fast as indexing
            right = both.take(walk.column.take(node) + start) > walk.threshold.take(node)
            node += step
            node += right
        reached[moving] = node
        return reached

    @cached_property
    def _walk(self) -> _Walk:
        return _Walk(
            2 * self.feature.astype(np.int32) + (self.missing_left == 0),
            np.where(self.offset == 0, np.float32(np.inf), self.number),
            self.offset.astype(np.uint16),
        )

    @cached_property
    def depth(self) -> int:
        """Steps from a root to the farthest leaf."""
        level = self.roots.astype(np.int64)
        steps = 0
        while len(level := level[self.offset[level] > 0]):
            first = level + self.offset[level]
            level, steps = np.unique(np.concatenate([first, first + 1])), steps + 1
        return steps

    def tensors(self, prefix: str) -> dict[str, NDArray[Any]]:
        """What to keep, by names that start with the prefix."""
        return {f"{prefix}.{name}": np.ascontiguousarray(getattr(self, name)) for name in _TENSORS}

    @classmethod
    def from_part(cls, part: FittedPart, prefix: str, width: int) -> TreeEnsemble:
        """The ensemble kept under this prefix, for features (B, width); raises RequestError if it cannot be walked."""
        try:
            kept = cls(**{name: part.tensors[f"{prefix}.{name}"] for name in _TENSORS})
        except KeyError as error:
            raise part.problem(f"the weights lack {error.args[0]!r}") from None
        for problem, found in kept._problems(width).items():
            if found:
                raise part.problem(f"the trees {prefix!r} are not sound: {problem}")
        return kept

    def _problems(self, width: int) -> dict[str, bool]:
        per_node = (self.feature, self.missing_left, self.offset, self.number)
        shapes = len({array.shape for array in per_node}) > 1 or self.number.ndim != 1 or self.baseline.ndim != 1
        if shapes or self.roots.shape != self.outputs.shape or self.roots.ndim != 1:
            return {"shapes differ": True}
        kinds = [array.dtype.kind for array in (self.roots, self.outputs, self.feature, self.missing_left, self.offset)]
        nodes = len(self.number)
        inner = np.flatnonzero(self.offset)
        return {
            "numbers of a wrong type": bool(set(kinds) - {"i", "u"}) or self.number.dtype.kind != "f",
            "a root outside": bool(np.any((self.roots < 0) | (self.roots >= nodes))),
            "an output outside": bool(np.any((self.outputs < 0) | (self.outputs >= len(self.baseline)))),
            "a feature outside": bool(np.any((self.feature < 0) | (self.feature >= width))),
            # children come after their parent, so a walk ends
            "a child outside": bool(np.any(inner + self.offset[inner].astype(np.int64) + 1 >= nodes)),
            "a number that is not finite": not (np.isfinite(self.number).all() and np.isfinite(self.baseline).all()),
        }


def stacked(ensembles: Sequence[TreeEnsemble]) -> TreeEnsemble:
    """One ensemble with the outputs of all, for the same features: a single walk is faster than one for each."""
    nodes = np.cumsum([0, *(len(e.number) for e in ensembles)])
    outputs = np.cumsum([0, *(len(e.baseline) for e in ensembles)])
    together = {name: np.concatenate([getattr(e, name) for e in ensembles]) for name in _TENSORS}
    together["roots"] = np.concatenate([e.roots + n for e, n in zip(ensembles, nodes[:-1], strict=True)])
    together["outputs"] = np.concatenate([e.outputs + n for e, n in zip(ensembles, outputs[:-1], strict=True)])
    return TreeEnsemble(**together)


def from_forest(model: Any, scale: float = 1.0) -> TreeEnsemble:
    """From a fitted forest of regression trees (ExtraTreesRegressor and the like), times a scale."""
    share = scale / len(model.estimators_)
    parts = [_in_order(estimator.tree_, share) for estimator in model.estimators_]
    sizes = [len(part[0]) for part in parts]
    roots = np.concatenate([[0], np.cumsum(sizes)[:-1]]).astype(np.int32)
    feature, missing, offset, number = (np.concatenate(column) for column in zip(*parts, strict=True))
    return TreeEnsemble(
        roots,
        np.zeros(len(roots), dtype=np.int16),
        feature.astype(np.int16),
        missing.astype(np.uint8),
        offset.astype(np.uint16),
        number.astype(np.float32),
        np.zeros(1),
    )


def _in_order(tree: Any, share: float) -> tuple[NDArray[Any], ...]:
    """Feature, NaN's way, offset and number of the nodes, level by level, siblings side by side.

    tree: of scikit-learn, with any order of nodes and -1 for the children of a leaf; share: its values are times this.
    """
    left, right = tree.children_left, tree.children_right
    order, place = [0], 0
    while place < len(order):
        node = order[place]
        if left[node] >= 0:
            order += [int(left[node]), int(right[node])]
        place += 1
    nodes = np.asarray(order)
    inner = left[nodes] >= 0
    position = np.empty(len(left), dtype=np.int64)
    position[nodes] = np.arange(len(nodes))
    offset = np.where(inner, position[left[nodes]] - np.arange(len(nodes)), 0)
    if offset.max(initial=0) > _LONGEST_OFFSET:
        raise ValueError(f"a tree of {len(nodes)} nodes is too large to be kept")
    value = (tree.value[:, 0, 0] * share)[nodes].astype(np.float32)
    number = np.where(inner, _rounded_down(tree.threshold[nodes]), value)
    return np.where(inner, tree.feature[nodes], 0), np.where(inner, tree.missing_go_to_left[nodes], 1), offset, number


def _rounded_down(threshold: Floats) -> NDArray[np.float32]:
    """The largest finite float32 not above: a float32 is at most one if and only if it is at most the other.

    An infinite threshold parts the missing values from the rest.
    """
    nearest = np.clip(threshold, -_LARGEST, _LARGEST).astype(np.float32)
    return np.where(nearest > threshold, np.nextafter(nearest, np.float32(-np.inf)), nearest)
