"""The tables of data sets and layouts: their entries are whole, and a new entry needs no other edit."""

import re
from dataclasses import replace

import numpy as np
import pytest
import yaml
from training_kit import write_kitti

from tiekd.codecs import png16
from tiekd.data.frames import Frame, list_frames, open_source
from tiekd.data.plausible import Summary, implausible, untypical
from tiekd.datasets import DATASETS, DEFAULT, DEMO, LAYOUTS, Dataset, Published, Split, has_own_layout
from tiekd.errors import ConfigError, DataError
from tiekd.evaluate import get_protocol
from tiekd.models.registry import create_model
from tiekd.recipe import load_recipe, shipped_recipes
from tiekd.recipe.named import check_kind, check_named
from tiekd.reproduce import reproduce
from tiekd.types import DepthRange
from tiekd.zoo import ZooRow, parse_zoo, read_zoo
from tiekd.zoo_table import markdown

ROW = "baseline_resnet18.rooms"
NEW_LAYOUT = replace(
    LAYOUTS["nyu"],
    title="Rooms",
    picture="colour/N.png",
    image_folder="colour",
    depth_folder="range",
    depth_scale=500.0,
    focal_px=300.0,
    needs_split=True,
)
NEW = Dataset(
    title="Rooms",
    layout="rooms",
    min_depth_m=0.1,
    max_depth_m=20.0,
    train=Split("rooms_train.txt", 900),
    test=Split("rooms_test.txt", 30, 20),
    files="rooms under ROOT",
    test_list="the list of rooms",
    published=Published("nyu", "Rooms test split", "eigen box", "https://example.org/rooms"),
)


@pytest.fixture
def new(monkeypatch) -> Dataset:
    """One more entry in each table, and nothing else."""
    monkeypatch.setitem(LAYOUTS, "rooms", NEW_LAYOUT)
    monkeypatch.setitem(DATASETS, "rooms", NEW)
    return NEW


def zoo_row() -> ZooRow:
    (published,) = [row for row in read_zoo() if row.name == "baseline_resnet18.nyu"]
    return published.model_copy(update={"name": ROW, "dataset": "rooms"})


@pytest.mark.parametrize("name", LAYOUTS)
def test_a_layout_is_whole(name) -> None:
    layout = LAYOUTS[name]
    assert layout.title
    assert layout.picture.startswith(layout.image_folder)
    assert layout.depth_scale > 0
    (low, high), (typical_low, typical_high) = layout.plausible.median_m, layout.plausible.typical_m
    assert 0 < low <= typical_low < typical_high <= high <= layout.plausible.max_m
    assert layout.plausible.max_m * layout.depth_scale <= 65536, "16-bit PNG holds the greatest depth"


@pytest.mark.parametrize("name", DATASETS)
def test_a_data_set_is_whole(name) -> None:
    entry = DATASETS[name]
    assert re.fullmatch("[a-z0-9]+", name), "recipes read names out of the names of rows"
    assert entry.title
    assert entry.layout in LAYOUTS
    assert DepthRange(entry.min_depth_m, entry.max_depth_m).max_m <= LAYOUTS[entry.layout].plausible.max_m
    for split in (entry.train, entry.test):
        assert split.file.endswith(".txt")
        assert 0 < split.n_scored <= split.n_frames
    assert "ROOT" in entry.files
    if entry.published:
        protocol = get_protocol(entry.published.protocol)
        assert (protocol.min_depth_m, protocol.max_depth_m) == (entry.min_depth_m, entry.max_depth_m)
        assert protocol.network_crop == LAYOUTS[entry.layout].network_crop
        rows = any(row.dataset == name for row in read_zoo())
        assert (f"({entry.published.page})" in markdown(read_zoo())) == rows


@pytest.mark.parametrize("file", shipped_recipes().values(), ids=list(shipped_recipes()))
def test_cases_of_recipes_are_for_data_sets_of_the_table(file) -> None:
    cases = yaml.safe_load(file.read_text(encoding="utf-8")).get("cases", [])
    asked = [case["when"]["dataset"] for case in cases if "dataset" in case["when"]]
    names = {name for one in asked for name in ([one] if isinstance(one, str) else one)}
    assert names <= set(DATASETS), "a row of a data set without an entry is an unknown recipe"


def test_every_data_set_of_the_zoo_is_in_the_table() -> None:
    assert {row.dataset for row in read_zoo()} <= set(DATASETS)
    assert {DEFAULT, DEMO} <= set(DATASETS)
    assert [has_own_layout(name) for name in ("kitti", "nyu", "demo", "own")] == [True, True, False, False]


def test_what_a_person_needs_is_one_sentence() -> None:
    assert DATASETS["nyu"].needs.endswith(
        "(millimetres), and the test list (654 lines) as the split; `tiekd data prepare nyu` makes it from "
        "the downloads (docs/data.md)"
    )
    assert "the Eigen test list (697 lines, 652 with ground truth) as the split; " in DATASETS["kitti"].needs
    assert DATASETS["demo"].needs.endswith("renders it, and its test.txt (160 lines) as the split")


def test_files_of_a_new_layout_are_opened_and_checked(new, tmp_path) -> None:
    with pytest.raises(DataError, match="holds no colour/ folder, so it is not Rooms") as caught:
        open_source(f"rooms:{tmp_path}")
    assert "Expected ROOT/colour/N.png" in caught.value.hint
    (tmp_path / "colour").mkdir()
    (tmp_path / "range").mkdir()
    depth = np.full((4, 6), 2.5, np.float32)
    (tmp_path / "range" / "1.png").write_bytes(png16.encode(depth, scale=500))
    source = open_source(f"rooms:{tmp_path}")
    assert (source.kind, source.focal_px, source.network_crop) == ("rooms", 300.0, "none")
    assert source.image_path(Frame("1.png")) == tmp_path / "colour" / "1.png"
    np.testing.assert_array_equal(source.read_depth(Frame("1.png", "1.png")), depth)
    truth = source.read_truth(Frame("1.png", "1.png"))
    assert implausible(truth, source) == ""
    far = truth._replace(stored=truth.stored * 5, depth_m=truth.depth_m * 5)
    assert "outside of 0.3 to 10 m" in implausible(far, source)
    summary = Summary(8.0, near_m=5.0, far_m=9.0, scale=500.0)
    assert untypical([summary], source).startswith(
        "the median of 1 files is 8 m; 1 to 6 m are usual for rooms"
    )
    with pytest.raises(ConfigError, match="No split file is given") as refused:
        list_frames(source, None)
    assert "Only folder:DIR needs no split" in refused.value.hint


def test_a_new_data_set_has_recipes(new, tmp_path) -> None:
    steps = {"optim.steps": 10}
    recipe = load_recipe("tiekd_resnet18.bts_rooms", values=steps)
    assert (recipe.method, recipe.teacher, recipe.dataset) == ("tiekd", "bts", "rooms")
    with pytest.raises(ConfigError, match="names no data and no labels") as caught:
        check_named(recipe)
    assert "--data rooms:ROOT" in caught.value.hint
    world = open_source(f"kitti:{write_kitti(tmp_path, {'train': 1})}")
    with pytest.raises(ConfigError, match="The recipe is for rooms and the data is kitti"):
        check_kind(recipe, world)
    check_kind(load_recipe("tiekd_mobilenetv2.demo"), world)


def test_a_recipe_has_the_range_of_its_data_set_unless_it_states_one(new, tmp_path) -> None:
    def range_m(name, **values):
        data = load_recipe(name, values={"optim.steps": 10, **values}).data
        return data.min_depth_m, data.max_depth_m

    row = "tiekd_resnet18.bts_rooms"
    assert range_m(row) == (0.1, 20.0)
    assert range_m(row, **{"data.max_depth_m": 15.0}) == (0.1, 15.0)
    assert range_m("tiekd_mobilenetv2.demo", dataset="rooms") == (0.1, 20.0)
    assert range_m("tiekd_mobilenetv2.demo", dataset="attic") == (0.001, 80.0)
    assert range_m("own_student") == (0.001, 80.0)
    stored = tmp_path / "recipe.yaml"
    stored.write_text(
        load_recipe("tiekd_mobilenetv2.demo").to_yaml().replace("dataset: demo", "dataset: rooms")
    )
    assert range_m(str(stored)) == (0.001, 80.0), "a stored recipe states its range"


def test_the_claims_of_a_new_data_set_can_be_checked(new, tmp_path) -> None:
    outcome = reproduce(zoo_row())
    assert (outcome.claim.protocol.name, outcome.claim.n_frames) == ("nyu", 20)
    needs = "rooms under ROOT, and the list of rooms (30 lines, 20 with ground truth) as the split"
    assert f"data: {needs}; then give --data rooms:ROOT --split FILE" in outcome.missing
    with pytest.raises(ConfigError, match="The numbers are of rooms, the data is folder"):
        reproduce(zoo_row(), data=f"folder:{tmp_path}")


def test_a_new_data_set_has_a_table_in_the_zoo_and_a_range_in_hints(new) -> None:
    text = markdown(parse_zoo("rows: []", where="test").model_copy(update={"rows": (zoo_row(),)}))
    assert "## The authors', Rooms" in text
    assert "Rooms test split, 20 frames, eigen box, up to 20 m." in text
    with pytest.raises(ConfigError) as caught:
        DepthRange(2.0, 1.0)
    assert "NYU uses 0.001..10 m, " in caught.value.hint
    assert caught.value.hint.endswith("Rooms uses 0.1..20 m.")


def test_networks_are_for_kitti_when_nobody_says() -> None:
    card = create_model("densedepth_test_resnet", output_stride=4).card
    assert (card.dataset, card.max_depth_m, card.train_fx_px) == ("kitti", 80.0, 721.5377)
