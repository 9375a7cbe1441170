"""Recipe documents: files that build on others, with values for some rows alone.

A file may name another one to build on (`extends`: a shipped recipe, or a file beside it). Its values replace
those of the other one by one; groups are merged. `cases` hold values for some rows alone, which replace the
file's other values:

    cases:
      - when: {dataset: nyu, method: [tiekd, tiekd_dpm]}
        network: {n_bins: 49}

A case applies if method, teacher, encoder and data set are among those that it names; the row's name and the
overrides may choose them. Row names are patterns, and what a pattern captures becomes a value.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from copy import deepcopy
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Any

import yaml

from tiekd.datasets import DATASETS
from tiekd.errors import ConfigError, UnknownNameError
from tiekd.methods import METHODS

Change = tuple[str, Any]
"""A key with dots between groups, and the value it gets."""

_PLACES = {
    "teacher": "[a-z0-9]+",
    "encoder": "[a-z0-9_]+?",
}
"""What the parts of a row's name look like; the methods and data sets are those of the tables."""
_KEYS = {"method": "method", "teacher": "teacher", "encoder": "network.encoder", "dataset": "dataset"}
"""Part of a row's name (or of a case) → its key in the recipe."""
_RECIPE_FILE = (".yaml", ".yml")


def shipped_recipes() -> dict[str, Path]:
    """Names of the recipes that come with tiekd, and their files."""
    folder = Path(str(resources.files("tiekd.recipe"))) / "recipes"
    return {path.stem: path for path in sorted(folder.glob("*.yaml"))}


def recipes_of(row: str) -> list[tuple[Path, dict[str, str]]]:
    """The shipped recipes whose patterns a row's name matches, and what they capture of it."""
    found = []
    for path in shipped_recipes().values():
        for pattern in _read(path).get("rows", ()):
            captured = re.fullmatch(_expression(pattern), row)
            if captured:
                found.append((path, captured.groupdict()))
    return found


def compose(name: str, changes: Sequence[Change]) -> dict[str, Any]:
    """The document of a recipe file, a shipped recipe's name or a zoo row, changed in the order given.

    Raises ConfigError for a file that is not a recipe, UnknownNameError for any other name.
    """
    path, captured = _find(name)
    layers = _layers(path)
    outside: list[Change] = [(_KEYS[place], value) for place, value in captured.items()]
    outside += [("name", name)] if captured else []
    outside += changes
    chosen = _chosen(layers, outside)
    document: dict[str, Any] = {}
    for file, layer in layers:
        document.pop("rows", None)
        _merge(document, _values(layer))
        for when, values in _cases(file, layer):
            if all(str(chosen[place]) in wanted for place, wanted in when.items()):
                _merge(document, values)
    return _changed(document, outside)


def parse_override(override: str) -> Change:
    """ "key.sub=value", the value as YAML. Raises ConfigError."""
    key, equals, text = override.partition("=")
    if not equals or not key:
        raise ConfigError(f"The override {override!r} has no value.", hint="Write key.sub=value.")
    try:
        return key, yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ConfigError(f"The override {override!r} is not YAML.", hint="Quote the value.") from error


def _find(name: str) -> tuple[Path, dict[str, str]]:
    shipped = shipped_recipes()
    if name.endswith(_RECIPE_FILE):
        if not Path(name).is_file():
            raise ConfigError(f"There is no recipe {name}.", hint=f"Shipped recipes: {', '.join(shipped)}.")
        return Path(name), {}
    if name in shipped:
        return shipped[name], {}
    for found in recipes_of(name):
        return found
    from tiekd.zoo import read_zoo

    raise UnknownNameError("recipe or row", name, [*shipped, *read_zoo().names()])


def _layers(path: Path) -> list[tuple[Path, dict[str, Any]]]:
    """The file's document and those it builds on, the deepest first. Raises ConfigError for a circle."""
    found: list[tuple[Path, dict[str, Any]]] = []
    while True:
        if any(path == seen for seen, _ in found):
            circle = " -> ".join(str(seen) for seen, _ in found)
            raise ConfigError(f"The recipes {circle} build on each other.", hint="Take an `extends` out.")
        document = _read(path)
        found.insert(0, (path, document))
        if document.get("extends") is None:
            return found
        path = _base(path, str(document["extends"]))


def _base(path: Path, name: str) -> Path:
    shipped = shipped_recipes()
    if name in shipped:
        return shipped[name]
    base = (path.parent / name).resolve()
    if not name.endswith(_RECIPE_FILE) or not base.is_file():
        raise ConfigError(
            f"{path} extends {name!r}, which is neither a shipped recipe nor a YAML file beside it.",
            hint=f"Shipped recipes: {', '.join(shipped)}.",
        )
    return base


def _chosen(layers: Iterable[tuple[Path, dict[str, Any]]], outside: Iterable[Change]) -> dict[str, Any]:
    """Method, teacher, encoder and data set, which cases ask for: from the files without their cases,
    overruled by the row's name and the overrides.
    """
    document: dict[str, Any] = {}
    for _, layer in layers:
        _merge(document, _values(layer))
    document = _changed(document, outside)
    chosen = {}
    for place, key in _KEYS.items():
        value: Any = document
        for part in key.split("."):
            value = value.get(part) if isinstance(value, dict) else None
        chosen[place] = value
    return chosen


def _values(layer: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in layer.items() if key not in ("extends", "cases", "when")}


def _cases(path: Path, layer: dict[str, Any]) -> Iterator[tuple[dict[str, list[str]], dict[str, Any]]]:
    """What each case asks for, and its values. Raises ConfigError."""
    cases = layer.get("cases") or []
    for case in cases if isinstance(cases, list) else [cases]:
        when = case.get("when") if isinstance(case, dict) else None
        if not isinstance(when, dict) or not when.keys() <= _KEYS.keys():
            raise ConfigError(
                f"A case of {path} asks for {when!r}.",
                hint=f"Cases are a list; each says when: {{…}} with some of {', '.join(_KEYS)}.",
            )
        wanted = {
            place: [str(one) for one in (names if isinstance(names, list) else [names])]
            for place, names in when.items()
        }
        yield wanted, _values(case)


def _changed(document: dict[str, Any], changes: Iterable[Change]) -> dict[str, Any]:
    for key, value in changes:
        set_value(document, key, value)
    return document


def set_value(document: dict[str, Any], key: str, value: Any) -> None:
    """Set "group.key" of a document. Raises ConfigError where a group is a value."""
    *parents, last = key.split(".")
    for parent in parents:
        below = document.setdefault(parent, {})
        if not isinstance(below, dict):
            raise ConfigError(f"{parent!r} in {key!r} is a value, not a group.", hint="Check the key's path.")
        document = below
    document[last] = value


def _merge(document: dict[str, Any], values: Mapping[str, Any]) -> None:
    for key, value in values.items():
        below = document.get(key)
        if isinstance(below, dict) and isinstance(value, dict):
            _merge(below, value)
        else:
            document[key] = deepcopy(value)


def _expression(row: str) -> str:
    # Longest first: `tiekd_dpm` must not be read as `tiekd` with an encoder whose name begins with `dpm_`.
    places = {
        **_PLACES,
        "method": "|".join(sorted(METHODS, key=len, reverse=True)),
        "dataset": "|".join(name for name, entry in DATASETS.items() if not entry.own_recipes),
    }
    parts = re.split(r"\{(\w+)\}", row)
    return "".join(re.escape(p) if i % 2 == 0 else f"(?P<{p}>{places[p]})" for i, p in enumerate(parts))


def _read(path: Path) -> dict[str, Any]:
    """A file's document. Raises ConfigError when it can't be read or is no mapping."""
    try:
        return _parse(path, path.stat().st_mtime_ns)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        why = " ".join(str(error).split())
        raise ConfigError(f"Can't read the recipe {path}: {why}", hint="It must be a YAML file.") from error


@lru_cache(maxsize=32)
def _parse(path: Path, _changed_ns: int) -> dict[str, Any]:
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    if not isinstance(document, dict):
        raise ConfigError(
            f"The recipe {path} is not a mapping.", hint="Start from a file of tiekd/recipe/recipes."
        )
    return document
