"""The rules of the house: who may import whom, and that an import has no effects (docs/architecture.md)."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

FLOORS: list[set[str]] = [
    {
        "tiekd.errors",
        "tiekd.limits",
        "tiekd.methods",
        "tiekd.datasets",
        "tiekd._version",
        "tiekd._colormaps",
        "tiekd.charts",
    },
    {"tiekd.types", "tiekd.assets", "tiekd.files", "tiekd.faults"},
    {"tiekd.codecs", "tiekd.places", "tiekd.targets"},
    {"tiekd.bins", "tiekd.card", "tiekd.run_folder", "tiekd.render"},
    {"tiekd.zoo", "tiekd.losses"},
    {"tiekd.artefacts", "tiekd.zoo_table", "tiekd.data", "tiekd.synth"},
    {"tiekd.metrics", "tiekd.models"},
    {"tiekd.runtime", "tiekd.recipe", "tiekd.fetch"},
    {"tiekd.estimators", "tiekd.export"},
    {"tiekd.gallery", "tiekd.training", "tiekd.evaluate"},
    {"tiekd.report", "tiekd.reproduce"},
    {"tiekd"},
    {"server.settings"},
    {"server.inference", "server.galleries", "server.configs", "server.scores"},
    {"server.http"},
    {"server.app", "server.process", "server"},
    {"tiekd.cli", "studies"},
]
"""Every room, from the ground up. A module imports from its own room and from the floors below, never from a
room on its own floor or above."""

ONLY: dict[str, set[str]] = {
    "tiekd.losses": {"tiekd.bins"},
    "tiekd.models": {"tiekd.bins", "tiekd.zoo"},
    "tiekd.data": set(),
    "tiekd.metrics": {"tiekd.data.crops"},
    "tiekd.bins": set(),
    "tiekd.synth": set(),
    "server": {
        "tiekd", "tiekd.estimators", "tiekd.gallery", "tiekd.render", "tiekd.runtime", "tiekd.zoo",
    },
}  # fmt: skip
"""What a room may import besides GROUND and itself, where the floors alone would allow more."""
GROUND = {
    "tiekd.errors", "tiekd.types", "tiekd._version", "tiekd.assets", "tiekd.faults", "tiekd.files",
    "tiekd.limits",
    "tiekd.places", "tiekd.codecs", "tiekd.methods", "tiekd.datasets", "tiekd.targets", "tiekd.card",
}  # fmt: skip


PACKAGES = ("tiekd", "server", "studies")
"""All packages of the repository; `tests` and `benchmarks` hold scripts that nothing imports."""

TORCH_FREE = [
    "tiekd", "tiekd.types", "tiekd.errors", "tiekd.files", "tiekd.methods", "tiekd.datasets", "tiekd.card",
    "tiekd.assets", "tiekd.codecs", "tiekd.targets", "tiekd.zoo", "tiekd.models.families",
    "tiekd.gallery", "tiekd.render",
    "tiekd.runtime", "tiekd.estimators", "tiekd.recipe", "tiekd.cli", "tiekd.cli.main", "server.app",
]  # fmt: skip


def modules() -> Iterator[tuple[str, Path]]:
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts), path


def imports_of(path: Path) -> set[str]:
    """Every module that a file's import statements and calls of `import_module` name, wherever they stand."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert node.level == 0, f"{path}: write imports in full, not relative"
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith(("import_module", "__import__")):
            found |= {arg.value for arg in node.args if isinstance(arg, ast.Constant)}
    return found


def within(name: str, owners: set[str]) -> bool:
    return any(name == owner or name.startswith(owner + ".") for owner in owners)


def room_of(module: str) -> str:
    """The room of a module: the longest name that fits. `tiekd` and `server` are their `__init__` alone."""
    rooms = set().union(*FLOORS)
    fitting = [room for room in rooms if within(module, {room})]
    longest = max(fitting, key=len, default="")
    return "" if longest in {"tiekd", "server"} - {module} else longest


MODULES = dict(modules())


@cache
def arrows() -> dict[str, set[str]]:
    """Module -> the modules of ours that its import statements name, wherever they stand."""
    return {
        module: {resolved(name) for name in imports_of(path)} - {"", module}
        for module, path in MODULES.items()
    }


def resolved(name: str) -> str:
    """The module that an import names: `tiekd.zoo.row` is in `tiekd.zoo`. Empty for other packages."""
    while name and name not in MODULES:
        name = name.rpartition(".")[0]
    return name


def test_every_module_has_a_room_and_every_room_has_a_module() -> None:
    assert [module for module in MODULES if not room_of(module)] == []
    assert set().union(*FLOORS) - {room_of(module) for module in MODULES} == set()


def test_there_is_no_other_package() -> None:
    folders = {path.parent.name for path in ROOT.glob("*/*.py")}
    assert folders <= {*PACKAGES, "tests", "benchmarks"}


def test_the_core_of_the_service_imports_no_web_framework() -> None:
    web = {"starlette", "fastapi", "uvicorn", "prometheus_client"}
    for module, path in MODULES.items():
        if within(module, {"server.inference"}):
            assert {name for name in imports_of(path) if within(name, web)} == set(), module


def test_no_arrow_leads_up_or_across_a_floor() -> None:
    floor_of = {room: number for number, floor in enumerate(FLOORS) for room in floor}
    wrong = {
        (module, named)
        for module, all_named in arrows().items()
        for named in all_named
        if room_of(named) != room_of(module) and floor_of[room_of(named)] >= floor_of[room_of(module)]
    }
    assert wrong == set()


def test_no_modules_import_each_other_in_a_circle() -> None:
    assert circles(arrows()) == []


def circles(graph: dict[str, set[str]]) -> list[list[str]]:
    """Every set of modules that import each other, directly or through others."""
    reaches: dict[str, set[str]] = {}
    for start, named in graph.items():
        seen: set[str] = set()
        waiting = list(named)
        while waiting:
            module = waiting.pop()
            if module not in seen:
                seen.add(module)
                waiting.extend(graph[module])
        reaches[start] = seen
    in_circle = {module for module in graph if module in reaches[module]}
    found = {
        tuple(sorted(other for other in reaches[module] if module in reaches[other])) for module in in_circle
    }
    return [list(circle) for circle in sorted(found)]


def test_circles_are_found() -> None:
    assert circles({"a": {"b"}, "b": {"c"}, "c": {"b"}, "d": {"a"}}) == [["b", "c"]]
    assert circles({"a": {"b", "c"}, "b": {"c"}, "c": set()}) == []


@pytest.mark.parametrize(("room", "others"), ONLY.items(), ids=ONLY)
def test_a_room_imports_only_what_it_may(room: str, others: set[str]) -> None:
    allowed = others | GROUND | {room}
    for module, named in arrows().items():
        if within(module, {room}):
            strange = {
                name for name in named if name not in allowed and not within(name, allowed - {"tiekd"})
            }
            assert strange == set(), module


def test_serving_knows_no_training() -> None:
    training = {"tiekd.training", "tiekd.recipe", "tiekd.evaluate", "tiekd.report"}
    served = {"tiekd.runtime", "tiekd.estimators", "tiekd.zoo", "tiekd.gallery", "tiekd.render", "server"}
    for module, named in arrows().items():
        if within(module, served):
            assert {name for name in named if within(name, training)} == set(), module


def test_importing_does_not_import_torch() -> None:
    code = (
        "import importlib, sys\n"
        "for module in sys.argv[1:]:\n"
        "    importlib.import_module(module)\n"
        "    assert not {'torch', 'timm'} & set(sys.modules), module\n"
    )
    subprocess.run([sys.executable, "-c", code, *TORCH_FREE], cwd=ROOT, check=True)


def test_importing_sets_up_no_logging_and_reads_no_device() -> None:
    code = (
        "import logging, sys; before = list(logging.root.handlers)\n"
        "import tiekd.models.registry, tiekd.losses, tiekd.metrics, tiekd.recipe, server.app\n"
        "import torch\n"
        "assert logging.root.handlers == before, logging.root.handlers\n"
        "assert not torch.cuda.is_initialized()\n"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)


def test_nothing_is_nailed_to_cuda() -> None:
    for module, path in MODULES.items():
        assert ".cuda()" not in path.read_text(encoding="utf-8"), f"{module}: use .to(device)"
