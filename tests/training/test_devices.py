"""Where a run computes: what is not on this machine is one sentence."""

from __future__ import annotations

import pytest
import torch

from tiekd.errors import ConfigError
from tiekd.training.ranks import Ranks
from tiekd.training.trainer import make_trainer


@pytest.mark.parametrize(
    ("device", "said"),
    [
        ("gpuu", "There is no device 'gpuu'"),
        ("cuda:x", "There is no device 'cuda:x'"),
        ("", "There is no device ''"),
        ("tpu", "There is no device 'tpu'"),
        ("xla", "xla"),
        ("cuda:99", "cuda:99"),
    ],
)
def test_an_unknown_device_is_one_sentence(tiny_recipe, device, said):
    recipe = tiny_recipe("baseline_mobilenetv2.demo", run__device=device)
    with pytest.raises(ConfigError) as caught:
        make_trainer(recipe, Ranks())
    assert said in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1
    assert caught.value.hint == "Say -o run.device=auto."


@pytest.mark.skipif(torch.cuda.is_available(), reason="the machine has a GPU")
@pytest.mark.parametrize("device", ["cuda", "gpu", "cuda:0", "mps"])
def test_a_device_that_is_not_here_is_one_sentence(tiny_recipe, device):
    recipe = tiny_recipe("baseline_mobilenetv2.demo", run__device=device)
    with pytest.raises(ConfigError, match=rf"Can't train on run\.device={device}: .* on this machine"):
        make_trainer(recipe, Ranks())


def test_one_gpu_is_not_for_several_processes(tiny_recipe, monkeypatch):
    monkeypatch.setattr("tiekd.training.trainer.pick_device", torch.device)
    recipe = tiny_recipe("baseline_mobilenetv2.demo", run__device="cuda:1")
    with pytest.raises(ConfigError, match="is one GPU, and this machine has 2 processes"):
        make_trainer(recipe, Ranks(0, 2, 2))
