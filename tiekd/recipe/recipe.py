"""One training run as a recipe: all its settings together, checked at once.

A recipe is a YAML file of `tiekd/recipe/recipes` or of the user, see `composition`. Method, teacher, encoder
and data set are values in it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import yaml
from pydantic import ValidationError, model_validator

from tiekd.card import MethodName
from tiekd.data.settings import PhotoSettings, ViewSettings
from tiekd.errors import ConfigError
from tiekd.faults import faults_as
from tiekd.limits import Stated
from tiekd.methods import METHODS, PARTS
from tiekd.models.families import has_bins, usual_bins
from tiekd.recipe.composition import compose, parse_override
from tiekd.recipe.settings import (
    DataSettings,
    LossSettings,
    NetworkSettings,
    OptimSettings,
    RunSettings,
)
from tiekd.recipe.start import take_network, take_range
from tiekd.targets import fault_of_sigma
from tiekd.types import DepthRange


class Recipe(Stated):
    """One training run. `rows` are the patterns of zoo rows that this recipe trains."""

    name: str | None = None
    rows: tuple[str, ...] = ()
    method: MethodName
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
        faults = [*self._faults_of_data(), *self._faults_of_loss(), *self._faults_of_network()]
        if faults:
            raise ValueError("\n".join(faults))
        return self

    def _faults_of_data(self) -> Iterator[str]:
        data, pool = self.data, self.network.options.get("image_pool", 1)
        if not data.min_depth_m < data.max_depth_m:
            yield f"data.min_depth_m={data.min_depth_m} must be below max_depth_m={data.max_depth_m}"
        if data.shrink not in (1, pool):
            yield f"data.shrink={data.shrink} must be 1 or network.options.image_pool={pool}"
        if data.shrink > 1 and any(n % data.shrink for n in self.view.size or ()):
            yield f"view.size={self.view.size} must be a multiple of data.shrink={data.shrink}"
        if data.val_split and data.hold_out_every:
            yield "data.val_split and data.hold_out_every are two ways to validate; leave one null"
        if data.select_on == "held_out" and data.hold_out_every:
            yield "data.select_on=held_out chooses its frames itself; leave data.hold_out_every null"

    def _faults_of_loss(self) -> Iterator[str]:
        top_rows = self.loss.top_crop_rows
        if top_rows and self.view.size is None:
            yield f"loss.top_crop_rows={top_rows} are rows of views of one size; state view.size"
        elif self.view.size and top_rows >= self.view.size[0]:
            yield f"loss.top_crop_rows={top_rows} leaves nothing of views of {self.view.size}"
        of_bins = sorted(name for name in self.weights if PARTS[name].needs_bins)
        if of_bins and not self.has_bins:
            yield (
                f"method {self.method} needs a network with bins for its {of_bins[0]}, not "
                f"{self.architecture}; choose another network, or loss.weights without it"
            )
        yield from self._faults_of_sigma()
        strange = sorted(name for name in self.weights if PARTS[name].of_truth == self.needs_labels)
        if strange:
            sees, lacks = ("teacher labels", "ground truth")[:: 1 if self.needs_labels else -1]
            yield f"method {self.method} trains on {sees}, but {strange[0]} in loss.weights needs {lacks}"

    def _faults_of_sigma(self) -> Iterator[str]:
        n_bins, data = self.n_bins, self.data
        if data.awaits_range:
            return
        if "dpm_loss" in self.weights and n_bins and data.min_depth_m < data.max_depth_m:
            span = DepthRange(data.min_depth_m, data.max_depth_m)
            fault = fault_of_sigma(self.loss.sigma_m, self.loss.target, n_bins=n_bins, depth_range=span)
            yield from [f"loss.{fault}"] if fault else []

    def _faults_of_network(self) -> Iterator[str]:
        # The options of a network are next to its code, which needs torch; reading recipes does not.
        from tiekd.models.registry import faults_of

        canonical_px, stated_px = self.data.train_focal_px, self.network.train_fx_px
        if canonical_px and stated_px and canonical_px != stated_px:
            yield (
                f"network.train_fx_px={stated_px} and data.train_focal_px={canonical_px} are the same focal "
                "length; leave one null"
            )
        if self.network.start_from and self.network.encoder_weights:
            yield "network.start_from brings the encoder's weights; leave encoder_weights null"
        yield from faults_of(self.architecture, self.network.options)

    @property
    def architecture(self) -> str:
        """Full name of the network's architecture."""
        family = self.network.architecture
        if family == "auto":
            family = METHODS[self.method].network
        return f"{family}_{self.network.encoder}"

    @property
    def taught_by(self) -> str | None:
        """The teacher, for methods that have one."""
        return self.teacher if self.needs_labels else None

    @property
    def has_bins(self) -> bool:
        """Whether the network answers with a distribution over bins."""
        return has_bins(self.architecture)

    @property
    def n_bins(self) -> int | None:
        """The number of the network's depth bins; None if it has none."""
        return (self.network.n_bins or usual_bins(self.architecture)) if self.has_bins else None

    @property
    def target_dpm(self) -> dict[str, Any]:
        """Kind and width of the target DPM, as the card states them; None each without L_DPM."""
        of_loss = "dpm_loss" in self.weights
        return {
            "target": self.loss.target if of_loss else None,
            "sigma_m": self.loss.sigma_m if of_loss else None,
        }

    @property
    def weights(self) -> Mapping[str, float]:
        """Weight of each part of the loss that is computed."""
        weights = self.loss.weights or METHODS[self.method].weights
        return {name: weight for name, weight in weights.items() if weight}

    @property
    def val_every(self) -> int:
        """Steps from one validation to the next; a short run has one at its end."""
        return min(self.run.val_every, self.optim.steps)

    @property
    def needs_labels(self) -> bool:
        """Whether teacher labels are learned from."""
        return METHODS[self.method].needs_labels

    def document(self) -> dict[str, Any]:
        """All values, except for those that labels will still decide: once stated, they would stand."""
        document = self.model_dump(mode="json")
        if self.data.awaits_range:
            del document["data"]["max_depth_m"]
        if self.data.range_from_labels and "sigma_m" not in self.loss.model_fields_set:
            del document["loss"]["sigma_m"]
        return document

    def to_yaml(self) -> str:
        """The recipe as it ran, loadable again."""
        return yaml.safe_dump(self.document(), sort_keys=False)


def load_recipe(
    name: str, *, overrides: Sequence[str] = (), values: Mapping[str, Any] | None = None
) -> Recipe:
    """A recipe from a file, the name of a shipped one, or the name of a zoo row that one of them trains.

    overrides: "key.sub=value", the value as YAML. values: the same, already parsed; applied first.
    Raises ConfigError that names every fault, and UnknownNameError for any other name.
    """
    document = compose(name, [*(values or {}).items(), *map(parse_override, overrides)])
    take_network(document)
    take_range(document)
    hint = "`tiekd train ROW --print-config` shows every key there is."
    with faults_as(ConfigError, name, model=Recipe, hint=hint):
        return Recipe.model_validate(document)


def completed(document: Mapping[str, Any]) -> dict[str, Any]:
    """A stored recipe with defaults for keys that are newer than it. An incomplete recipe stays as it is."""
    try:
        return Recipe.model_validate(document).model_dump(mode="json")
    except ValidationError:
        return dict(document)
