"""The groups of a recipe's settings, with their limits; `Recipe` puts them together."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from tiekd.data.seen import Seen
from tiekd.faults import NameIn
from tiekd.limits import (
    Bins,
    Count,
    Divisor,
    FocalPx,
    Metres,
    PartOfOne,
    Pixels,
    Processes,
    Share,
    Stated,
    Threads,
)
from tiekd.methods import PARTS
from tiekd.models.families import NETWORKS
from tiekd.places import HomePath
from tiekd.targets import TargetName

NotNegative = Annotated[int, Field(ge=0, le=10**9)]
Weight = Annotated[float, Field(ge=-1e6, le=1e6)]
"""Of a part of the loss. One of the authors' recipes has a negative one (docs/fidelity.md)."""
Beta = Annotated[float, Field(ge=0, lt=1)]


class NetworkSettings(Stated):
    """The network.

    architecture: a family of `tiekd.models.families`; "auto" takes that of the method.
    encoder: the encoder's name. encoder_weights: None, "imagenet" or a file. options: of the architecture.
    n_bins: for networks that have bins.
    start_depth_m: the depth that the untrained head predicts; None leaves it to chance.
    frozen_norms: which batch norms keep their running statistics. Photos of another world than the training
    one then meet the statistics of ImageNet.
    start_from: a zoo row or a file of weights to start from; it also gives what is not stated here.
    train_fx_px: the focal length for which the weights are metric (default: that of the first frame).
    max_pixels: the size to which photos are scaled down for prediction (default: `data.max_pixels`).
    The last two are written to the card and do not change the training.
    """

    architecture: Annotated[str, NameIn("family of networks", NETWORKS, also=("auto",))] = "auto"
    encoder: str
    encoder_weights: HomePath | None = None
    options: dict[str, Any] = Field(default_factory=dict)
    n_bins: Bins | None = None
    start_depth_m: Metres | None = None
    channels_last: bool = False
    frozen_norms: Literal["none", "encoder", "all"] = "none"
    start_from: HomePath | None = None
    train_fx_px: FocalPx | None = None
    max_pixels: Pixels | None = None


class DataSettings(Stated):
    """Where frames and labels come from, and what part of them is seen.

    source: KIND:ROOT. train_split: without it all pictures of a folder:ROOT are taken.
    val_split, hold_out_every: validate on a split, or on every so many-th training frame, which is then not
    trained on. Held-out frames are compared with what the method learns from: ground truth or labels.
    select_on: "held_out" validates, instead of on `val_split`, on whole recordings (KITTI's drives, NYU's
    scenes) of the training list, about a twentieth of its frames, which are then not trained on. The choice
    is always the same. So a test list as `val_split` does not choose the best weights.
    val_box: the part of a validation view that is compared with ground truth; "garg" by its fractions.
    max_pixels, crop, trim_px, shrink: frames are scaled down to `max_pixels`; then `crop` cuts them ("kb" is
    the published 352x1216), as it has cut their labels; then `trim_px` (top, left, bottom, right) cuts a
    border off frames and labels; then `shrink` averages both over cells of that many pixels. It must be 1 or
    the network's `image_pool`.
    min_depth_m, max_depth_m: the network's range; more distant depth does not count as ground truth.
    A loaded recipe that states none has that of its data set, if `tiekd.datasets` lists it.
    range_from_labels: where nobody states `max_depth_m`, take it from the labels; where nobody states
    `loss.sigma_m`, take its default in proportion. What a person states (-o, a file of their own) stands.
    any_teacher: take labels that were made by another teacher than the recipe names (`--force`).
    train_focal_px: restate depth for one focal length (a "canonical" camera).
    overfit: repeat this many first frames as still views, to see whether a network can learn them at all.
    """

    source: str | None = None
    train_split: HomePath | None = "train.txt"
    val_split: HomePath | None = "val.txt"
    hold_out_every: int | None = Field(default=None, ge=2, le=10**9)
    select_on: Literal["val_split", "held_out"] = "val_split"
    max_val_frames: Count = 96
    val_box: Literal["garg", "none"] = "garg"
    labels: HomePath | None = None
    max_pixels: Pixels | None = None
    crop: Literal["kb", "none"] = "none"
    trim_px: tuple[NotNegative, NotNegative, NotNegative, NotNegative] = (0, 0, 0, 0)
    shrink: Literal[1, 2, 4] = 1
    train_focal_px: FocalPx | None = None
    cache: bool = False
    cache_dir: HomePath | None = None
    workers: Processes = 1
    overfit: Count | None = None
    min_depth_m: Metres = 1e-3
    max_depth_m: Metres = 80.0
    range_from_labels: bool = False
    any_teacher: bool = False

    @property
    def awaits_range(self) -> bool:
        """Whether the range is that of labels that nobody has looked at yet."""
        return self.range_from_labels and "max_depth_m" not in self.model_fields_set

    @property
    def seen(self) -> Seen:
        """What part of a picture is trained on and validated."""
        return Seen(self.max_pixels, self.crop, self.trim_px, self.shrink)


class LossSettings(Stated):
    """The loss.

    weights: of its parts (default: the method's published ones); a part of weight 0 is not computed. target:
    the kind of target DPM (`tiekd.targets`). sigma_m: its width, in metres.
    top_crop_rows: rows at the top of a view that the TIE-KD losses leave out.
    """

    weights: dict[str, Weight] | None = None
    target: TargetName = "published"
    sigma_m: Metres = 0.5
    top_crop_rows: NotNegative = 0

    @model_validator(mode="after")
    def _known(self) -> LossSettings:
        unknown = sorted(set(self.weights or {}) - set(PARTS))
        if unknown:
            raise ValueError(f"no loss part {', '.join(unknown)}; known: {', '.join(PARTS)}")
        if self.weights is not None and not any(self.weights.values()):
            raise ValueError(
                f"weights={self.weights} leave no part of the loss; give one a weight other than 0, or "
                "say null for the method's own weights"
            )
        return self


class OptimSettings(Stated):
    """AdamW and its learning rate, which changes every step (docs/method.md §12).

    schedule: "onecycle" rises from `lr` / `start_divisor` along a cosine for `warm_share` of the steps and
    falls along a cosine to `lr` / `end_divisor`; with `cycle_beta1` the first beta falls to that and rises
    again. "cosine" falls all the way, times a line from 1 / `start_divisor` to 1 over `warm_share` of the
    steps.
    no_decay: shell patterns; weights with a matching name do not decay.
    coarse_share: this share of the `steps`, at the beginning, sees views at half the size and a quarter of
    the cost.
    batch_size: frames of one step, however many processes share them. accumulate: the number of parts in
    which each process takes its share. Batch norms (except synchronised ones on GPUs) and the SI loss see
    one part of one process at a time.
    precision: with "bf16" and "fp16" the weights stay float32.
    """

    steps: Count
    coarse_share: Share = 0.0
    batch_size: int = Field(default=8, ge=1, le=65_536)
    accumulate: int = Field(default=1, ge=1, le=65_536)
    precision: Literal["fp64", "fp32", "bf16", "fp16"] = "fp32"
    schedule: Literal["onecycle", "cosine"] = "onecycle"
    lr: float = Field(default=1e-3, gt=0)
    encoder_lr_scale: float = Field(default=1.0, gt=0, le=1)
    weight_decay: float = Field(default=0.01, ge=0, le=10)
    no_decay: tuple[str, ...] = ()
    betas: tuple[Beta, Beta] = (0.95, 0.99)
    cycle_beta1: Beta | None = None
    warm_share: PartOfOne = 0.3
    start_divisor: Divisor = 25.0
    end_divisor: Divisor = 2500.0
    grad_clip: float = Field(default=35.0, gt=0, le=1e9)
    ema_decay: PartOfOne | None = None

    @model_validator(mode="after")
    def _fits_together(self) -> OptimSettings:
        faults = []
        if self.batch_size % self.accumulate:
            faults.append(
                f"batch_size={self.batch_size} can't be taken in accumulate={self.accumulate} equal parts"
            )
        if self.cycle_beta1 is not None and self.schedule != "onecycle":
            faults.append(f"schedule={self.schedule} cycles no beta; leave cycle_beta1 null")
        if self.cycle_beta1 is not None and not self.cycle_beta1 < self.betas[0]:
            faults.append(f"cycle_beta1={self.cycle_beta1} must be below betas[0]={self.betas[0]}")
        if faults:
            raise ValueError("\n".join(faults))
        return self

    @property
    def coarse_steps(self) -> int:
        """How many steps see views at half the size."""
        return round(self.coarse_share * self.steps)


class RunSettings(Stated):
    """Seed, rhythm and resources.

    val_every, save_every, log_every: steps. best_by: the validation metric that chooses best.safetensors.
    patience: the run ends after this many validations in a row without a better one.
    pictures: the number of validation frames that go to TensorBoard, and to Weights & Biases if `wandb`
    names a project. max_time: DD:HH:MM:SS for each call.
    """

    seed: int = Field(default=0, ge=0, lt=2**32)
    val_every: Count = 500
    save_every: Count = 200
    log_every: Count = 10
    best_by: Literal["abs_rel", "rmse", "silog", "delta1"] = "abs_rel"
    patience: Count | None = None
    pictures: int = Field(default=4, ge=0, le=1000)
    wandb: str | None = None
    threads: Threads | None = None
    device: str = "auto"
    max_time: str | None = Field(default=None, pattern=r"^\d+:\d\d:\d\d:\d\d$")

    @property
    def max_seconds(self) -> float | None:
        """`max_time` in seconds."""
        if self.max_time is None:
            return None
        days, hours, minutes, seconds = (int(part) for part in self.max_time.split(":"))
        return float(((days * 24 + hours) * 60 + minutes) * 60 + seconds)
