"""A card shows config and scores, keeps the author's text, and is valid Markdown."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from helpers.measured import made_up
from helpers.models import tiny_config

from screening.learning.baselines import Baselines
from screening.learning.card_tables import failures
from screening.learning.evaluation import Scores, score
from screening.learning.model_card import BEGIN, END, CardContext, merge_card, model_card

SETTING = CardContext("the test split", True, True, True, 0, ["screening", "evaluate", "data.path=my store"])
TRAINING = {
    "store_sha256": "0123456789abcdef" * 4,
    "sources": ["materials_project: mp"],
    "split_salt": "screening-2026",
    "crystals": {"train": 10, "test": 2},
    "steps": 7,
    "batches_per_epoch": 3,
    "seed": 5,
    "hours": 1.25,
    "hardware": "one core",
    "command": "screening train data.path=stores/mp",
    "member_runs": [{"seed": 5, "command": "screening train data.path=stores/mp"}, {"seed": 6}, {"seed": 7}],
}


def scores(flagged: float = 0.2) -> list[Scores]:
    measured = made_up(flagged=flagged)
    mask = np.arange(len(measured)) % 3 == 0
    return score(measured, Baselines.without_training(measured.labels), {"3d oxides": mask})


def card(setting: CardContext = SETTING, **training: object) -> str:
    return model_card(replace(tiny_config(), members=3, training={**TRAINING, **training}), scores(), setting)


def tables(text: str) -> list[list[str]]:
    found: list[list[str]] = []
    previous = ""
    for line in text.splitlines():
        if line.startswith("|"):
            if not previous.startswith("|"):
                found.append([])
            found[-1].append(line)
        previous = line
    return found


def test_every_table_has_the_same_cells_in_each_line_and_a_blank_line_before() -> None:
    text = card()
    found = tables(text)
    assert len(found) == 4
    for table in found:
        assert len({line.count("|") for line in table}) == 1 and set(table[1]) <= set("|- ")
        assert f"\n\n{table[0]}" in text


def test_a_card_names_rows_seeds_command_hardware_hours_and_licences() -> None:
    text = card()
    for words in (
        "train 10, test 2", "salt `screening-2026`", "Seed: 5 and 6 and 7, an ensemble of 3", "1.25 h", "one core",
        "CC BY 4.0",
        "screening train data.path=stores/mp", "screening evaluate 'data.path=my store'", "0123456789abcdef",
        "none was trained on.", "µ0M, ferromagnetic, T", "M3GNet 0.019", "## Known failures", "flagged over rest",
    ):  # fmt: skip
        assert words in text, words


def test_what_is_not_known_is_left_out() -> None:
    text = model_card(replace(tiny_config(), training={}), scores(0.0), replace(SETTING, has_training=False))
    assert "unknown" in text and "no training rows" in text and "flagged" not in text
    assert "None" not in text and "nan" not in text
    seen = card(replace(SETTING, unseen=False, same_store=False, left_out=4))
    assert "was trained on crystals of some or all" in seen and "4 crystals that the model cannot score" in seen


def test_an_author_s_text_stays_when_the_figures_change() -> None:
    first = card().replace(END, END + "\n\n## Mine\n\nWritten by hand.").replace("# tiny\n", "# tiny\n\nIn short.\n")
    again = merge_card(first, card(hours=2.5))
    assert "Written by hand." in again and "In short." in again
    assert "Time: 2.5 h" in again and "1.25 h" not in again and again.count(BEGIN) == again.count(END) == 1
    assert merge_card(again, card(hours=2.5)) == again
    plain = merge_card("# tiny\n\n## Old\n\nText.\n", card())
    assert plain.startswith(f"# tiny\n\n{BEGIN}") and plain.index(END) < plain.index("## Old")
    assert merge_card("", card()) == card() and merge_card("# tiny\n", card()) == card()


@pytest.mark.parametrize("damaged", [f"# x\n{END}\nmine\n{BEGIN}\n", f"# x\n{BEGIN}\nmine\n"])
def test_damaged_marks_lose_nothing(damaged: str) -> None:
    assert "mine" in merge_card(damaged, card())


def test_failures_name_the_worst_groups() -> None:
    def one(group: str, n: int, mae: float, coverage: float) -> Scores:
        return Scores("band_gap_eV", group, "all", n, mae, mae, 0.5, coverage, 1.0, 1.0, 1.0)

    whole = one("all", 1000, 0.2, 0.8)
    (line,) = failures([whole, one("halides", 50, 0.31, 0.6), one("elements", 5, 9.0, 0.1)], ["band_gap_eV"])
    assert "halides (0.31 eV, 50 rows)" in line and "halides (60.0 %)" in line and "elements" not in line
    (line,) = failures([whole, one("halides", 50, 0.21, 0.8)], ["band_gap_eV"])
    assert "largest in halides" in line and "narrow" not in line
    assert failures([whole], ["band_gap_eV"]) == ["- No group has enough rows to tell."]
