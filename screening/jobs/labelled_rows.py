"""Which labelled crystals an evaluation is made on, and which train its baselines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from screening.configuration.evaluate import EvaluateConfig
from screening.crystals import Rejection
from screening.data.importers.registry import kind_of
from screening.data.splits import SPLITS, splits_of
from screening.data.store import Store, label_columns, open_store
from screening.errors import RequestError
from screening.jobs.import_data import import_labelled
from screening.learning.data import DataSettings, split_rows
from screening.networks.released_model import ModelConfig

Rows = NDArray[np.int64]
ALL, AUTO = "all", "auto"
_NONE: Rows = np.zeros(0, dtype=np.int64)


@dataclass(frozen=True)
class LabelledRows:
    """rows: of store, to be measured. name: in words. unseen: none of their systems is in the training split.

    rejected: what of data.source cannot be read.
    reference: the store with train (of the baselines) and calibration rows; None if there is none.
    """

    store: Store
    rows: Rows
    name: str
    unseen: bool
    reference: Store | None
    train: Rows
    calibration: Rows
    rejected: Sequence[Rejection] = ()


def labelled_rows(config: EvaluateConfig, model: ModelConfig, scratch: Path) -> LabelledRows:
    """Open data.path, or read data.source into a store in `scratch`.

    Args:
        config: The settings of the command.
        model: What is evaluated.
        scratch: A folder for the store.

    Raises:
        RequestError: The data are wrong.
    """
    data = config.data
    reference = open_store(Path(data.path)) if data.path is not None else None
    splits = _rows(reference, model, config, data.path) if reference is not None else {}
    rejected: Sequence[Rejection] = ()
    if data.source is None:
        if reference is None:
            raise RequestError(
                "missing: data.path=STORE (written by `screening import`) or data.source=FILE (crystals with labels)\n"
                "`screening evaluate --help` explains every key."
            )
        store, split, parts = reference, "test" if config.split == AUTO else config.split, splits
        name = "every labelled crystal of the store" if split == ALL else f"the {split} split"
    else:
        labels = Path(data.labels) if data.labels else None
        store, rejected = _read(Path(data.source), labels, config, scratch)
        split, parts = ALL if config.split == AUTO else config.split, _rows(store, model, config, data.source)
        name = Path(data.source).name + ("" if split == ALL else f", {split} split")
    rows = np.sort(np.concatenate(list(parts.values()))) if split == ALL else parts[split]
    if not len(rows):
        raise RequestError(f"split={config.split}: {data.source or data.path} has no labelled crystal there")
    if data.split_file:
        name += f" of {Path(data.split_file).name}"
    by_system = "split_file" not in model.training
    systems = store.index["chemical_system"][rows.tolist()].to_list()
    unseen = by_system and set(model.learned_splits).isdisjoint(splits_of(systems))
    calibration = _NONE if split == "calibration" else splits.get("calibration", _NONE)
    train = np.sort(np.concatenate([splits.get(split, _NONE) for split in model.learned_splits]))
    return LabelledRows(store, rows, name, unseen, reference, train, calibration, rejected)


def _rows(store: Store, model: ModelConfig, config: EvaluateConfig, called: str | None) -> dict[str, Rows]:
    """Rows by split that have a label of a target of the model; called: what a message names the store."""
    targets = tuple(target for target in label_columns(store.index) if target in model.targets)
    if not targets:
        raise RequestError(
            f"{called}: there are labels of "
            f"{', '.join(label_columns(store.index)) or 'nothing'}; {model.name} predicts {', '.join(model.targets)}"
        )
    data = config.data
    settings = DataSettings(
        store.path,
        targets,
        site_moments=False,
        max_crystals=data.max_crystals,
        split_file=Path(data.split_file) if data.split_file else None,
        split_column=data.split_column,
    )
    rows = split_rows(store, settings)
    return {split: rows[split] for split in SPLITS}


def _read(
    source: Path, labels: Path | None, config: EvaluateConfig, scratch: Path
) -> tuple[Store, Sequence[Rejection]]:
    if (source / "meta.json").is_file():
        return open_store(source), ()
    own = frozenset({Path(config.output_dir).resolve()})
    return import_labelled(kind_of(source, labels), source, labels, scratch / "store", own)
