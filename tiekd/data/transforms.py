"""Geometric transforms, which move an image, its ground truth and its teacher's label together.

A training view is one affine map from the pixels of the view to those of the frame: crop, zoom, rotation and
flip in one step (docs/method.md §11.1). Every layer of a frame is therefore resampled only once, with one
grid. Changes of colour are in `photometry`. All functions depend only on the frame, the settings and a random
generator that the caller seeds, so every view can be made again.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from tiekd.card import IMAGE_MEAN, IMAGE_STD
from tiekd.data.seen import Margins, Seen, trimmed_box
from tiekd.data.settings import ViewSettings

SAME_SURFACE = 0.1
"""Neighbouring pixels show one surface if their depths differ by at most this share.

Neighbouring rows of a road differ by 7 % at 80 m (KITTI's camera).
"""


@dataclass(frozen=True, slots=True)
class Layers:
    """One frame or view.

    image: `[3, H, W]` uint8. depth: ground truth `[1, H, W]` in metres, 0 = none. teacher: label `[1, H, W]`
    in metres, dense. Both may be None. focal_px: focal length at this resolution, 0 = unknown.
    """

    image: Tensor
    depth: Tensor | None
    teacher: Tensor | None
    focal_px: float


Matrix = tuple[tuple[float, float, float], tuple[float, float, float]]


@dataclass(frozen=True, slots=True)
class View:
    """An affine map from the pixels of a view to the pixels of its frame. `zoom` > 1 enlarges objects.

    label_matrix: a different map for the teacher's label, which only `reference_augmentation` uses.
    """

    size: tuple[int, int]
    matrix: Matrix
    zoom: float
    label_matrix: Matrix | None = None


def draw_view(
    rng: np.random.Generator, frame_size: tuple[int, int], settings: ViewSettings, *, shrink: int = 1
) -> View:
    """Draw a view of a frame of `frame_size` (height, width), which was shrunk by `shrink`."""
    low, high = settings.zoom
    zoom = math.exp(rng.uniform(math.log(low), math.log(high)))
    angle = math.radians(rng.uniform(-settings.rotate_deg, settings.rotate_deg))
    if settings.rotate < 1 and rng.random() >= settings.rotate:
        angle = 0.0
    flip = rng.random() < settings.flip
    place_y, place_x = rng.random(2)
    size = view_size(frame_size, settings, shrink=shrink)
    # A view without rotation and zoom is a window of whole pixels. To cut it out is faster than sampling.
    whole = zoom == 1 and angle == 0
    center_y = _place(frame_size[0], size[0] / zoom, place_y, whole=whole)
    center_x = _place(frame_size[1], size[1] / zoom, place_x, whole=whole)
    if settings.reference_augmentation:
        return reference_view(frame_size, size, center=(center_y, center_x), angle=angle, flip=flip)
    return make_view(size, center=(center_y, center_x), zoom=zoom, angle=angle, flip=flip)


def view_size(frame_size: tuple[int, int], settings: ViewSettings, *, shrink: int) -> tuple[int, int]:
    """(height, width) of a view of a frame of `frame_size`, both shrunk by `shrink`."""
    return (settings.size[0] // shrink, settings.size[1] // shrink) if settings.size else frame_size


def still_view(frame_size: tuple[int, int], settings: ViewSettings, *, shrink: int = 1) -> View:
    """A view that is not random: at the bottom centre like KITTI's crop, without rotation, zoom and flip."""
    size = view_size(frame_size, settings, shrink=shrink)
    center_y = frame_size[0] - size[0] / 2 if frame_size[0] >= size[0] else frame_size[0] / 2
    # Whole pixels, also where one of the two widths is odd.
    center_x = (frame_size[1] - size[1]) // 2 + size[1] / 2
    return make_view(size, center=(center_y, center_x), zoom=1.0, angle=0.0, flip=False)


def _place(frame: int, extent: float, share: float, *, whole: bool) -> float:
    """Centre of a window of length `extent`: anywhere in the frame, or its middle if the window is larger."""
    slack = frame - extent
    start = round(share * slack) if whole else share * slack
    return frame / 2 if slack <= 0 else extent / 2 + start


def make_view(
    size: tuple[int, int], *, center: tuple[float, float], zoom: float, angle: float, flip: bool
) -> View:
    """The view of `size` around `center` (y, x) of the frame, rotated by `angle` (radians)."""
    cos, sin = math.cos(angle) / zoom, math.sin(angle) / zoom
    mirror = -1.0 if flip else 1.0
    half_y, half_x = (size[0] - 1) / 2, (size[1] - 1) / 2
    row_x = (cos * mirror, -sin, center[1] - 0.5 - cos * mirror * half_x + sin * half_y)
    row_y = (sin * mirror, cos, center[0] - 0.5 - sin * mirror * half_x - cos * half_y)
    return View(size, (row_x, row_y), zoom)


def reference_view(
    frame_size: tuple[int, int],
    size: tuple[int, int],
    *,
    center: tuple[float, float],
    angle: float,
    flip: bool,
) -> View:
    """A view as the authors' code makes it (docs/method.md §11.1).

    The frame is rotated by `angle` (radians) about its own centre; its label is not rotated. `center` (y, x)
    is the centre of the view in the rotated frame, before the flip.
    """
    middle_y, middle_x = frame_size[0] / 2, frame_size[1] / 2
    off_y, off_x = center[0] - middle_y, center[1] - middle_x
    cos, sin = math.cos(angle), math.sin(angle)
    before = (middle_y + sin * off_x + cos * off_y, middle_x + cos * off_x - sin * off_y)
    turned = make_view(size, center=before, zoom=1.0, angle=angle, flip=flip)
    still = make_view(size, center=center, zoom=1.0, angle=0.0, flip=flip)
    return View(size, turned.matrix, 1.0, still.matrix)


def take_view(frame: Layers, view: View, *, train_focal_px: float | None) -> Layers:
    """Make a view of a frame.

    The image is sampled bilinearly and rounded to grey levels. Depth and label take the nearest pixel, as a
    mean of two surfaces is a depth that does not exist. Outside the frame, image and label repeat the
    border, and the ground truth is 0. With `train_focal_px`, depth is converted to a camera of that focal
    length, so that objects at equal depth have equal sizes at any zoom. Without it, depth stays as it is.
    """
    frame_size = (int(frame.image.shape[-2]), int(frame.image.shape[-1]))
    move = _mover(view.matrix, view.size, frame_size)
    move_label = _mover(view.label_matrix, view.size, frame_size) if view.label_matrix else move
    border = "zeros" if view.label_matrix else "border"
    focal_px = frame.focal_px * view.zoom
    scale = train_focal_px / focal_px if train_focal_px else 1.0
    return Layers(
        move(frame.image, "bilinear", border),
        None if frame.depth is None else scale * move(frame.depth, "nearest", "zeros"),
        None if frame.teacher is None else scale * move_label(frame.teacher, "nearest", "border"),
        focal_px,
    )


def _mover(
    matrix: Matrix, size: tuple[int, int], frame_size: tuple[int, int]
) -> Callable[[Tensor, str, str], Tensor]:
    """A function that takes a layer `[C, H, W]` to the view. Mode and padding are those of `grid_sample`."""
    region = _window(matrix, size, frame_size)
    if region is not None:
        mirrored = matrix[0][0] < 0
        return lambda layer, _mode, _padding: layer[region].flip(-1) if mirrored else layer[region]
    grid = _grid(matrix, size, frame_size)
    return lambda layer, mode, padding: _sample(layer, grid, mode=mode, padding=padding)


def _window(
    matrix: Matrix, size: tuple[int, int], frame_size: tuple[int, int]
) -> tuple[slice, slice, slice] | None:
    """The slices of a layer that are the view, up to a flip.

    None if the view lies between pixels or partly outside the frame, so that it must be sampled.
    """
    (a, b, left), (d, e, top) = matrix
    if (abs(a), b, d, e) != (1, 0, 0, 1):
        return None
    left -= size[1] - 1 if a < 0 else 0
    whole = left == int(left) and top == int(top)
    if not (whole and 0 <= top <= frame_size[0] - size[0] and 0 <= left <= frame_size[1] - size[1]):
        return None
    y, x = int(top), int(left)
    return np.s_[:, y : y + size[0], x : x + size[1]]


def _grid(matrix: Matrix, size: tuple[int, int], frame_size: tuple[int, int]) -> Tensor:
    """Positions `[1, h, w, 2]` of the pixels of a view in its frame, in the coordinates of `grid_sample`."""
    v = torch.arange(size[0], dtype=torch.float32)[:, None]
    u = torch.arange(size[1], dtype=torch.float32)
    grid = torch.empty(*size, 2)
    for axis, (a, b, c) in enumerate(matrix):
        unit = 2 / frame_size[1 - axis]
        torch.add(u * (a * unit), v * (b * unit) + ((c + 0.5) * unit - 1), out=grid[..., axis])
    return grid[None]


def _sample(layer: Tensor, grid: Tensor, *, mode: str, padding: str) -> Tensor:
    moved = F.grid_sample(layer[None].float(), grid, mode=mode, padding_mode=padding, align_corners=False)[0]
    return moved if layer.is_floating_point() else to_levels(moved)


def to_levels(image: Tensor) -> Tensor:
    """Round an image with levels 0 to 255 to uint8."""
    # numpy does this six times faster than torch.
    return torch.from_numpy(np.rint(image.numpy()).astype(np.uint8))


def normalise(image: Tensor) -> Tensor:
    """Normalise RGB `[..., 3, H, W]` with levels 0 to 255. uint8 becomes float32."""
    image = image if image.is_floating_point() else image.float()
    mean = image.new_tensor(IMAGE_MEAN)[:, None, None]
    std = image.new_tensor(IMAGE_STD)[:, None, None]
    return (image - mean) / std


def subsample_depth(depth: Tensor, size: tuple[int, int], *, align_corners: bool) -> Tensor:
    """Depth `[B, 1, H, W]` (0 = none) at a coarser `size`, without mixing surfaces (docs/method.md §1).

    Every cell takes the depth at its centre. If that pixel has none, it takes the nearest depth inside the
    cell. `align_corners` has the meaning of torch's interpolation.
    """
    height, width = depth.shape[-2:]
    if (height, width) == size:
        return depth
    rows = _centers(height, size[0], align_corners).to(depth.device)
    columns = _centers(width, size[1], align_corners).to(depth.device)
    at_center = depth[..., rows, :][..., columns]
    far = torch.finfo(depth.dtype).max
    nearest = -F.adaptive_max_pool2d(-depth.masked_fill(depth <= 0, far), size)
    filled = torch.where(at_center > 0, at_center, nearest)
    return filled.masked_fill(filled == far, 0)


def _centers(length: int, cells: int, align_corners: bool) -> Tensor:
    if align_corners and cells > 1:
        return torch.linspace(0, length - 1, cells).round().long()
    return ((torch.arange(cells) + 0.5) * (length / cells)).long().clamp(max=length - 1)


def see(frame: Layers, seen: Seen) -> Layers:
    """Trim and shrink a frame that was already cut. Raises DataError if nothing is left."""
    return shrink_layers(trim_layers(frame, seen.trim_px), seen.shrink)


def trim_layers(frame: Layers, margins_px: Margins) -> Layers:
    """A frame without its border (top, left, bottom, right). Raises DataError if nothing is left."""
    region = trimmed_box(int(frame.image.shape[-2]), int(frame.image.shape[-1]), margins_px).region
    depth, teacher = (None if layer is None else layer[region] for layer in (frame.depth, frame.teacher))
    return Layers(frame.image[region], depth, teacher, frame.focal_px)


def shrink_layers(frame: Layers, factor: int) -> Layers:
    """A frame at 1/`factor` of its size: the image averaged over cells, depth by `depth_of_cells`."""
    if factor == 1:
        return frame
    rows, columns = (frame.image.shape[axis] // factor * factor for axis in (-2, -1))
    image = to_levels(F.avg_pool2d(frame.image[None, :, :rows, :columns].float(), factor)[0])
    depth, teacher = (
        None if layer is None else depth_of_cells(layer[None, :, :rows, :columns], factor)[0]
        for layer in (frame.depth, frame.teacher)
    )
    return Layers(image, depth, teacher, frame.focal_px / factor)


def depth_of_cells(depth: Tensor, factor: int) -> Tensor:
    """Depth `[B, 1, H, W]` (0 = none) at the centres of cells of `factor` x `factor` pixels.

    The centre of an even cell lies between four pixels. Where these show one surface, it is their mean: any
    single one would be that of a place half a pixel away. Other pixels do not count, so that surfaces do not
    mix. `subsample_depth` does the rest.
    """
    size = (depth.shape[-2] // factor, depth.shape[-1] // factor)
    chosen = subsample_depth(depth, size, align_corners=False)
    if factor % 2:
        return chosen
    after = factor // 2
    around = [depth[..., y::factor, x::factor] for y in (after - 1, after) for x in (after - 1, after)]
    alike = [(one - chosen).abs() <= SAME_SURFACE * chosen for one in around]
    total = torch.stack([one * same for one, same in zip(around, alike, strict=True)]).sum(0)
    count = torch.stack(alike).sum(0)
    return torch.where((count > 0) & (around[-1] > 0), total / count.clamp(min=1), chosen)
