import csv
import json
import shutil
from pathlib import Path

import pytest
import torch

from tiekd import zoo
from tiekd.assets import asset_root
from tiekd.errors import CheckpointError, ConfigError, UnknownNameError, WeightsUnavailableError
from tiekd.files import sha256_of
from tiekd.zoo_table import markdown

ENCODERS = ("mobilenetv2", "resnet18", "resnet50")
TEACHERS = ("adabins", "bts", "depthformer")


def published_names() -> set[str]:
    names = {"adabins_efficientnet_b5.kitti", "bts_resnet50.kitti", "depthformer_swin_large.kitti"}
    names |= {f"baseline_{encoder}.kitti" for encoder in ENCODERS}
    for teacher in TEACHERS:
        for loss in ("ssim", "mse", "si", "ssim_si", "ssim_mse"):
            names.add(f"reskd_{loss}_mobilenetv2.{teacher}_kitti")
        names |= {f"tiekd_{part}_mobilenetv2.{teacher}_kitti" for part in ("dpm", "depth")}
        names |= {f"tiekd_{encoder}.{teacher}_kitti" for encoder in ENCODERS}
    return names


def test_the_zoo_has_the_36_published_kitti_rows() -> None:
    rows = {row.name: row for row in zoo.read_zoo() if row.dataset == "kitti"}
    published = {name for name, row in rows.items() if row.published}
    assert published == published_names()
    assert set(rows) - published == {f"reskd_ssim_si_resnet18.{teacher}_kitti" for teacher in TEACHERS}
    best = rows["tiekd_resnet50.depthformer_kitti"]
    assert (best.published.abs_rel, best.published.rmse) == (0.0586, 2.2821)
    assert best.n_bins == 257
    assert rows["bts_resnet50.kitti"].align_corners is False


def test_published_figures_are_those_of_the_authors_table() -> None:
    file = Path(__file__).parent / "golden" / "published_kitti.csv"
    with file.open(encoding="utf-8") as lines:
        table = {row["row"]: (float(row["abs_rel"]), float(row["rmse"])) for row in csv.DictReader(lines)}
    rows = {row.name: row.published for row in zoo.read_zoo() if row.dataset == "kitti" and row.published}
    assert {name: (figures.abs_rel, figures.rmse) for name, figures in rows.items()} == table


def test_every_published_row_links_to_its_own_file() -> None:
    rows = [row for row in zoo.read_zoo() if row.published and row.dataset != "demo"]
    assert len(rows) == 72
    links = {row.name: row.link.partition("?")[0] for row in rows}
    assert all("sharepoint.com/:u:/" in link for link in links.values())
    # The authors link one file for both of these.
    assert links.pop("reskd_ssim_si_mobilenetv2.bts_nyu") == links["reskd_ssim_si_mobilenetv2.adabins_nyu"]
    assert len(set(links.values())) == len(links)


def test_every_row_describes_a_network_that_can_be_built() -> None:
    """Every row's card is what building its network gives; equal networks are built once, without memory."""
    from tiekd.models.registry import build

    seen = {}
    for row in zoo.read_zoo():
        facts = {"name", "method", "teacher", "dataset", "sigma_m", "licence", "train_fx_px", "max_pixels"}
        network = row.card.model_dump_json(exclude=facts | {"min_depth_m", "max_depth_m"})
        if network not in seen:
            with torch.device("meta"):
                model = build(row.card)
            seen[network] = model.card.size_multiple, sum(value.numel() for value in model.parameters())
            assert model.card == row.card
        assert (row.size_multiple, row.parameters) == seen[network], row.name


def test_names_follow_from_the_facts_of_a_row() -> None:
    for row in zoo.read_zoo():
        where = (
            row.dataset if row.teacher is None or row.dataset == "demo" else f"{row.teacher}_{row.dataset}"
        )
        assert row.name.split(".", 1)[1] == where
        if row.method != "teacher":
            assert row.name.startswith(f"{row.method}_")
        assert (row.n_bins is not None) == ("dpm" in row.architecture or "adabins" in row.architecture)


def test_viewer_folders_belong_to_rows() -> None:
    folders = zoo.read_zoo().by_viewer_folder()
    assert folders["Teacher_adabins"].name == "adabins_efficientnet_b5.kitti"
    assert folders["ver650_KD_SSIM"].name == "reskd_ssim_mobilenetv2.adabins_kitti"
    assert len(folders) == sum(row.viewer_folder is not None for row in zoo.read_zoo())


def test_every_row_states_a_licence_and_the_table_is_the_one_of_the_zoo() -> None:
    assert all(row.licence for row in zoo.read_zoo())
    table = (asset_root() / "models" / "README.md").read_text(encoding="utf-8")
    assert table == markdown(zoo.read_zoo()), "run: tiekd models --markdown > models/README.md"


def test_unknown_names_suggest_near_ones() -> None:
    with pytest.raises(UnknownNameError) as caught:
        zoo.row("tiekd_mobilnetv2.adabins_kitti")
    assert "tiekd_mobilenetv2.adabins_kitti" in caught.value.hint


def test_every_fault_of_a_zoo_is_listed_at_once() -> None:
    good = "name: a, architecture: a, method: baseline, encoder: e, dataset: d"
    with pytest.raises(ConfigError) as caught:
        zoo.parse_zoo(f"rows:\n- {{{good}, max_depth_m: -1, colour: red}}\n", where="my.yaml")
    assert "max_depth_m" in str(caught.value)
    assert "colour" in str(caught.value)
    assert "my.yaml" in str(caught.value)
    row = f"- {{{good}, max_depth_m: 80}}\n"
    with pytest.raises(ConfigError, match="more than once: a"):
        zoo.parse_zoo(f"rows:\n{row}{row}", where="my.yaml")
    for text in ("rows: [", "- just a list", ""):
        with pytest.raises(ConfigError, match=r"my\.yaml"):
            zoo.parse_zoo(text, where="my.yaml")


def test_weights_are_found_at_home_first(tmp_path, monkeypatch, tiny_models) -> None:
    monkeypatch.setenv("TIEKD_HOME", str(tmp_path))
    name = "tiekd_mobilenetv2.adabins_kitti"
    with pytest.raises(WeightsUnavailableError, match="not on this machine"):
        zoo.resolve(name)
    there = tmp_path / f"{name}.safetensors"
    shutil.copy(tiny_models["tiny_dpm"], there)
    assert zoo.resolve(name) == there
    assert zoo.resolve(str(there)) == there
    with pytest.raises(CheckpointError, match="no file"):
        zoo.resolve(tmp_path / "absent.safetensors")


def test_a_file_that_is_not_the_promised_one_is_refused(tmp_path, monkeypatch, tiny_models) -> None:
    text = (
        "rows:\n- {name: a.demo, architecture: a, method: baseline, encoder: e, dataset: demo,"
        f" max_depth_m: 80, file: w.safetensors, sha256: {'f' * 64}}}\n"
    )
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "zoo.yaml").write_text(text)
    shutil.copy(tiny_models["tiny_dpm"], tmp_path / "models" / "w.safetensors")
    monkeypatch.setattr(zoo, "asset_root", lambda: tmp_path)
    monkeypatch.setenv("TIEKD_HOME", str(tmp_path / "home"))
    with pytest.raises(CheckpointError, match="not the file that the zoo promises"):
        zoo.resolve("a.demo")


def test_a_card_is_read_without_the_weights(tmp_path, tiny_models) -> None:
    card = zoo.read_card(tiny_models["tiny_dpm"])
    assert (card.name, card.n_bins) == ("tiny_dpm", 16)
    broken = tmp_path / "broken.safetensors"
    for content in (b"", b"\x01", b"\xff" * 100, b"\x05\x00\x00\x00\x00\x00\x00\x00hello"):
        broken.write_bytes(content)
        with pytest.raises(CheckpointError, match=r"not a whole \.safetensors"):
            zoo.read_card(broken)
    whole = tiny_models["tiny_dpm"].read_bytes()
    for content in (whole[:-1], whole[: len(whole) // 2], whole + b"\0"):
        broken.write_bytes(content)
        with pytest.raises(CheckpointError, match=r"not a whole \.safetensors"):
            zoo.read_card(broken)
    header = json.dumps({"__metadata__": {"other": "1"}}).encode()
    broken.write_bytes(len(header).to_bytes(8, "little") + header)
    with pytest.raises(CheckpointError, match="no tiekd configuration"):
        zoo.read_card(broken)


def test_shipped_weights_are_what_the_zoo_says() -> None:
    for row in zoo.read_zoo():
        if row.file is None:
            continue
        path = asset_root() / "models" / row.file
        assert path.is_file(), f"{row.name}: {path} is missing"
        assert sha256_of(path) == row.sha256
        assert zoo.read_card(path).name == row.name


def test_the_home_defaults_to_the_users_data_folder(monkeypatch) -> None:
    monkeypatch.delenv("TIEKD_HOME", raising=False)
    assert zoo.home().name == "tiekd"
    monkeypatch.setenv("TIEKD_HOME", "~/weights")
    assert zoo.home() == Path("~").expanduser() / "weights"
