"""The data of a run: stores, loaders, and every check that can be made before the first step."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

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
from tiekd.errors import ConfigError, DataError
from tiekd.estimators.labels import LabelFolder, read_info
from tiekd.files import digest_of
from tiekd.recipe import Recipe
from tiekd.recipe.named import check_kind, check_named
from tiekd.training.ranks import Ranks, share_of_batch
from tiekd.types import Sample


@dataclass(frozen=True, slots=True)
class RunData:
    """Loaders of one process of a run, and what they are made of.

    `train_focal_px` is the focal length (pixels of a frame) that depth is stated for, if known; `digests`
    tell whether images, ground truth, labels and validation frames are still the same; `n_frames` are trained
    on, `n_val_frames` validated, against `validated_on`; `n_left_out` lines of the splits lack the ground
    truth that they were needed for.
    """

    train: StreamLoader
    val: DataLoader[Sample] | None
    train_focal_px: float | None
    digests: dict[str, str]
    n_frames: int
    n_val_frames: int
    validated_on: Literal["ground truth", "teacher labels"] | None
    n_left_out: int = 0

    def told(self) -> dict[str, Any]:
        """What is kept beside the weights: two runs with equal digests saw, or were scored on, the same."""
        return {
            "n_frames": self.n_frames,
            "n_val_frames": self.n_val_frames,
            "validated_on": self.validated_on,
            "digests": self.digests,
        }


def open_data(recipe: Recipe, ranks: Ranks | None = None, *, progress: Progress | None = None) -> RunData:
    """Open what a recipe names. Raises ConfigError and DataError for everything that is not there."""
    ranks = ranks or Ranks()
    settings = recipe.data
    check_named(recipe)
    source = open_source(settings.source or "")
    check_kind(recipe, source)
    listed = list_frames(source, settings.train_split)
    frames = listed if recipe.needs_labels else _with_truth(listed, settings.train_split)
    n_left_out = len(listed) - len(frames)
    frames = frames[: settings.overfit]
    check_files(source, frames, need_depth=not recipe.needs_labels)
    _check_focal(recipe, source, frames, settings.train_split)
    labels = _open_labels(recipe, source, frames) if recipe.needs_labels else None
    train_frames, held_out = _held_out(frames, settings.hold_out_every)
    loose = _loose(recipe, source, train_frames, labels)
    if held_out:
        val = _loose(recipe, source, held_out, labels)
    else:
        val, val_left_out = _val_frames(recipe, source)
        n_left_out += val_left_out
    store = _store(loose, recipe, progress)
    return RunData(
        train=StreamLoader(
            _views(store, recipe, training=True),
            sampler=_stream(recipe, len(store), ranks),
            workers=settings.workers,
        ),
        val=_val_loader(recipe, val, ranks, progress) if val.frames else None,
        # A frame's own, as it is scaled down: that of whole pixels, which `shrink` averages, not of cells.
        train_focal_px=settings.train_focal_px or store[0].focal_px * settings.shrink or None,
        digests=_digests(loose, labels, val),
        n_frames=len(train_frames),
        n_val_frames=len(val.frames),
        validated_on=_compared_with(val),
        n_left_out=n_left_out,
    )


def _compared_with(val: LooseFrames) -> Literal["ground truth", "teacher labels"] | None:
    if not val.frames:
        return None
    return "ground truth" if val.labels is None else "teacher labels"


def _stream(recipe: Recipe, n_frames: int, ranks: Ranks) -> StreamSampler:
    batch_size = recipe.optim.batch_size
    return StreamSampler(
        n_frames,
        total=recipe.optim.steps * batch_size,
        seed=recipe.run.seed,
        n_coarse=recipe.optim.coarse_steps * batch_size,
        round_size=share_of_batch(recipe, ranks) * ranks.world,
        rank=ranks.rank,
        world=ranks.world,
    )


def _digests(loose: LooseFrames, labels: LabelFolder | None, val: LooseFrames) -> dict[str, str]:
    """What names and sizes of the files tell about their content, so that moving them changes nothing."""
    digests = {"images": _digest((frame.image, loose.source.image_path(frame)) for frame in loose.frames)}
    if loose.with_depth:
        digests["ground truth"] = _digest(_depth_files(loose))
    if labels is not None:
        labelled = [*loose.frames, *(val.frames if val.labels else ())]
        files = [(frame.label_name, labels.path(frame)) for frame in labelled]
        digests["teacher labels"] = _digest(files, labels.info.model_dump_json(exclude={"data"}))
    if val.frames:
        images = [(frame.image, val.source.image_path(frame)) for frame in val.frames]
        digests["validation frames"] = _digest([*images, *_depth_files(val)])
    return digests


def _depth_files(loose: LooseFrames) -> list[tuple[str, Path]]:
    files = ((frame.depth, loose.source.depth_path(frame)) for frame in loose.frames)
    return [(name, path) for name, path in files if name and path]


def _digest(files: Iterable[tuple[str, Path]], told: str = "") -> str:
    return digest_of([told, *(f"{name} {path.stat().st_size}\n" for name, path in files)], digits=16)


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


def _check_focal(recipe: Recipe, source: FrameSource, frames: list[Frame], split: str | None) -> None:
    if recipe.data.train_focal_px and not source.focal_px and not all(frame.focal_px for frame in frames):
        raise DataError(
            f"data.train_focal_px is set, but {split} does not give every focal length.",
            hint="Write it in pixels as the third word of each line, or say -o data.train_focal_px=null.",
        )


def _with_truth(frames: list[Frame], split: str | None) -> list[Frame]:
    """The frames that have ground truth: a split says "None" for the others (docs/method.md §10.1).

    Raises DataError when no frame has any.
    """
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
    return LooseFrames(source, frames, seen=recipe.data.seen, labels=labels, with_depth=labels is None)


def _open_labels(recipe: Recipe, source: FrameSource, frames: list[Frame]) -> LabelFolder:
    labels = LabelFolder(Path(recipe.data.labels or ""))
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


def _views(store: FrameStore, recipe: Recipe, *, training: bool) -> ViewDataset:
    return ViewDataset(
        store,
        view=recipe.view,
        shrink=recipe.data.shrink,
        photo=recipe.photo if training and recipe.data.overfit is None else None,
        train_focal_px=recipe.data.train_focal_px,
        max_depth_m=recipe.data.max_depth_m,
        seed=recipe.run.seed,
    )


def _val_frames(recipe: Recipe, source: FrameSource) -> tuple[LooseFrames, int]:
    """Frames of the validation split, if there is one, and how many of its lines have no ground truth."""
    settings = recipe.data
    if not settings.val_split:
        return _loose(recipe, source, [], None), 0
    listed = list_frames(source, settings.val_split)
    frames = _with_truth(listed, settings.val_split)
    check_files(source, frames, need_depth=True)
    _check_focal(recipe, source, frames, settings.val_split)
    some = _some(frames, settings.max_val_frames)
    return _loose(recipe, source, some, None), len(listed) - len(frames)


def _val_loader(
    recipe: Recipe, loose: LooseFrames, ranks: Ranks, progress: Progress | None
) -> DataLoader[Sample]:
    store = _store(loose, recipe, progress)
    # With fewer frames than processes each process takes all of them, which leaves the mean what it is.
    numbers = range(ranks.rank, len(store), ranks.world) if len(store) >= ranks.world else range(len(store))
    return DataLoader(
        _views(store, recipe, training=False),
        batch_size=min(share_of_batch(recipe, ranks), len(numbers)),
        sampler=[ViewKey(0, number) for number in numbers],
        num_workers=0,
        collate_fn=collate,
    )
