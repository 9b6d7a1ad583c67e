"""Splits by chemical system never change."""

from __future__ import annotations

from collections import Counter

from screening.data.splits import SPLITS, split_of, splits_of


def test_the_split_of_a_system_never_changes() -> None:
    """Recorded values: a change would put test systems of released models into training."""
    assert [split_of(s) for s in ("Fe", "Fe-Nd", "B-Fe-Nd", "Li-O", "Fe-Li-O-P")] == [
        "train",
        "train",
        "train",
        "test",
        "train",
    ]


def test_shares_and_names() -> None:
    counts = Counter(splits_of(f"A-{i}" for i in range(20000)))
    assert set(counts) == set(SPLITS)
    for name, share in (("test", 0.10), ("calibration", 0.05), ("validation", 0.05), ("train", 0.80)):
        assert abs(counts[name] / 20000 - share) < 0.01


def test_other_rows_do_not_matter() -> None:
    assert splits_of(["Fe", "O", "Fe"]) == [split_of("Fe"), split_of("O"), split_of("Fe")]
