"""Frames as training samples: loading, caching, views, batches."""

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
    """Reads the teacher depth of a frame (see `tiekd.estimators.labels`), stored as multiples of `step_m`."""

    @property
    def step_m(self) -> float:
        """Metres of one stored step."""
        ...

    def read(self, frame: Frame, size: tuple[int, int]) -> NDArray[np.float32]:
        """Teacher depth `[H, W]` in metres at `size` (height, width) of the cropped frame."""
        ...


class FrameStore(Protocol):
    """Frames by number, already cropped and shrunk."""

    def __len__(self) -> int: ...

    def __getitem__(self, index: int) -> Layers: ...


class LooseFrames:
    """Frames read from their files each time they are asked for: scaled down, cropped, trimmed, shrunk.

    Raises DataError, on access, for a broken file, a frame smaller than the crop, or layers of unequal size.
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

    def __getitem__(self, index: int) -> Layers:
        frame = self.frames[index]
        image = self.source.read_image(frame)
        depth = self.source.read_depth(frame) if self.with_depth and frame.depth else None
        if depth is not None and depth.shape != image.shape[:2]:
            raise DataError(
                f"{self.source.image_path(frame)} is {image.shape[:2]} but its depth is {depth.shape}.",
                hint="Image and ground truth must be of one size.",
            )
        focal_px = frame.focal_px or self.source.focal_px or 0.0
        focal_px = self.seen.cut_focal_px(focal_px, (image.shape[0], image.shape[1]))
        image = self.seen.cut(image)
        depth = None if depth is None else self.seen.cut_depth(depth)
        teacher = self.labels.read(frame, (image.shape[0], image.shape[1])) if self.labels else None
        pixels = torch.from_numpy(np.array(image.transpose(2, 0, 1), order="C"))
        layers = Layers(pixels, _plane(depth), _plane(teacher), focal_px)
        return see(layers, self.seen)


def _plane(depth: NDArray[np.float32] | None) -> Tensor | None:
    return None if depth is None else torch.from_numpy(np.array(depth))[None]


class ViewKey(NamedTuple):
    """Which view: the epoch that draws it, the index of its frame, and whether it is at half the size."""

    epoch: int
    frame: int
    coarse: bool = False


class ViewDataset(Dataset[Sample]):
    """Samples made from frames; a key's sample is the same whenever it is asked for.

    With `photo` None the views are still ones (validation).
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
    """One batched Sample of several, in a loader's process in shared memory at once."""

    def stack(name: str) -> Any:
        values = [getattr(sample, name) for sample in samples]
        return None if any(value is None for value in values) else default_collate(values)

    return Sample(stack("image"), stack("depth"), stack("valid_mask"), stack("teacher_depth"))


class StreamSampler(Sampler[ViewKey]):
    """The keys of a whole run as one stream: every epoch a new permutation, none cut short.

    The stream depends only on the seed, so a run that resumes at `start` sees what it would have seen. The
    first `n_coarse` of its `total` views are coarse. It is dealt out in rounds of `round_size` views, of
    which each of `world` processes takes an equal share: a round is the same views however many share it.
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
    ) -> None:
        self.n_frames, self.total, self.seed, self.n_coarse = n_frames, total, seed, n_coarse
        self.round_size, self.share, self.rank = round_size, round_size // world, rank
        self.start = 0

    def __len__(self) -> int:
        return self.total // self.round_size * self.share

    def __iter__(self) -> Iterator[ViewKey]:
        order, drawn = np.empty(0, np.int64), -1
        for first in range(self.start + self.rank * self.share, self.total, self.round_size):
            for place in range(first, first + self.share):
                epoch, at = divmod(place, self.n_frames)
                if epoch != drawn:
                    order = np.random.default_rng((self.seed, epoch)).permutation(self.n_frames)
                    drawn = epoch
                yield ViewKey(epoch, int(order[at]), place < self.n_coarse)


class StreamLoader(DataLoader[Any]):
    """This process's batches of a stream, able to say how many it has given and to go on from there.

    Raises, while it gives them, DataError for a frame that can't be read.
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
        """How many batches have been given."""
        return {"delivered": self.delivered}

    def load_state_dict(self, state: dict[str, int]) -> None:
        """Go on after the batches of `state`, in as many processes as there are now."""
        self.delivered = state["delivered"]
        self.stream.start = self.delivered * self.stream.round_size


class _ErrorsAsValues(Dataset[Sample | DataError]):
    """Hands errors over as values: raised in a worker process, they would arrive wrapped in a traceback."""

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
    """Keep a loader process to one thread, and leave it to the run to answer Ctrl-C and SIGTERM.

    A terminal sends the one to all processes, torchrun and schedulers the other. A second SIGTERM ends the
    loader: Python sends that when the run is over.
    """
    torch.set_num_threads(1)
    keep_freed_memory()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: signal.signal(signal.SIGTERM, signal.SIG_DFL))


def keep_freed_memory() -> None:
    """Let this process use freed memory again rather than return it, where its C library is glibc.

    Every sample takes and frees dozens of megabytes. Fresh pages for them would cost up to half of its time.
    """
    if sys.platform == "linux":
        mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
        if mallopt is not None:
            for threshold in (_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD):
                mallopt(threshold, 2**30)


_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3
"""Parameters of glibc's mallopt, from its malloc.h."""
