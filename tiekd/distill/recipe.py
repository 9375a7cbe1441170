"""Recipes: everything a training run is told, checked at once.

A recipe is a YAML file of `tiekd/recipes` (or the user's own). Method, teacher, encoder and data set are
values in it; the row names it can train are patterns, and what a pattern captures becomes a value.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from importlib import resources
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError, model_validator

from tiekd.card import Method
from tiekd.data.photometry import PhotoSettings
from tiekd.data.transforms import ViewSettings
from tiekd.distill.objectives import WEIGHTS, uses_labels
from tiekd.distill.settings import (
    DataSettings,
    LossSettings,
    NetworkSettings,
    OptimSettings,
    RunSettings,
    Settings,
)
from tiekd.distill.start import take_network
from tiekd.errors import ConfigError, UnknownNameError

_PLACES = {
    "method": "|".join(sorted(WEIGHTS, key=len, reverse=True)),
    "teacher": "[a-z0-9]+",
    "encoder": "[a-z0-9_]+?",
}


class Recipe(Settings):
    """One training run. `rows` are the patterns of zoo rows that this recipe trains."""

    name: str | None = None
    rows: tuple[str, ...] = ()
    method: Method
    teacher: str | None = None
    dataset: str
    network: NetworkSettings
    data: DataSettings = DataSettings()
    view: ViewSettings = ViewSettings()
    photo: PhotoSettings = PhotoSettings()
    loss: LossSettings = LossSettings()
    optim: OptimSettings
    run: RunSettings = RunSettings()

    @model_validator(mode="after")
    def _fits_together(self) -> Recipe:
        faults = []
        if not self.data.min_depth_m < self.data.max_depth_m:
            faults.append(
                f"data.min_depth_m={self.data.min_depth_m} must be below max_depth_m={self.data.max_depth_m}"
            )
        pool = self.network.options.get("image_pool", 1)
        if self.data.shrink not in (1, pool):
            faults.append(f"data.shrink={self.data.shrink} must be 1 or network.options.image_pool={pool}")
        if self.data.shrink > 1 and any(n % self.data.shrink for n in self.view.size):
            faults.append(f"view.size={self.view.size} must be a multiple of data.shrink={self.data.shrink}")
        if self.is_regression and {"dpm_loss", "chamfer_loss"} & set(self.weights):
            faults.append(f"method {self.method} needs a network with bins, not {self.architecture}")
        if self.data.val_split and self.data.hold_out_every:
            faults.append("data.val_split and data.hold_out_every are two ways to validate; leave one null")
        if self.network.start_from and self.network.encoder_weights:
            faults.append("network.start_from brings the encoder's weights; leave encoder_weights null")
        if faults:
            raise ValueError("; ".join(faults))
        return self

    @property
    def architecture(self) -> str:
        """Full name of the network's architecture."""
        family: str = self.network.architecture
        if family == "auto":
            kinds = {"teacher": "adabins", "tiekd": "densedepth_dpm"}
            family = kinds.get(self.method.partition("_")[0], "densedepth")
        return f"{family}_{self.network.encoder}"

    @property
    def taught_by(self) -> str | None:
        """The teacher, for methods that have one."""
        return self.teacher if self.needs_labels else None

    @property
    def is_regression(self) -> bool:
        """Whether the network answers without bins."""
        return self.architecture.startswith("densedepth_") and "_dpm_" not in self.architecture

    @property
    def weights(self) -> Mapping[str, float]:
        """Weight of each part of the loss."""
        return self.loss.weights or WEIGHTS[self.method]

    @property
    def val_every(self) -> int:
        """Steps from one validation to the next; a short run has one at its end."""
        return min(self.run.val_every, self.optim.steps)

    @property
    def needs_labels(self) -> bool:
        """Whether teacher labels are learned from."""
        return uses_labels(self.method)

    def to_yaml(self) -> str:
        """The recipe as it ran, loadable again."""
        return yaml.safe_dump(self.model_dump(mode="json"), sort_keys=False)


def shipped_recipes() -> dict[str, Path]:
    """Names of the recipes that come with tiekd, and their files."""
    folder = Path(str(resources.files("tiekd"))) / "recipes"
    return {path.stem: path for path in sorted(folder.glob("*.yaml"))}


def load_recipe(
    name: str, *, overrides: Sequence[str] = (), values: Mapping[str, Any] | None = None
) -> Recipe:
    """A recipe from a file, the name of a shipped one, or the name of a zoo row that one of them trains.

    overrides: "key.sub=value", the value as YAML. values: the same, already parsed; applied first.
    Raises ConfigError that names every fault, UnknownNameError for a name that is none of the three.
    """
    document, where = _find(name)
    for key, value in (values or {}).items():
        _set(document, key, value)
    for override in overrides:
        key, equals, text = override.partition("=")
        if not equals or not key:
            raise ConfigError(f"The override {override!r} has no value.", hint="Write key.sub=value.")
        try:
            _set(document, key, yaml.safe_load(text))
        except yaml.YAMLError as error:
            raise ConfigError(f"The override {override!r} is not YAML.", hint="Quote the value.") from error
    take_network(document)
    try:
        return Recipe.model_validate(document)
    except ValidationError as error:
        raise ConfigError(
            f"{where} has {describe_faults(error)}", hint="A run writes every key to its recipe.yaml."
        ) from error


def describe_faults(error: ValidationError) -> str:
    """All faults of a validation, one per line."""
    lines = []
    for fault in error.errors():
        place = ".".join(str(part) for part in fault["loc"]) or "recipe"
        if fault["type"] == "extra_forbidden":
            lines.append(f"{place}: there is no such key{_instead(fault['loc'])}")
        else:
            given = "" if fault["type"] in ("missing", "value_error") else f" (got {fault['input']!r})"
            lines.append(f"{place}: {fault['msg'].removeprefix('Value error, ')}{given}")
    return f"{len(lines)} fault(s):\n  " + "\n  ".join(lines)


def _instead(place: tuple[int | str, ...]) -> str:
    """What may be meant by a key that is not there: near ones, else those there are."""
    group: Any = Recipe
    for part in place[:-1]:
        group = group.model_fields[part].annotation
    near = get_close_matches(str(place[-1]), group.model_fields, n=3)
    return (
        f" (did you mean {' or '.join(near)}?)" if near else f" (there are {', '.join(group.model_fields)})"
    )


def _find(name: str) -> tuple[dict[str, Any], str]:
    shipped = shipped_recipes()
    if name.endswith((".yaml", ".yml")):
        path = Path(name)
        if not path.is_file():
            raise ConfigError(f"There is no recipe {name}.", hint=f"Shipped recipes: {', '.join(shipped)}.")
        return _read(path), name
    if name in shipped:
        return _read(shipped[name]), name
    for path in shipped.values():
        document = _read(path)
        for pattern in document.get("rows", ()):
            captured = re.fullmatch(_pattern(pattern), name)
            if captured:
                document["name"] = name
                for key, value in captured.groupdict().items():
                    _set(document, "network.encoder" if key == "encoder" else key, value)
                return document, name
    known = [*shipped, *(row for path in shipped.values() for row in _read(path).get("rows", ()))]
    raise UnknownNameError("recipe or row", name, known)


def _pattern(row: str) -> str:
    parts = re.split(r"\{(\w+)\}", row)
    return "".join(re.escape(p) if i % 2 == 0 else f"(?P<{p}>{_PLACES[p]})" for i, p in enumerate(parts))


def _read(path: Path) -> dict[str, Any]:
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        why = " ".join(str(error).split())
        raise ConfigError(f"Can't read the recipe {path}: {why}", hint="It must be a YAML file.") from error
    if not isinstance(document, dict):
        raise ConfigError(f"The recipe {path} is not a mapping.", hint="Start from a file of tiekd/recipes.")
    return document


def _set(document: dict[str, Any], key: str, value: Any) -> None:
    *parents, last = key.split(".")
    for parent in parents:
        below = document.setdefault(parent, {})
        if not isinstance(below, dict):
            raise ConfigError(f"{parent!r} in {key!r} is a value, not a group.", hint="Check the key's path.")
        document = below
    document[last] = value
