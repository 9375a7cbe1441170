"""A step that goes wrong is kept, and goes wrong again in the same way when it is replayed."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from training_kit import run
from typer.testing import CliRunner

from tiekd.cli.main import app
from tiekd.errors import CheckpointError, DataError, NotFiniteError
from tiekd.training.replay import replay
from tiekd.training.step import DistillTask

ROW = "baseline_mobilenetv2.demo"


def kept_file(caught):
    return Path(re.search(r"--replay (\S+?)`", caught.value.hint)[1])


@pytest.fixture
def failed(tiny_recipe, tmp_path):
    """What a run that diverged has kept, and what it said."""
    recipe = tiny_recipe(ROW, optim__lr=1e30, optim__steps=6, run__val_every=6, run__max_time="0:01:00:00")
    with pytest.raises(NotFiniteError) as caught:
        run(recipe, tmp_path / "run")
    return kept_file(caught), str(caught.value)


def test_a_diverged_step_diverges_again_and_says_where(failed, tmp_path):
    path, said = failed
    assert path.parent == tmp_path / "run"
    before = path.read_bytes()
    seen = replay(path)
    assert said.startswith("The loss is nan at step ")
    assert (seen.error, seen.step) == (said, int(re.search(r"step(\d+)", path.name)[1]))
    assert seen.first_broken.startswith("encoder.")
    assert seen.layers["0.image"]["not_finite"] == 0
    assert seen.layers["0.depth"]["max"] <= 80
    assert sorted(file.name for file in path.parent.glob("failed*")) == [path.name]
    assert path.read_bytes() == before


def test_the_command_line_shows_it(failed, tmp_path):
    path, said = failed
    result = CliRunner().invoke(app, ["train", "--replay", str(path), "--json", str(tmp_path / "seen.json")])
    assert result.exit_code == 0, result.output
    assert said in result.output
    assert "The first output that is not finite is that of encoder." in result.output
    assert json.loads((tmp_path / "seen.json").read_text())["parts"]["loss"] == "nan"


def test_random_numbers_parts_and_precision_are_replayed_too(tiny_recipe, tmp_path, monkeypatch):
    """With dropout and parts of a batch: the same losses to the bit."""
    recipe = tiny_recipe(
        ROW, optim__steps=4, optim__batch_size=4, optim__accumulate=2, optim__precision="bf16",
        network__options={"image_pool": 2, "output_stride": 4, "norm": "batch", "dropout": 0.3},
    )  # fmt: skip
    losses = []

    def noting(parts, *, step):
        losses.append(parts["loss"])

    def failing(*_, step, loss):
        if step == 2:
            raise NotFiniteError("On purpose.")

    monkeypatch.setattr("tiekd.training.step.check_loss", noting)
    with monkeypatch.context() as patch:
        patch.setattr("tiekd.training.step.check_gradients", failing)
        with pytest.raises(NotFiniteError) as caught:
            run(recipe, tmp_path / "run")
    seen = replay(kept_file(caught))
    assert (seen.error, seen.step, seen.first_broken) == (None, 2, None)
    assert losses[-2:] == losses[-4:-2]
    assert losses[-1] != losses[-2]


def test_a_gradient_that_is_not_finite_stops_before_the_weights_are_hurt(tiny_recipe, tmp_path, monkeypatch):
    backward = DistillTask.backward

    def broken(self, loss):
        backward(self, loss)
        next(self.network.decoder.parameters()).grad.fill_(torch.inf)

    monkeypatch.setattr(DistillTask, "backward", broken)
    with pytest.raises(
        NotFiniteError, match=r"gradient is not finite at step 0 .*in decoder\.\S+\.$"
    ) as caught:
        run(tiny_recipe(ROW), tmp_path / "run")
    assert kept_file(caught).is_file()


def test_a_validation_that_is_not_finite_leaves_no_step_to_replay(tiny_recipe, tmp_path, monkeypatch):
    def broken(self, *_):
        raise NotFiniteError(
            "After step 2 the network answers with depth that is not finite.", hint="Lower it."
        )

    monkeypatch.setattr(DistillTask, "validation_step", broken)
    with pytest.raises(NotFiniteError, match="After step 2") as caught:
        run(tiny_recipe(ROW), tmp_path / "run")
    assert caught.value.hint == "Lower it."
    assert not list((tmp_path / "run").glob("failed*"))


def test_other_files_are_refused(tmp_path):
    with pytest.raises(DataError, match="There is no file"):
        replay(tmp_path / "nowhere.safetensors")
    (tmp_path / "text.safetensors").write_text("no")
    save_file({"a": torch.zeros(2)}, tmp_path / "other.safetensors")
    for name in ("text", "other"):
        with pytest.raises(CheckpointError, match="holds no step of a failed run"):
            replay(tmp_path / f"{name}.safetensors")


def test_a_step_that_began_with_broken_weights_is_replayed(tiny_recipe, tmp_path, monkeypatch):
    """A file of broken weights is refused where it is opened, but not a step that shows what broke them."""
    from tiekd.training import fit as module

    def poisoned(*given, whole=module.run_network, **options):
        network = whole(*given, **options)
        next(network.encoder.parameters()).data.flatten()[0] = float("nan")
        return network

    monkeypatch.setattr(module, "run_network", poisoned)
    with pytest.raises(NotFiniteError) as caught:
        run(tiny_recipe(ROW), tmp_path / "run")
    monkeypatch.undo()
    done = CliRunner().invoke(app, ["train", "--replay", str(kept_file(caught)), "--json", "-"])
    assert done.exit_code == 0, done.output
    seen = json.loads(done.output)
    assert (seen["step"], seen["parts"]["loss"]) == (0, "nan")
    assert seen["first_broken"].startswith("encoder.")
