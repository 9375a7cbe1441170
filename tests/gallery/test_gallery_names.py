import pytest

from tiekd.gallery import names
from tiekd.gallery.names import frames_of

FRAMES = ["f0", "f1", "f10"]


def around(before: str, after: str, names: list[str] = FRAMES) -> list[str]:
    return [f"{before}{name}{after}" for name in names]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", "_pred"),
        ("", "_raw_depth_meter"),
        ("", "-dpt_next_vit_large_384"),
        ("", ".depth"),
        ("", "_16bit"),
        ("depth_", ""),
        ("2011_09_26/drive_0002/", ""),
        ("2011_09_26/drive_0002/pred_", "_m"),
        ("", "/depth"),
    ],
)
def test_what_a_method_writes_around_the_names_is_taken_off(before, after) -> None:
    named = around(before, after)
    expected = dict(zip(named, FRAMES, strict=True))
    same = dict(zip(FRAMES, FRAMES, strict=True))
    assert frames_of([FRAMES, named]) == [same, expected]
    assert frames_of([[], named, FRAMES]) == [{}, expected, same]
    assert frames_of([FRAMES, named[:1]])[1] == {named[0]: "f0"}


def test_methods_agree_where_no_file_has_the_bare_name() -> None:
    depth, pred = around("", "_depth"), around("", "_pred")
    assert [list(frames.values()) for frames in frames_of([depth, pred, pred])] == [FRAMES] * 3
    assert frames_of([["a_depth"], ["a_pred"]]) == [{"a_depth": "a"}, {"a_pred": "a"}]


@pytest.mark.parametrize("after", ["", "_net{}"])
def test_methods_that_each_lack_another_frame_are_compared_once(after, monkeypatch) -> None:
    frames = [f"f{number:02}" for number in range(30)]
    groups = [around("", after.format(i), frames[:i] + frames[i + 1 :]) for i in range(20)]
    compared = []
    mapped = names._mapped
    monkeypatch.setattr(names, "_mapped", lambda *both: compared.append(both) or mapped(*both))
    found = frames_of(groups)
    assert [list(own.values()) for own in found] == [frames[:i] + frames[i + 1 :] for i in range(20)]
    assert len(compared) == len(groups)


def test_digits_and_letters_have_a_border() -> None:
    assert frames_of([["0001", "0002"], ["pred0001", "pred0002"], ["0001depth", "0002depth"]]) == [
        {"0001": "0001", "0002": "0002"},
        {"pred0001": "0001", "pred0002": "0002"},
        {"0001depth": "0001", "0002depth": "0002"},
    ]


@pytest.mark.parametrize(
    "groups",
    [
        [["0", "1", "2"], ["10", "11", "12"]],
        [["a"], ["a_1"]],
        [["sceneA_0", "sceneA_1"], ["sceneB_0", "sceneB_1"]],
        [["f0_pred", "f1_pred"], ["f0_pred", "f1_pred"]],
        [["f0", "f0_pred"], ["f0", "f0_pred"]],
        [["x"], ["y"]],
        [[], []],
        [],
    ],
)
def test_other_names_stay_as_they_are(groups) -> None:
    assert frames_of(groups) == [{name: name for name in names} for names in groups]


def test_a_stray_file_does_not_hinder_the_others() -> None:
    assert frames_of([FRAMES, [*around("", "_pred"), "overview"]])[1]["f0_pred"] == "f0"


def test_one_name_stands_for_one_frame() -> None:
    found = frames_of([["f0", "f1"], ["f0", "f0_pred", "f1_pred"]])[1]
    assert found == {"f0": "f0", "f0_pred": "f0_pred", "f1_pred": "f1"}


def test_many_photos_do_not_outvote_the_methods() -> None:
    photos = [f"photo {number}" for number in range(500)]
    depth, pred = frames_of([photos, around("", "_depth"), around("", "_pred")])[1:]
    assert list(depth.values()) == list(pred.values()) == FRAMES


def test_folders_may_be_written_as_part_of_the_name() -> None:
    nested, flat = ["a/x/0", "a/x/1", "b/x/0"], ["a_x_0", "a_x_1", "b_x_0"]
    assert frames_of([nested, flat])[1] == dict(zip(flat, nested, strict=True))
    assert frames_of([flat, nested])[1] == dict(zip(nested, flat, strict=True))


def test_every_frame_may_lie_in_folders_of_its_own() -> None:
    nested = [f"seq{number}/out/{name}" for number, name in enumerate(FRAMES)]
    assert frames_of([FRAMES, nested])[1] == dict(zip(nested, FRAMES, strict=True))
    twice = ["a/f0", "b/f0", "a/f1", "b/f1"]
    assert frames_of([FRAMES, FRAMES, twice])[2] != {"a/f0": "f0", "b/f0": "f0", "a/f1": "f1", "b/f1": "f1"}


def test_folders_in_between_are_no_part_of_a_frame() -> None:
    plain = ["s1/f0", "s1/f1", "s2/f0"]
    nested = ["s1/image_02/f0", "s1/image_02/f1", "s2/image_02/f0"]
    deep = ["run/s1/depth/f0", "run/s1/depth/f1", "run/s2/depth/f0"]
    expected = [dict(zip(names, plain, strict=True)) for names in (plain, nested, deep)]
    assert frames_of([plain, nested, deep]) == expected
    assert frames_of([nested, plain, deep]) == [expected[1], expected[0], expected[2]]
    left_and_right = ["s1/left/f0", "s1/right/f0"]
    assert frames_of([["s1/f0"], ["s1/f0"], left_and_right])[2] == {name: name for name in left_and_right}


DRIVES = [
    ("2011_09_26", "0002", "0000000069"),
    ("2011_09_26", "0009", "0000000069"),
    ("2011_10_03", "0047", "0000000000"),
]
PHOTOS = [f"{day}/{day}_drive_{drive}_sync/image_02/data/{number}" for day, drive, number in DRIVES]


@pytest.mark.parametrize(
    "form",
    [
        "val/{day}_drive_{drive}_sync/proj_depth/groundtruth/image_02/{number}",
        "{day}_drive_{drive}_sync/proj_depth/velodyne_raw/image_02/{number}",
        "{day}_{day}_drive_{drive}_sync_image_02_data_{number}",
        "{day}_drive_{drive}_sync_groundtruth_depth_{number}_image_02",
        "{day}_drive_{drive}_sync_image_{number}_image_02",
        "{day}_drive_{drive}_sync_{number}",
        "{day}_drive_{drive}_sync/{number}_pred",
    ],
)
def test_kittis_own_names_are_of_one_frame(form) -> None:
    names = [form.format(day=day, drive=drive, number=number) for day, drive, number in DRIVES]
    assert frames_of([PHOTOS, names])[1] == dict(zip(names, PHOTOS, strict=True))
    assert set(frames_of([names, names, PHOTOS])[2].values()) <= {*names, *PHOTOS}


def test_kittis_two_cameras_are_not_mixed() -> None:
    tree = "{day}_drive_{drive}_sync/proj_depth/groundtruth/image_0{camera}/{number}"
    both = [tree.format(day=d, drive=n, number=f, camera=camera) for d, n, f in DRIVES for camera in (2, 3)]
    photos, truth = frames_of([PHOTOS, both])
    assert photos == dict(zip(PHOTOS, both[::2], strict=True))
    assert truth == {name: name for name in both}
    unsaid = ["2011_09_26_drive_0002_sync_0000000069"]  # A camera that is not said is that of all others.
    assert frames_of([PHOTOS, unsaid])[1] == {unsaid[0]: PHOTOS[0]}
    assert frames_of([both, unsaid])[1] == {unsaid[0]: unsaid[0]}
