"""Learning rates, momentum and decay, against the numbers of the published schedules (docs/method.md §12)."""

from __future__ import annotations

import pytest
import torch

from tiekd.errors import ConfigError
from tiekd.recipe import load_recipe
from tiekd.training.network import build_network
from tiekd.training.optim import make_optimizer

SMALL = {"network.encoder": "test_resnet", "network.encoder_weights": None, "network.options": {}}


def stepped(row, steps, **changes):
    """Learning rate and first beta of every step of a row's schedule, shortened."""
    values = {**SMALL, "optim.steps": steps, **{key.replace("__", "."): v for key, v in changes.items()}}
    recipe = load_recipe(row, values=values)
    with torch.device("meta"):
        network = build_network(recipe, train_focal_px=None)
    optimizer, schedule = make_optimizer(network, recipe.optim)
    seen = []
    for _ in range(steps):
        seen.append((optimizer.param_groups[0]["lr"], optimizer.param_groups[0]["betas"][0]))
        optimizer.step()
        schedule.step()
    return seen


def test_one_cycle_of_the_students():
    seen = stepped("baseline_resnet18.kitti", 100)
    rates = [rate for rate, _ in seen]
    assert rates[0] == pytest.approx(1e-3 / 25)
    assert max(rates) == pytest.approx(1e-3, rel=1e-3)
    assert 28 <= rates.index(max(rates)) <= 31
    assert rates[-1] == pytest.approx(1e-3 / 2500, rel=2)
    assert {beta for _, beta in seen} == {0.95}


@pytest.mark.parametrize(("warm_share", "steps"), [(0.1, 9), (0.2, 4), (0.05, 19), (0.5, 1)])
def test_a_rise_of_a_single_step_starts_at_the_top(warm_share, steps):
    rates = [rate for rate, _ in stepped("baseline_resnet18.kitti", steps, optim__warm_share=warm_share)]
    assert rates[0] == pytest.approx(1e-3, rel=1e-6)
    assert rates == sorted(rates, reverse=True)


def test_adabins_cycles_its_first_beta_against_the_rate():
    options = {"embed_dim": 16, "patch_size": 4, "n_layers": 1}
    seen = stepped("adabins_efficientnet_b5.kitti", 100, network__options=options)
    rates, betas = zip(*seen, strict=True)
    assert (betas[0], min(betas)) == (pytest.approx(0.95), pytest.approx(0.85, abs=1e-3))
    assert abs(betas.index(min(betas)) - rates.index(max(rates))) <= 1
    assert betas[-1] > 0.94


def test_the_cosine_of_depthformer():
    # The encoder is another one, without the norms that the recipe spares.
    seen = stepped("depthformer_swin_large.kitti", 300, network__architecture="bts", optim__no_decay=[])
    rates = [rate for rate, _ in seen]
    assert rates[0] == pytest.approx(1e-4 * 1e-3)
    # Half way up the line, a sixth into the cosine.
    assert rates[50] == pytest.approx(1e-4 * 0.5005 * (1 + torch.cos(torch.tensor(torch.pi / 6)).item()) / 2)
    assert rates[100] == pytest.approx(1e-4 * 0.75)
    assert rates[200] == pytest.approx(1e-4 * 0.25)
    assert rates[-1] < 1e-4 * 1e-4


def test_depthformer_spares_what_the_authors_spare():
    """Their rule: names with "norm", relative_position_bias_table or absolute_pos_embed do not decay."""
    from tiekd.models.reference import reference_key

    recipe = load_recipe("depthformer_swin_large.kitti")
    with torch.device("meta"):
        network = build_network(recipe, train_focal_px=None, load_weights=False)
    optimizer, _ = make_optimizer(network, recipe.optim)
    names = {id(parameter): name for name, parameter in network.named_parameters()}
    ours = {
        names[id(p)] for group in optimizer.param_groups if not group["weight_decay"] for p in group["params"]
    }
    marks = ("norm", "relative_position_bias_table", "absolute_pos_embed")
    theirs = {name for name in names.values() if any(mark in reference_key(network, name) for mark in marks)}
    assert ours == theirs
    assert sum(len(group["params"]) for group in optimizer.param_groups) == len(names)


def test_a_pattern_that_fits_nothing_is_told():
    with pytest.raises(ConfigError, match=r"no_decay names 'encodr"):
        stepped("baseline_resnet18.kitti", 1, optim__no_decay=["encodr.*"])


@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        (["optim.cycle_beta1=0.95"], "must be below"),
        (["optim.cycle_beta1=0.85", "optim.schedule=cosine"], "cycles no beta"),
    ],
)
def test_settings_that_do_not_go_together(overrides, said):
    with pytest.raises(ConfigError, match=said):
        load_recipe("baseline_resnet18.kitti", overrides=overrides)
