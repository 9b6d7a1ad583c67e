"""Models are loaded once until their files change."""

from __future__ import annotations

from pathlib import Path

from screening.jobs.loaded import LoadedModels


def test_loaded_once_until_the_files_change(tmp_path: Path) -> None:
    models, loads = LoadedModels(), []
    (tmp_path / "weights").write_text("one")

    def get(key: str = "model") -> int:
        return models.get(key, lambda: loads.append(key) or len(loads), lambda _: tmp_path)  # type: ignore[func-returns-value]

    assert (get(), get(), get("other")) == (1, 1, 2)
    (tmp_path / "weights").write_text("another")
    assert (get(), get()) == (3, 3)
    models.clear()
    assert get() == 4


def test_one_without_files_is_kept() -> None:
    models = LoadedModels()
    kept = [models.get("potential", object, lambda _: None) for _ in range(2)]
    assert kept[0] is kept[1]
