"""Tiny teachers of other people's making: randomly initialised Hugging Face models, and ONNX files."""

from __future__ import annotations

import onnx
import torch
from onnx import TensorProto, helper
from torch import nn

PATCH = 14
IMAGENET = {"image_mean": [0.485, 0.456, 0.406], "image_std": [0.229, 0.224, 0.225]}


def save_depth_anything(folder, *, kind="metric", max_depth=20, seed=0):
    """A Depth Anything on a tiny Dinov2, with its image processor."""
    from transformers import DepthAnythingConfig, DepthAnythingForDepthEstimation, Dinov2Config

    stages = [f"stage{n}" for n in range(1, 5)]
    backbone = Dinov2Config(
        hidden_size=16, num_hidden_layers=4, num_attention_heads=2, mlp_ratio=2, image_size=4 * PATCH,
        patch_size=PATCH, out_features=stages, reshape_hidden_states=False,
    )  # fmt: skip
    config = DepthAnythingConfig(
        backbone_config=backbone, patch_size=PATCH, reassemble_hidden_size=16, neck_hidden_sizes=[8] * 4,
        fusion_hidden_size=8, head_hidden_size=8, depth_estimation_type=kind, max_depth=max_depth,
    )  # fmt: skip
    return _save(DepthAnythingForDepthEstimation, config, folder, 4 * PATCH, multiple=PATCH, seed=seed)


def save_dpt(folder, *, seed=0):
    """A DPT on a tiny vision transformer, which answers with inverse relative depth."""
    from transformers import DPTConfig, DPTForDepthEstimation

    config = DPTConfig(
        hidden_size=16, num_hidden_layers=4, num_attention_heads=2, intermediate_size=32, image_size=32,
        patch_size=16, backbone_out_indices=[0, 1, 2, 3], neck_hidden_sizes=[8] * 4, fusion_hidden_size=8,
        is_hybrid=False,
    )  # fmt: skip
    return _save(DPTForDepthEstimation, config, folder, 32, multiple=16, seed=seed)


def _save(model_class, config, folder, side, *, multiple, seed):
    from transformers import DPTImageProcessor

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = model_class(config)
        # As initialised they answer one depth everywhere.
        for module in model.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.normal_(module.weight, std=0.25)
    model.save_pretrained(folder)
    DPTImageProcessor(
        size={"height": side, "width": side}, ensure_multiple_of=multiple, **IMAGENET
    ).save_pretrained(folder)
    return folder


def save_onnx(path, *, shape=(1, 3, "H", "W"), kind=TensorProto.FLOAT, factor=1.0, metadata=None):
    """A network that answers `factor` times the mean over the channels of what it is given."""
    axis = 3 if shape[-1] == 3 else 1
    nodes = [
        helper.make_node("Cast", ["image"], ["real"], to=TensorProto.FLOAT),
        helper.make_node("ReduceMean", ["real", "axes"], ["mean"], keepdims=0),
        helper.make_node("Mul", ["mean", "factor"], ["depth"]),
        helper.make_node("Neg", ["depth"], ["negative"]),
    ]
    constants = [
        helper.make_tensor("axes", TensorProto.INT64, [1], [axis]),
        helper.make_tensor("factor", TensorProto.FLOAT, [], [factor]),
    ]
    outputs = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in ("depth", "negative")]
    graph = helper.make_graph(
        nodes, "mean", [helper.make_tensor_value_info("image", kind, shape)], outputs, constants
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    helper.set_model_props(model, metadata or {})
    onnx.save(model, path)
    return path
