"""Recipes: everything a training run is told, checked at once.

A recipe is a YAML file of `tiekd/recipes` (or the user's own). Method, teacher, encoder and data set are
values in it; the row names it can train are patterns, and what a pattern captures becomes a value.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from tiekd.card import Method
from tiekd.data.photometry import PhotoSettings
from tiekd.data.transforms import ViewSettings
from tiekd.distill.objectives import PARTS, WEIGHTS, uses_labels
from tiekd.distill.start import take_network
from tiekd.errors import ConfigError, UnknownNameError

_PLACES = {
    "method": "|".join(sorted(WEIGHTS, key=len, reverse=True)),
    "teacher": "[a-z0-9]+",
    "encoder": "[a-z0-9_]+?",
}


class _Settings(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class NetworkSettings(_Settings):
    """The network; "auto" takes the family's DPM network for the tiekd methods, regression for the others.

    `encoder` is the name the architecture takes, `encoder_weights` None, "imagenet" or a file; `n_bins` is
    for networks that have bins. `start_depth_m` is what the untrained head answers; without it what chance
    gives. `frozen_norms` says whose batch norms keep their running statistics: pictures of another world than
    the training one then meet the statistics that ImageNet left. `start_from` is a zoo row or a file of
    weights to go on from: what is not given here is taken from it.
    """

    architecture: Literal["auto", "adabins", "densedepth", "densedepth_dpm"] = "auto"
    encoder: str
    encoder_weights: str | None = None
    options: dict[str, Any] = Field(default_factory=dict)
    n_bins: int | None = Field(default=None, ge=2)
    start_depth_m: float | None = Field(default=None, gt=0)
    channels_last: bool = False
    frozen_norms: Literal["none", "encoder", "all"] = "none"
    start_from: str | None = None


class DataSettings(_Settings):
    """Where frames and labels come from.

    `source` is KIND:ROOT; without `train_split` all pictures of a folder:ROOT are taken. Validation is by
    `val_split`, or by every `hold_out_every`-th training frame, which is then not trained on: against the
    ground truth, or the teacher's labels where those are what the method learns from.
    Frames are scaled down to `max_pixels`, then `crop` cuts them ("kb" is the published 352x1216), then
    `shrink` averages them over cells of that many pixels, which must be the network's `image_pool` or 1.
    `max_depth_m` caps what counts as ground truth; `range_from_labels` takes it from the labels and sigma in
    proportion. `train_focal_px` restates depth for one focal length ("canonical" camera).
    """

    source: str | None = None
    train_split: str | None = "train.txt"
    val_split: str | None = "val.txt"
    hold_out_every: int | None = Field(default=None, ge=2)
    max_val_frames: int = Field(default=96, ge=1)
    labels: str | None = None
    max_pixels: int | None = Field(default=None, ge=32 * 32)
    crop: Literal["kb", "none"] = "none"
    shrink: Literal[1, 2, 4] = 1
    train_focal_px: float | None = Field(default=None, gt=0)
    cache: bool = False
    cache_dir: str | None = None
    workers: int = Field(default=1, ge=0)
    min_depth_m: float = Field(default=1e-3, gt=0)
    max_depth_m: float = Field(default=80.0, gt=0)
    range_from_labels: bool = False


class LossSettings(_Settings):
    """Weights of the parts (default: the method's published ones), sigma of the target DPM in metres."""

    weights: dict[str, float] | None = None
    sigma_m: float = Field(default=0.5, gt=0)
    top_crop_rows: int = Field(default=0, ge=0)

    @model_validator(mode="after")
    def _known(self) -> LossSettings:
        unknown = sorted(set(self.weights or {}) - set(PARTS))
        if unknown:
            raise ValueError(f"no loss part {', '.join(unknown)}; known: {', '.join(PARTS)}")
        return self


class OptimSettings(_Settings):
    """AdamW and a one-cycle learning rate, stepped every iteration (FACTS §4).

    The first `coarse_share` of the `steps` see views at half the size, which costs a quarter.
    """

    steps: int = Field(ge=1)
    coarse_share: float = Field(default=0.0, ge=0, le=1)
    batch_size: int = Field(default=8, ge=1)
    lr: float = Field(default=1e-3, gt=0)
    encoder_lr_scale: float = Field(default=1.0, gt=0, le=1)
    weight_decay: float = Field(default=0.01, ge=0)
    betas: tuple[float, float] = (0.95, 0.99)
    warm_share: float = Field(default=0.3, gt=0, lt=1)
    start_divisor: float = Field(default=25.0, ge=1)
    end_divisor: float = Field(default=2500.0, ge=1)
    grad_clip: float = Field(default=35.0, gt=0)
    ema_decay: float | None = Field(default=None, gt=0, lt=1)

    @property
    def coarse_steps(self) -> int:
        """How many steps see views at half the size."""
        return round(self.coarse_share * self.steps)


class RunSettings(_Settings):
    """Seed, rhythm and resources; `best_by` says which validation metric chooses best.safetensors."""

    seed: int = 0
    val_every: int = Field(default=500, ge=1)
    save_every: int = Field(default=200, ge=1)
    log_every: int = Field(default=10, ge=1)
    best_by: Literal["abs_rel", "rmse", "silog", "delta1"] = "abs_rel"
    threads: int | None = Field(default=None, ge=1)
    device: str = "auto"
    max_time: str | None = Field(default=None, pattern=r"^\d+:\d\d:\d\d:\d\d$")

    @property
    def max_seconds(self) -> float | None:
        """`max_time`, which is DD:HH:MM:SS, in seconds; counted from the start of each call."""
        if self.max_time is None:
            return None
        days, hours, minutes, seconds = (int(part) for part in self.max_time.split(":"))
        return float(((days * 24 + hours) * 60 + minutes) * 60 + seconds)


class Recipe(_Settings):
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
            f"{where} has {describe_faults(error)}", hint="Every key is in `tiekd train --help`."
        ) from error


def describe_faults(error: ValidationError) -> str:
    """All faults of a validation, one per line."""
    lines = []
    for fault in error.errors():
        place = ".".join(str(part) for part in fault["loc"]) or "recipe"
        if fault["type"] == "extra_forbidden":
            lines.append(f"{place}: there is no such key")
        else:
            given = "" if fault["type"] in ("missing", "value_error") else f" (got {fault['input']!r})"
            lines.append(f"{place}: {fault['msg'].removeprefix('Value error, ')}{given}")
    return f"{len(lines)} fault(s):\n  " + "\n  ".join(lines)


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
        raise ConfigError(f"Can't read the recipe {path}: {error}", hint="It must be a YAML file.") from error
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
