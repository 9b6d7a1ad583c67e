"""`screening fit magnetism` on small tables; the release it writes adds its columns to predictions and rankings."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import numpy as np
import orjson
import polars as pl
import pytest
from helpers.crystals import random_crystal
from helpers.labelled import small_store

import screening
from screening.chemistry.elements import SYMBOLS
from screening.commands.fit import run
from screening.configuration import load_config
from screening.configuration.fit import FitConfig
from screening.crystals.packed import pack
from screening.errors import RequestError
from screening.materials.magnets.anisotropy.anisotropy import ANISOTROPY_COLUMNS
from screening.materials.magnets.curie.curie import CURIE_COLUMNS
from screening.materials.magnets.magnetism import FORMAT, KEY, MagnetismPredictor
from screening.materials.magnets.moments.moment import MOMENT_COLUMNS
from screening.materials.magnets.order.order import ORDER_COLUMNS, PART
from screening.tabular.release import load_tabular_release, save_tabular_release

METALS = ("Cr", "Mn", "Fe", "Co", "Ni")
OTHERS = ("O", "S", "F", "Al", "Si", "Ti", "Li", "Pt", "Y", "B", "Ge", "Zn", "P", "Ga", "V", "Mg", "Pd", "Au", "La")


def jsonl(file: Path, rows: list[dict[str, object]]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(gzip.compress(b"\n".join(map(orjson.dumps, rows))))


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Synthetic measurements of pairs of a metal and a partner, in the formats of the published tables."""
    folder = tmp_path_factory.mktemp("tables")
    rng = np.random.default_rng(0)
    pairs = [(m, o, n) for m in METALS for o in OTHERS for n in (1, 2)]
    (folder / "curie").mkdir()
    lines = [f"{m}{n}{o},{100 * n + 50 * METALS.index(m)}" for m, o, n in pairs]
    for name in ("curie_literature", "curie_experimental"):
        (folder / "curie" / f"{name}.csv").write_text("\n".join(["formula,curie_temperature_K", *lines]) + "\n")
    reports = [f"{m}{n}{o},{'' if o in 'OSF' else 300},{300 if o in 'OSF' else ''},True" for m, o, n in pairs]
    (folder / "curie" / "nemad.csv").write_text("\n".join(["formula,curie_K,neel_K,experimental", *reports]) + "\n")
    numbers = [SYMBOLS.index(s) for s in (*METALS, *OTHERS)]
    magndata, moments = [], []
    for index in range(80):
        crystal = random_crystal(rng, 4, tuple(numbers))
        species = [SYMBOLS[z] for z in crystal.numbers]
        row = {"lattice": crystal.lattice.tolist(), "species": species, "frac": crystal.frac.tolist()}
        sizes = [2.0 * (s in METALS) for s in species]
        signs = [-1.0 if "O" in species and i % 2 else 1.0 for i in range(4)]
        vectors = [[0.0, 0.0, size * sign] for size, sign in zip(sizes, signs, strict=True)]
        magndata.append({"entry": str(index), "moment_muB": vectors, **row})
        moments.append({"id": str(index), "magmom_muB": sizes, **row})
    jsonl(folder / "magndata" / "magndata.jsonl.gz", magndata)
    jsonl(folder / "mp" / "site_magmoms.jsonl.gz", moments)
    anisotropic = [
        {
            "entry": f"{m}{o}",
            "chemical formula": f"{m}1{o}1",
            "compound space group": 123,
            "lattice parameters": [2.8, 2.8, 3.6],
            "lattice angles": [90, 90, 90],
            "atomic positions": [f"{m}1(1a)", 0, 0, 0, f"{o}1(1d)", 0.5, 0.5, 0.5],
            "magnetocrystalline anisotropy constants": [float(rng.normal()), 0.0],
        }
        for m in METALS
        for o in OTHERS
    ]
    jsonl(folder / "novamag" / "novamag.jsonl.gz", anisotropic)
    return folder


@pytest.fixture(scope="module")
def release(tables: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("fit")
    store = small_store(folder / "store")
    keys = {"data.path": str(store.path), "data.folder": str(tables), "output_dir": str(folder / "mine")}
    config = load_config("fit", ["magnetism", "n_trees=2", "n_seeds=1"], keys)
    assert isinstance(config, FitConfig)
    run(config)
    return folder / "mine"


def test_the_card_has_every_part(release: Path) -> None:
    card = (release / "MODEL_CARD.md").read_text(encoding="utf-8")
    parts = ("Magnetic order", "Magnetization of metallic hosts", "Curie temperature", "Anisotropy")
    for words in ("# mine", "screening fit", "licences", *(f"## {part}" for part in parts)):
        assert words in card
    assert set(load_tabular_release(release, KEY, FORMAT).parts) == {"order", "moment", "curie", "anisotropy"}
    config = json.loads((release / "config.json").read_text(encoding="utf-8"))
    assert config["training"]["store_sha256"][:16] in card


@pytest.mark.ci
def test_predictions_and_rankings_have_the_columns(release: Path) -> None:
    table = screening.predict("magnets", magnetism=str(release), tracking="none").table
    assert {*ORDER_COLUMNS, *MOMENT_COLUMNS, *CURIE_COLUMNS, *ANISOTROPY_COLUMNS} <= set(table.columns)
    assert table["curie_temperature_K"].is_not_null().any()
    ranking = screening.rank("magnets", "magnets", magnetism=str(release))
    assert ranking.table["curie_temperature_K"].is_not_null().any()
    assert "gate_curie_temperature_probability" in ranking.table.columns
    assert "magnetism" in ranking.record["sha256"]
    without = screening.rank("magnets", "magnets", magnetism="none").table
    assert without["curie_temperature_K"].is_null().all()
    assert set(without["gate_curie_temperature_probability"]) == {0.5}
    assert all("curie_temperature_unknown" in flags for flags in without["flags"] if "no_magnetic" not in flags)


def test_columns_do_not_depend_on_the_batch(release: Path) -> None:
    predictor = MagnetismPredictor.load(str(release))
    assert predictor is not None
    rng = np.random.default_rng(1)
    crystals = [random_crystal(rng, 4, (8, 13, 26, 27, 62)) for _ in range(30)]
    together = pl.DataFrame(predictor.columns(pack(crystals)))
    alone = pl.concat([pl.DataFrame(predictor.columns(pack([crystal]))) for crystal in crystals])
    numbers = [name for name, kind in together.schema.items() if kind == pl.Float64]
    np.testing.assert_allclose(together.select(numbers).to_numpy(), alone.select(numbers).to_numpy(), rtol=1e-9)
    assert together.schema == pl.DataFrame(predictor.describe([]).columns).schema
    unlikely = together.filter(pl.col("nonmagnetic_probability") >= 0.5)
    assert unlikely["curie_temperature_K"].is_null().all()


def test_wrong_requests_are_named(release: Path, tmp_path: Path) -> None:
    assert MagnetismPredictor.load("none") is None
    with pytest.raises(RequestError, match="magnetism=nowhere"):
        MagnetismPredictor.load("nowhere")
    whole = load_tabular_release(release, KEY, FORMAT)
    del whole.parts[PART]
    save_tabular_release(tmp_path / "half", whole, "# half")
    with pytest.raises(RequestError, match="no part 'order'"):
        MagnetismPredictor.load(str(tmp_path / "half"))
    values = {"output_dir": str(tmp_path / "out"), "data.path": str(tmp_path)}
    with pytest.raises(RequestError, match=r"data\.folder"):
        load_config("fit", ["magnetism"], values)
