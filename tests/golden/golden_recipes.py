"""Inputs and weights of the golden fixtures: formulas of a seed, so that none of them needs a file.

Every array is drawn from numpy's PCG64, whose stream is fixed; README.md says which fixture uses what.
"""

from __future__ import annotations

import hashlib
import json
import math
from pathlib import Path

import numpy as np
import torch

HERE = Path(__file__).parent


def generator(seed):
    return np.random.Generator(np.random.PCG64(seed))


def digest(array):
    return hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()[:16]


# ---- networks -------------------------------------------------------------------------------------------


def read_manifest(model):
    return json.loads((HERE / "networks" / f"{model}.json").read_text())


def read_case(model):
    """(meta, arrays) of one network case; `tap/<name>` arrays are strided flat samples."""
    with np.load(HERE / "networks" / f"{model}.npz") as archive:
        arrays = {name: archive[name] for name in archive.files if name != "meta"}
        meta = json.loads(bytes(archive["meta"]).decode())
    if meta["inference_equals_head"]:
        arrays["inference_depth"] = arrays["head_depth"]
    return meta, arrays


def reference_weights(manifest, salt=""):
    """A full state dict under the authors' keys: each tensor is a normal draw seeded by its key, scaled.

    The stored cases have no salt; with another one the same recipe gives other weights.
    """
    shapes = {key: tuple(shape) for key, shape, _ in manifest["tensors"]}
    weights = {}
    for key, shape, dtype in manifest["tensors"]:
        if dtype == "int64":
            weights[key] = torch.zeros(shape, dtype=torch.int64)
            continue
        seed = int.from_bytes(hashlib.sha256((salt + key).encode()).digest()[:8], "little")
        values = _scaled(
            key, generator(seed).standard_normal(tuple(shape)), shapes, manifest["gain"].get(key, 1)
        )
        values = values + manifest["offset"].get(key, 0)
        weights[key] = torch.from_numpy(values.astype(np.float32)).reshape(shape)
    return weights


def _scaled(key, normal, shapes, gain):
    if key.endswith(("positional_encodings", "relative_position_bias_table", "level_embed")):
        return 0.5 * normal
    if key.endswith("sampling_offsets.bias"):
        return normal
    if key.endswith("running_mean"):
        return 0.1 * normal
    if key.endswith("running_var"):
        return 1 + 0.1 * np.abs(normal)
    if key.endswith("weight") and normal.ndim > 1:
        return gain * math.sqrt(2 / math.prod(normal.shape[1:])) * normal
    if key.endswith("weight"):
        return gain * (1 + 0.1 * normal)
    assert key.endswith("bias"), f"no rule for {key}"
    of_a_norm = len(shapes.get(key.removesuffix("bias") + "weight", ())) == 1
    return (0.1 if of_a_norm else 0.02) * normal


def smooth_image(height, width, seed):
    """An already normalised image `[1, 3, H, W]`: ten sinusoids, a ramp and a little noise per channel."""
    draw = generator(seed)
    y = (np.arange(height) + 0.5)[:, None] / height
    x = (np.arange(width) + 0.5)[None, :] / width
    channels = []
    for _ in range(3):
        slope_y, slope_x = draw.uniform(-1.0, 1.0, 2)
        channel = slope_y * (y - 0.5) + slope_x * (x - 0.5)
        for octave in range(10):
            fy, fx = draw.uniform(0.5, 2.0 + 1.5 * octave, 2)
            phase = draw.uniform(0.0, 2.0 * np.pi)
            channel = channel + draw.uniform(0.2, 0.6) * np.sin(2.0 * np.pi * (fy * y + fx * x) + phase)
        channels.append(channel)
    image = np.stack(channels)
    image = image + 0.1 * draw.standard_normal(image.shape)
    return torch.from_numpy(image.astype(np.float32))[None]


# ---- losses ---------------------------------------------------------------------------------------------


def loss_inputs(seed, B, C, H, W, min_depth, max_depth, kind):  # noqa: N803 - the names in losses.json
    """float32 arrays: kd, gt (0 = no label), pred `[B, 1, H, W]` in metres and logits `[B, C, H, W]`."""
    draw = generator(seed)
    rows = np.linspace(1.0, 0.0, H)[:, None]
    columns = np.linspace(0.0, 1.0, W)
    block = draw.random((B, 1, math.ceil(H / 8), math.ceil(W / 8))).repeat(8, 2).repeat(8, 3)[:, :, :H, :W]
    noise, pred_noise, sparse = (draw.random((B, 1, H, W)) for _ in range(3))
    logits = (draw.random((B, C, H, W)) - 0.5) * 8
    span = max_depth - min_depth
    share = 0.05 + 0.55 * rows**2 + 0.1 * columns + 0.25 * block**2 + 0.02 * noise
    kd = min_depth + span * np.clip(share, 0, 1)
    if kind == "edges":
        special = (0.0, max_depth, min_depth, max_depth * 1.03, max_depth * 3.0)
        for index, value in enumerate(special):
            chosen = (sparse >= 0.1 * index) & (sparse < (0.1, 0.2, 0.3, 0.4, 0.5)[index])
            kd = np.where(chosen, value, kd)
    if kind == "const":
        kd = np.full((B, 1, H, W), min_depth + 0.37 * span)
        pred = np.full((B, 1, H, W), min_depth + 0.41 * span)
    else:
        pred = np.clip(kd * (0.85 + 0.3 * pred_noise) + 0.01 * span, min_depth, max_depth)
    gt = np.where(sparse < 0.7, 0.0, kd * (0.95 + 0.1 * pred_noise))
    arrays = {"kd": kd, "gt": gt, "pred": pred, "logits": logits}
    return {name: array.astype(np.float32) for name, array in arrays.items()}


def probe(size):
    """Weights of the checksum `dot(gradient, probe)`."""
    return generator(99).random(size) - 0.5


def probe_pixels(B, H, W):  # noqa: N803
    """Sixteen (image, row, column) triples at which gradients were stored."""
    drawn = (generator(98).random((16, 3)) * [B, H, W]).astype(int)
    return np.minimum(drawn, [B - 1, H - 1, W - 1])


# ---- metrics --------------------------------------------------------------------------------------------


def metric_pair(kind, seed, H, W, max_depth, valid_frac=0.3):  # noqa: N803
    """Stored ground truth, uint16 at full size, and a prediction in metres (KITTI: of the 352x1216 crop)."""
    return metric_triple(kind, seed, H, W, max_depth, valid_frac)[:2]


def metric_triple(kind, seed, H, W, max_depth, valid_frac=0.3):  # noqa: N803
    """The same, and a teacher's label of those pixels as it is stored: depth / max_depth * 65535."""
    draw = generator(seed)
    valid, base, error, odd, label_error = (draw.random((H, W)) for _ in range(5))
    if kind == "kitti":
        nearness = np.linspace(1.0, 0.06, H)[:, None]
        depth = 2.0 + 88.0 * (nearness * (0.2 + 0.8 * base)) ** 2
        low, scale, cut = (0.75, 0.5), 256, np.s_[H - 352 :, (W - 1216) // 2 : (W - 1216) // 2 + 1216]
    else:
        depth = 0.5 + 10.0 * (base * 0.8 + 0.2 * np.linspace(0, 1, W)[None]) ** 2
        low, scale, cut = (0.8, 0.4), 1000, np.s_[:, :]
        valid_frac = 0.9
    stored = np.where(odd < 0.002, max_depth, np.where(valid < valid_frac, depth, 0.0))
    pred = np.clip(depth * (low[0] + low[1] * error), 1e-3, max_depth)[cut].astype(np.float32)
    label = np.clip(depth * (0.9 + 0.2 * label_error), 1e-3, max_depth)[cut] / max_depth * 65535
    return np.round(stored * scale).astype(np.uint16), pred, label.astype(np.uint16)


# ---- augmentation ---------------------------------------------------------------------------------------


def augment_inputs(seed, height, width):
    """(BGR image uint8, ground truth and label float32 in metres) of one augmentation case."""
    draw = generator(seed)
    image = (draw.random((height, width, 3)) * 256).astype(np.uint8)
    depth = (draw.random((height, width)) * 80).astype(np.float32)
    depth[draw.random((height, width)) < 0.5] = 0
    return image, depth, (draw.random((height, width)) * 80).astype(np.float32)
