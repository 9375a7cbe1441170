"""What a run prints of its validation is what `tiekd predict` answers with the weights that it leaves."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from label_kit import RampTeacher
from PIL import Image
from training_kit import rows, run

from tiekd.data.frames import list_frames, open_source
from tiekd.estimators.labels import LabelFolder, LabelInfo, write_labels
from tiekd.metrics import METRICS, depth_metrics
from tiekd.models.registry import load, save
from tiekd.recipe import load_recipe
from tiekd.runtime.predictor import Predictor
from tiekd.types import DepthRange

SIZES = [(48, 72), (72, 48), (48, 72), (50, 70), (70, 50), (37, 91), (48, 72), (72, 48)]
"""Landscape, portrait, and sizes that no network takes without padding."""
STUDENTS = {
    "as shipped": {"image_pool": 2, "output_stride": 4, "norm": "batch", "position_channels": True},
    "without pool": {"output_stride": 2, "position_channels": True},
}


def own_pictures(folder: Path) -> tuple[Path, Path]:
    """Photos and labels, as a person has them."""
    photos, labels = folder / "photos", folder / "labels"
    photos.mkdir()
    rng = np.random.default_rng(0)
    for number, (height, width) in enumerate(SIZES):
        ramp = np.linspace(0, 200, height)[:, None, None] + rng.uniform(0, 55, (height, width, 3))
        Image.fromarray(ramp.astype(np.uint8)).save(photos / f"{number}.png")
    source = open_source(f"folder:{photos}")
    info = LabelInfo(teacher="ramp", teacher_sha256="", max_depth_m=64, crop="none", max_pixels=5000)
    write_labels(RampTeacher(), source, list_frames(source, None), labels, info)
    return photos, labels


@pytest.mark.parametrize("options", STUDENTS.values(), ids=STUDENTS)
@pytest.mark.parametrize("view", [None, [32, 32]], ids=["whole", "parts"])
def test_what_a_run_prints_is_what_predict_answers(tmp_path, options, view):
    from tiekd.models.registry import create_model

    start = create_model("densedepth_dpm_test_resnet", n_bins=16, **options)
    save(start, tmp_path / "start.safetensors")
    photos, labels = own_pictures(tmp_path)
    recipe = load_recipe(
        "own_student",
        values={
            "network.start_from": str(tmp_path / "start.safetensors"), "data.source": f"folder:{photos}",
            "data.labels": str(labels), "data.max_pixels": 5000, "data.hold_out_every": 2, "data.workers": 0,
            "view.size": view, "optim.steps": 3, "run.val_every": 3, "run.log_every": 3,
        },
    )  # fmt: skip
    printed = run(recipe, tmp_path / "run").metrics
    predictor = Predictor(str(tmp_path / "run" / "best.safetensors"), device="cpu", engine="torch")
    source, truth = open_source(f"folder:{photos}"), LabelFolder(labels)
    scores = []
    for frame in list_frames(source, None)[1::2]:
        depth = predictor(source.image_path(frame)).depth_m
        label = truth.read(frame, (depth.shape[0], depth.shape[1]))
        scores.append(depth_metrics(depth, label, depth_range=DepthRange(1e-3, 64)))
    answered = {name: float(np.mean([score[name] for score in scores])) for name in METRICS}
    # The deltas count pixels, of which one may lie on the limit.
    assert printed == pytest.approx(answered, rel=1e-4, abs=1e-3)
    table = [row for row in rows(tmp_path / "run") if row["val_abs_rel"]][-1]
    assert float(table["val_abs_rel"]) == pytest.approx(answered["abs_rel"], rel=1e-4)
    card = load(tmp_path / "run" / "best.safetensors").card
    assert card.frame_px is None, "these pictures have no common size"
