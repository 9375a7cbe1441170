"""The data of a run: what each process loads, in which order and how."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from torch.utils.data import DataLoader

from tiekd.card import Selection, TaughtBy
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
from tiekd.data.settings import ViewSettings
from tiekd.estimators.labels import LabelFolder
from tiekd.recipe import Recipe
from tiekd.training.frame_sizes import Border, border_of_views, check_sizes, sizes_of, times
from tiekd.training.frames import Truth, choose_frames, digests_of
from tiekd.training.labels import check_first_frame
from tiekd.training.network import check_weights, known_frame_px
from tiekd.training.ranks import Ranks, share_of_batch
from tiekd.training.teacher import taught_by, teacher_of
from tiekd.types import Sample


@dataclass(frozen=True, slots=True)
class RunData:
    """Loaders of one process of a run, and what they load.

    `train_focal_px` is the focal length (pixels of a frame) for which depth is metric, if known. `frame_px`
    is the size of the frames if the network depends on it, see `known_frame_px`. `border` tells of frames
    that are smaller than the views, where that is worth a warning. `digests` change when
    images, ground truth, labels or validation frames do. `n_frames` are trained on; `n_val_frames` are
    validated, against `validated_on`; `selected_on` is what the card of the best weights says of them.
    `taught_by` made the labels, and the card calls that `teacher`.
    `n_left_out` lines of the splits have no ground truth although they need it. `target_dpm`
    is the kind and width of the target DPM that is made from labels.
    """

    train: StreamLoader
    val: DataLoader[Sample] | None
    train_focal_px: float | None
    frame_px: tuple[int, int] | None
    border: Border | None
    digests: dict[str, str]
    n_frames: int
    n_val_frames: int
    validated_on: Truth | None
    selected_on: Selection | None = None
    taught_by: TaughtBy | None = None
    teacher: str | None = None
    n_left_out: int = 0
    target_dpm: Mapping[str, Any] = field(default_factory=dict)

    def summary(self) -> dict[str, Any]:
        """What data.json says: two runs with equal digests saw, or were scored on, the same."""
        return {
            "n_frames": self.n_frames,
            "n_val_frames": self.n_val_frames,
            "validated_on": self.validated_on,
            "train_fx_px": self.train_focal_px,
            "teacher": self.taught_by.model_dump() if self.taught_by else None,
            "selected_on": self.selected_on.model_dump() if self.selected_on else None,
            "digests": self.digests,
            **self.target_dpm,
        }


def open_data(
    recipe: Recipe, ranks: Ranks | None = None, *, begins: bool = False, progress: Progress | None = None
) -> RunData:
    """Open the data that a recipe names. Raises ConfigError and DataError for what is missing or broken.

    begins: whether a new run asks. Then the weights that it starts from are tried, too: before all frames are
    read, which takes long.
    """
    ranks = ranks or Ranks()
    frames = choose_frames(recipe)
    if begins:
        check_weights(recipe)
    store = _store(frames.train, recipe, progress)
    sizes = sizes_of(store, recipe)
    check_sizes(sizes, frames.train.frames, recipe)
    return RunData(
        train=StreamLoader(
            _views(store, recipe),
            sampler=_stream(recipe, sizes, ranks),
            workers=recipe.data.workers,
        ),
        val=_val_loader(recipe, frames.val, ranks, progress) if frames.val.frames else None,
        train_focal_px=_focal_px(recipe, store),
        border=border_of_views(sizes, recipe),
        frame_px=known_frame_px(recipe, [times(size, recipe.data.shrink) for size in sizes]),
        digests=digests_of(frames),
        n_frames=len(frames.train.frames),
        n_val_frames=len(frames.val.frames),
        validated_on=frames.validated_on,
        selected_on=frames.selected_on,
        taught_by=taught_by(frames.labels.info) if frames.labels else None,
        teacher=teacher_of(recipe, frames.labels.info) if frames.labels else None,
        n_left_out=frames.n_left_out,
        target_dpm=recipe.target_dpm,
    )


def _focal_px(recipe: Recipe, store: FrameStore) -> float | None:
    """The focal length for which a run's depth is metric, in pixels of a frame; None if nobody states it."""
    stated = recipe.network.train_fx_px or recipe.data.train_focal_px
    # A frame's own is that of its cells, which `shrink` pixels share; stated is that of whole pixels.
    return stated or store[0].focal_px * recipe.data.shrink or None


def _store(loose: LooseFrames, recipe: Recipe, progress: Progress | None) -> FrameStore:
    check_first_frame(loose, recipe.data.max_depth_m)
    if not recipe.data.cache:
        return loose
    given = recipe.data.cache_dir
    folder = Path(given) if given else loose.source.root / ".tiekd-cache"
    digest = loose.labels.digest() if isinstance(loose.labels, LabelFolder) else ""
    return cached(loose, folder=folder, label_digest=digest, progress=progress)


def _views(store: FrameStore, recipe: Recipe) -> ViewDataset:
    return ViewDataset(
        store,
        view=recipe.view,
        shrink=recipe.data.shrink,
        photo=recipe.photo if recipe.data.overfit is None else None,
        train_focal_px=recipe.data.train_focal_px,
        max_depth_m=recipe.data.max_depth_m,
        seed=recipe.run.seed,
    )


def _whole_frames(store: FrameStore, recipe: Recipe) -> ViewDataset:
    """Frames for validation: at their own size and unchanged, as `tiekd predict` sees them."""
    return ViewDataset(
        store,
        view=ViewSettings(size=None),
        shrink=1,
        photo=None,
        train_focal_px=recipe.data.train_focal_px,
        max_depth_m=recipe.data.max_depth_m,
        seed=recipe.run.seed,
    )


def _stream(recipe: Recipe, sizes: list[tuple[int, int]], ranks: Ranks) -> StreamSampler:
    """One endless order of frames for the whole run, of which each process takes its share."""
    batch_size = recipe.optim.batch_size
    alike: dict[tuple[int, int] | None, list[int]] = {}
    for index, size in enumerate(sizes):
        alike.setdefault(None if recipe.view.size else size, []).append(index)
    return StreamSampler(
        len(sizes),
        total=recipe.optim.steps * batch_size,
        seed=recipe.run.seed,
        n_coarse=recipe.optim.coarse_steps * batch_size,
        round_size=share_of_batch(recipe, ranks) * ranks.world,
        rank=ranks.rank,
        world=ranks.world,
        groups=list(alike.values()),
        step_size=batch_size,
    )


def _val_loader(
    recipe: Recipe, loose: LooseFrames, ranks: Ranks, progress: Progress | None
) -> DataLoader[Sample]:
    store = _store(loose, recipe, progress)
    # With fewer frames than processes each process takes all of them, which leaves the mean what it is.
    numbers = range(ranks.rank, len(store), ranks.world) if len(store) >= ranks.world else range(len(store))
    return DataLoader(
        _whole_frames(store, recipe),
        batch_size=1,
        sampler=[ViewKey(0, number) for number in numbers],
        num_workers=0,
        collate_fn=collate,
    )
