"""The data of a run: stores, loaders, and every check that can be made before the first step."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

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
from tiekd.data.frames import Frame, FrameSource, check_files, find_split, open_source, read_split
from tiekd.distill.recipe import Recipe
from tiekd.distill.trainer import Ranks, share_of_batch
from tiekd.errors import ConfigError, DataError
from tiekd.labels import LabelFolder
from tiekd.types import Sample


@dataclass(frozen=True, slots=True)
class RunData:
    """Loaders of one process of a run, and what they are made of.

    `train_focal_px` is the focal length (pixels of a frame) that depth is stated for, if known; `digests`
    tell whether images, ground truth, labels and validation frames are still the same; `n_frames` are trained
    on, `n_val_frames` validated.
    """

    train: StreamLoader
    val: DataLoader[Sample] | None
    train_focal_px: float | None
    digests: dict[str, str]
    n_frames: int
    n_val_frames: int


def open_data(recipe: Recipe, ranks: Ranks | None = None, *, progress: Progress | None = None) -> RunData:
    """Open what a recipe names. Raises ConfigError and DataError for everything that is not there."""
    ranks = ranks or Ranks()
    settings = recipe.data
    if settings.source is None:
        raise ConfigError(
            "The recipe names no data.", hint="Say --data KIND:ROOT, e.g. --data kitti:data/synth."
        )
    source = open_source(settings.source)
    frames = read_split(find_split(source, settings.train_split))[: settings.overfit]
    check_files(source, frames, need_depth=not recipe.needs_labels)
    if settings.train_focal_px and not source.focal_px and not all(frame.focal_px for frame in frames):
        raise DataError(
            f"data.train_focal_px is set, but {settings.train_split} does not give every focal length.",
            hint="Write it in pixels as the third word of each line, or say -o data.train_focal_px=null.",
        )
    labels = _open_labels(recipe, frames) if recipe.needs_labels else None
    loose = LooseFrames(
        source, frames, crop=settings.crop, shrink=settings.shrink, labels=labels,
        with_depth=not recipe.needs_labels,
    )  # fmt: skip
    _check_sizes(loose)
    val_frames = _val_frames(recipe, source) if settings.val_split else []
    sampler = _stream(recipe, len(frames), ranks)
    store = _store(loose, recipe, source, labels.digest() if labels else "", progress)
    return RunData(
        train=StreamLoader(_views(store, recipe, training=True), sampler=sampler, workers=settings.workers),
        val=_val_loader(recipe, source, val_frames, ranks, progress) if val_frames else None,
        train_focal_px=settings.train_focal_px or frames[0].focal_px or source.focal_px,
        digests=_digests(loose, labels, LooseFrames(source, val_frames)),
        n_frames=len(frames),
        n_val_frames=len(val_frames),
    )


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
        files = [(frame.label_name, labels.path(frame)) for frame in loose.frames]
        digests["teacher labels"] = _digest(files, labels.info.model_dump_json(exclude={"data"}))
    if val.frames:
        images = [(frame.image, val.source.image_path(frame)) for frame in val.frames]
        digests["validation frames"] = _digest([*images, *_depth_files(val)])
    return digests


def _depth_files(loose: LooseFrames) -> list[tuple[str, Path]]:
    files = ((frame.depth, loose.source.depth_path(frame)) for frame in loose.frames)
    return [(name, path) for name, path in files if name and path]


def _digest(files: Iterable[tuple[str, Path]], told: str = "") -> str:
    digest = hashlib.sha256(told.encode())
    for name, path in files:
        digest.update(f"{name} {path.stat().st_size}\n".encode())
    return digest.hexdigest()[:16]


def _open_labels(recipe: Recipe, frames: list[Frame]) -> LabelFolder:
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


def _check_sizes(loose: LooseFrames) -> None:
    """Load one frame, so that a wrong layout is told at once and not after the cache is half made."""
    loose[0]


def _store(
    loose: LooseFrames, recipe: Recipe, source: FrameSource, digest: str, progress: Progress | None
) -> FrameStore:
    if not recipe.data.cache:
        return loose
    folder = Path(recipe.data.cache_dir) if recipe.data.cache_dir else source.root / ".tiekd-cache"
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


def _val_frames(recipe: Recipe, source: FrameSource) -> list[Frame]:
    assert recipe.data.val_split is not None
    frames = read_split(find_split(source, recipe.data.val_split))
    step = max(1, len(frames) // recipe.data.max_val_frames)
    frames = frames[::step][: recipe.data.max_val_frames]
    check_files(source, frames, need_depth=True)
    return frames


def _val_loader(
    recipe: Recipe, source: FrameSource, frames: list[Frame], ranks: Ranks, progress: Progress | None
) -> DataLoader[Sample]:
    loose = LooseFrames(source, frames, crop=recipe.data.crop, shrink=recipe.data.shrink)
    store = _store(loose, recipe, source, "", progress)
    # With fewer frames than processes each process takes all of them, which leaves the mean what it is.
    numbers = (
        range(ranks.rank, len(frames), ranks.world) if len(frames) >= ranks.world else range(len(frames))
    )
    return DataLoader(
        _views(store, recipe, training=False),
        batch_size=min(share_of_batch(recipe, ranks), len(numbers)),
        sampler=[ViewKey(0, number) for number in numbers],
        num_workers=0,
        collate_fn=collate,
    )
