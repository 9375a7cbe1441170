"""Values that modules exchange, with the shape and unit of every field."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tiekd.datasets import usual_ranges
from tiekd.errors import ConfigError

if TYPE_CHECKING:
    import numpy as np
    import torch
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class DepthRange:
    """The range of depths that a model can give, in metres. Raises ConfigError unless 0 < min_m < max_m."""

    min_m: float
    max_m: float

    def __post_init__(self) -> None:
        if not 0 < self.min_m < self.max_m:
            raise ConfigError(
                f"A depth range needs 0 < min_m < max_m, got min_m={self.min_m}, max_m={self.max_m}.",
                hint=usual_ranges(),
            )


@dataclass(slots=True)
class Sample:
    """One training example, before or after batching.

    image: `[3, H, W]` (batched `[B, 3, H, W]`) uint8 RGB. It is normalised on the device.
    depth: `[1, H, W]` metres, 0 where there is no ground truth; None without ground truth.
    valid_mask: `[1, H, W]` bool, where `depth` may be used; None without ground truth.
    teacher_depth: `[1, H, W]` metres; None without a teacher.
    """

    image: torch.Tensor
    depth: torch.Tensor | None = None
    valid_mask: torch.Tensor | None = None
    teacher_depth: torch.Tensor | None = None


@dataclass(slots=True)
class Prediction:
    """The output of a network.

    raw_depth: `[B, 1, h, w]` metres, the output of the head; losses use this.
    depth: `[B, 1, H, W]` metres, clamped to the range, then resized bilinearly to the size of the image.
    dpm_logits: `[B, n_bins, h, w]` before the softmax, or None for a regression head.
    bin_edges: `[n_bins + 1]` or `[B, n_bins + 1]` metres, or None for a regression head.
    """

    raw_depth: torch.Tensor
    depth: torch.Tensor
    dpm_logits: torch.Tensor | None = None
    bin_edges: torch.Tensor | None = None


@dataclass(slots=True)
class DepthMap:
    """Depth of one photo, at the photo's size.

    depth_m: `[H, W]` float32 metres.
    depth_range: range of depths that the model can give, after the correction by the focal length.
    model: name of the zoo row or file that made it.
    dpm: `[n_bins, h, w]` float32 probabilities on the network's own grid, or None; see `tiekd.runtime.dpm`.
    bin_edges_m: `[n_bins + 1]` float32, or None.
    network_size: (height, width) of the photo as the network saw it, without padding.
    padded_size: (height, width) with the padding at the right and the bottom; `dpm` covers this area.
    grid_depth_m: `[h, w]` float32 metres on the network's own grid, which covers the same area; or None.
    align_corners: how the network's grid is stretched over the photo.
    timings_ms: milliseconds spent in `pre`, `infer` and `post`.
    """

    depth_m: NDArray[np.float32]
    depth_range: DepthRange
    model: str
    dpm: NDArray[np.float32] | None = None
    bin_edges_m: NDArray[np.float32] | None = None
    network_size: tuple[int, int] | None = None
    padded_size: tuple[int, int] | None = None
    grid_depth_m: NDArray[np.float32] | None = None
    align_corners: bool = True
    timings_ms: dict[str, float] | None = None
