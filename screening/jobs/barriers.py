"""The job of `screening barriers`: migration barriers of given paths into a file, or in memory."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import orjson
import polars as pl

from screening.checksums import file_sha256
from screening.configuration import as_dict
from screening.configuration.barriers import PREDICTOR, BarriersConfig
from screening.console import on_terminal
from screening.crystals import Rejection
from screening.errors import RequestError
from screening.jobs.kept_lines import KeptLines
from screening.jobs.loaded import LoadedModels
from screening.jobs.opening import learned_predictors
from screening.jobs.outcome import TableOutcome
from screening.jobs.path_rows import PathRow, Paths, path_rows
from screening.jobs.recording import hashes_of, model_sha256, read_from
from screening.locks import file_lock
from screening.materials.given_paths import PathPredictor
from screening.tables import rejected_table, write_table
from screening.tracking.provenance import output_hashes, run_record, write_run_record

_BATCH = 16
_REFUSED = "refused"
_OPTIONS = orjson.OPT_SORT_KEYS | orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_NON_STR_KEYS


@dataclass(frozen=True, eq=False)
class Barriers(TableOutcome):
    """Migration barriers with 80 % intervals.

    Attributes:
        table: One row a path: `id` and the barrier.
        rejected: The rows that cannot be used: `candidate_id, source, stage, reason`.
        resumed: How many an earlier run had left.
        record: Settings, versions, hashes of model and paths, counts, times: as `FILE.run.json` holds them.
    """

    resumed: int = 0
    record: dict[str, Any] = field(default_factory=dict, kw_only=True, repr=False)


def barriers_to_file(config: BarriersConfig, paths: Paths, models: LoadedModels | None = None) -> Barriers:
    """Predict, and write config.output, the refusals and the record beside it; they appear when all is done.

    Until then the answers are kept in `FILE.progress.jsonl`, from which the same job goes on.

    Args:
        config: The settings.
        paths: A file, or rows.
        models: Those that are loaded already.

    Raises:
        RequestError: The request is wrong, or no path can be used.
    """
    output = Path(config.output)
    if output.is_dir():
        raise RequestError(f"output={output}: is a folder; expected the name of a file")
    refused, record, kept = (
        output.with_name(f"{output.stem}.{end}") for end in ("rejected.csv", "run.json", "progress.jsonl")
    )
    with file_lock(output, "output", refused.name, record.name):
        found = _barriers(config, paths, models, kept)
        write_table(found.rejected, refused)
        _require_one(found, config.paths, f"; every reason is in {refused}")
        record.unlink(missing_ok=True)  # of an earlier table
        write_table(found.table, output)
        written = output_hashes(output.parent, (output.name, refused.name))
        write_run_record(record, found.record | {"outputs": written})
        kept.unlink(missing_ok=True)
    return found


def barriers_in_memory(config: BarriersConfig, paths: Paths, models: LoadedModels | None = None) -> Barriers:
    """The same without a file; arguments and errors as of `barriers_to_file`."""
    found = _barriers(config, paths, models, None)
    _require_one(found, config.paths, "")
    return found


def _barriers(config: BarriersConfig, paths: Paths, models: LoadedModels | None, kept_in: Path | None) -> Barriers:
    started = time.perf_counter()
    items = path_rows(paths)
    predictor, ran = _loaded(config, models)
    place = paths if isinstance(paths, str | Path) else None
    hashes = hashes_of(ran) | ({} if place is None else {"paths": file_sha256(Path(place))})
    empty = predictor.describe_paths([]).columns
    found: list[dict[str, Any]] = []
    rejected: list[Rejection] = []
    with KeptLines(kept_in) as kept, _progress() as advance:
        before = len(kept)
        answer = _Answers(predictor, kept, orjson.dumps(hashes_of(ran)))
        for batch in _batches(items):
            for item, known in zip(batch, answer.of(batch), strict=True):
                if isinstance(item, Rejection):
                    rejected.append(item)
                elif _REFUSED in known:
                    rejected.append(Rejection(item["id"], _source(place), PREDICTOR, known[_REFUSED]))
                else:
                    found.append({"id": item["id"], **known})
            advance(len(batch))
    table = pl.DataFrame(found, schema={"id": pl.String, **{column.name: column.dtype for column in empty}})
    record = run_record(
        command="barriers",
        config=as_dict(config),
        seeds={"seed": config.seed},
        hashes=hashes,
        mlflow={"run_id": None, "tracking_uri": ""},
        counts={"read": len(found) + len(rejected), "predicted": len(found), "rejected": len(rejected)},
        timing_s={PREDICTOR: time.perf_counter() - started},
    )
    record |= ran | {"paths": read_from(place, len(found) + len(rejected))}
    return Barriers(table, rejected_table(rejected), resumed=before, record=record)


@dataclass(frozen=True)
class _Answers:
    """The answers to rows: those that are kept, and the predictor's for the others. model: what they hang on."""

    predictor: PathPredictor
    kept: KeptLines
    model: bytes

    def of(self, items: list[PathRow | Rejection]) -> Iterator[Mapping[str, Any]]:
        """The columns of each row, or why it is refused; nothing for an item that is refused already."""
        keys = ["" if isinstance(item, Rejection) else self._key(item) for item in items]
        new = {
            key: item
            for key, item in zip(keys, items, strict=True)
            if not isinstance(item, Rejection) and key not in self.kept
        }
        described = self.predictor.describe_paths(list(new.values()))
        table = pl.DataFrame(described.columns) if new else pl.DataFrame()
        for row, key in enumerate(new):
            refused = described.refused.get(row)
            self.kept.add(key, {_REFUSED: refused} if refused is not None else table.row(row, named=True))
        return (self.kept[key] if key else {} for key in keys)

    def _key(self, row: PathRow) -> str:
        """Of all that the answer hangs on, but not the id."""
        content = {name: value for name, value in row.items() if name != "id"}
        try:
            data = orjson.dumps(content, option=_OPTIONS)
        except TypeError:  # objects of a caller in Python
            data = repr(content).encode()
        return hashlib.sha256(data + self.model).hexdigest()


def _loaded(config: BarriersConfig, models: LoadedModels | None) -> tuple[PathPredictor, dict[str, Any]]:
    """The predictor, and the entries of the record that say which one it is. Raises RequestError."""
    predictor: object = learned_predictors(config.predictor_choices, as_dict(config), models).get(PREDICTOR)
    asked = config.predictor_choices[PREDICTOR]
    if not isinstance(predictor, PathPredictor):
        raise RequestError(f"{PREDICTOR}={asked}: it predicts no barriers of given paths; expected a release or folder")
    parts = {PREDICTOR: predictor.folder}
    parts |= {f"{PREDICTOR}.{name}": path for name, path in getattr(predictor, "loads", {}).items()}
    models_ran = {
        key: {"asked": asked if key == PREDICTOR else None, "name": path.name, "sha256": model_sha256(path)}
        for key, path in parts.items()
        if path is not None
    }
    return predictor, {"models": models_ran}


def _batches(items: Iterable[PathRow | Rejection]) -> Iterator[list[PathRow | Rejection]]:
    stream = iter(items)
    while batch := list(islice(stream, _BATCH)):
        yield batch


def _source(place: str | Path | None) -> str:
    return "in memory" if place is None else Path(place).name


@contextmanager
def _progress() -> Iterator[Callable[[int], object]]:
    """A bar on a terminal that counts paths."""
    from tqdm import tqdm

    with tqdm(unit=" paths", disable=not on_terminal(), leave=False) as bar:
        yield bar.update


def _require_one(found: Barriers, paths: str, where: str) -> None:
    """Raise RequestError if nothing was predicted; where: ends the message."""
    if found.table.is_empty():
        first = f"; the first: {found.rejected['reason'][0]}" if found.rejected.height else ""
        raise RequestError(f"paths={paths}: no valid path among {found.rejected.height} rows{first}{where}")
