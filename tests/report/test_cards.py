"""Cards: figures beside measured ones, gates, remarks, pictures."""

from __future__ import annotations

from screening.report.cards import cards
from screening.report.page import ReportContent
from screening.report.texts import catalogue


def test_cards_of_finalists(with_finalists: ReportContent) -> None:
    content = with_finalists
    made = cards(content.ranking, content.finalists, 5, content.task, catalogue("en"))
    assert [card.rank for card in made] == [1, 2, 3, 4, 5]
    first = made[0]
    measured = {figure.cell.column.name: figure.measured for figure in first.figures}
    assert measured["mu0_Ms_T"] == "1.61" and measured["energy_above_hull_eV_per_atom"] == ""
    assert first.nearest is not None and first.nearest.distance == "12\u202f% of the atoms differ"
    assert first.remarks == ["The frame is still the same after both ends were relaxed."]
    assert first.curve_titles == ["Polarization over temperature", "Energy of the ion along its hardest hop"]
    assert len(first.pictures["curves"]) == 2
    assert [structure["label"] for structure in first.pictures["structures"]] == ["as scored", "charged"]
    assert first.files == [
        ("crystal.cif", "finalists/01-Nd2Fe14B/crystal.cif"),
        ("charged.cif", "finalists/01-Nd2Fe14B/charged.cif"),
    ]
    assert made[1].files[0][1] == "finalists/02-bFeb/crystal.cif"
    assert not made[4].pictures and not made[4].files and made[4].nearest is None


def test_gates_flags_and_intervals(content: ReportContent) -> None:
    first, second, *_ = cards(content.ranking, (), 2, content.task, catalogue("en"))
    assert first.limiting is not None and (first.limiting.name, first.limiting.text) == ("stability", "40\u202f%")
    assert [flag for flag, _ in second.flags] == ["metastable", "<i>odd</i>"]
    assert "energy above the hull" in second.flags[0][1] and second.flags[1][1] == ""
    intervals = {figure.cell.column.name: figure.cell.interval for figure in first.figures}
    assert intervals["energy_above_hull_eV_per_atom"] == "−0.020 to 0.030"
