"""Which crystals may replace the calibration split."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers.labelled import small_store
from helpers.models import tiny_config, tiny_model

from screening.graphs.nearest import GraphSettings
from screening.learning.after_training import finish_model
from screening.learning.data import CrystalData, DataSettings

ENERGY = "formation_energy_eV_per_atom"


@pytest.mark.parametrize(("learned", "used"), [(("train",), 30), (("train", "validation"), 0)])
def test_validation_replaces_calibration_unless_it_was_learned(
    tmp_path: Path, learned: tuple[str, ...], used: int
) -> None:
    store = small_store(tmp_path / "store", 60)
    file = tmp_path / "splits.csv"
    names = store.index["crystal_id"].to_list()
    file.write_text("id,split\n" + "".join(f"{name},{('train', 'val')[i % 2]}\n" for i, name in enumerate(names)))
    data = CrystalData(DataSettings(store.path, tiny_config().targets, split_file=file), GraphSettings())
    model = tiny_model().eval()
    before = model.interval.clone()
    assert finish_model(model, data, learned)[ENERGY] == used
    assert bool(model.interval[0] == before[0]) == (used == 0)
