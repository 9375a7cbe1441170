import json
import shutil
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from tiekd import render
from tiekd.codecs import arrays, png, png16
from tiekd.data.frames import find_split, open_source, read_split
from tiekd.errors import ConfigError, DataError, UnknownNameError
from tiekd.estimators import About, PictureEstimator, open_estimator, open_network
from tiekd.gallery import Declared, ResultsOptions, open_gallery, open_results, shipped_galleries
from tiekd.gallery.build import BuildOptions, build_gallery, frame_title, keep_significant, pick_evenly
from tiekd.gallery.decoders import Grey16Decoder, probe
from tiekd.gallery.grid import GridNote, encode_grid
from tiekd.gallery.model import natural_key
from tiekd.runtime.predictor import Predictor
from tiekd.types import DepthRange

SPAN = DepthRange(0.001, 80.0)
DEPTH = np.linspace(0.5, 90, 20 * 30, dtype=np.float32).reshape(20, 30)


def put(path, data: bytes):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def magma(depth: np.ndarray) -> bytes:
    return png.encode_rgb(render.colorize(depth, depth_range=SPAN))


@pytest.fixture
def results(tmp_path):
    """Teacher as published (magma_r), a 16-bit method, an .npy method and one of plain colours."""
    for frame in ("f2", "f10"):
        put(tmp_path / "Teacher_adabins" / f"{frame}.png", magma(DEPTH))
        put(tmp_path / "mine16" / f"{frame}.png", png16.encode(DEPTH))
        put(tmp_path / "arrays" / f"{frame}.npy", arrays.npy_bytes(DEPTH))
        put(tmp_path / "pictures" / f"{frame}.png", magma(DEPTH))
    put(tmp_path / "image" / "f2.jpg", b"a photo")
    return tmp_path


def test_methods_are_named_ordered_and_decoded_by_what_they_are(results) -> None:
    gallery = open_results(results)
    told = {method.id: method.describe() for method in gallery.listing.methods}
    assert list(told) == ["Teacher_adabins", "arrays", "mine16", "pictures"]
    teacher = told["Teacher_adabins"]
    assert teacher["family"] == "teacher"
    assert teacher["model"] == "adabins_efficientnet_b5.kitti"
    assert teacher["precision_m"] == pytest.approx(0.15625, abs=1e-4)
    assert teacher["saturated_m"] == pytest.approx(79.69, abs=0.01)
    assert [told[name]["unit"] for name in told] == ["m", "m", "m", "rgb"]
    frames = gallery.listing.frames
    assert [frame.id for frame in frames] == ["f2", "f10"]
    assert [frame.describe()["has_image"] for frame in frames] == [True, False]
    assert (frames[0].width, frames[0].height) == (30, 20)


def test_published_pictures_are_decoded_to_metres_within_their_step(results) -> None:
    gallery = open_results(results)
    decoded = png16.to_metres(gallery.depth("Teacher_adabins", "f2"))
    reachable = DEPTH < 79.69
    assert np.abs(decoded - DEPTH)[reachable].max() <= 0.15625 + 1 / 256
    assert (decoded[~reachable] > 79.69).all()


def test_16_bit_pictures_and_arrays_are_metres(results) -> None:
    gallery = open_results(results)
    expected = png16.to_uint16(DEPTH)
    np.testing.assert_array_equal(gallery.depth("mine16", "f10"), expected)
    np.testing.assert_array_equal(gallery.depth("arrays", "f10"), expected)
    millimetres = np.clip(DEPTH * 500, 0, 65535)
    put(results / "nyu" / "f2.png", png16.encode(millimetres, scale=1))
    scaled = open_results(results, ResultsOptions(depth_scale=500))
    np.testing.assert_allclose(scaled.depth("nyu", "f2") / 256, DEPTH, atol=0.005)


def test_depth_beyond_16_bits_stays_at_their_end(results) -> None:
    far = np.where(DEPTH > 70, np.float32(300), DEPTH).astype(np.float32)
    far[0, 0] = 255.9
    put(results / "arrays" / "f2.npy", arrays.npy_bytes(far))
    stored = open_results(results).depth("arrays", "f2")
    assert (stored[far == 300] == 65535).all(), "the viewer reads this as at least 255.99 m"
    assert stored[0, 0] == round(255.9 * 256) < 65535


def test_declared_folders_are_decoded_and_others_keep_their_colours(results) -> None:
    gallery = open_results(results)
    np.testing.assert_array_equal(gallery.rgb("pictures", "f2"), render.colorize(DEPTH, depth_range=SPAN))
    with pytest.raises(DataError, match="colour pictures, not depth"):
        gallery.depth("pictures", "f2")
    with pytest.raises(DataError, match="holds depth"):
        gallery.rgb("mine16", "f2")
    declared = open_results(
        results, ResultsOptions(declared={"pictures": Declared(magma=(SPAN.min_m, SPAN.max_m))})
    )
    np.testing.assert_array_equal(declared.depth("pictures", "f2"), declared.depth("Teacher_adabins", "f2"))


def test_a_colour_that_magma_has_not_is_told(results) -> None:
    pixels = render.colorize(DEPTH, depth_range=SPAN)
    pixels[0, 0] = (0, 255, 0)
    put(results / "Teacher_adabins" / "f2.png", png.encode_rgb(pixels))
    with pytest.raises(DataError, match="not a magma_r picture"):
        open_results(results).depth("Teacher_adabins", "f2")


def test_what_is_amiss_is_told_per_frame(results) -> None:
    (results / "mine16" / "f10.png").unlink()
    whole = (results / "pictures" / "f2.png").read_bytes()
    put(results / "pictures" / "f2.png", whole[: len(whole) // 2])
    put(results / "arrays" / "f2.npy", b"\x93NUMPY broken")
    put(results / "arrays" / "f10.npy", arrays.npy_bytes(DEPTH[:10]))
    put(results / "Teacher_adabins" / "f10.png", png16.encode(DEPTH))
    put(results / "Teacher_adabins" / "f11.png", magma(DEPTH))
    first, second, third = (frame.describe() for frame in open_results(results).listing.frames)
    assert set(first["broken"]) == {"pictures", "arrays"}
    assert "cut off" in first["broken"]["pictures"]
    assert second["missing"] == ["mine16"]
    assert second["sizes"] == {"arrays": [30, 10]}
    told = second["broken"]["Teacher_adabins"]
    assert told == "f10.png is a 16-bit picture, unlike the others of Teacher_adabins."
    assert third["missing"] == ["arrays", "mine16", "pictures"]


AGAIN = "Write or copy it again."


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda path: path.mkdir(), "is not a file."),
        (lambda path: path.symlink_to("/nonexistent/there"), "can't be read: No such file or directory."),
        (lambda path: path.write_bytes(b"hm"), f"can't be read: it is no PNG, in spite of its name. {AGAIN}"),
        (lambda path: path.write_bytes(b""), f"can't be read: it is empty. {AGAIN}"),
        (
            lambda path: path.write_bytes(b"\xff\xd8\xff"),
            f"can't be read: it is a JPEG, in spite of its name. {AGAIN}",
        ),
    ],
)
def test_what_is_no_picture_is_told_without_its_folder(results, spoil, words) -> None:
    path = results / "mine16" / "f10.png"
    path.unlink()
    spoil(path)
    gallery = open_results(results)
    assert gallery.frame("f10").broken == {"mine16": f"f10.png {words}"}
    with pytest.raises(DataError, match=r"^f10\.png ") as caught:
        gallery.depth("mine16", "f10")
    assert str(results) not in str(caught.value)


def test_suffixes_in_capitals_are_pictures_too(results) -> None:
    (results / "mine16" / "f2.png").rename(results / "mine16" / "f2.PNG")
    put(results / "mine16" / "f10.PNG", b"the other spelling comes first")
    gallery = open_results(results)
    assert [frame.missing for frame in gallery.listing.frames] == [(), ()]
    assert gallery.depth("mine16", "f2").shape == DEPTH.shape


def test_damage_that_the_header_hides_is_told_when_the_frame_is_read(results) -> None:
    data = bytearray((results / "mine16" / "f2.png").read_bytes())
    data[60:90] = bytes(30)
    put(results / "mine16" / "f2.png", bytes(data))
    with pytest.raises(DataError, match=r"f2\.png can't be read"):
        open_results(results).depth("mine16", "f2")


def test_pickles_in_arrays_are_not_opened(results) -> None:
    np.save(results / "arrays" / "f2.npy", np.array([{"a": 1}], object), allow_pickle=True)
    assert "f2" in [f.id for f in open_results(results).listing.frames if "arrays" in f.broken]


def test_unknown_ids_suggest_near_ones(results) -> None:
    gallery = open_results(results)
    with pytest.raises(UnknownNameError, match="method 'mine61'"):
        gallery.path("mine61", "f2")
    with pytest.raises(UnknownNameError, match=r"frame '\.\./x'"):
        gallery.path("mine16", "../x")
    with pytest.raises(UnknownNameError, match="frame 'f10'"):
        gallery.photo("f10")


def test_folders_without_results_are_refused(tmp_path) -> None:
    with pytest.raises(DataError, match="Can't read"):
        open_results(tmp_path / "absent")
    (tmp_path / "method").mkdir()
    with pytest.raises(DataError, match="holds no METHOD/FRAME"):
        open_results(tmp_path)


def test_a_version_changes_with_the_file_and_the_way_it_is_read(results) -> None:
    gallery = open_results(results)
    path = gallery.path("mine16", "f2")
    before = gallery.version(path, "mine16")
    assert gallery.version(path, "mine16") == before
    assert open_results(results, ResultsOptions(depth_scale=1000)).version(path, "mine16") != before
    put(path, png16.encode(DEPTH * 0.5))
    assert gallery.version(path, "mine16") != before


def test_frames_are_sorted_as_people_count() -> None:
    assert sorted(["f10", "f9", "F1", "g", "f09b"], key=natural_key) == ["F1", "f9", "f09b", "f10", "g"]
    for names in (["0", "00", "1"], ["1", "00", "0"]):
        assert sorted(names, key=natural_key) == ["0", "00", "1"], "whatever order they were in"


def test_a_gallery_is_built_and_read_back(tiny_world, tiny_models, tmp_path) -> None:
    source = open_source(f"kitti:{tiny_world}")
    frames = read_split(find_split(source, "train.txt"))
    networks = [open_network(path) for path in tiny_models.values()]
    options = BuildOptions(n_frames=3, keep_bits=10, gallery_id="mine", focal=False)
    told: list[tuple[int, int]] = []
    build_gallery(
        source, frames, networks, tmp_path / "g", options=options, progress=lambda *at: told.append(at)
    )
    assert told == [(1, 3), (2, 3), (3, 3)]
    gallery = open_gallery(tmp_path / "g")
    assert gallery.id == "mine"
    assert [method.id for method in gallery.listing.methods] == ["ground_truth", "tiny_dpm", "tiny_base"]
    assert all(not frame.missing and not frame.broken and frame.photo for frame in gallery.listing.frames)
    last = gallery.listing.frames[-1]
    assert (last.width, last.height) == (96, 64)
    np.testing.assert_allclose(
        gallery.depth("ground_truth", last.id) / 256, source.read_depth(frames[-1]), atol=1e-6
    )
    again = networks[0].predictor(gallery.photo(last.id)).depth_m
    np.testing.assert_allclose(gallery.depth("tiny_dpm", last.id) / 256, again, atol=1.01 / 256)


def test_a_gallery_shows_models_of_others_and_stored_depth_too(tiny_world, tiny_labels, tmp_path) -> None:
    source = open_source(f"kitti:{tiny_world}")
    frames = read_split(find_split(source, "train.txt"))
    about = About(name="hf:owner/net", digest="", depth_range=SPAN)
    red = PictureEstimator(lambda pixels: pixels[:, :, 0].astype(np.float32) / 4 + 1, about)
    labels = open_estimator(tiny_labels)
    build_gallery(source, frames, [red, labels], tmp_path, options=BuildOptions(n_frames=2))
    gallery = open_gallery(tmp_path)
    _, first, second = (method.describe() for method in gallery.listing.methods)
    assert (first["id"], first["label"], first["family"]) == ("hf:owner_net", "hf:owner/net", "other")
    assert first["model"] is None
    last = gallery.listing.frames[-1].id
    np.testing.assert_allclose(
        gallery.depth(second["id"], last) / 256, labels.labels.read(frames[-1], (64, 96)), rtol=2e-3
    )


def test_depth_on_a_coarser_grid_is_stored_as_such_and_shown_in_full(tiny_models, tmp_path) -> None:
    photo = np.random.default_rng(0).integers(0, 255, (75, 101, 3)).astype(np.uint8)
    depth = Predictor(tiny_models["tiny_base"])(photo, fx_px=500.0)
    stored = encode_grid(depth)
    assert stored is not None
    assert png16.decode(stored).shape == depth.grid_depth_m.shape == (19, 26)
    path = put(tmp_path / "grids" / "f.png", stored)
    put(tmp_path / "whole" / "f.png", png16.encode(depth.depth_m))
    gallery = open_results(tmp_path)
    shown = gallery.depth("grids", "f")
    np.testing.assert_allclose(shown / 256, depth.depth_m, atol=1.01 / 256)
    assert not gallery.listing.frames[0].describe().get("sizes")
    assert probe(path).size == (101, 75)


def test_a_photo_seen_at_another_size_and_depth_of_every_pixel_are_stored_whole(tiny_models) -> None:
    photo = np.zeros((64, 64, 3), np.uint8)
    depth = Predictor(tiny_models["tiny_base"])(photo)
    assert encode_grid(replace(depth, network_size=(32, 32))) is None
    assert encode_grid(replace(depth, grid_depth_m=depth.depth_m)) is None
    assert encode_grid(replace(depth, grid_depth_m=None)) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a comment",
        "depth grid over 8x8, cut to 9x8, corners 0",
        "depth grid over 0x8, cut to 0x8, corners 0",
        "depth grid over 99999x99999, cut to 8x8, corners 0",
        "depth grid over 8x8, cut to 8x8, corners 0 and more",
    ],
)
def test_other_comments_are_no_grid(tmp_path, text) -> None:
    path = put(tmp_path / "a.png", png.encode_grey16(np.ones((8, 8), np.uint16), note=text))
    assert GridNote.read(png.read_note(path)) is None
    assert Grey16Decoder().depth(path).shape == (8, 8)


def test_what_a_gallery_lacks_is_told(tiny_world, tiny_models, tmp_path) -> None:
    source = open_source(f"kitti:{tiny_world}")
    frames = read_split(find_split(source, "val.txt"))
    build_gallery(source, frames, [open_network(tiny_models["tiny_base"])], tmp_path)
    (tmp_path / "tiny_base" / "0000.png").unlink()
    put(tmp_path / "ground_truth" / "0001.png", b"junk")
    put(tmp_path / "tiny_base" / "0001.png", magma(DEPTH))
    shutil.rmtree(tmp_path / "image")
    first, second = (frame.describe() for frame in open_gallery(tmp_path).listing.frames)
    assert first["missing"] == ["tiny_base"]
    assert not first["has_image"]
    assert set(second["broken"]) == {"ground_truth", "tiny_base"}


def test_an_index_that_is_wrong_is_refused(tmp_path) -> None:
    with pytest.raises(DataError, match="Can't read"):
        open_gallery(tmp_path)
    for content in ("{", "{}", json.dumps({"id": "a", "surprise": 1})):
        put(tmp_path / "gallery.json", content.encode())
        with pytest.raises(DataError, match=r"The gallery .*gallery\.json has \d+ fault"):
            open_gallery(tmp_path)


def test_a_photo_outside_the_gallery_is_not_shown(tiny_world, tiny_models, tmp_path) -> None:
    source = open_source(f"kitti:{tiny_world}")
    frames = read_split(find_split(source, "val.txt"))
    build_gallery(source, frames, [], tmp_path / "g")
    index = json.loads((tmp_path / "g" / "gallery.json").read_text())
    put(tmp_path / "secret.jpg", b"secret")
    index["frames"][0]["image"] = "../secret.jpg"
    put(tmp_path / "g" / "gallery.json", json.dumps(index).encode())
    assert open_gallery(tmp_path / "g").listing.frames[0].photo is None


def test_builder_refuses_what_can_not_be_meant(tiny_world, tiny_models, tmp_path) -> None:
    for wrong in ({"keep_bits": 2}, {"n_frames": 0}):
        with pytest.raises(ConfigError):
            BuildOptions(**wrong)
    source = open_source(f"kitti:{tiny_world}")
    frames = read_split(find_split(source, "val.txt"))
    one = open_network(tiny_models["tiny_base"])
    with pytest.raises(ConfigError, match="one name"):
        build_gallery(source, frames, [one, one], tmp_path)
    put(tmp_path / "file", b"")
    with pytest.raises(DataError, match="Can't write"):
        build_gallery(source, frames, [], tmp_path / "file")


def test_rounding_keeps_the_stated_bits() -> None:
    values = np.arange(65536).astype(np.uint16)
    kept = keep_significant(values, 9)
    assert (kept[:512] == values[:512]).all()
    error = np.abs(kept.astype(float) - values)[1:] / values[1:]
    assert error.max() <= 2**-9
    assert kept[65535] == 65535
    assert len(np.unique(kept)) < 5000


def test_frames_are_taken_evenly_and_titled_shortly() -> None:
    assert pick_evenly(list(range(10)), 4) == [0, 3, 6, 9]
    assert pick_evenly([1, 2], 5) == [1, 2]
    path = "2011_09_26/2011_09_26_drive_0048_sync/image_02/data/0000000001.png"
    assert frame_title(path) == "2011_09_26_drive_0048 · 0000000001"


@pytest.mark.parametrize("folder", shipped_galleries(), ids=lambda folder: folder.name)
def test_shipped_galleries_are_whole_and_are_what_the_shipped_models_see(folder) -> None:
    gallery = open_gallery(folder)
    assert len(gallery.listing.frames) >= 12
    assert all(not frame.missing and not frame.broken and frame.photo for frame in gallery.listing.frames)
    assert any(method.family == "ground_truth" for method in gallery.listing.methods)
    frame = gallery.listing.frames[5].id
    for method in gallery.listing.methods:
        if method.model is None:
            continue
        stored = gallery.depth(method.id, frame) / 256
        again = Predictor(method.model)(gallery.photo(frame)).depth_m
        # Stored with few significant bits; other machines may round the network's last digits otherwise.
        close = np.isclose(stored, again, rtol=4e-3, atol=0.01)
        assert close.mean() > 0.999, f"{method.id}: {np.abs(stored - again).max():.3f} m apart"


def test_photos_of_a_results_folder_may_be_shown(results) -> None:
    assert open_results(results).photo("f2").read_bytes() == b"a photo"


def test_eight_bit_grey_stays_a_picture_even_in_a_published_folder(tmp_path) -> None:
    path = tmp_path / "Teacher_bts" / "a.png"
    path.parent.mkdir()
    Image.fromarray(np.full((4, 5), 9, np.uint8)).save(path)
    gallery = open_results(tmp_path)
    assert gallery.listing.methods[0].decoder.unit == "rgb"
    assert gallery.rgb("Teacher_bts", "a").tolist() == np.full((4, 5, 3), 9).tolist()
