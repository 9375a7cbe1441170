import json
import shutil
import sys
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from estimator_kit import depth_of
from teacher_kit import save_depth_anything, save_dpt

from tiekd.errors import CheckpointError, ConfigError, DataError, RunFailedError, UnavailableError
from tiekd.estimators import Picture, PictureEstimator, Terms, open_estimator
from tiekd.estimators.base import Conversion
from tiekd.estimators.huggingface import HuggingFaceDepth, HuggingFaceOptions, _check_metric

IMAGE = np.random.default_rng(0).integers(0, 255, (70, 101, 3), np.uint8)


@pytest.fixture(scope="module")
def hub(tmp_path_factory):
    """Folders of models, as save_pretrained leaves them. Read only."""
    root = tmp_path_factory.mktemp("hub")
    save_depth_anything(root / "metric")
    save_depth_anything(root / "relative", kind="relative")
    save_dpt(root / "dpt")
    return root


def by_hand(folder, image):
    """What transformers itself answers, at the picture's size."""
    from transformers import AutoImageProcessor, AutoModelForDepthEstimation

    processor = AutoImageProcessor.from_pretrained(folder)
    model = AutoModelForDepthEstimation.from_pretrained(folder).eval()
    with torch.inference_mode():
        outputs = model(**processor(images=image, return_tensors="pt"))
        depth = outputs.predicted_depth[:, None]
        return torch.nn.functional.interpolate(depth, image.shape[:2], mode="bilinear")[0, 0].numpy()


def test_a_metric_model_answers_in_metres(hub):
    teacher = open_estimator(f"hf:{hub / 'metric'}")
    assert isinstance(teacher, PictureEstimator)
    depth = depth_of(teacher, IMAGE)
    assert depth.dtype == np.float32
    np.testing.assert_allclose(depth, by_hand(hub / "metric", IMAGE), rtol=1e-5)
    assert depth.std() > 0.01
    about = teacher.about
    assert (about.name, about.depth_range.max_m, len(about.digest)) == ("hf:metric", 20.0, 64)


def test_an_answer_without_padding_is_taken_out_of_it(hub):
    """ZoeDepth's processor pads pictures, and only itself knows how to undo that."""
    teacher = open_estimator(f"hf:{hub / 'metric'}")
    asked = []

    class Padding:
        def __init__(self, processor):
            self.processor = processor

        def __call__(self, **inputs):
            return self.processor(**inputs)

        def post_process_depth_estimation(self, outputs, source_sizes):
            asked.append(source_sizes)
            return [{"predicted_depth": outputs.predicted_depth[0, :, 10:]}]

    whole = depth_of(teacher, IMAGE)
    teacher.answer.processor = Padding(teacher.answer.processor)
    assert depth_of(teacher, IMAGE).shape == (70, 101)
    assert asked == [[(70, 101)]]
    assert np.abs(depth_of(teacher, IMAGE) - whole).max() > 1e-3


def test_depth_pro_is_metric_by_the_focal_length_it_sees():
    from transformers import DepthProConfig, DepthProImageProcessor

    class Model(torch.nn.Module):
        def forward(self, **_inputs):
            return SimpleNamespace(
                predicted_depth=torch.full((1, 8, 12), 0.1), field_of_view=torch.tensor([90.0])
            )

    processor = DepthProImageProcessor(size={"height": 32, "width": 32})
    teacher = HuggingFaceDepth(Model(), processor, Conversion(), device=torch.device("cpu"))
    # Its inverse depth is for a focal length of one picture's width; with 90 degrees that is half of it.
    np.testing.assert_allclose(teacher(IMAGE), np.full(IMAGE.shape[:2], 5.0), rtol=1e-5)
    with pytest.raises(ConfigError, match="answers with relative depth"):
        _check_metric(DepthProConfig(use_fov_model=False), HuggingFaceOptions(), "folder")


def test_flip_tta_is_the_mean_with_the_mirrored_picture(hub):
    once = open_estimator(f"hf:{hub / 'metric'}")
    both = depth_of(once, IMAGE, flip=True)
    mirrored = depth_of(once, np.ascontiguousarray(IMAGE[:, ::-1]))[:, ::-1]
    np.testing.assert_allclose(both, (depth_of(once, IMAGE) + mirrored) / 2, rtol=1e-5)
    assert np.abs(both - mirrored).max() > 1e-3


@pytest.mark.parametrize("name", ["relative", "dpt"])
def test_a_relative_model_needs_a_declared_conversion(hub, name):
    for told in ("", ",output=inverse", ",scale=0.1"):
        with pytest.raises(ConfigError, match="relative depth, and nothing says") as caught:
            open_estimator(f"hf:{hub / name}{told}")
        assert "output=inverse,scale=S,shift=T" in caught.value.hint
    answer = by_hand(hub / name, IMAGE)
    assert answer.std() > 1e-3
    inverse = depth_of(open_estimator(f"hf:{hub / name},output=inverse,scale=0.5,shift=0.1"), IMAGE)
    np.testing.assert_allclose(inverse, 1 / np.maximum(0.5 * answer + 0.1, 1e-6), rtol=1e-4)
    direct = open_estimator(f"hf:{hub / name},output=depth,scale=2,shift=3,max_depth_m=30")
    np.testing.assert_allclose(depth_of(direct, IMAGE), 2 * answer + 3, rtol=1e-4, atol=1e-4)
    assert (direct.about.depth_range.max_m, direct.about.name) == (
        30,
        f"hf:{name},output=depth,scale=2.0,shift=3.0,max_depth_m=30.0",
    )


def test_the_focal_length_must_be_declared(hub):
    place = f"hf:{hub / 'metric'}"
    plain, declared = open_estimator(place), open_estimator(f"{place},train_fx_px=60")
    for ask in (
        lambda: plain.terms(Terms(True, use_focal=True)),
        lambda: depth_of(plain, IMAGE, fx_px=120.0),
    ):
        with pytest.raises(ConfigError, match="for which focal length it is metric"):
            ask()
    assert plain.terms(Terms(True, use_focal=False)) == Terms(True, use_focal=False)
    scaled = declared.estimate(Picture(IMAGE), fx_px=120.0)
    np.testing.assert_allclose(scaled.depth_m, 2 * depth_of(plain, IMAGE), rtol=1e-5)
    assert scaled.depth_range.max_m == 2 * declared.about.depth_range.max_m


def test_the_digest_follows_the_weights_and_the_preprocessing(hub, tmp_path):
    digest = open_estimator(f"hf:{hub / 'metric'}").about.digest
    again = shutil.copytree(hub / "metric", tmp_path / "again")
    assert open_estimator(f"hf:{again}").about.digest == digest
    assert open_estimator(f"hf:{save_depth_anything(tmp_path / 'other', seed=1)}").about.digest != digest
    configuration = json.loads((again / "preprocessor_config.json").read_text())
    (again / "preprocessor_config.json").write_text(json.dumps(configuration | {"do_normalize": False}))
    assert open_estimator(f"hf:{again}").about.digest != digest


def spoil(folder, how):
    if how == "empty":
        shutil.rmtree(folder)
        folder.mkdir()
    elif how == "no weights":
        (folder / "model.safetensors").unlink()
    elif how == "cut weights":
        weights = folder / "model.safetensors"
        weights.write_bytes(weights.read_bytes()[:5000])
    elif how == "no processor":
        (folder / "preprocessor_config.json").unlink()
    elif how == "another task":
        (folder / "config.json").write_text('{"model_type": "bert"}')
    elif how == "broken configuration":
        (folder / "config.json").write_text("{")


@pytest.mark.parametrize(
    "how", ["empty", "no weights", "cut weights", "no processor", "another task", "broken configuration"]
)
def test_a_folder_without_a_model_is_told(hub, tmp_path, how):
    folder = shutil.copytree(hub / "metric", tmp_path / "model")
    spoil(folder, how)
    with pytest.raises(CheckpointError, match="holds no depth-estimation model that transformers can load"):
        open_estimator(f"hf:{folder}")


def test_weights_that_lack_tensors_are_refused_not_made_up(hub, tmp_path):
    from safetensors.torch import load_file, save_file

    folder = shutil.copytree(hub / "metric", tmp_path / "model")
    tensors = load_file(folder / "model.safetensors")
    del tensors["head.conv3.weight"]
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(
        CheckpointError, match=r"lack 1 tensors of its network, the first is head\.conv3\.weight"
    ):
        open_estimator(f"hf:{folder}")


def test_without_the_hub_it_says_to_pass_a_folder(monkeypatch):
    import huggingface_hub

    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(
        UnavailableError, match="Can't get nobody/no-such-model from the Hugging Face hub"
    ) as caught:
        open_estimator("hf:nobody/no-such-model")
    assert "hf download nobody/no-such-model --local-dir DIR" in caught.value.hint


def test_a_model_of_the_hub_is_opened_by_its_id(hub, monkeypatch):
    import huggingface_hub

    asked = []
    monkeypatch.setattr(
        huggingface_hub, "snapshot_download", lambda name, **_: asked.append(name) or str(hub / "metric")
    )
    teacher = open_estimator("hf:owner/depth-model")
    assert (asked, teacher.about.name) == (["owner/depth-model"], "hf:owner/depth-model")


@pytest.mark.parametrize("place", ["./nowhere", "/nowhere/at/all", "nowhere", "a/b/c"])
def test_a_folder_that_is_not_there_is_no_hub_id(place):
    with pytest.raises(DataError, match=f"There is no folder {place}"):
        open_estimator(f"hf:{place}")


def test_without_transformers_the_extra_is_named(hub, monkeypatch):
    monkeypatch.setitem(sys.modules, "transformers", None)
    with pytest.raises(UnavailableError, match="needs the package transformers") as caught:
        open_estimator(f"hf:{hub / 'metric'}")
    assert caught.value.hint == "pip install 'tiekd[hub]'"


def broken(how):
    """A teacher whose processor or model is broken in one way, on two pixels."""
    processor = SimpleNamespace(outputs={"pixel_values": torch.zeros(1, 3, 8, 8)})
    processor.to = lambda _device: processor.outputs

    def process(**_inputs):
        if how == "processor":
            raise KeyError("size")
        return processor

    class Model(torch.nn.Module):
        def forward(self, **_inputs):
            if how == "sizes":
                raise RuntimeError("The size of tensor a (7) must match b (5)\nand pages of more")
            if how == "memory":
                raise torch.OutOfMemoryError("CUDA out of memory")
            if how == "interrupt":
                raise KeyboardInterrupt
            return {"rank": SimpleNamespace(predicted_depth=torch.zeros(1, 2, 8, 8))}.get(
                how, SimpleNamespace(logits=torch.zeros(1, 2))
            )

    class Callable:
        __call__ = staticmethod(process)

    return HuggingFaceDepth(
        Model(), Callable(), Conversion(), device=torch.device("cpu"), name="hf:the-model"
    )


@pytest.mark.parametrize(
    ("how", "said", "hint"),
    [
        ("processor", "KeyError: 'size'", "preprocessor_config.json"),
        ("sizes", r"The size of tensor a \(7\) must match b \(5\)$", "preprocessor_config.json"),
        ("memory", "CUDA out of memory", "--max-pixels"),
    ],
)
def test_whatever_a_model_raises_is_one_sentence_with_the_pictures_size(how, said, hint):
    with pytest.raises(
        RunFailedError, match=f"^hf:the-model can't compute a picture of 101x70: {said}"
    ) as caught:
        broken(how)(IMAGE)
    assert "\n" not in str(caught.value)
    assert hint in caught.value.hint


def test_an_answer_that_is_no_depth_is_named_and_an_interrupt_stays_one():
    with pytest.raises(CheckpointError, match=r"predicted_depth of hf:the-model is \[2, 8, 8\]"):
        broken("rank")(IMAGE)
    with pytest.raises(CheckpointError, match="nothing of that is named predicted_depth"):
        broken("heads")(IMAGE)
    with pytest.raises(KeyboardInterrupt):
        broken("interrupt")(IMAGE)


def test_a_range_that_cannot_be_is_told_and_so_is_one_that_only_the_network_misses(hub, tmp_path):
    folder = shutil.copytree(hub / "metric", tmp_path / "model")
    configuration = json.loads((folder / "config.json").read_text())
    for value in ("far", [20], -3, 0):
        (folder / "config.json").write_text(json.dumps(configuration | {"max_depth": value}))
        with pytest.raises(CheckpointError, match="max_depth"):
            open_estimator(f"hf:{folder}")
    (folder / "config.json").write_text(json.dumps(configuration | {"max_depth": None}))
    with pytest.raises(
        RunFailedError, match="hf:model can't compute a picture of 101x70: unsupported operand"
    ):
        depth_of(open_estimator(f"hf:{folder}"), IMAGE)
