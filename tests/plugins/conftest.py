"""The example plug-in as if it was installed: its entry points are found, without pip."""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parent / "example"


def forget() -> None:
    """Empty every cache of the package: which plug-ins there are, and what follows from it."""
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] == "screening":
            for value in list(vars(module).values()):
                if callable(getattr(value, "cache_clear", None)):
                    value.cache_clear()


@pytest.fixture
def plugged_in(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Metadata of the example, as pip would write them, and its folder in the path."""
    project = tomllib.loads((EXAMPLE / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    folder = tmp_path_factory.mktemp("site")
    info = folder / f"example_plugin-{project['version']}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n")
    groups = project["entry-points"].items()
    lines = [line for group, points in groups for line in (f"[{group}]", *(f"{k} = {v}" for k, v in points.items()))]
    (info / "entry_points.txt").write_text("\n".join(lines) + "\n")
    for path in (folder, EXAMPLE):
        monkeypatch.syspath_prepend(str(path))
    forget()
    yield
    for name in [name for name in sys.modules if name.partition(".")[0] == "example_plugin"]:
        del sys.modules[name]
    monkeypatch.undo()
    forget()
