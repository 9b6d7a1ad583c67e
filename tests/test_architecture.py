"""Sentences of the design that stay true: who may import whom, what the library never does, how it grows."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "screening"

# Crystals flow in one direction: a step imports itself, the steps before it, and the base modules.
STEPS = [
    "crystals", "data", "graphs", "networks", "learning", "magnetism", "energetics", "merit", "ranking", "validation",
    "finalists", "report", "tracking", "export", "cluster", "configuration", "predictors", "scoring", "jobs", "api",
    "commands", "cli", "__main__",
]  # fmt: skip
BASE = {"errors", "resources", "columns", "console", "durable"}
FORBIDDEN = {
    "crystals": {"hydra", "omegaconf", "lightning", "mlflow"},
    "graphs": {"hydra", "omegaconf", "lightning", "mlflow"},
    "networks": {"hydra", "omegaconf", "lightning", "mlflow"},
    "magnetism": {"hydra", "omegaconf", "lightning", "mlflow"},
    "merit": {"torch", "hydra", "omegaconf", "lightning", "mlflow"},
    "ranking": {"torch", "hydra", "lightning", "mlflow"},
    "validation": {"torch", "hydra", "lightning", "mlflow"},
}
UNPICKLERS = {"pickle", "cPickle", "dill", "cloudpickle", "joblib", "shelve", "marshal"}
# Pickles over pipes that only a process and the one that started it hold; never from a file or a network.
TALKS_TO_OWN_PROCESSES = {"crystals/worker.py", "crystals/workers.py"}

FILES = sorted(path for path in PACKAGE.rglob("*.py") if "_bundled" not in path.parts)
IDS = [str(path.relative_to(PACKAGE)) for path in FILES]


def _step(path: Path) -> str:
    first = path.relative_to(PACKAGE).parts[0]
    return first.removesuffix(".py")


@cache
def _imports(path: Path) -> tuple[str, ...]:
    """Dotted names of all imports of a file, inside functions and for type checkers as well."""
    return tuple(_found_imports(path))


def _found_imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            assert node.module is not None
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _own(path: Path) -> set[str]:
    """The steps and base modules of this package that a file imports."""
    names = {name.split(".")[1] for name in _imports(path) if name.startswith("screening.")}
    return {name for name in names if name in {*STEPS, *BASE}}


def test_every_module_has_its_place() -> None:
    assert {_step(path) for path in FILES} <= {*STEPS, *BASE, "__init__"}


@pytest.mark.parametrize("path", FILES, ids=IDS)
def test_a_step_imports_only_steps_before_it(path: Path) -> None:
    step = _step(path)
    if step == "__init__":
        assert _own(path) <= {"api"}
        return
    allowed = {*BASE} if step in BASE else {*BASE, *STEPS[: STEPS.index(step) + 1]}
    assert _own(path) <= allowed, f"{step} imports {sorted(_own(path) - allowed)}"


@pytest.mark.parametrize("path", FILES, ids=IDS)
def test_nothing_imports_commands_but_the_command_line(path: Path) -> None:
    if _step(path) not in {"commands", "cli"}:
        assert "commands" not in _own(path)


@pytest.mark.parametrize("path", FILES, ids=IDS)
def test_forbidden_arrows(path: Path) -> None:
    outside = {name.split(".")[0] for name in _imports(path)}
    assert not outside & FORBIDDEN.get(_step(path), set())


@pytest.mark.parametrize("step", sorted(FORBIDDEN))
def test_forbidden_arrows_hold_through_detours(step: str) -> None:
    """Importing all modules of a step loads none of the forbidden packages, whatever they import in turn."""
    modules = [
        ".".join(("screening", *path.relative_to(PACKAGE).with_suffix("").parts)).removesuffix(".__init__")
        for path in FILES
        if _step(path) == step
    ]
    code = f"import sys, {', '.join(modules)}; sys.stdout.write(' '.join({FORBIDDEN[step]!r} & set(sys.modules)))"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr


@pytest.mark.parametrize("path", FILES, ids=IDS)
def test_the_library_never(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    found = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Assert):
            found.append(f"{node.lineno}: assert")
        elif isinstance(node, ast.ExceptHandler) and node.type is None:
            found.append(f"{node.lineno}: bare except")
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            if node.func.id in {"print", "eval", "exec"}:
                found.append(f"{node.lineno}: {node.func.id}()")
        elif isinstance(node, ast.keyword) and node.arg in {"weights_only", "allow_pickle"}:
            safe = node.arg == "weights_only"
            if not (isinstance(node.value, ast.Constant) and node.value.value is safe):
                found.append(f"{node.value.lineno}: {node.arg}")
    if path.relative_to(PACKAGE).as_posix() not in TALKS_TO_OWN_PROCESSES:
        found += [f"imports {name}" for name in {n.split(".")[0] for n in _imports(path)} & UNPICKLERS]
    assert not found


@pytest.mark.parametrize("path", FILES, ids=IDS)
def test_files_and_functions_stay_short(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 400
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert (node.end_lineno or 0) - node.lineno < 60, f"{node.name} is too long"


@pytest.mark.parametrize("path", FILES, ids=IDS)
def test_every_module_says_what_it_is_for(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert not text or ast.get_docstring(ast.parse(text))


def _defining(step: str, function: str) -> set[str]:
    """The modules of a step that define a public function of this name."""
    return {
        path.stem
        for path in (PACKAGE / step).glob("*.py")
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.FunctionDef) and node.name == function
    }


def test_a_material_class_is_one_file_in_merit_and_one_config() -> None:
    configs = {path.stem for path in (ROOT / "configs" / "task").glob("*.yaml")}
    assert configs == _defining("merit", "evaluate")
    assert configs >= {"magnets", "electrodes"}


@pytest.mark.parametrize("path", FILES, ids=IDS)
def test_steps_after_merit_know_no_material_class_by_name(path: Path) -> None:
    """What is special about a class is in its merit module and its config."""
    if _step(path) in {"ranking", "report", "tracking", "cluster", "commands", "api"}:
        tasks = "|".join(sorted(_defining("merit", "evaluate")))
        assert not re.search(rf"""["']({tasks})["']""", path.read_text(encoding="utf-8"))


def test_an_architecture_is_one_file_in_networks_and_its_configs() -> None:
    used = {yaml.safe_load(path.read_text())["name"] for path in (ROOT / "configs" / "network").glob("*.yaml")}
    assert used == {
        path.stem
        for path in (PACKAGE / "networks").glob("*.py")
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.ClassDef) and node.name == "Network"
    }
    assert used


def test_a_command_is_one_schema_one_root_config_and_one_module() -> None:
    from screening.configuration.registry import COMMANDS

    modules = {schema.module for schema in COMMANDS.values()}
    assert {path.stem for path in (ROOT / "configs").glob("*.yaml")} == set(COMMANDS)
    assert _defining("commands", "run") == modules
