"""Every row of the zoo can be trained: its recipe says what the row says, and builds the row's network."""

from __future__ import annotations

import math
from functools import cache

import numpy as np
import pytest
import torch
from estimator_kit import Known
from training_kit import run, write_kitti, write_nyu

from tiekd.data.frames import open_source, read_split
from tiekd.datasets import DATASETS, LAYOUTS
from tiekd.estimators.labels import LabelInfo, write_labels
from tiekd.methods import METHODS
from tiekd.models.registry import load
from tiekd.recipe import load_recipe
from tiekd.recipe.composition import recipes_of
from tiekd.training.network import build_network, network_arguments
from tiekd.zoo import read_zoo

ROWS = {row.name: row for row in read_zoo()}
PUBLISHED = [name for name, row in ROWS.items() if row.dataset in ("kitti", "nyu")]
TOLD = ("method", "teacher", "dataset", "min_depth_m", "max_depth_m", "sigma_m", "train_fx_px", "max_pixels")


@cache
def empty_network(architecture, n_bins):
    """A network without memory: the first row of its kind builds it for all."""
    name = next(
        name for name, row in ROWS.items() if (row.architecture, row.n_bins) == (architecture, n_bins)
    )
    with torch.device("meta"):
        return build_network(load_recipe(name), train_focal_px=721.5377, load_weights=False)


@pytest.mark.parametrize("name", ROWS)
def test_a_row_has_one_recipe_which_says_what_the_row_says(name):
    row, recipe = ROWS[name], load_recipe(name)
    assert len(recipes_of(name)) == 1
    assert (recipe.name, recipe.architecture) == (name, row.architecture)
    told = network_arguments(recipe, train_focal_px=721.5377)
    assert {key: told.get(key, getattr(row, key)) for key in TOLD} == {key: getattr(row, key) for key in TOLD}
    assert recipe.needs_labels == (row.teacher is not None) or row.dataset == "demo"
    network = empty_network(row.architecture, row.n_bins)
    same = {"architecture", "encoder", "n_bins", "size_multiple", "align_corners"}
    assert network.card.model_dump(include=same) == row.card.model_dump(include=same)
    assert row.options.items() <= network.card.options.items()
    if row.parameters:
        assert sum(parameter.numel() for parameter in network.parameters()) == row.parameters


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_published_row_is_trained_as_it_was_published(name):
    recipe, dataset = load_recipe(name), ROWS[name].dataset
    epochs = recipe.optim.steps * recipe.optim.batch_size / DATASETS[dataset].train.n_frames
    assert epochs == pytest.approx(24, rel=0.002) or (name.startswith("depthformer") and 25 < epochs < 27)
    assert recipe.view.size == {"kitti": (352, 704), "nyu": (416, 544)}[dataset]
    assert (recipe.view.rotate, recipe.view.rotate_deg, recipe.view.flip) == (0.5, 2.5, 0.5)
    assert recipe.photo.gain == {"kitti": 0.1, "nyu": 0.25}[dataset]
    of_dpm_head = recipe.method.startswith("tiekd")
    assert recipe.loss.top_crop_rows == (110 if of_dpm_head and dataset == "kitti" else 0)
    facts, layout = DATASETS[dataset], LAYOUTS[DATASETS[dataset].layout]
    assert (recipe.data.train_split, recipe.data.val_split) == (facts.train.file, facts.test.file)
    assert recipe.data.max_val_frames == facts.test.n_scored
    assert (recipe.data.min_depth_m, recipe.data.max_depth_m) == (facts.min_depth_m, facts.max_depth_m)
    assert (recipe.data.crop, recipe.network.train_fx_px) == (layout.network_crop, layout.focal_px)
    if recipe.method != "teacher":
        assert recipe.weights == METHODS[recipe.method].weights or name.startswith("reskd_si_mobilenetv2")
        optim = recipe.optim
        assert (optim.lr, optim.weight_decay, optim.betas, optim.grad_clip) == (1e-3, 0.01, (0.95, 0.99), 35)


@pytest.mark.parametrize("dataset", ["kitti", "nyu"])
def test_teachers_differ_in_loss_and_optimiser(dataset):
    adabins, bts, depthformer = (
        load_recipe(f"{row}.{dataset}")
        for row in ("adabins_efficientnet_b5", "bts_resnet50", "depthformer_swin_large")
    )
    assert adabins.weights == {"silog_loss": 10, "chamfer_loss": 0.1}
    assert bts.weights == depthformer.weights == {"silog_loss": 1}
    assert (adabins.optim.lr, adabins.optim.weight_decay, adabins.optim.grad_clip) == (0.000357, 0.1, 0.1)
    assert (adabins.optim.cycle_beta1, bts.optim.cycle_beta1) == (0.85, None)
    assert (bts.optim.lr, bts.optim.weight_decay, bts.optim.grad_clip) == (1e-3, 0.01, 35)
    assert (depthformer.optim.schedule, depthformer.optim.steps) == ("cosine", 38_400)
    assert depthformer.optim.warm_share * depthformer.optim.steps == pytest.approx(12_800)


def test_weights_of_res_kd_are_the_published_ones():
    def weights(row):
        return dict(load_recipe(row).weights)

    assert weights("reskd_si_mobilenetv2.bts_kitti") == {"si_loss": 1.0}
    assert weights("reskd_si_mobilenetv2.bts_nyu") == {"si_loss": 1.5}
    assert weights("reskd_ssim_si_mobilenetv2.bts_nyu") == {"ssim_loss": 1.5, "si_loss": 1.0}
    assert weights("reskd_mse_mobilenetv2.bts_nyu") == {"mse_loss": 1.0}


# --- a tiny run of each family, on pictures of the data set's own size ---------------------------------

TINY = {
    "network.encoder_weights": None, "data.workers": 0, "optim.steps": 2, "optim.batch_size": 2,
    "view.size": [64, 96], "run.val_every": 2, "run.save_every": 2, "run.log_every": 1, "run.pictures": 0,
}  # fmt: skip
SMALL_DENSE = {"network.encoder": "test_resnet", "network.options": {"decoder_channels": [8, 8, 8, 8]}}
SMALL_BTS = {"network.encoder": "test_resnet", "network.options": {"width": 128}}
SMALL_ADABINS = {
    "network.encoder": "test_efficientnet",
    "network.options": {"decoder_channels": [8, 8, 8, 8], "embed_dim": 16, "n_layers": 1, "patch_size": 4},
}
SMALL_DEPTHFORMER = {
    "network.encoder": "swin_tiny",
    "network.options": {"width": 16, "n_heads": 2, "n_points": 2, "decoder_channels": [8, 8, 8, 8]},
}


FLAT = Known(lambda picture: np.full(picture.size, 5.0, np.float32), name="flat")


@pytest.fixture(scope="module")
def worlds(tmp_path_factory):
    """Both data sets in the published layout, and dense labels of their training frames."""
    root = tmp_path_factory.mktemp("worlds")
    write_kitti(root / "kitti", {"kitti_eigen_train": 2, "kitti_eigen_test": 1}, size=(375, 1242))
    write_nyu(root / "nyu", {"train": 2, "test": 1})
    for kind, crop, split, far_m in (
        ("kitti", "kb", "kitti_eigen_train.txt", 80.0),
        ("nyu", "none", "nyu_train.txt", 10.0),
    ):
        source = open_source(f"{kind}:{root / kind}")
        info = LabelInfo(teacher="labels:flat", teacher_sha256="", max_depth_m=far_m, crop=crop)
        write_labels(FLAT, source, read_split(source.root / split), root / f"{kind}-labels", info)
    return root


@pytest.mark.parametrize(
    ("row", "small"),
    [
        ("tiekd_mobilenetv2.bts_nyu", SMALL_DENSE),
        ("tiekd_mobilenetv2.adabins_kitti", SMALL_DENSE),
        ("reskd_si_mobilenetv2.adabins_nyu", SMALL_DENSE),
        ("baseline_resnet18.kitti", SMALL_DENSE),
        ("adabins_efficientnet_b5.nyu", SMALL_ADABINS),
        ("bts_resnet50.kitti", SMALL_BTS),
        pytest.param("depthformer_swin_large.nyu", SMALL_DEPTHFORMER, marks=pytest.mark.slow),
    ],
)
def test_a_tiny_run_of_every_family(row, small, worlds, tmp_path):
    dataset = ROWS[row].dataset
    told = {"data.source": f"{dataset}:{worlds / dataset}", "data.labels": str(worlds / f"{dataset}-labels")}
    rows = load_recipe(row).loss.top_crop_rows * 64 // 352
    recipe = load_recipe(row, values={**TINY, **small, **told, "loss.top_crop_rows": rows})
    result = run(recipe, tmp_path / "run")
    assert (result.steps, result.finished) == (2, True)
    assert math.isfinite(result.metrics["abs_rel"])
    card = load(tmp_path / "run" / "last.safetensors").card
    assert (card.name, card.dataset, card.max_depth_m) == (row, dataset, ROWS[row].max_depth_m)
    assert (card.train_fx_px, card.max_pixels) == (ROWS[row].train_fx_px, ROWS[row].max_pixels)
    assert load_recipe(str(tmp_path / "run" / "recipe.yaml")) == recipe
