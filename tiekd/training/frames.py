"""Which frames a run learns from and which it is validated on; digests that change when they do."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from tiekd.card import Selection
from tiekd.data.dataset import LooseFrames
from tiekd.data.frames import (
    Frame,
    FrameSource,
    check_files,
    digest_of_names,
    list_frames,
    open_source,
)
from tiekd.datasets import LAYOUTS
from tiekd.errors import DataError
from tiekd.estimators.labels import LabelFolder, read_info
from tiekd.files import digest_of
from tiekd.recipe import Recipe
from tiekd.recipe.named import check_kind, check_named
from tiekd.recipe.settings import DataSettings
from tiekd.training.labels import open_labels

HELD_OUT_SHARE = 0.05
"""The share of frames that `data.select_on=held_out` keeps from training, where recordings are that short."""
Truth = Literal["ground truth", "teacher labels"]


@dataclass(frozen=True, slots=True)
class RunFrames:
    """Frames for training and for validation, as the recipe cuts them; `val` may have none.

    `labels` are the teacher's, for methods that learn from them. `n_left_out` lines of the splits have no
    ground truth although they need it. `selected_on` says of `val` what the card of the best weights will.
    """

    train: LooseFrames
    val: LooseFrames
    labels: LabelFolder | None
    n_left_out: int
    selected_on: Selection | None

    @property
    def validated_on(self) -> Truth | None:
        """What validation compares with; None without validation."""
        if not self.val.frames:
            return None
        return "ground truth" if self.val.labels is None else "teacher labels"


def choose_frames(recipe: Recipe) -> RunFrames:
    """Find and check the frames that a recipe names. Raises ConfigError and DataError for what is missing."""
    check_named(recipe)
    settings, source = recipe.data, _with_focal(recipe, open_source(recipe.data.source or ""))
    check_kind(recipe, source)
    listed = list_frames(source, settings.train_split)
    usable = listed if recipe.needs_labels else _with_truth(listed, settings.train_split)
    frames = usable[: settings.overfit]
    check_files(source, frames, need_depth=not recipe.needs_labels)
    _check_focal(recipe, source, frames, settings.train_split)
    labels = open_labels(recipe, source, frames) if recipe.needs_labels else None
    train, held_out = _held_out(frames, settings, source)
    if held_out:
        scored = _Scored(held_out, settings.train_split, labels)
    else:
        scored = _validation_split(recipe, source)
    return RunFrames(
        _as_cut(recipe, source, train, labels),
        # The network shrinks these itself, as it does when it has been shipped.
        _as_cut(recipe, source, _spread(scored.frames, settings.max_val_frames), scored.labels, shrink=1),
        labels,
        n_left_out=len(listed) - len(usable) + scored.n_left_out,
        selected_on=scored.selection(source, held_out=bool(held_out), most=settings.max_val_frames),
    )


@dataclass(frozen=True, slots=True)
class _Scored:
    """Frames of the list `split` that can be validated: against `labels` if given, else ground truth."""

    frames: list[Frame]
    split: str | None
    labels: LabelFolder | None
    n_left_out: int = 0

    def selection(self, source: FrameSource, *, held_out: bool, most: int) -> Selection | None:
        """What the card says of them; None where there are none."""
        if not self.frames:
            return None
        return Selection(
            data=source.kind,
            split=self.split,
            held_out=held_out,
            digest=digest_of_names(self.frames),
            n_frames=min(most, len(self.frames)),
        )


def _validation_split(recipe: Recipe, source: FrameSource) -> _Scored:
    """The frames of the validation split, if there is one.

    A student whose list gives no ground truth at all is validated on its teacher's labels. Raises DataError
    where these are missing, too.
    """
    split = recipe.data.val_split
    if not split:
        return _Scored([], None, None)
    listed = list_frames(source, split)
    if recipe.needs_labels and not any(frame.depth for frame in listed):
        check_files(source, listed, need_depth=False)
        _check_focal(recipe, source, listed, split)
        return _Scored(listed, split, open_labels(recipe, source, listed))
    frames = _with_truth(listed, split)
    check_files(source, frames, need_depth=True)
    _check_focal(recipe, source, frames, split)
    return _Scored(frames, split, None, len(listed) - len(frames))


def _with_focal(recipe: Recipe, source: FrameSource) -> FrameSource:
    """The source with the focal length that was stated when its pictures were labelled, if it has none."""
    if not recipe.needs_labels or source.focal_px:
        return source
    return replace(source, focal_px=read_info(Path(recipe.data.labels or "")).fx_px)


def _as_cut(
    recipe: Recipe,
    source: FrameSource,
    frames: list[Frame],
    labels: LabelFolder | None,
    *,
    shrink: int | None = None,
) -> LooseFrames:
    """The frames as the recipe cuts them, with the labels if given, else with ground truth."""
    seen = replace(recipe.data.seen, shrink=shrink or recipe.data.shrink)
    return LooseFrames(source, frames, seen=seen, labels=labels, with_depth=labels is None)


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


def _check_focal(recipe: Recipe, source: FrameSource, frames: list[Frame], split: str | None) -> None:
    if recipe.data.train_focal_px and not source.focal_px and not all(frame.focal_px for frame in frames):
        raise DataError(
            f"data.train_focal_px is set, but {split} does not give every focal length.",
            hint="Write it in pixels as the third word of each line, or say -o data.train_focal_px=null.",
        )


def _held_out(
    frames: list[Frame], settings: DataSettings, source: FrameSource
) -> tuple[list[Frame], list[Frame]]:
    """Frames to train on and frames to validate on, by what the recipe holds out. Raises DataError."""
    held_out = []
    if settings.select_on == "held_out":
        held_out = _whole_recordings(frames, LAYOUTS[source.kind].recording)
        if not held_out:
            raise DataError(
                f"All {len(frames)} frames of {settings.train_split} are of one drive or scene, so that none "
                "can be held out to choose the best weights.",
                hint="Say -o data.select_on=val_split, which chooses on data.val_split.",
            )
    elif settings.hold_out_every:
        held_out = frames[settings.hold_out_every - 1 :: settings.hold_out_every]
    chosen = set(held_out)
    return [frame for frame in frames if frame not in chosen], held_out


def _whole_recordings(frames: list[Frame], pattern: str) -> list[Frame]:
    """The frames of some recordings, together about HELD_OUT_SHARE of all; none if there is only one.

    The order in which recordings are tried is that of the digests of their names: it has nothing to do with
    when and where they were made, and does not change when others join them.
    """
    recordings: dict[str, list[Frame]] = {}
    for frame in frames:
        found = re.match(pattern, frame.image)
        recordings.setdefault(found[1] if found else frame.image, []).append(frame)
    if len(recordings) < 2:
        return []
    names, most = sorted(recordings, key=lambda name: digest_of([name])), HELD_OUT_SHARE * len(frames)
    chosen: set[Frame] = set()
    for name in names:
        if len(chosen) + len(recordings[name]) <= most:
            chosen.update(recordings[name])
    if not chosen:
        chosen.update(recordings[min(names, key=lambda name: len(recordings[name]))])
    return [frame for frame in frames if frame in chosen]


def _spread(frames: list[Frame], most: int) -> list[Frame]:
    """At most so many frames, evenly from the whole list: neighbours show almost the same."""
    few = min(most, len(frames))
    return [frames[place * len(frames) // few] for place in range(few)]


def digests_of(frames: RunFrames) -> dict[str, str]:
    """Digests of names and sizes: they stay when the files move, and change with most changes of content."""
    train, labels, val = frames.train, frames.labels, frames.val
    digests = {"images": _digest((frame.image, train.source.image_path(frame)) for frame in train.frames)}
    if train.with_depth:
        digests["ground truth"] = _digest(_depth_files(train))
    if labels is not None:
        labelled = [*train.frames, *(val.frames if val.labels else ())]
        files = [(frame.label_name, labels.path(frame)) for frame in labelled]
        digests["teacher labels"] = _digest(files, labels.info.made(exclude_none=False))
    if val.frames:
        images = [(frame.image, val.source.image_path(frame)) for frame in val.frames]
        digests["validation frames"] = _digest([*images, *_depth_files(val)])
    return digests


def _depth_files(loose: LooseFrames) -> list[tuple[str, Path]]:
    files = ((frame.depth, loose.source.depth_path(frame)) for frame in loose.frames)
    return [(name, path) for name, path in files if name and path]


def _digest(files: Iterable[tuple[str, Path]], before: str = "") -> str:
    return digest_of([before, *(f"{name} {path.stat().st_size}\n" for name, path in files)], digits=16)
