"""Whether a teacher's labels fit a recipe, and the depth range that a recipe takes from them."""

from __future__ import annotations

from pathlib import Path

from tiekd.data.dataset import LooseFrames
from tiekd.data.frames import Frame, FrameSource
from tiekd.errors import ConfigError, DataError
from tiekd.estimators.labels import LabelFolder, read_info
from tiekd.faults import faults_as
from tiekd.recipe import Recipe
from tiekd.training.teacher import check_teacher


def take_label_range(recipe: Recipe) -> Recipe:
    """The recipe with the range of its labels, and sigma in proportion, if it asks for that.

    What a person has stated stands. The result states both values and asks for nothing. Raises DataError if
    the labels have no description (see `read_info`), ConfigError if what was stated does not fit the range.
    """
    data = recipe.data
    if not data.range_from_labels or data.labels is None:
        return recipe
    far_m = read_info(Path(data.labels)).max_depth_m if data.awaits_range else data.max_depth_m
    document = recipe.model_dump()
    document["data"] |= {"max_depth_m": far_m, "range_from_labels": False}
    if "sigma_m" not in recipe.loss.model_fields_set:
        document["loss"]["sigma_m"] *= far_m / type(data).model_fields["max_depth_m"].default
    hint = f"The labels in {data.labels} reach to {far_m:g} m."
    with faults_as(ConfigError, recipe.name or "The recipe", model=Recipe, hint=hint):
        return Recipe.model_validate(document)


def open_labels(recipe: Recipe, source: FrameSource, frames: list[Frame]) -> LabelFolder:
    """The labels of `frames`, made as the recipe needs them. Raises ConfigError and DataError."""
    labels = LabelFolder(Path(recipe.data.labels or ""))
    check_teacher(recipe, labels)
    labels.check(source, frames)
    if labels.info.max_pixels != recipe.data.max_pixels:
        raise ConfigError(
            f"The labels in {labels.root} were made with max_pixels={labels.info.max_pixels}, the recipe has "
            f"data.max_pixels={recipe.data.max_pixels} (None: pictures are not scaled down).",
            hint=f"Say -o data.max_pixels={labels.info.max_pixels or 'null'}, or label again with "
            f"--max-pixels {recipe.data.max_pixels or 0}.",
        )
    if labels.info.crop != recipe.data.crop:
        raise ConfigError(
            f"The labels in {labels.root} cover crop {labels.info.crop!r}, not {recipe.data.crop!r}.",
            hint=f"Say -o data.crop={labels.info.crop}, or label again with --crop {recipe.data.crop}.",
        )
    # Labels for one stated camera are metric for it as they are.
    own_focals = labels.info.use_focal and labels.info.fx_px is None
    restated = recipe.data.train_focal_px is not None
    if (restated and not labels.info.use_focal) or (own_focals and not restated):
        raise ConfigError(
            f"The labels in {labels.root} have use_focal={labels.info.use_focal}, which does not go with "
            f"data.train_focal_px={recipe.data.train_focal_px}.",
            hint="Recipes with train_focal_px, and only they, need labels of `tiekd label --use-focal`.",
        )
    return labels


def check_first_frame(loose: LooseFrames, max_depth_m: float) -> None:
    """Load one frame, so that a wrong layout or scale is found at once, not when half the cache is made.

    Raises DataError for a broken frame, and for a label that lies mostly beyond `max_depth_m`.
    """
    teacher = loose[0].teacher
    if teacher is not None and float(teacher.median()) > max_depth_m:
        raise DataError(
            f"Half of the label of {loose.frames[0].image} lies beyond {float(teacher.median()):.1f} m, and "
            f"the recipe's range ends at {max_depth_m:g} m.",
            hint="Say -o data.max_depth_m=…, or label with a teacher of that range.",
        )
