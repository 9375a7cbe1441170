"""The groups of a recipe's values and their limits; `recipe` puts them together."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from tiekd.data.seen import Seen
from tiekd.faults import NameIn
from tiekd.methods import PARTS
from tiekd.models.families import NETWORKS

NotNegative = Annotated[int, Field(ge=0)]
Beta = Annotated[float, Field(ge=0, lt=1)]


class Settings(BaseModel):
    """A group of values; unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class NetworkSettings(Settings):
    """The network. `architecture` is a family of `tiekd.models.families`; "auto" takes that of the method.

    `encoder` is the name the architecture takes, `encoder_weights` None, "imagenet" or a file; `n_bins` is
    for networks that have bins. `start_depth_m` is what the untrained head answers; without it what chance
    gives. `frozen_norms` says whose batch norms keep their running statistics: pictures of another world than
    the training one then meet the statistics that ImageNet left. `start_from` is a zoo row or a file of
    weights to go on from: what is not given here is taken from it. `train_fx_px` is the focal length that the
    weights are said to be metric for (default: that of the first frame), `max_pixels` what photos are scaled
    down to when they are predicted (default: `data.max_pixels`); neither changes the training.
    """

    architecture: Annotated[str, NameIn("family of networks", NETWORKS, also=("auto",))] = "auto"
    encoder: str
    encoder_weights: str | None = None
    options: dict[str, Any] = Field(default_factory=dict)
    n_bins: int | None = Field(default=None, ge=2)
    start_depth_m: float | None = Field(default=None, gt=0)
    channels_last: bool = False
    frozen_norms: Literal["none", "encoder", "all"] = "none"
    start_from: str | None = None
    train_fx_px: float | None = Field(default=None, gt=0)
    max_pixels: int | None = Field(default=None, ge=32 * 32)


class DataSettings(Settings):
    """Where frames and labels come from.

    `source` is KIND:ROOT; without `train_split` all pictures of a folder:ROOT are taken. Validation is by
    `val_split`, or by every `hold_out_every`-th training frame, which is then not trained on: against the
    ground truth, or the teacher's labels where those are what the method learns from.
    `val_box` is what of a validation view is compared with ground truth ("garg": by its fractions).
    Frames are scaled down to `max_pixels`, then `crop` cuts them ("kb" is the published 352x1216), as it cut
    their labels. Then `trim_px` (top, left, bottom, right) takes a border off frames and labels alike, and
    `shrink` averages them over cells of that many pixels, which must be the network's `image_pool` or 1.
    `max_depth_m` caps what counts as ground truth; `range_from_labels` takes it from the labels and sigma in
    proportion. `train_focal_px` restates depth for one focal length ("canonical" camera).
    `overfit` repeats the first so many frames as still views, to see whether a network can learn them at all.
    """

    source: str | None = None
    train_split: str | None = "train.txt"
    val_split: str | None = "val.txt"
    hold_out_every: int | None = Field(default=None, ge=2)
    max_val_frames: int = Field(default=96, ge=1)
    val_box: Literal["garg", "none"] = "garg"
    labels: str | None = None
    max_pixels: int | None = Field(default=None, ge=32 * 32)
    crop: Literal["kb", "none"] = "none"
    trim_px: tuple[NotNegative, NotNegative, NotNegative, NotNegative] = (0, 0, 0, 0)
    shrink: Literal[1, 2, 4] = 1
    train_focal_px: float | None = Field(default=None, gt=0)
    cache: bool = False
    cache_dir: str | None = None
    workers: int = Field(default=1, ge=0)
    overfit: int | None = Field(default=None, ge=1)
    min_depth_m: float = Field(default=1e-3, gt=0)
    max_depth_m: float = Field(default=80.0, gt=0)
    range_from_labels: bool = False

    @property
    def seen(self) -> Seen:
        """What part of a picture is trained on and validated."""
        return Seen(self.max_pixels, self.crop, self.trim_px, self.shrink)


class LossSettings(Settings):
    """Weights of the parts (default: the method's published ones), sigma of the target DPM in metres."""

    weights: dict[str, float] | None = None
    sigma_m: float = Field(default=0.5, gt=0)
    top_crop_rows: int = Field(default=0, ge=0)

    @model_validator(mode="after")
    def _known(self) -> LossSettings:
        unknown = sorted(set(self.weights or {}) - set(PARTS))
        if unknown:
            raise ValueError(f"no loss part {', '.join(unknown)}; known: {', '.join(PARTS)}")
        return self


class OptimSettings(Settings):
    """AdamW and its learning rate, which changes every step (docs/method.md §12).

    "onecycle" rises from `lr` / `start_divisor` along a cosine for `warm_share` of the steps and falls along
    one to `lr` / `end_divisor`; with `cycle_beta1` the first beta goes down to that and up again. "cosine"
    falls all the way, times a line from 1 / `start_divisor` to 1 over `warm_share`. Weights whose name fits a
    shell pattern of `no_decay` are not decayed.
    The first `coarse_share` of the `steps` see views at half the size, which costs a quarter. A step sees
    `batch_size` frames, however many processes share them and in however many parts (`accumulate`) each takes
    its share; batch norms (but for those in sync on GPUs) and the SI loss see one part of one process at a
    time. With `precision` "bf16" and "fp16" the weights stay float32.
    """

    steps: int = Field(ge=1)
    coarse_share: float = Field(default=0.0, ge=0, le=1)
    batch_size: int = Field(default=8, ge=1)
    accumulate: int = Field(default=1, ge=1)
    precision: Literal["fp64", "fp32", "bf16", "fp16"] = "fp32"
    schedule: Literal["onecycle", "cosine"] = "onecycle"
    lr: float = Field(default=1e-3, gt=0)
    encoder_lr_scale: float = Field(default=1.0, gt=0, le=1)
    weight_decay: float = Field(default=0.01, ge=0)
    no_decay: tuple[str, ...] = ()
    betas: tuple[Beta, Beta] = (0.95, 0.99)
    cycle_beta1: float | None = Field(default=None, ge=0, lt=1)
    warm_share: float = Field(default=0.3, gt=0, lt=1)
    start_divisor: float = Field(default=25.0, ge=1)
    end_divisor: float = Field(default=2500.0, ge=1)
    grad_clip: float = Field(default=35.0, gt=0)
    ema_decay: float | None = Field(default=None, gt=0, lt=1)

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


class RunSettings(Settings):
    """Seed, rhythm and resources.

    `best_by` says which validation metric chooses best.safetensors; after `patience` validations in a row
    without a better one the run ends. `pictures` of validation frames go to TensorBoard, and to Weights &
    Biases when `wandb` names a project.
    """

    seed: int = Field(default=0, ge=0, lt=2**32)
    val_every: int = Field(default=500, ge=1)
    save_every: int = Field(default=200, ge=1)
    log_every: int = Field(default=10, ge=1)
    best_by: Literal["abs_rel", "rmse", "silog", "delta1"] = "abs_rel"
    patience: int | None = Field(default=None, ge=1)
    pictures: int = Field(default=4, ge=0)
    wandb: str | None = None
    threads: int | None = Field(default=None, ge=1)
    device: str = "auto"
    max_time: str | None = Field(default=None, pattern=r"^\d+:\d\d:\d\d:\d\d$")

    @property
    def max_seconds(self) -> float | None:
        """`max_time`, which is DD:HH:MM:SS, in seconds; counted from the start of each call."""
        if self.max_time is None:
            return None
        days, hours, minutes, seconds = (int(part) for part in self.max_time.split(":"))
        return float(((days * 24 + hours) * 60 + minutes) * 60 + seconds)
