"""Pictures of validation frames, and that they reach TensorBoard."""

from __future__ import annotations

import numpy as np
import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from training_kit import rows, run

from tiekd.render import colormap
from tiekd.training.pictures import picture
from tiekd.types import DepthRange, Prediction, Sample

LIMITS = DepthRange(0.1, 80)


def test_a_picture_stacks_image_depth_error_and_dpm():
    truth = torch.full((1, 1, 20, 30), 10.0)
    truth[..., :10] = 0
    depth = torch.full((1, 1, 20, 30), 10.0)
    depth[..., 20:] = 20.0
    logits = torch.zeros(1, 4, 10, 15)
    logits[:, 0] = 50.0
    colour = torch.tensor([124, 116, 104], dtype=torch.uint8)
    batch = Sample(colour[None, :, None, None].expand(1, 3, 20, 30), truth, truth > 0)
    taken = picture(batch, Prediction(depth, depth, logits), 0, LIMITS)
    assert taken.dtype == np.uint8
    assert taken.shape == (3 * 20 + 64, 30, 3)
    assert (taken[:20] == (124, 116, 104)).all()
    error = taken[40:60]
    assert (error[:, :10] == 0).all()
    assert (error[:, 10:20] == colormap("blue_red")[128]).all()
    assert (error[:, 20:] == colormap("blue_red")[255]).all()
    section = taken[60:]
    assert (section[-1] == colormap("magma")[255]).all()
    assert (section[0] == colormap("magma")[0]).all()
    assert picture(Sample(batch.image), Prediction(depth, depth), 0, LIMITS).shape == (40, 30, 3)


def test_tensorboard_gets_scalars_and_pictures(tiny_recipe, tiny_labels, tmp_path):
    recipe = tiny_recipe("tiekd_mobilenetv2.demo", data__labels=str(tiny_labels), run__pictures=1)
    run(recipe, tmp_path / "run")
    events = EventAccumulator(str(tmp_path / "run" / "tensorboard"))
    events.Reload()
    assert events.Tags()["images"] == ["val/frame0"]
    assert events.Images("val/frame0")[0].step == 2
    scalars = set(events.Tags()["scalars"])
    assert {"train/loss", "train/dpm_loss", "train/depth_loss", "train/lr", "val/abs_rel"} <= scalars
    assert [event.step for event in events.Scalars("train/loss")] == [1, 2]
    (validation,) = events.Scalars("val/abs_rel")
    told = rows(tmp_path / "run")[-1]
    assert (str(validation.step), f"{validation.value:.5g}") == (
        told["step"],
        f"{float(told['val_abs_rel']):.5g}",
    )
