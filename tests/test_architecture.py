"""Sentences of the design that stay true: who may import whom, what the library never does, how it grows."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from pathlib import Path

import pytest
import yaml

from screening.materials.registry import class_names

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "screening"

# Crystals flow in one direction: a step imports itself, the steps before it, and the ground floor, which has an order.
GROUND = [
    "errors", "resources", "masking", "console", "settings", "plugins", "array_types", "files", "folders", "holders",
    "locks", "checksums", "caching", "release_folder", "signals", "columns", "tables", "chemistry",
]  # fmt: skip
STEPS = [
    "crystals", "data", "graphs", "networks", "tabular", "learning", "potentials", "relaxation", "materials", "ranking",
    "finalists", "report", "tracking", "export", "cluster", "configuration", "jobs", "testing", "api", "commands",
    "cli", "__main__",
]  # fmt: skip
_WIRING = {"hydra", "omegaconf", "lightning", "mlflow"}
FORBIDDEN = {
    "crystals": _WIRING,
    "graphs": _WIRING,
    "networks": _WIRING,
    "tabular": _WIRING,
    "potentials": _WIRING,
    "relaxation": _WIRING,
    "materials": _WIRING,
    "ranking": {"torch", *_WIRING},
}
# Figures of merit need no network: these modules are imported where there is no torch.
MERIT = re.compile(r"screening\.materials\.\w+\.(merit|reasons|columns|comparison|figures(\.\w+)?)$")
CLASS_NAMES = re.compile(r"(?<![A-Za-z])(?:([Mm]agnet|[Ee]lectrode)[sS]?(?![a-z])|(MAGNET|ELECTRODE)S?(?![A-Za-z]))")
UNPICKLERS = {"pickle", "cPickle", "dill", "cloudpickle", "joblib", "shelve", "marshal"}
# Pickles over pipes that only a process and the one that started it hold; never from a file or a network.
TALKS_TO_OWN_PROCESSES = {"crystals/reading/worker.py", "crystals/reading/workers.py"}

ALLOWED_TO_NAME_A_CLASS: set[str] = set()
ALLOWED_STEMS = {"columns", "merit", "reasons"}
"""Each material class has these."""
ALLOWED_NAMES = {"run", "main", "evaluate", "explain"}
"""`run` of every command, `main` of every program, `evaluate` and `explain` of every material class."""

FILES = sorted(path for path in PACKAGE.rglob("*.py") if "_bundled" not in path.parts)


def _step(path: Path) -> str:
    first = path.relative_to(PACKAGE).parts[0]
    return first.removesuffix(".py")


def _dotted(path: Path) -> str:
    return ".".join(("screening", *path.relative_to(PACKAGE).with_suffix("").parts)).removesuffix(".__init__")


@cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def _where(wrong: Callable[[Path], Iterable[str]]) -> dict[str, list[str]]:
    """The files with something wrong, and what that is."""
    found = {path.relative_to(PACKAGE).as_posix(): sorted(wrong(path)) for path in FILES}
    return {path: said for path, said in found.items() if said}


def _outside(path: Path) -> set[str]:
    return {name.split(".")[0] for name in _imports(path)}


@cache
def _imports(path: Path) -> tuple[str, ...]:
    """Dotted names of all imports of a file, inside functions and for type checkers as well."""
    return tuple(_found_imports(path))


def _found_imports(path: Path) -> Iterator[str]:
    for node in ast.walk(_tree(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            assert node.module is not None
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _own(path: Path) -> set[str]:
    """The steps and modules of the ground floor that a file imports."""
    names = {name.split(".")[1] for name in _imports(path) if name.startswith("screening.")}
    return {name for name in names if name in {*STEPS, *GROUND}}


def test_every_module_has_its_place() -> None:
    assert {_step(path) for path in FILES} <= {*STEPS, *GROUND, "__init__"}


def test_a_step_imports_only_steps_before_it() -> None:
    order = [*GROUND, *STEPS]
    allowed = {step: set(order[: index + 1]) for index, step in enumerate(order)} | {"__init__": {"api", "errors"}}
    assert _where(lambda path: _own(path) - allowed[_step(path)]) == {}


def test_no_files_import_each_other() -> None:
    """Neither directly nor through others, inside functions and for type checkers as well."""
    modules = {_dotted(path): path for path in FILES}
    graph = {name: {found for found in _imports(path) if found in modules} for name, path in modules.items()}
    for name in graph:  # what a package hands on is defined in its modules
        graph[name] -= {name, *(found for found in graph[name] if modules[found].name == "__init__.py")}
    while leaves := [name for name, found in graph.items() if not found]:
        for leaf in leaves:
            del graph[leaf]
        for found in graph.values():
            found -= set(leaves)
    assert not graph, "these import each other, or import some that do"


def test_nothing_imports_commands_but_the_command_line() -> None:
    assert _where(lambda path: _own(path) & {"commands"} if _step(path) not in {"commands", "cli"} else ()) == {}


def test_forbidden_arrows() -> None:
    assert _where(lambda path: _outside(path) & FORBIDDEN.get(_step(path), set())) == {}


@pytest.mark.ci
def test_forbidden_arrows_hold_through_detours() -> None:
    """Importing all modules of a step loads none of the forbidden packages, whatever they import in turn."""
    for packages in {frozenset(packages) for packages in FORBIDDEN.values()}:
        steps = {step for step, forbidden in FORBIDDEN.items() if forbidden == packages}
        _assert_loads_none([_dotted(path) for path in FILES if _step(path) in steps], set(packages))


def test_figures_of_merit_need_no_torch() -> None:
    modules = [name for name in map(_dotted, FILES) if MERIT.match(name)]
    assert len(modules) > 10
    _assert_loads_none(modules, {"torch", *_WIRING})


def _assert_loads_none(modules: list[str], packages: set[str]) -> None:
    code = f"import sys, {', '.join(modules)}; sys.stdout.write(' '.join({packages!r} & set(sys.modules)))"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr


def test_the_library_never() -> None:
    assert _where(_forbidden_code) == {}


def _forbidden_code(path: Path) -> Iterator[str]:
    for node in ast.walk(_tree(path)):
        if isinstance(node, ast.Assert):
            yield f"{node.lineno}: assert"
        elif isinstance(node, ast.ExceptHandler) and node.type is None:
            yield f"{node.lineno}: bare except"
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            if node.func.id in {"print", "eval", "exec"}:
                yield f"{node.lineno}: {node.func.id}()"
        elif isinstance(node, ast.keyword) and node.arg in {"weights_only", "allow_pickle"}:
            safe = node.arg == "weights_only"
            if not (isinstance(node.value, ast.Constant) and node.value.value is safe):
                yield f"{node.value.lineno}: {node.arg}"
    if path.relative_to(PACKAGE).as_posix() not in TALKS_TO_OWN_PROCESSES:
        yield from (f"imports {name}" for name in _outside(path) & UNPICKLERS)


def test_files_and_functions_stay_short() -> None:
    assert _where(_long_parts) == {}


def _long_parts(path: Path) -> Iterator[str]:
    lines = len(path.read_text(encoding="utf-8").splitlines())
    if lines > 300:
        yield f"{lines} lines"
    for node in ast.walk(_tree(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and (node.end_lineno or 0) - node.lineno >= 60:
            yield f"{node.name} is too long"


def test_every_module_says_what_it_is_for() -> None:
    assert [path for path in FILES if _tree(path).body and not ast.get_docstring(_tree(path))] == []


def _defining(step: str, function: str) -> set[str]:
    """The modules of a step that define a public function of this name."""
    return {
        path.stem
        for path in (PACKAGE / step).glob("*.py")
        for node in _tree(path).body
        if isinstance(node, ast.FunctionDef) and node.name == function
    }


def _classes() -> list[str]:
    return sorted(path.name for path in (PACKAGE / "materials").iterdir() if (path / "columns.py").is_file())


def test_a_material_class_is_one_package_and_one_config() -> None:
    assert _classes() == sorted(path.stem for path in (ROOT / "configs" / "task").glob("*.yaml")) == class_names()


def test_a_material_class_imports_no_other() -> None:
    """Nor does what classes share import one of them."""

    def others(path: Path) -> set[str]:
        found = {name.split(".")[2] for name in _imports(path) if name.startswith("screening.materials.")}
        return found & set(_classes()) - {path.relative_to(PACKAGE).parts[1]}

    assert _where(lambda path: others(path) if _step(path) == "materials" else ()) == {}


def test_nothing_outside_its_package_names_a_material_class() -> None:
    """Words in any case, whole or within a name; texts and configs of the package count as well."""
    naming = {
        path.relative_to(PACKAGE).as_posix()
        for path in PACKAGE.rglob("*")
        if path.suffix in {".py", ".yaml", ".html", ".js", ".css", ".sbatch"}
        and path.relative_to(PACKAGE).parts[:2] not in {("materials", name) for name in _classes()}
        and not {"_bundled", "__pycache__"} & set(path.parts)
        and CLASS_NAMES.search(path.read_text(encoding="utf-8"))
    }
    assert naming == ALLOWED_TO_NAME_A_CLASS


def test_names_of_modules_are_said_once() -> None:
    """What every class, command or registry has in common is called alike; nothing else is."""
    mirrored = {path.stem for folder in ("commands", "configuration") for path in (PACKAGE / folder).glob("*.py")}
    stems = Counter(path.stem for path in FILES if path.stem not in {"__init__", "base", "registry", *mirrored})
    assert {stem for stem, count in stems.items() if count > 1} <= ALLOWED_STEMS


def test_public_names_are_said_once() -> None:
    """A class or function that others may import has a name of its own, but for what a protocol asks of all."""
    owners: dict[str, set[str]] = defaultdict(set)
    for path in FILES:
        for node in _tree(path).body:
            if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
                owners[node.name].add(_dotted(path))
    repeated = {name: sorted(paths) for name, paths in owners.items() if len(paths) > 1}
    assert set(repeated) <= ALLOWED_NAMES, repeated


def test_an_architecture_is_one_file_in_networks_and_its_configs() -> None:
    used = {yaml.safe_load(path.read_text())["name"] for path in (ROOT / "configs" / "network").glob("*.yaml")}
    assert used == {
        path.stem
        for path in (PACKAGE / "networks").glob("*.py")
        for node in _tree(path).body
        if isinstance(node, ast.ClassDef) and node.name == "Network"
    }
    assert used


def test_a_command_is_one_schema_one_root_config_and_one_module() -> None:
    from screening.configuration.registry import COMMANDS, module_of

    modules = {module_of(command) for command in COMMANDS}
    assert {path.stem for path in (ROOT / "configs").glob("*.yaml")} == set(COMMANDS)
    assert _defining("commands", "run") == modules
