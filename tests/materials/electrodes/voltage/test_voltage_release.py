"""`screening fit voltage` writes a release that can be loaded, and names wrong settings."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from helpers.electrodes import METALS, Springs, electrode, electrode_row, write_rows
from helpers.models import tiny_release

from screening.commands.fit import run
from screening.configuration import load_config
from screening.configuration.fit import FitConfig
from screening.errors import RequestError
from screening.materials.electrodes.voltage import voltage_release
from screening.materials.electrodes.voltage.voltage import FORMAT
from screening.tabular.release import load_tabular_release


def config(folder: Path, **keys: str) -> FitConfig:
    values = {"electrodes": str(folder / "tables"), "output_dir": str(folder / "out"), "model": str(folder / "tiny")}
    loaded = load_config("fit", ["voltage", "n_trees=2", "n_seeds=1", "device=cpu"], values | keys)
    assert isinstance(loaded, FitConfig)
    return loaded


@pytest.mark.ci
def test_a_release_with_its_card(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    tiny_release(tmp_path / "tiny")
    ends = [electrode(rng, ion, (metal,), ions) for ion in ("Li", "Na") for metal in METALS for ions in (1, 2)]
    ions = [ion for ion in ("Li", "Na") for _ in METALS for _ in (1, 2)]
    rows = [electrode_row(*pair, ion, 3.0 + 0.1 * i) for i, (pair, ion) in enumerate(zip(ends, ions, strict=True))]
    write_rows(tmp_path / "tables", rows)
    monkeypatch.setattr(voltage_release, "load_potential", lambda name, device: Springs())
    run(config(tmp_path, name="mine"))
    release = load_tabular_release(tmp_path / "out", "voltage", FORMAT)
    assert release.name == "mine"
    assert release.training["potential"] == "chgnet"
    assert "voltage of pair" in release.parts
    assert "# mine" in (tmp_path / "out" / "MODEL_CARD.md").read_text()


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(RequestError, match=r"electrodes=.*tables: expected a folder with electrodes\.jsonl\.gz"):
        run(config(tmp_path))
