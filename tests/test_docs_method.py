"""docs/method.md: its numbers are those of the code, and links to its sections lead somewhere."""

from __future__ import annotations

import json
import math
import re
import statistics
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from studies import bias, optimum
from tiekd.bins import DepthBins, target_dpm, target_logits
from tiekd.data.crops import eigen_crop_box, garg_crop_box, kb_crop_box
from tiekd.data.frames import open_source
from tiekd.data.transforms import IMAGE_MEAN, IMAGE_STD
from tiekd.datasets import DATASETS
from tiekd.estimators.labels import FULL_SCALE
from tiekd.evaluate.protocol import PROTOCOLS
from tiekd.losses import dpm, functional, ssim
from tiekd.methods import METHODS
from tiekd.metrics import METRICS, TEACHER_METRICS
from tiekd.models.adabins import MIN_WIDTH
from tiekd.models.families import NETWORKS
from tiekd.models.reference import NEVER_USED
from tiekd.recipe import load_recipe
from tiekd.targets import DENSITY_FLOOR, GAUSSIAN_REACH, NO_MASS_LOGIT, sigma_limits, target_reach_m
from tiekd.types import DepthRange
from tiekd.zoo import read_zoo

ROOT = Path(__file__).resolve().parent.parent
TEXT = (ROOT / "docs" / "method.md").read_text(encoding="utf-8")
TIEKD = METHODS["tiekd"].weights
STUDENT = {name: f"tiekd_mobilenetv2.adabins_{name}" for name in ("kitti", "nyu")}
DPM_ALONE = {name: f"tiekd_dpm_mobilenetv2.adabins_{name}" for name in ("kitti", "nyu")}


def sections() -> dict[str, str]:
    """Number of each section -> its text, up to the next heading."""
    parts = re.split(r'^#{2,3} <a id="s[\d-]+"></a>([\d.]+) .*$', TEXT, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def tables(section: str) -> list[list[list[str]]]:
    """The tables of a section, without their headings: rows of cells."""
    blocks = re.findall(r"(?:^\|.*\n)+", sections()[section], flags=re.MULTILINE)
    return [
        [[cell.strip() for cell in line.split("|")[1:-1]] for line in block.splitlines()[2:]]
        for block in blocks
    ]


def weights_in(cell: str) -> dict[str, float]:
    return {name: float(weight) for name, weight in re.findall(r"`(\w+)` ([\d.]+)", cell)}


def slices(text: str) -> list[int]:
    return [int(number) for number in text.split(":")]


def test_headings_and_links() -> None:
    headings = re.findall(r"^#{2,3} (.*)$", TEXT, flags=re.MULTILINE)
    anchors = dict(re.findall(r'^#{2,3} <a id="(s[\d-]+)"></a>([\d.]+) ', TEXT, flags=re.MULTILINE))
    assert len(anchors) == len(headings)
    assert all(anchor == "s" + number.replace(".", "-") for anchor, number in anchors.items())
    for shown, anchor in re.findall(r"\[§([\d.]+)\]\(#(s[\d-]+)\)", TEXT):
        assert anchors[anchor] == shown
    assert re.findall(r"^## .*?</a>(\d+) ", TEXT, flags=re.M) == [str(n) for n in range(1, 17)]
    for link in re.findall(r"\]\(([\w-]+\.md)\)", TEXT):
        assert (ROOT / "docs" / link).is_file(), link
    named = {int(source) for source in re.findall(r"\[(\d+)\](?!\()", TEXT)}
    assert named == set(range(1, 1 + len(re.findall(r"^\d+\. ", sections()["16"], flags=re.M))))


def code_files() -> Iterator[Path]:
    for folder in ("tiekd", "server", "studies", "benchmarks", "static", "tests", "docs", "models"):
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in {".py", ".yaml", ".js", ".md"} and path != Path(__file__):
                yield path


def test_citations_name_sections_that_exist() -> None:
    known = sections()
    for path in code_files():
        text = re.sub(r"\s+(?:#\s+)?", " ", path.read_text(encoding="utf-8"))
        for cited in re.findall(r"docs/method\.md ((?:§[\d.]*\d(?:, | and |–)?)+)", text):
            numbers = re.findall(r"[\d.]*\d", cited)
            assert [number for number in numbers if number not in known] == [], f"{path}: {cited}"
        for anchor in re.findall(r"method\.md#(s[\d-]+)", text):
            assert anchor[1:].replace("-", ".") in known, f"{path}: {anchor}"
        assert "FACTS" not in text, f"{path} cites a document that is not in the repository"
        assert re.search(r"method\.md(?! §|#s\d|`|\)|:)", text) is None, f"{path} cites no section"


def test_the_constants() -> None:
    window = ssim._window()
    found = {
        "density that counts as no mass": DENSITY_FLOOR,
        "value in place of such a density": NO_MASS_LOGIT,
        "reach of the Gaussian target, sigmas": GAUSSIAN_REACH,
        "epsilon of L_DPM": dpm._EPS,
        "SSIM window, pixels": window.shape[-1],
        "SSIM window's sigma, pixels": ssim._SIGMA,
        "SSIM C1": ssim._C1,
        "SSIM C2": ssim._C2,
        "share of KL in TIE-KD": TIEKD["dpm_loss"] / sum(TIEKD.values()),
        "epsilon of SI, metres": functional._SILOG_EPS,
        "share of the squared mean in SI": functional._SILOG_MEAN_SHARE,
        "least depth of chamfer, metres": functional._CHAMFER_FLOOR_M,
        "least relative bin width of AdaBins": MIN_WIDTH,
        "full scale of a label": FULL_SCALE,
    }
    stated = {name: float(value) for name, value, _, _ in tables("2")[0]}
    assert stated == pytest.approx(found, rel=1e-12)


def test_the_table_of_data_sets(tmp_path: Path) -> None:
    (tmp_path / "input").mkdir()
    recipes = {name: load_recipe(row) for name, row in STUDENT.items()}
    sources = {name: open_source(f"{name}:{tmp_path}") for name in STUDENT}
    zoo = {name: next(row for row in read_zoo() if row.name == named) for name, named in STUDENT.items()}
    rows = {
        "nearest depth, m": lambda name: recipes[name].data.min_depth_m,
        "farthest depth, m": lambda name: recipes[name].data.max_depth_m,
        "bins of a student's DPM": lambda name: recipes[name].network.n_bins,
        "sigma of the full TIE-KD loss, m": lambda name: recipes[name].loss.sigma_m,
        "sigma of L_DPM alone, m": lambda name: load_recipe(DPM_ALONE[name]).loss.sigma_m,
        "top rows that L_DPM and L_DEPTH leave out": lambda name: recipes[name].loss.top_crop_rows,
        "training view, height x width": lambda name: "{}x{}".format(*recipes[name].view.size),
        "training frames": lambda name: DATASETS[name].train.n_frames,
        "test frames with ground truth": lambda name: DATASETS[name].test.n_scored,
        "stored ground truth, steps per metre": lambda name: sources[name].depth_scale,
        "focal length, pixels": lambda name: sources[name].focal_px,
        "largest photo, pixels": lambda name: zoo[name].max_pixels,
    }
    found = [[label, *(plain(value(name)) for name in ("kitti", "nyu"))] for label, value in rows.items()]
    assert tables("2")[1] == found
    for name, row in zoo.items():
        limits = DepthRange(row.min_depth_m, row.max_depth_m)
        protocol = PROTOCOLS["kitti-tiekd" if name == "kitti" else "nyu"]
        assert limits == protocol.depth_range == DepthRange(0.001, recipes[name].data.max_depth_m)
        assert (row.n_bins, row.sigma_m) == (recipes[name].network.n_bins, recipes[name].loss.sigma_m)


def plain(value: object) -> str:
    return f"{value:.10g}" if isinstance(value, float) else str(value)


def test_the_demo_networks() -> None:
    rows = {row.name: row for row in read_zoo()}
    assert "128 bins from 0.001 m to 80 m and a sigma of 0.5 m" in " ".join(sections()["2"].split())
    student, teacher = rows["tiekd_mobilenetv2.demo"], rows["adabins_tf_efficientnet_lite0.demo"]
    assert (student.n_bins, student.depth_range, student.sigma_m) == (128, DepthRange(0.001, 80.0), 0.5)
    assert (teacher.n_bins, "has 64 adaptive bins" in sections()["2"]) == (64, True)


def test_the_target_dpm_by_sigma() -> None:
    bins = DepthBins(200_000, DepthRange(0.001, 80.0))
    depth = torch.full((1, 1, 1, 1), 40.0, dtype=torch.float64)
    for cells in tables("4")[0]:
        sigma, highest, reach, ratio = map(float, cells)
        at_depth = target_logits(depth, depth, sigma_m=sigma).item()
        assert at_depth == pytest.approx(highest, rel=2e-3)
        assert at_depth == pytest.approx(1 / (sigma * math.sqrt(2 * math.pi)))
        assert target_reach_m(sigma) == pytest.approx(reach, abs=0.005)
        target = target_dpm(depth, bins.edges(dtype=torch.float64), sigma_m=sigma).flatten()
        within = target[target > 0]
        assert (within.max() / within.min()).item() == pytest.approx(ratio, rel=5e-3)
        assert len(within) * bins.width_m == pytest.approx(2 * reach, abs=0.02)


def test_the_gaussian_reaches_as_far_as_stated() -> None:
    assert "Beyond 8.3 sigmas lies less than 1e-16" in " ".join(sections()["4.1"].split())
    assert 1e-17 < math.erfc(GAUSSIAN_REACH / math.sqrt(2)) < 2e-16


def test_the_bias_of_both_targets() -> None:
    assert bias.table() in sections()["4.2"]
    # The means over KITTI's and NYU's bins, by an integral over the densities and not by our code.
    rows = {float(cells[0]): cells[1:] for cells in tables("4.2")[0]}
    for depth_m, cells in rows.items():
        for case, cell in zip(bias.CASES, cells, strict=True):
            far_m = case.bins.depth_range.max_m
            if depth_m < far_m:
                assert float(cell) == pytest.approx(mean_of_target(case, depth_m), abs=0.006)
            else:
                assert cell == "–"


def mean_of_target(case: bias.Case, depth_m: float) -> float:
    width, mass, moment = case.bins.width_m, 0.0, 0.0
    for index in range(case.bins.n_bins):
        low = case.bins.depth_range.min_m + index * width
        center = low + width / 2
        if case.target == "gaussian":
            edges = [(edge - depth_m) / case.sigma_m for edge in (low, low + width)]
            share = statistics.NormalDist().cdf(edges[1]) - statistics.NormalDist().cdf(edges[0])
        else:
            density = statistics.NormalDist(depth_m, case.sigma_m).pdf(center)
            share = math.exp(density) if density >= 1e-16 else 0.0
        mass, moment = mass + share, moment + share * center
    return moment / mass


def test_the_figure_of_the_bias() -> None:
    shipped = (ROOT / bias.FIGURE).read_text(encoding="utf-8")
    assert f"]({bias.FIGURE.relative_to('docs')})" in sections()["4.2"]
    number = r"-?\d+\.\d"
    drawn = bias.figure()
    assert re.sub(number, "", shipped) == re.sub(number, "", drawn)
    found, expected = ([float(n) for n in re.findall(number, text)] for text in (shipped, drawn))
    assert found == pytest.approx(expected, abs=0.2)


def test_the_optimum_of_the_losses() -> None:
    document = json.loads((ROOT / "benchmarks" / "results" / "optimum.json").read_text(encoding="utf-8"))
    assert optimum.summary([optimum.Found(**one) for one in document["found"]]) in sections()["4.2"]


def test_the_smallest_sigmas() -> None:
    for grid, *limits, largest in tables("4.3")[0]:
        n_bins, near_m, far_m = map(float, re.findall(r"[\d.]+", grid))
        span = DepthRange(near_m, far_m)
        for target, stated in zip(("published", "gaussian"), map(float, limits), strict=True):
            least, most = sigma_limits(target, n_bins=int(n_bins), depth_range=span)
            assert least <= stated < 1.06 * least
            assert float(largest) == most


def test_the_window_of_l_dpm() -> None:
    bins = DepthBins(257, DepthRange(0.001, 80.0))
    depths = torch.linspace(10, 70, 6001, dtype=torch.float64).view(1, 1, 1, -1)
    target = target_dpm(depths, bins.edges(dtype=torch.float64), sigma_m=0.5)
    assert (target > 0).sum(dim=1).max() == 28
    assert "at most 28 of KITTI's 257 bins" in " ".join(sections()["5"].split())


def test_the_weights() -> None:
    stated = {cells[0].strip("`"): (cells[1], weights_in(cells[2])) for cells in tables("9")[0]}
    assert stated == {
        method: ("labels" if entry.needs_labels else "ground truth", dict(entry.weights))
        for method, entry in METHODS.items()
    }
    assert load_recipe("adabins_efficientnet_b5.kitti").weights == METHODS["teacher"].weights
    differing = {
        name: weights_in(cells[1]) for cells in tables("9")[1] for name in re.findall(r"`(.*?)`", cells[0])
    }
    assert len(differing) == 5
    for name, weights in differing.items():
        assert load_recipe(name).weights == weights, name
    ours = {row.name: row for row in read_zoo() if row.dataset in ("kitti", "nyu")}
    others = {name for name, row in ours.items() if load_recipe(name).weights != METHODS[row.method].weights}
    teachers = {name.partition("_")[2] for name in differing if name.startswith("reskd")}
    assert {name.partition("_")[2] for name in others if name.startswith("reskd")} >= teachers
    assert {name for name in others if not name.startswith("reskd_si_")} <= set(differing)


def test_the_splits_and_the_schedules_agree() -> None:
    lines = {name: (int(all_), int(with_truth)) for name, all_, with_truth in tables("10.1")[0]}
    for title, name in (("KITTI Eigen [4]", "kitti"), ("NYU", "nyu")):
        for part, split in (("training", DATASETS[name].train), ("test", DATASETS[name].test)):
            assert lines[f"{title}, {part}"] == (split.n_frames, split.n_scored)
    for name, split in (("kitti", "KITTI Eigen [4], training"), ("nyu", "NYU, training")):
        optim = load_recipe(STUDENT[name]).optim
        assert optim.steps == 24 * (lines[split][1] // optim.batch_size)
        assert f"= {optim.steps:,}" in sections()["12"]
    for teacher in ("adabins_efficientnet_b5", "bts_resnet50"):
        optim = load_recipe(f"{teacher}.nyu").optim
        assert (optim.batch_size, optim.steps) == (32, 18168)
    assert "18,168 steps" in sections()["12"]
    focal = dict(tables("10.1")[1])
    assert float(focal["2011_09_26"]) == load_recipe(STUDENT["kitti"]).network.train_fx_px


def test_the_crops_of_the_input() -> None:
    (kitti, rows, columns, size), (_, nyu_rows, nyu_columns, nyu_size) = tables("10.2")[0]
    assert kitti.startswith("KITTI")
    height, width = (int(side) for side in size.split("x"))
    box = kb_crop_box(height, width)
    assert slices(rows) == [box.top, box.top + box.height]
    assert slices(columns) == [box.left, box.left + box.width]
    top, left, bottom, right = load_recipe(STUDENT["nyu"]).data.trim_px
    height, width = (int(side) for side in nyu_size.split("x"))
    assert slices(nyu_rows) == [top, height - bottom]
    assert slices(nyu_columns) == [left, width - right]


def test_the_boxes() -> None:
    fractions, pixels = tables("13.3")
    boxes = {"garg": garg_crop_box, "eigen": eigen_crop_box}
    for name, of, rows, columns in pixels:
        height, width = (int(side) for side in of.split("x"))
        box = boxes[name](height, width)
        assert slices(rows) == [box.top, box.top + box.height], (name, of)
        assert slices(columns) == [box.left, box.left + box.width], (name, of)
    for name, *shares in fractions:
        # So large an array that the box in pixels shows every digit of the fractions.
        box = boxes[name](10**8, 10**8)
        for share, start, length in ((shares[0], box.top, box.height), (shares[1], box.left, box.width)):
            found = [start / 1e8, (start + length) / 1e8]
            assert [float(end) for end in share.split(" to ")] == pytest.approx(found, abs=2e-8)


@pytest.mark.parametrize("name", ["kitti", "nyu"])
def test_the_training_views(name: str) -> None:
    recipe = load_recipe(STUDENT[name])
    geometry = " ".join(sections()["11.1"].split())
    assert (recipe.view.rotate, recipe.view.rotate_deg, recipe.view.flip) == (0.5, 2.5, 0.5)
    assert "probability 0.5, by an angle drawn uniformly from -2.5° to 2.5°" in geometry
    assert recipe.photo.probability == 0.5
    column = 1 if name == "kitti" else 2
    stated = [float(cells[column]) for cells in tables("11.2")[0]]
    assert stated == [recipe.photo.gamma, recipe.photo.gain, recipe.photo.channel_gain]


def test_the_normalisation() -> None:
    rows = tables("11.3")[0]
    assert tuple(float(row[1]) for row in rows) == IMAGE_MEAN
    assert tuple(float(row[2]) for row in rows) == IMAGE_STD


@pytest.mark.parametrize(
    ("column", "rows"),
    [
        (1, ["tiekd_mobilenetv2.adabins_kitti", "baseline_resnet18.kitti", "bts_resnet50.kitti"]),
        (2, ["adabins_efficientnet_b5.kitti"]),
        (3, ["depthformer_swin_large.kitti"]),
    ],
)
def test_the_schedules(column: int, rows: list[str]) -> None:
    stated = [cells[column] for cells in tables("12")[0]]
    for row in rows:
        optim = load_recipe(row).optim
        assert stated == [
            f"{optim.lr:g}",
            f"{optim.weight_decay:g}",
            ", ".join(f"{beta:g}" for beta in optim.betas),
            "-" if optim.cycle_beta1 is None else f"{optim.cycle_beta1:g}",
            f"{optim.grad_clip:g}",
            optim.schedule,
            f"1/{optim.start_divisor:.0f}",
            f"1/{optim.end_divisor:.0f}",
            str(optim.batch_size),
            str(optim.steps),
        ]
        warm_steps = optim.warm_share * optim.steps
        assert warm_steps == pytest.approx(12_800 if column == 3 else 0.3 * optim.steps)


def test_the_metrics() -> None:
    assert tuple(cells[0].strip("`") for cells in tables("13.4")[0]) == METRICS
    text = sections()["13.5"]
    named = {name for name in METRICS if f"`{name}`" in text} | {"delta1", "delta2", "delta3"}
    assert {f"{name}_T" for name in named} | {"abs_rel_T"} == set(TEACHER_METRICS)
    top_rows = {protocol.teacher_top_rows for name, protocol in PROTOCOLS.items() if "kitti" in name}
    assert top_rows == {110}
    assert "without the top 110 rows" in text
    tested = {name for name, protocol in PROTOCOLS.items() if protocol.flip_tta}
    assert tested == {name for name in PROTOCOLS if f"`{name}`" in sections()["13.2"]}


def test_the_networks() -> None:
    stated = {
        encoder.strip("`"): {
            "bottleneck_channels": int(bottleneck),
            "decoder_channels": tuple(int(width) for width in blocks.split(", ")),
        }
        for encoder, _, bottleneck, blocks in tables("14.2")[0]
    }
    assert stated == NETWORKS["densedepth"].presets
    text = sections()["14.3"]
    for key in ("embed_dim", "n_layers", "n_heads", "ff_dim"):
        assert str(NETWORKS["adabins"].presets["efficientnet_b5"][key]) in text, key
    for name in NEVER_USED:
        assert f"`{name}*`" in sections()["14.6"]
