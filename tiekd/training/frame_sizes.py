"""The sizes of the frames of a run, and whether its views fit into them."""

from __future__ import annotations

from dataclasses import dataclass

from tiekd.data.dataset import FrameStore
from tiekd.data.frames import Frame
from tiekd.data.settings import LEAST_VIEW_PX
from tiekd.errors import DataError
from tiekd.recipe import Recipe

LITTLE_BORDER = 0.05
"""The share of a view that may lie outside its frame without a warning."""


@dataclass(frozen=True, slots=True)
class Border:
    """`n_frames` frames are smaller than the views, of which up to `share` repeat the border of a frame.

    `fits`: (height, width) of the largest view that every frame can fill.
    """

    n_frames: int
    share: float
    fits: tuple[int, int]


def sizes_of(store: FrameStore, recipe: Recipe) -> list[tuple[int, int]]:
    """(height, width) of every frame as it is seen. KITTI's crop has one size."""
    if recipe.data.crop == "kb":
        return [store.size_of(0)] * len(store)
    return [store.size_of(index) for index in range(len(store))]


def check_sizes(sizes: list[tuple[int, int]], frames: list[Frame], recipe: Recipe) -> None:
    """Raise DataError for a whole frame that is too small for networks, before the run meets it."""
    if recipe.view.size is None:
        smallest = min(range(len(sizes)), key=lambda index: min(sizes[index]))
        height, width = times(sizes[smallest], recipe.data.shrink)
        if min(height, width) < LEAST_VIEW_PX:
            raise DataError(
                f"{frames[smallest].image} is {width}x{height} pixels as it is seen; views are whole frames, "
                f"of at least {LEAST_VIEW_PX}x{LEAST_VIEW_PX} pixels.",
                hint="Leave it out, or say -o view.size=[H,W] for views that may reach over the border.",
            )


def border_of_views(sizes: list[tuple[int, int]], recipe: Recipe) -> Border | None:
    """What views of `recipe.view.size` repeat of the border of frames that were shrunk to `sizes`.

    None if it is little: KITTI's frames differ by a few rows.
    """
    if recipe.view.size is None:
        return None
    height, width = recipe.view.size
    seen = [times(size, recipe.data.shrink) for size in sizes]
    shares = [1 - min(1.0, h / height) * min(1.0, w / width) for h, w in seen]
    much = [share for share in shares if share > LITTLE_BORDER]
    return Border(len(much), max(much), (min(h for h, _ in seen), min(w for _, w in seen))) if much else None


def times(size: tuple[int, int], factor: int) -> tuple[int, int]:
    """`size` before it was shrunk by `factor`, up to what did not fill a cell."""
    return size[0] * factor, size[1] * factor
