"""The rules of the house: who may import whom, and that importing costs and does nothing."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

FOUNDATIONS = {"tiekd.types", "tiekd.errors", "tiekd.card", "tiekd._version"}
TORCH_FREE = [
    "tiekd", "tiekd.types", "tiekd.errors", "tiekd.card", "tiekd.assets", "tiekd.zoo", "tiekd.gallery",
    "tiekd.render", "tiekd.runtime", "tiekd.cli.main", "server.app",
]  # fmt: skip

# What a part of tiekd may import from tiekd besides FOUNDATIONS and itself. A part that is not listed is
# free, as long as the general rules hold (never server, never cli).
ALLOWED = {
    "tiekd.bins": set(),
    "tiekd.models": {"tiekd.bins", "tiekd.zoo"},
    "tiekd.losses": {"tiekd.bins"},
    "tiekd.metrics": {"tiekd.data.crops"},
    "tiekd.data": {"tiekd.codecs"},
    "tiekd.zoo": {"tiekd.assets"},
    "tiekd.assets": set(),
    "tiekd.synth": {"tiekd.codecs"},
    "server": {
        "tiekd.assets", "tiekd.codecs", "tiekd.runtime", "tiekd.zoo", "tiekd.gallery", "tiekd.render",
        "tiekd.bins",
    },
}  # fmt: skip


def modules() -> Iterator[tuple[str, Path]]:
    for package in ("tiekd", "server"):
        for path in sorted((ROOT / package).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts), path


def imports_of(path: Path) -> set[str]:
    """Every module that a file's import statements name, wherever they stand."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert node.level == 0, f"{path}: write imports in full, not relative"
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def within(name: str, owners: set[str]) -> bool:
    return any(name == owner or name.startswith(owner + ".") for owner in owners)


def part_of(module: str) -> str | None:
    return next((part for part in ALLOWED if within(module, {part})), None)


@pytest.mark.parametrize(
    ("module", "path"), list(modules()), ids=lambda value: value if isinstance(value, str) else ""
)
def test_a_module_imports_only_what_its_part_may(module: str, path: Path) -> None:
    ours = {name for name in imports_of(path) if within(name, {"tiekd", "server"})}
    if within(module, {"tiekd"}):
        assert not {name for name in ours if within(name, {"server"})}, "tiekd never imports server"
    if not within(module, {"tiekd.cli"}):
        assert not {name for name in ours if within(name, {"tiekd.cli"})}, "nothing imports the command line"
    part = part_of(module)
    if part is not None:
        allowed = ALLOWED[part] | FOUNDATIONS | {part}
        assert not {name for name in ours if not within(name, allowed) and name != "tiekd.__version__"}


def test_serving_knows_no_teachers() -> None:
    training = {"tiekd.estimators", "tiekd.estimators.labels", "tiekd.training"}
    for module, path in modules():
        if within(module, {"tiekd.runtime", "tiekd.zoo", "tiekd.gallery", "tiekd.render", "server"}):
            assert not {name for name in imports_of(path) if within(name, training)}, module


@pytest.mark.parametrize("module", TORCH_FREE)
def test_importing_does_not_import_torch(module: str) -> None:
    code = f"import {module}, sys; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


def test_importing_sets_up_no_logging_and_reads_no_device() -> None:
    code = (
        "import logging, sys; before = list(logging.root.handlers)\n"
        "import tiekd.models.registry, tiekd.losses, tiekd.metrics, tiekd.recipe.recipe, server.app\n"
        "import torch\n"
        "assert logging.root.handlers == before, logging.root.handlers\n"
        "assert not torch.cuda.is_initialized()\n"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)


def test_nothing_is_nailed_to_cuda() -> None:
    for module, path in modules():
        assert ".cuda()" not in path.read_text(encoding="utf-8"), f"{module}: use .to(device)"
