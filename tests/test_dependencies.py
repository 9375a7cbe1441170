"""pyproject.toml declares what is imported, in the group that installs it, and nothing else."""

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
OURS = {"tiekd", "server", "studies"}
DISTRIBUTIONS = {
    "PIL": "pillow",
    "yaml": "pyyaml",
    "lightning_fabric": "pytorch-lightning",  # one wheel brings both
}
"""Import name -> distribution, where they differ by more than "_" and "-"."""
EXTRA_OF = {
    "tiekd.training": "train",
    "tiekd.synth": "synth",
    "tiekd.data.prepare.labelled": "nyu",
    "tiekd.estimators.huggingface": "hub",
    "tiekd.estimators.onnx": "export",
    "tiekd.export": "export",
    "studies.pictures": "dev",
}
"""Module or room -> the extra that it needs besides the core."""
NOT_IMPORTED = {
    "python-multipart": "Starlette reads form fields with it",
    "tensorboard": "Lightning's TensorBoardLogger writes with it",
    "wandb": "Lightning's WandbLogger logs with it",
}


def normal(name: str) -> str:
    return DISTRIBUTIONS.get(name, name).replace("_", "-").lower()


def declared(lines: list[str]) -> set[str]:
    names = {re.match(r"[\w.-]+", line).group() for line in lines}
    return {normal(name) for name in names} - {"tiekd"}


CORE = declared(PROJECT["dependencies"])
EXTRAS = {name: declared(lines) for name, lines in PROJECT["optional-dependencies"].items()}


def imports_of(path: Path) -> Iterator[str]:
    """The packages that a file imports, with optional ones that it names in `require("package", …)`."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module.partition(".")[0]
        elif isinstance(node, ast.Call) and ast.unparse(node.func) == "require":
            yield from (arg.value for arg in node.args if isinstance(arg, ast.Constant))


def third_party(path: Path) -> set[str]:
    named = {name for name in imports_of(path) if name not in sys.stdlib_module_names | OURS}
    return {normal(name) for name in named}


MODULES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
    for room in sorted(OURS)
    for path in sorted((ROOT / room).rglob("*.py"))
}


def extras_of(module: str) -> set[str]:
    needed = [extra for room, extra in EXTRA_OF.items() if f"{module}.".startswith(f"{room}.")]
    return set().union(*(EXTRAS[extra] for extra in needed))


@pytest.mark.parametrize("room", sorted(OURS))
def test_what_is_imported_is_declared_in_its_group(room: str) -> None:
    missing = {
        module: lacking
        for module, path in MODULES.items()
        if module.partition(".")[0] == room and (lacking := third_party(path) - CORE - extras_of(module))
    }
    assert missing == {}


def test_what_tests_and_benchmarks_import_is_declared_somewhere() -> None:
    local = {path.stem for folder in ("tests", "benchmarks") for path in (ROOT / folder).rglob("*.py")}
    known = CORE.union(*EXTRAS.values()) | {normal(name) for name in local | {"benchmarks"}}
    for folder in ("tests", "benchmarks"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            assert third_party(path) <= known, path


def test_what_is_declared_is_used() -> None:
    used = set().union(*map(third_party, MODULES.values())) | set(NOT_IMPORTED)
    everything = CORE.union(*(names for extra, names in EXTRAS.items() if extra != "dev"))
    assert everything - used == set()
    assert set(NOT_IMPORTED) <= everything


def test_every_exception_here_is_still_needed() -> None:
    imported = set().union(*map(third_party, MODULES.values()))
    assert set(NOT_IMPORTED) & imported == set()
    for room, extra in EXTRA_OF.items():
        files = [path for module, path in MODULES.items() if f"{module}.".startswith(f"{room}.")]
        assert files, room
        assert extra in EXTRAS
