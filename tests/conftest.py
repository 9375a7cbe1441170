"""Fixtures of the whole suite: a tiny data set, tiny recipes and tiny networks."""

from __future__ import annotations

import os

# Tiny tensors: more threads only wait for each other, above all where several tests run at a time.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import pytest
from training_kit import TINY_STUDENT, TINY_TEACHER, write_kitti


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items):
    """Browser tests last: while Playwright's driver lives, its event loop runs here and no other can."""
    items.sort(key=lambda item: item.get_closest_marker("browser") is not None)


@pytest.fixture(scope="session", autouse=True)
def _home(tmp_path_factory):
    """No test writes into the user's own folder, nor depends on what is there."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TIEKD_HOME", str(tmp_path_factory.mktemp("home")))
        yield


@pytest.fixture(scope="session")
def tiny_world(tmp_path_factory):
    """A KITTI folder of 64x96 frames: train 6, val 2, test 2. Read only; copy it to break it."""
    return write_kitti(tmp_path_factory.mktemp("world"), {"train": 6, "val": 2, "test": 2})


@pytest.fixture
def tiny_recipe(tiny_world):
    """Makes a recipe of a shipped row for tiny networks and frames: `tiny_recipe(row, **dotted keys)`."""
    from tiekd.recipe import load_recipe

    def make(row, **changes):
        values = TINY_TEACHER if row.startswith("adabins") else TINY_STUDENT
        dotted = {key.replace("__", "."): value for key, value in changes.items()}
        return load_recipe(row, values={**values, "data.source": f"kitti:{tiny_world}", **dotted})

    return make


@pytest.fixture(scope="session")
def tiny_labels(tiny_world, tmp_path_factory):
    """Labels of a tiny untrained teacher for the training frames of `tiny_world`. Read only."""
    import torch

    from tiekd.data.frames import open_source, read_split
    from tiekd.estimators import network_in_memory
    from tiekd.estimators.labels import LabelInfo, write_labels
    from tiekd.recipe import load_recipe
    from tiekd.training.network import build_network

    folder = tmp_path_factory.mktemp("labels")
    source = open_source(f"kitti:{tiny_world}")
    recipe = load_recipe("adabins_tf_efficientnet_lite0.demo", values=TINY_TEACHER)
    torch.manual_seed(0)
    teacher = network_in_memory(build_network(recipe, train_focal_px=60.0))
    info = LabelInfo(
        teacher=teacher.about.name, teacher_sha256="", max_depth_m=80, crop="none", use_focal=True
    )
    write_labels(teacher, source, read_split(tiny_world / "train.txt"), folder, info)
    return folder


@pytest.fixture(scope="session")
def tiny_models(tmp_path_factory):
    """Files of two networks with random weights: `tiny_dpm` (16 bins) and `tiny_base`. Read only."""
    import torch

    from tiekd.models.registry import create_model, save

    folder = tmp_path_factory.mktemp("models")
    options = {
        "decoder_channels": [8, 8, 8, 8],
        "bottleneck_channels": 8,
        "output_stride": 4,
        "image_pool": 2,
    }
    kinds = {
        "tiny_dpm": ("densedepth_dpm_test_resnet", {"n_bins": 16, "sigma_m": 0.7}),
        "tiny_base": ("densedepth_test_resnet", {}),
    }
    files = {}
    for seed, (name, (architecture, more)) in enumerate(kinds.items()):
        torch.manual_seed(seed)
        model = create_model(architecture, **options, **more)
        model.describe(name=name, dataset="test")
        files[name] = folder / f"{name}.safetensors"
        save(model, files[name])
    return files


@pytest.fixture(scope="session")
def misfit(tiny_models, tmp_path_factory):
    """A whole file that is called `tiny_dpm` and holds the tensors of `tiny_base`."""
    from safetensors import safe_open
    from safetensors.torch import load_file, save_file

    with safe_open(str(tiny_models["tiny_dpm"]), "pt") as file:
        card = file.metadata()
    path = tmp_path_factory.mktemp("misfit") / "misfit.safetensors"
    save_file(load_file(tiny_models["tiny_base"]), path, metadata=card)
    return path
