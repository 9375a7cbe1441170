"""The data of a run: stores, loaders, and every check that can be made before the first step."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from torch.utils.data import DataLoader

from tiekd.data.cache import Progress, cached
from tiekd.data.dataset import (
    FrameStore,
    LooseFrames,
    StreamLoader,
    StreamSampler,
    ViewDataset,
    ViewKey,
    collate,
)
from tiekd.data.frames import Frame, FrameSource, check_files, list_frames, open_source
from tiekd.distill.recipe import Recipe
from tiekd.errors import ConfigError, DataError
from tiekd.labels import LabelFolder, read_info
from tiekd.types import Sample


@dataclass(frozen=True, slots=True)
class RunData:
    """Loaders of one run and the focal length (pixels of a frame) that its depth is stated for, if known.

    validated_on: what validation compares with. n_left_out: lines of the splits without the ground truth that
    they were needed for.
    """

    train: StreamLoader
    val: DataLoader[Sample] | None
    train_focal_px: float | None
    validated_on: Literal["ground truth", "teacher labels"] | None
    n_left_out: int = 0


def open_data(recipe: Recipe, *, progress: Progress | None = None) -> RunData:
    """Open what a recipe names. Raises ConfigError and DataError for everything that is not there."""
    settings = recipe.data
    if settings.source is None:
        raise ConfigError(
            "The recipe names no data.", hint="Say --data KIND:ROOT, e.g. --data kitti:data/synth."
        )
    source = open_source(settings.source)
    listed = list_frames(source, settings.train_split)
    frames = listed if recipe.needs_labels else _with_truth(listed, settings.train_split)
    check_files(source, frames, need_depth=not recipe.needs_labels)
    if settings.train_focal_px and not source.focal_px and not all(frame.focal_px for frame in frames):
        raise DataError(
            f"data.train_focal_px is set, but {settings.train_split} does not give every focal length.",
            hint="Write it in pixels as the third word of each line, or say -o data.train_focal_px=null.",
        )
    labels = _open_labels(recipe, source, frames) if recipe.needs_labels else None
    train_frames, held_out = _held_out(frames, settings.hold_out_every)
    store = _store(_loose(recipe, source, train_frames, labels), recipe, progress)
    focal_px = settings.train_focal_px or frames[0].focal_px or source.focal_px
    train, left_out = _train_loader(recipe, store), len(listed) - len(frames)
    if held_out:
        val = _val_loader(recipe, _loose(recipe, source, held_out, labels), progress)
        return RunData(train, val, focal_px, "teacher labels" if labels else "ground truth", left_out)
    if not settings.val_split:
        return RunData(train, None, focal_px, None, left_out)
    listed = list_frames(source, settings.val_split)
    frames = _with_truth(listed, settings.val_split)
    check_files(source, frames, need_depth=True)
    val = _val_loader(recipe, _loose(recipe, source, _some(frames, settings.max_val_frames), None), progress)
    return RunData(train, val, focal_px, "ground truth", left_out + len(listed) - len(frames))


def take_label_range(recipe: Recipe) -> Recipe:
    """The recipe with the depth range of its labels and sigma in proportion, where it asks for that.

    Raises DataError when the labels say nothing about themselves.
    """
    if not recipe.data.range_from_labels or recipe.data.labels is None:
        return recipe
    far_m = read_info(Path(recipe.data.labels)).max_depth_m
    document = recipe.model_dump()
    document["loss"]["sigma_m"] *= far_m / recipe.data.max_depth_m
    document["data"]["max_depth_m"] = far_m
    return Recipe.model_validate(document)


def _with_truth(frames: list[Frame], split: str | None) -> list[Frame]:
    """The frames that have ground truth ("None" in a split: FACTS §2.1). Raises DataError for none."""
    usable = [frame for frame in frames if frame.depth]
    if not usable:
        raise DataError(
            f"No frame of {split or 'the folder'} has ground truth, which this method learns from.",
            hint="Write the depth file as the second word of each line, or distil from a teacher's labels.",
        )
    return usable


def _held_out(frames: list[Frame], every: int | None) -> tuple[list[Frame], list[Frame]]:
    if every is None:
        return frames, []
    held_out = frames[every - 1 :: every]
    chosen = set(held_out)
    return [frame for frame in frames if frame not in chosen], held_out


def _some(frames: list[Frame], most: int) -> list[Frame]:
    return frames[:: max(1, len(frames) // most)][:most]


def _loose(
    recipe: Recipe, source: FrameSource, frames: list[Frame], labels: LabelFolder | None
) -> LooseFrames:
    """The frames as the recipe cuts them, with the labels if given, else with ground truth."""
    settings = recipe.data
    return LooseFrames(
        source, frames, crop=settings.crop, shrink=settings.shrink, max_pixels=settings.max_pixels,
        labels=labels, with_depth=labels is None,
    )  # fmt: skip


def _open_labels(recipe: Recipe, source: FrameSource, frames: list[Frame]) -> LabelFolder:
    if recipe.data.labels is None:
        raise ConfigError(
            f"The method {recipe.method} learns from teacher labels, and the recipe names none.",
            hint="Write them with `tiekd label`, then say --labels DIR.",
        )
    labels = LabelFolder(Path(recipe.data.labels))
    missing = [frame for frame in frames if not labels.path(frame).is_file()]
    if missing:
        raise DataError(
            f"{len(missing)} of {len(frames)} frames have no label in {labels.root}, "
            f"the first is {missing[0].label_name}.",
            hint="Run `tiekd label` again: it writes what is missing.",
        )
    labels.check_unchanged(source, frames)
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
    if labels.info.use_focal != (recipe.data.train_focal_px is not None):
        raise ConfigError(
            f"The labels in {labels.root} have use_focal={labels.info.use_focal}, which does not go with "
            f"data.train_focal_px={recipe.data.train_focal_px}.",
            hint="Recipes with train_focal_px, and only they, need labels of `tiekd label --use-focal`.",
        )
    return labels


def _check_one(loose: LooseFrames, max_depth_m: float) -> None:
    """Load one frame, so that a wrong layout or scale is told at once, not after the cache is half made."""
    teacher = loose[0].teacher
    if teacher is not None and float(teacher.median()) > max_depth_m:
        raise DataError(
            f"Half of the label of {loose.frames[0].image} lies beyond {float(teacher.median()):.1f} m, and "
            f"the recipe's range ends at {max_depth_m:g} m.",
            hint="Say -o data.max_depth_m=…, or label with a teacher of that range.",
        )


def _store(loose: LooseFrames, recipe: Recipe, progress: Progress | None) -> FrameStore:
    _check_one(loose, recipe.data.max_depth_m)
    if not recipe.data.cache:
        return loose
    given = recipe.data.cache_dir
    folder = Path(given) if given else loose.source.root / ".tiekd-cache"
    digest = loose.labels.digest() if isinstance(loose.labels, LabelFolder) else ""
    return cached(loose, folder=folder, label_digest=digest, progress=progress)


def _train_loader(recipe: Recipe, store: FrameStore) -> StreamLoader:
    batch_size = recipe.optim.batch_size
    sampler = StreamSampler(
        len(store),
        total=recipe.optim.steps * batch_size,
        seed=recipe.run.seed,
        n_coarse=recipe.optim.coarse_steps * batch_size,
    )
    return StreamLoader(
        _views(store, recipe, training=True), batch_size=batch_size, sampler=sampler,
        workers=recipe.data.workers,
    )  # fmt: skip


def _views(store: FrameStore, recipe: Recipe, *, training: bool) -> ViewDataset:
    return ViewDataset(
        store,
        view=recipe.view,
        shrink=recipe.data.shrink,
        photo=recipe.photo if training else None,
        train_focal_px=recipe.data.train_focal_px,
        max_depth_m=recipe.data.max_depth_m,
        seed=recipe.run.seed,
    )


def _val_loader(recipe: Recipe, loose: LooseFrames, progress: Progress | None) -> DataLoader[Sample]:
    return DataLoader(
        _views(_store(loose, recipe, progress), recipe, training=False),
        batch_size=min(recipe.optim.batch_size, len(loose)),
        sampler=[ViewKey(0, index) for index in range(len(loose))],
        num_workers=0,
        collate_fn=collate,
    )
