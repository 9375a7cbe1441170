"""Values and gradients of every published loss at their stated tolerances (README.md)."""

from __future__ import annotations

import json
import re
from functools import lru_cache

import golden_recipes as recipes
import numpy as np
import pytest
import torch

from tiekd.bins import DepthBins, expectation
from tiekd.losses import functional as losses
from tiekd.types import DepthRange

GOLDEN = json.loads((recipes.HERE / "losses" / "losses.json").read_text())
PUBLISHED_TOP_ROWS = 110
CASES = [
    pytest.param(case, name, id=f"{case['case']['name']}-{name}")
    for case in GOLDEN["cases"]
    for name in case["losses"]
    # A later torchvision pads the authors' box; they ran the slice (docs/method.md §7.2),
    # and the warm-up of SI is used by no recipe.
    if "crop=pad" not in name and "warm_up" not in name
]


@lru_cache(maxsize=1)
def arrays_of(**case):
    """Arrays and their digests; kept, because one case feeds twenty tests in a row."""
    arrays = recipes.loss_inputs(**case)
    return arrays, {name: recipes.digest(array) for name, array in arrays.items()}


class Inputs:
    """One case's tensors, in the precision under test, and the leaves whose gradients are compared."""

    def __init__(self, case, dtype):
        self.case = case
        arrays, self.digests = arrays_of(**{key: value for key, value in case.items() if key != "name"})
        self.kd, self.gt, pred, logits = (
            torch.from_numpy(arrays[name]).to(dtype) for name in ("kd", "gt", "pred", "logits")
        )
        self.range = DepthRange(case["min_depth"], case["max_depth"])
        self.edges = DepthBins(case["C"], self.range).edges(dtype=dtype)
        self.leaves = {"pred": pred.requires_grad_(), "logits": logits.requires_grad_()}

    def through_softmax(self):
        """The DPM and its expectation, both kept as leaves of the fixtures."""
        self.leaves["prob"] = dpm = self.leaves["logits"].softmax(dim=1)
        self.leaves["depth"] = depth = expectation(dpm, self.edges)
        dpm.retain_grad()
        depth.retain_grad()
        return dpm, depth


def evaluate(name, inputs):
    """(value, per-pixel map or None) of the loss that the fixture calls `name`."""
    weights = re.search(r"(?:lw|w)=([\d.]+)", name)
    weight = float(weights[1]) if weights else 1.0
    rows = PUBLISHED_TOP_ROWS if "crop=slice" in name else 0
    pred, kd, gt = inputs.leaves["pred"], inputs.kd, inputs.gt
    if name.startswith(("L_D", "TIE_KD")):
        dpm, depth = inputs.through_softmax()
        kd, dpm, depth = losses.top_crop(kd, dpm, depth, rows=rows)
        if name.startswith("L_DPM"):
            sigma = float(re.search(r"sigma=([\d.]+)", name)[1])
            loss_map = losses.dpm_loss(dpm, kd, inputs.edges, sigma_m=sigma)
            return loss_map.mean(), loss_map
        if name.startswith("L_DEPTH"):
            return losses.ssim_loss(depth, kd), None
        parts = losses.tiekd_loss(dpm, depth, kd, inputs.edges, sigma_m=0.5, dpm_weight=weight)
        return parts["loss"], None
    if name == "MSE":
        return losses.mse_loss(pred, kd), None
    if name.startswith("BinsChamfer"):
        return losses.bins_chamfer_loss(
            0.5 * (inputs.edges[1:] + inputs.edges[:-1]), gt
        ) + 0 * pred.sum(), None
    if name.startswith("SSIM"):
        value = weight * losses.ssim_loss(pred, kd)
        if name.startswith("SSIM_MSE"):
            value = value + losses.mse_loss(pred, kd)
        elif name.startswith("SSIM_SI"):
            value = value + losses.silog_loss(pred, kd)
        return value, None
    target = gt if "gt_sparse" in name else kd
    mask = None
    if "max_depth" in name:
        mask = (target > 0) & (target <= inputs.range.max_m)
    elif "valid_mask=False" in name:
        mask = torch.ones_like(target, dtype=torch.bool)
    return weight * losses.silog_loss(pred, target, mask), None


def compare_gradient(got, want, rtol, atol_share):
    """Checksums of one gradient: sum, norm, largest magnitude and a random projection."""
    assert list(got.shape) == want["shape"]
    got = got.double().numpy().ravel()
    norm = want["l2"]
    np.testing.assert_allclose(np.linalg.norm(got), norm, rtol=rtol, atol=1e-12)
    np.testing.assert_allclose(np.abs(got).max(), want["absmax"], rtol=rtol, atol=1e-12)
    np.testing.assert_allclose(
        got @ recipes.probe(got.size), want["probe"], rtol=rtol, atol=atol_share * norm
    )


def has_ssim(name):
    return "SSIM" in name or (name.startswith("TIE_KD") and "w=1.0" not in name)


@pytest.mark.parametrize(
    ("golden", "name"),
    # On a constant map SSIM's variances are rounding noise (docs/method.md §6.1): compared in float64 only.
    [case for case in CASES if case.values[0]["case"]["kind"] != "const" or not has_ssim(case.values[1])],
)
def test_value_and_gradients_in_float32(golden, name):
    inputs = Inputs(golden["case"], torch.float32)
    assert inputs.digests == golden["digests"]
    want = golden["losses"][name]
    value, loss_map = evaluate(name, inputs)
    value.backward()
    np.testing.assert_allclose(value.item(), want["value"], rtol=1e-5, atol=2e-6)
    stored = np.load(recipes.HERE / "losses" / f"loss_{golden['case']['name']}.npz")
    if loss_map is not None and f"{name}:map" in stored:
        np.testing.assert_allclose(loss_map.detach().numpy(), stored[f"{name}:map"], rtol=1e-5, atol=1e-5)
    shape = {key: golden["case"][key] for key in ("B", "H", "W")}
    where = recipes.probe_pixels(**shape)
    for leaf in ("logits", "prob", "depth", "pred"):
        if f"grad_{leaf}" not in want:
            continue
        gradient = inputs.leaves[leaf].grad
        compare_gradient(gradient, want[f"grad_{leaf}"], rtol=1e-5, atol_share=1e-5)
        scale = want[f"grad_{leaf}"]["absmax"]
        pixels = gradient.numpy()[where[:, 0], :, where[:, 1], where[:, 2]]
        np.testing.assert_allclose(pixels, stored[f"{name}:{leaf}@px"], rtol=1e-4, atol=1e-5 * scale)
        if f"{name}:{leaf}@full" in stored:
            full = stored[f"{name}:{leaf}@full"]
            np.testing.assert_allclose(gradient.numpy(), full, rtol=1e-4, atol=1e-5 * scale)


@pytest.mark.parametrize(
    ("golden", "name"), [p for p in CASES if "value64" in p.values[0]["losses"][p.values[1]]]
)
def test_value_and_gradient_in_float64(golden, name):
    inputs = Inputs(golden["case"], torch.float64)
    want = golden["losses"][name]
    value, _ = evaluate(name, inputs)
    np.testing.assert_allclose(value.item(), want["value64"], rtol=1e-6, atol=1e-8)
    if "grad_logits64" in want:
        value.backward()
        compare_gradient(inputs.leaves["logits"].grad, want["grad_logits64"], rtol=1e-5, atol_share=1e-6)


@pytest.mark.parametrize(("golden", "name"), [p for p in CASES if p.values[1].startswith("SSIM(lw=1.0)")])
def test_precise_ssim_gives_the_float64_value_of_float32_maps(golden, name):
    inputs = Inputs(golden["case"], torch.float32)
    value = losses.ssim_loss(inputs.leaves["pred"], inputs.kd, precise=True)
    want = golden["losses"][name]
    if "value64" in want:  # among them the constant maps, whose published float32 value is noise
        np.testing.assert_allclose(value.item(), want["value64"], rtol=1e-6, atol=1e-7)
    else:
        np.testing.assert_allclose(value.item(), want["value"], rtol=1e-5, atol=2e-6)


# ---- hand-picked inputs ---------------------------------------------------------------------------------

A = torch.from_numpy(
    (recipes.generator(GOLDEN["special"]["seed"]).random((1, 1, 16, 20)) * 10).astype(np.float32)
)
SCALARS = {
    "SSIM identical": (losses.ssim_loss, A, A),
    "SSIM both zero": (losses.ssim_loss, 0 * A, 0 * A),
    "SSIM const 5 vs const 6": (losses.ssim_loss, 0 * A + 5, 0 * A + 6),
    "SSIM anti-correlated 10-a (abs on covariance)": (losses.ssim_loss, 10 - A, A),
    "SSIM pred constant 5 vs a": (losses.ssim_loss, 0 * A + 5, A),
    "SSIM 2*a vs a (scale)": (losses.ssim_loss, 2 * A, A),
    "SSIM a+1 vs a (offset)": (losses.ssim_loss, A + 1, A),
    "SI scale only 1.3*a": (losses.silog_loss, 1.3 * (A + 1), A + 1),
    "SI pred zero": (losses.silog_loss, 0 * A, A + 1),
}


@pytest.mark.parametrize("name", SCALARS)
def test_hand_picked_maps(name):
    loss, depth, target = SCALARS[name]
    golden = next(row for row in GOLDEN["special"]["scalar"] if row["name"] == name)
    depth = depth.detach().clone().requires_grad_()
    value = loss(depth, target)
    value.backward()
    np.testing.assert_allclose(value.item(), float(golden["value"]), rtol=1e-5, atol=2e-7)
    np.testing.assert_allclose(depth.grad.abs().max(), float(golden["grad_absmax"]), rtol=1e-4, atol=1e-8)


@pytest.mark.parametrize("row", GOLDEN["special"]["dpm_rows"], ids=lambda row: f"{row['sigma']}-{row['kd']}")
def test_dpm_loss_at_and_beyond_the_ends_of_the_range(row):
    draw = recipes.generator(GOLDEN["special"]["seed"] + 1).random((1, 49, 1, 1)).astype(np.float32)
    dense = torch.from_numpy(draw / draw.sum())
    one_hot = torch.zeros(1, 49, 1, 1)
    one_hot[0, 7] = 1
    edges = DepthBins(49, DepthRange(1e-3, 10.0)).edges()
    teacher = torch.full((1, 1, 1, 1), row["kd"])
    for dpm, name in ((dense, "dense"), (one_hot, "onehot_bin7")):
        value = losses.dpm_loss(dpm, teacher, edges, sigma_m=row["sigma"]).item()
        np.testing.assert_allclose(value, row[name], rtol=1e-5, atol=2e-6)
