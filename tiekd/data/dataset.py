"""Makes training samples of frames: reading, views, the order of a run, batches."""

from __future__ import annotations

import ctypes
import signal
import sys
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, Sampler, default_collate

from tiekd.codecs.photo import image_size
from tiekd.data.frames import Frame, FrameSource
from tiekd.data.photometry import augment_photo
from tiekd.data.seen import Seen
from tiekd.data.settings import PhotoSettings, ViewSettings
from tiekd.data.transforms import (
    Layers,
    draw_view,
    see,
    shrink_layers,
    still_view,
    take_view,
)
from tiekd.errors import DataError, TiekdError
from tiekd.types import Sample


class LabelReader(Protocol):
    """Reads the teacher's label of a frame, see `tiekd.estimators.labels`."""

    @property
    def step_m(self) -> float:
        """Metres of one step of the stored integers."""
        ...

    def read(self, frame: Frame, size: tuple[int, int]) -> NDArray[np.float32]:
        """Teacher depth `[H, W]` in metres; `size` is the (height, width) of the cropped frame."""
        ...


class FrameStore(Protocol):
    """A sequence of frames that are already cropped and shrunk."""

    def __len__(self) -> int: ...

    def __getitem__(self, index: int) -> Layers: ...

    def size_of(self, index: int) -> tuple[int, int]:
        """(height, width) of a frame, found without decoding it."""
        ...


class LooseFrames:
    """Frames that are read from their files at every access, then scaled, cropped, trimmed and shrunk.

    An access raises DataError for a broken file, a frame smaller than the crop, and layers of unequal size.
    """

    def __init__(
        self,
        source: FrameSource,
        frames: Sequence[Frame],
        *,
        seen: Seen | None = None,
        labels: LabelReader | None = None,
        with_depth: bool = True,
    ) -> None:
        self.source, self.frames = source, list(frames)
        self.seen, self.labels, self.with_depth = seen or Seen(), labels, with_depth

    def __len__(self) -> int:
        return len(self.frames)

    def size_of(self, index: int) -> tuple[int, int]:
        """(height, width) of a frame as it is seen, from the header of its file. Raises DataError."""
        return self.seen.size(*image_size(self.source.image_path(self.frames[index])))

    def __getitem__(self, index: int) -> Layers:
        frame = self.frames[index]
        depth: NDArray[np.float32] | None = None
        if self.with_depth and frame.depth:
            photo, depth = self.source.read_both(frame)
        else:
            photo = self.source.read_photo(frame)
        focal_px = frame.focal_px or self.source.focal_px or 0.0
        focal_px = self.seen.cut_focal_px(focal_px, photo.size)
        image = self.seen.cut(photo)
        depth = None if depth is None else self.seen.cut_depth(depth)
        teacher = self.labels.read(frame, (image.shape[0], image.shape[1])) if self.labels else None
        pixels = torch.from_numpy(np.array(image.transpose(2, 0, 1), order="C"))
        layers = Layers(pixels, _plane(depth), _plane(teacher), focal_px)
        return see(layers, self.seen)


def _plane(depth: NDArray[np.float32] | None) -> Tensor | None:
    return None if depth is None else torch.from_numpy(np.array(depth))[None]


class ViewKey(NamedTuple):
    """Identifies a view: its epoch, the index of its frame, and whether it has half the size (`coarse`)."""

    epoch: int
    frame: int
    coarse: bool = False


class ViewDataset(Dataset[Sample]):
    """Makes samples of frames. The same key always gives the same sample.

    With `photo` None, views are not random and colours do not change.
    """

    def __init__(
        self,
        store: FrameStore,
        *,
        view: ViewSettings,
        shrink: int,
        photo: PhotoSettings | None,
        train_focal_px: float | None,
        max_depth_m: float,
        seed: int,
    ) -> None:
        self.store, self.view, self.shrink, self.photo = store, view, shrink, photo
        self.train_focal_px = train_focal_px / shrink if train_focal_px else None
        self.max_depth_m, self.seed = max_depth_m, seed

    def __len__(self) -> int:
        return len(self.store)

    def __getitem__(self, key: ViewKey) -> Sample:
        rng = np.random.default_rng((self.seed, key.epoch, key.frame))
        frame = self.store[key.frame]
        size = (int(frame.image.shape[-2]), int(frame.image.shape[-1]))
        if self.photo is None:
            view = still_view(size, self.view, shrink=self.shrink)
        else:
            view = draw_view(rng, size, self.view, shrink=self.shrink)
        layers = take_view(frame, view, train_focal_px=self.train_focal_px)
        if key.coarse:
            layers = shrink_layers(layers, 2)
        image = layers.image if self.photo is None else augment_photo(layers.image, rng, self.photo)
        valid = None if layers.depth is None else (layers.depth > 0) & (layers.depth < self.max_depth_m)
        return Sample(image, layers.depth, valid, layers.teacher)


def collate(samples: Sequence[Sample]) -> Sample:
    """Stack samples to a batch. In a loader's process, the batch is made in shared memory directly."""

    def stack(name: str) -> Any:
        values = [getattr(sample, name) for sample in samples]
        return None if any(value is None for value in values) else default_collate(values)

    return Sample(stack("image"), stack("depth"), stack("valid_mask"), stack("teacher_depth"))


class StreamSampler(Sampler[ViewKey]):
    """The keys of a whole run as one stream. Every epoch is a new permutation of all frames.

    The stream depends on the seed only, so a run that resumes at `start` sees the same views as a run without
    a stop. The first `n_coarse` of its `total` views are coarse. The stream is divided into rounds of
    `round_size` views, and each of `world` processes takes an equal share of a round. A round has the same
    views for any number of processes.

    groups: frames that can share a step of `step_size` views, because their views are of one size; by default
    all can. Every group then has a stream of its own, and a step draws a group, a large one more often.
    """

    def __init__(
        self,
        n_frames: int,
        *,
        total: int,
        seed: int,
        n_coarse: int = 0,
        round_size: int = 1,
        rank: int = 0,
        world: int = 1,
        groups: Sequence[Sequence[int]] = (),
        step_size: int = 1,
    ) -> None:
        self.total, self.seed, self.n_coarse = total, seed, n_coarse
        self.round_size, self.share, self.rank = round_size, round_size // world, rank
        self.groups = [np.asarray(group) for group in groups or [range(n_frames)]]
        self.step_size = step_size
        self.start = 0

    def __len__(self) -> int:
        return self.total // self.round_size * self.share

    def __iter__(self) -> Iterator[ViewKey]:
        group_of, begins_at = self._drawn_groups()
        orders: dict[int, tuple[int, NDArray[np.int64]]] = {}
        for first in range(self.start + self.rank * self.share, self.total, self.round_size):
            for place in range(first, first + self.share):
                step, within = divmod(place, self.step_size)
                group = int(group_of[step])
                epoch, at = divmod(int(begins_at[step]) + within, len(self.groups[group]))
                if group not in orders or orders[group][0] != epoch:
                    orders[group] = epoch, self._permuted(group, epoch)
                yield ViewKey(epoch, int(orders[group][1][at]), place < self.n_coarse)

    def _permuted(self, group: int, epoch: int) -> NDArray[np.int64]:
        entropy = (self.seed, epoch, group) if group else (self.seed, epoch)
        return np.random.default_rng(entropy).permutation(self.groups[group])

    def _drawn_groups(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The group of every step, and the place in the group's own stream where the step begins."""
        steps = -(-self.total // self.step_size)
        sizes = np.array([len(group) for group in self.groups])
        if len(sizes) == 1:
            return np.zeros(steps, np.int64), np.arange(steps) * self.step_size
        drawn = np.random.default_rng(self.seed).choice(len(sizes), size=steps, p=sizes / sizes.sum())
        begins_at = np.empty(steps, np.int64)
        for group in range(len(sizes)):
            mine = drawn == group
            begins_at[mine] = np.arange(mine.sum()) * self.step_size
        return drawn, begins_at


class StreamLoader(DataLoader[Any]):
    """Loads the batches of this process from a stream. Its state allows a run to resume.

    The iteration raises DataError for a frame that cannot be read.
    """

    def __init__(self, dataset: ViewDataset, *, sampler: StreamSampler, workers: int) -> None:
        super().__init__(
            _ErrorsAsValues(dataset),
            batch_size=sampler.share,
            sampler=sampler,
            num_workers=workers,
            collate_fn=_collate_or_error,
            drop_last=True,
            persistent_workers=workers > 0,
            worker_init_fn=modest_worker,
        )
        self.stream = sampler
        self.delivered = 0

    def __iter__(self) -> Iterator[Sample]:  # type: ignore[override]
        for batch in super().__iter__():
            if isinstance(batch, DataError):
                raise batch
            self.delivered += 1
            yield batch

    def state_dict(self) -> dict[str, int]:
        """The number of batches that were delivered."""
        return {"delivered": self.delivered}

    def load_state_dict(self, state: dict[str, int]) -> None:
        """Continue after the batches of `state`. The number of processes may differ from then."""
        self.delivered = state["delivered"]
        self.stream.start = self.delivered * self.stream.round_size


class _ErrorsAsValues(Dataset[Sample | DataError]):
    """Returns errors as values. If a worker process raised them, they would arrive wrapped in a traceback."""

    def __init__(self, views: ViewDataset) -> None:
        self.views = views

    def __len__(self) -> int:
        return len(self.views)

    def __getitem__(self, key: ViewKey) -> Sample | DataError:
        try:
            return self.views[key]
        except TiekdError as error:
            return DataError(str(error), hint=error.hint)


def _collate_or_error(samples: Sequence[Sample | DataError]) -> Sample | DataError:
    good = [sample for sample in samples if isinstance(sample, Sample)]
    bad = [sample for sample in samples if isinstance(sample, DataError)]
    return bad[0] if bad else collate(good)


def modest_worker(_worker: int) -> None:
    """Set up a loader process: one thread, and no reaction to Ctrl-C and the first SIGTERM.

    A terminal sends Ctrl-C to all processes, and torchrun and schedulers send SIGTERM to all. Only the run
    itself must react, or it would lose its loaders while it still writes a checkpoint. A second SIGTERM ends
    the loader: Python sends it when the run is over.
    """
    torch.set_num_threads(1)
    keep_freed_memory()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: signal.signal(signal.SIGTERM, signal.SIG_DFL))


def keep_freed_memory() -> None:
    """Let this process keep freed memory for later use instead of returning it. It works with glibc only.

    Every sample allocates and frees dozens of megabytes. New pages would cost up to half of its time.
    """
    if sys.platform == "linux":
        mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
        if mallopt is not None:
            for threshold in (_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD):
                mallopt(threshold, 2**30)


_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3
"""Parameters of glibc's mallopt, from its malloc.h."""
