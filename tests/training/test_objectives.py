import pytest
import torch

from tiekd.bins import DepthBins, expectation
from tiekd.errors import ConfigError
from tiekd.losses.functional import mse_loss, silog_loss, ssim_loss, tiekd_loss
from tiekd.methods import METHODS
from tiekd.methods import PARTS as KNOWN_PARTS
from tiekd.training.objectives import PARTS, Target, loss_parts
from tiekd.types import DepthRange, Prediction

SIZE = (2, 1, 12, 16)


def maps():
    generator = torch.Generator().manual_seed(0)
    bins = DepthBins(20, DepthRange(0.1, 40.0))
    logits = torch.randn(2, 20, 12, 16, generator=generator)
    depth = expectation(logits.softmax(1), bins.edges())
    teacher = torch.rand(SIZE, generator=generator) * 30 + 1
    truth = torch.rand(SIZE, generator=generator) * 30 + 1
    truth[..., :4, :] = 0
    return Prediction(depth, depth, logits, bins.edges()), Target(truth, truth > 0, teacher, 0.5)


def total(method, prediction, target):
    weights = METHODS[method].weights
    return sum(weights[name] * part for name, part in loss_parts(prediction, target, weights).items())


def test_every_part_of_the_table_has_a_function_and_the_other_way_round():
    assert list(PARTS) == list(KNOWN_PARTS)


@pytest.mark.parametrize("name", PARTS)
def test_a_part_needs_what_the_table_says(name):
    p, t = maps()
    needs = KNOWN_PARTS[name]
    regression = Prediction(p.raw_depth, p.depth)
    if needs.needs_bins:
        with pytest.raises(ConfigError, match=r"needs a (network with bins|DPM head)"):
            PARTS[name](regression, t)
    else:
        PARTS[name](regression, t)
    truth, labels = Target(t.depth, t.valid_mask, None, 0.5), Target(None, None, t.teacher, 0.5)
    enough, other = (truth, labels) if needs.of_truth else (labels, truth)
    torch.testing.assert_close(PARTS[name](p, enough), PARTS[name](p, t))
    with pytest.raises(ConfigError, match="needs ground truth" if needs.of_truth else "needs teacher labels"):
        PARTS[name](p, other)


def test_full_tiekd_is_the_published_sum():
    p, t = maps()
    expected = tiekd_loss(p.dpm_logits.softmax(1), p.raw_depth, t.teacher, p.bin_edges, sigma_m=0.5)
    torch.testing.assert_close(total("tiekd", p, t), expected["loss"])
    torch.testing.assert_close(total("tiekd_dpm", p, t), expected["dpm_loss"])
    torch.testing.assert_close(total("tiekd_depth", p, t), expected["depth_loss"])


def test_the_others_are_the_published_sums():
    p, t = maps()
    ssim, mse = ssim_loss(p.raw_depth, t.teacher), mse_loss(p.raw_depth, t.teacher)
    si = silog_loss(p.raw_depth, t.teacher)
    torch.testing.assert_close(total("reskd_ssim", p, t), 1.5 * ssim)
    torch.testing.assert_close(total("reskd_mse", p, t), mse)
    torch.testing.assert_close(total("reskd_si", p, t), si)
    torch.testing.assert_close(total("reskd_ssim_si", p, t), 1.5 * ssim + si)
    torch.testing.assert_close(total("reskd_ssim_mse", p, t), 1.5 * ssim + mse)
    truth = silog_loss(p.raw_depth, t.depth, t.valid_mask)
    torch.testing.assert_close(total("baseline", p, t), truth)
    parts = loss_parts(p, t, METHODS["teacher"].weights)
    torch.testing.assert_close(total("teacher", p, t), 10 * truth + 0.1 * parts["chamfer_loss"])


def test_only_teacher_and_baseline_see_ground_truth():
    p, t = maps()
    for method in METHODS:
        blind = Target(None, None, t.teacher, 0.5)
        unlabelled = Target(t.depth, t.valid_mask, None, 0.5)
        if METHODS[method].needs_labels:
            torch.testing.assert_close(total(method, p, blind), total(method, p, t))
            with pytest.raises(ConfigError, match="needs teacher labels"):
                total(method, p, unlabelled)
        else:
            torch.testing.assert_close(total(method, p, unlabelled), total(method, p, t))
            with pytest.raises(ConfigError, match="needs ground truth"):
                total(method, p, blind)


def test_a_regression_network_has_no_dpm_to_teach():
    p, t = maps()
    with pytest.raises(ConfigError, match="needs a DPM head"):
        total("tiekd", Prediction(p.raw_depth, p.depth), t)


def test_the_top_rows_are_left_out_of_tiekd_only():
    p, t = maps()
    cropped = Target(t.depth, t.valid_mask, t.teacher.clone(), 0.5, top_rows=3)
    before = {method: total(method, p, cropped) for method in ("tiekd", "reskd_ssim")}
    cropped.teacher[..., :3, :] = 35
    assert torch.equal(total("tiekd", p, cropped), before["tiekd"])
    assert not torch.equal(total("reskd_ssim", p, cropped), before["reskd_ssim"])


@pytest.mark.parametrize("method", ["tiekd", "tiekd_dpm"])
def test_with_the_gaussian_target_pixels_without_a_label_count_for_nothing(method):
    p, t = maps()
    teacher = t.teacher.clone()
    teacher[..., 5:8, 2:9] = 0
    found = {}
    for hole in (0.0, float("nan"), -1.0):
        teacher[..., 5:8, 2:9] = hole
        holed = Target(t.depth, t.valid_mask, teacher, 0.5, top_rows=3, dpm_target="gaussian")
        logits = p.dpm_logits.detach().clone().requires_grad_()
        loss = total(method, Prediction(p.raw_depth, p.depth, logits, p.bin_edges), holed)
        loss.backward()
        found[str(hole)] = loss.detach(), logits.grad
        assert not logits.grad[..., 5:8, 2:9].any()
        assert not logits.grad[..., :3, :].any()
        assert logits.grad.isfinite().all()
    for loss, gradient in found.values():
        torch.testing.assert_close((loss, gradient), found["0.0"], rtol=0, atol=0)
    whole = Target(t.depth, t.valid_mask, t.teacher, 0.5, dpm_target="gaussian")
    parts = tiekd_loss(
        p.dpm_logits.softmax(1), p.raw_depth, t.teacher, p.bin_edges, sigma_m=0.5, target="gaussian"
    )
    expected = parts["loss"] if method == "tiekd" else parts["dpm_loss"]
    torch.testing.assert_close(total(method, p, whole), expected, rtol=1e-5, atol=1e-6)
    assert not torch.allclose(total(method, p, whole), total(method, p, t))
