"""`tiekd reproduce`: pass, fail, and every way of not being able to say."""

from __future__ import annotations

import inspect
import json
import re
from dataclasses import replace

import pytest
import torch
from training_kit import write_kitti
from typer.testing import CliRunner

from studies.demo import run as make_demo
from tiekd import zoo
from tiekd.cli.main import app
from tiekd.data.frames import open_source, read_split
from tiekd.datasets import DATASETS, Split
from tiekd.errors import ConfigError
from tiekd.estimators import open_network
from tiekd.evaluate import Evaluation, evaluate, get_protocol
from tiekd.models.registry import create_model, save
from tiekd.reproduce import claim_of, judge, reproduce

NETWORK = (
    "architecture: densedepth_test_resnet, encoder: test_resnet, method: baseline, max_depth_m: 80, "
    "options: {output_stride: 4, decoder_channels: [8, 8, 8], bottleneck_channels: 8}"
)
KITTI, DEMO = "baseline_test.kitti", "baseline_test.demo"


def tiekd(*words, code=0):
    result = CliRunner().invoke(app, ["reproduce", *map(str, words)])
    assert result.exit_code == code, (result.output, result.exception)
    return result.stdout


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    return write_kitti(tmp_path_factory.mktemp("world"), {"test": 2}, size=(375, 1242))


@pytest.fixture(scope="module")
def measured(world, tmp_path_factory):
    """The weights of both rows in a home, and what they score by the rows' protocols."""
    home = tmp_path_factory.mktemp("home")
    torch.manual_seed(0)
    options = {"output_stride": 4, "decoder_channels": [8, 8, 8], "bottleneck_channels": 8}
    scores = {}
    for row, preset in ((KITTI, "kitti-tiekd"), (DEMO, "kitti-garg")):
        model = create_model("densedepth_test_resnet", method="baseline", **options)
        model.describe(name=row, dataset=row.split(".")[1])
        file = home / f"{row}.safetensors"
        save(model, file)
        source, protocol = open_source(f"kitti:{world}"), get_protocol(preset)
        frames = read_split(world / "test.txt")
        scores[row] = evaluate(open_network(file), source, frames, protocol).metrics
    return home, scores


@pytest.fixture
def rows(measured, tmp_path, monkeypatch):
    """A zoo in which both rows have the numbers they really score, times `factor`."""

    def use(factor=1.0, *, home=True, link="https://example.org/page#weights"):
        claims = {
            row: json.dumps({name: round(factor * found[name], 4) for name in ("abs_rel", "rmse")})
            for row, found in measured[1].items()
        }
        (tmp_path / "models").mkdir(exist_ok=True)
        (tmp_path / "models" / "zoo.yaml").write_text(
            "rows:\n"
            f"- {{name: {KITTI}, dataset: kitti, {NETWORK}, link: '{link}', published: {claims[KITTI]}}}\n"
            f"- {{name: {DEMO}, dataset: demo, {NETWORK}, measured: {{kitti-garg: {claims[DEMO]}}}}}\n"
            f"- {{name: none.nyu, dataset: nyu, {NETWORK}}}\n"
        )
        monkeypatch.setattr(zoo, "asset_root", lambda: tmp_path)
        two_frames = replace(DATASETS["demo"], test=Split("test.txt", 2))
        monkeypatch.setitem(DATASETS, "demo", two_frames)
        monkeypatch.setenv("TIEKD_HOME", str(measured[0] if home else tmp_path / "empty"))

    return use


def data(world):
    return ("--data", f"kitti:{world}", "--split", "test.txt")


def test_a_row_that_scores_its_numbers_passes(rows, world):
    rows()
    told = tiekd(DEMO, *data(world))
    assert f"{DEMO}: PASS by kitti-garg, fingerprint" in told
    assert told.count("ok") == 2
    document = json.loads(tiekd(DEMO, *data(world), "--json", "-"))
    assert document["verdict"] == "pass"
    assert [check["passed"] for check in document["checks"]] == [True, True]
    assert document["evaluation"]["n_images"] == 2


def test_a_row_that_does_not_fails_with_exit_code_1(rows, world):
    rows(1.03)
    told = tiekd(DEMO, *data(world), code=1)
    assert "FAIL" in told
    assert "difference -2.9" in told
    assert "NOT reproduced" in told
    assert "PASS" in tiekd(DEMO, *data(world), "--tolerance", "0.04")


def test_agreement_on_other_frames_than_the_published_is_not_a_pass(rows, world):
    rows()
    told = tiekd(KITTI, *data(world), code=2)
    assert "These are 2 frames, the stated numbers are of 652." in told
    assert "the split given has 2 of 652 frames" in told
    rows(2.0)
    told = tiekd(KITTI, *data(world), code=1)
    assert "These are 2 frames" in told


def test_the_demo_is_judged_on_its_own_frames(rows, world, monkeypatch):
    as_shipped = DATASETS["demo"]
    rows()
    monkeypatch.setitem(DATASETS, "demo", as_shipped)
    assert "These are 2 frames, the stated numbers are of 160." in tiekd(DEMO, *data(world), code=2)
    told = tiekd(DEMO, code=2)
    kind = re.search(r"--data (\w+):ROOT", told).group(1)
    assert open_source(f"{kind}:{world}").kind == "kitti"
    synth = re.search(r"`tiekd data synth --out ROOT --frames (\d+) --seed (\d+)`", told).groups()
    stated = inspect.signature(make_demo).parameters
    assert [stated["frames"].default, stated["seed"].default] == [int(word) for word in synth]


def test_everything_that_is_missing_is_said_at_once(rows, world, tmp_path):
    rows(home=False)
    told = tiekd(KITTI, code=2)
    assert f"{KITTI}: INCOMPLETE by kitti-tiekd" in told
    assert f"https://example.org/page#weights and run `tiekd convert FILE.pth --to {KITTI}`" in told
    assert "ROOT/gt_depth/<drive>/proj_depth/groundtruth/image_02/N.png" in told
    assert "697 lines, 652 with ground truth" in told
    assert "`tiekd data prepare kitti` makes it" in told
    told = tiekd(KITTI, *data(world), code=2)
    assert "weights:" in told
    assert "data:" not in told
    assert "nobody has published them" in tiekd(DEMO, *data(world), code=2)
    rows(home=False, link="https://example.org/file.pth")
    assert f"run `tiekd fetch {KITTI}`" in tiekd(KITTI, code=2)
    rows()
    assert "split: give --split" in tiekd(KITTI, "--data", f"kitti:{world}", code=2)
    split = tmp_path / "more.txt"
    split.write_text((world / "test.txt").read_text() + "gone/0.png gone/1.png 60\n")
    told = tiekd(KITTI, "--data", f"kitti:{world}", "--split", split, code=2)
    assert "2 of the files that the split names are missing" in told
    document = json.loads(tiekd(KITTI, "--json", "-", code=2))
    assert (document["verdict"], document["evaluation"]) == ("incomplete", None)


def test_what_cannot_be_reproduced_is_told(rows, world, tmp_path):
    rows()
    with pytest.raises(ConfigError, match=r"Nobody has published numbers for none\.nyu"):
        reproduce(zoo.row("none.nyu"))
    (tmp_path / "nyu").mkdir()
    with pytest.raises(ConfigError, match="The numbers are of kitti, the data is nyu"):
        reproduce(zoo.row(KITTI), data=f"nyu:{tmp_path / 'nyu'}")
    with pytest.raises(ConfigError, match=r"tolerance 1\.5 is no share"):
        reproduce(zoo.row(KITTI), tolerance=1.5)


def test_the_verdict_on_the_published_frames():
    claim = claim_of(zoo.row("tiekd_mobilenetv2.adabins_kitti"))
    assert (claim.protocol.name, claim.n_frames) == ("kitti-tiekd", 652)
    assert claim.metrics == {"abs_rel": 0.0654, "rmse": 2.4315}
    assert claim_of(zoo.row("tiekd_mobilenetv2.adabins_nyu")).protocol.name == "nyu"

    def verdict(abs_rel, rmse, n_frames=652):
        found = Evaluation(
            claim.protocol, "0" * 16, {"abs_rel": abs_rel, "rmse": rmse}, [], [{}] * n_frames, []
        )
        return judge("row", claim, found, tolerance=0.01).verdict

    assert verdict(0.0656, 2.42) == "pass"
    assert verdict(0.0656, 2.50) == "fail"
    assert verdict(float("nan"), 2.43) == "fail"
    assert verdict(0.0656, 2.42, n_frames=651) == "incomplete"
