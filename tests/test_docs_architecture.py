"""docs/architecture.md names what there is: the floors of the house, and functions that exist."""

import ast
import re
from collections import defaultdict
from pathlib import Path

import pytest
from test_architecture import FLOORS, ROOT

TEXT = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")


def names_in(path: Path) -> set[str]:
    """What a module defines at its top, and the methods of its classes as `Class.method`."""
    found: set[str] = set()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(node.name)
        if isinstance(node, ast.ClassDef):
            inner = (part for part in node.body if isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef))
            found |= {f"{node.name}.{part.name}" for part in inner}
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        found |= {target.id for target in targets if isinstance(target, ast.Name)}
    return found


def test_the_table_shows_the_floors_that_the_test_holds() -> None:
    shown: dict[int, set[str]] = defaultdict(set)
    for floor, room in re.findall(r"^\| (\d+) \| `([\w.]+)` \|", TEXT, flags=re.MULTILINE):
        shown[int(floor)].add(room)
    # The package `server` itself holds no code.
    assert [shown[number] for number in sorted(shown)] == [floor - {"server"} for floor in FLOORS]


@pytest.mark.parametrize("reference", sorted(set(re.findall(r"`([\w/.-]+\.py:[\w.]+)`", TEXT))))
def test_a_function_that_the_walks_name_exists(reference: str) -> None:
    path, name = reference.split(":")
    assert name in names_in(ROOT / path)


@pytest.mark.parametrize("path", sorted(set(re.findall(r"`((?:\w+/)+[\w.-]*)`", TEXT))))
def test_a_file_that_the_page_names_exists(path: str) -> None:
    assert (ROOT / path).exists()
