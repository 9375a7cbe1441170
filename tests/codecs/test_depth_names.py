import pytest

from tiekd.codecs.depth_names import likeness, says_inverse, says_other, without_depth_words


@pytest.mark.parametrize(
    ("name", "how_surely"),
    [
        ("depth", 0),
        ("Depth", 0),
        ("/head/depth:0", 0),
        ("depth.1", 0),
        ("predicted_depth", 1),
        ("depthMap", 1),
        ("metric_depth_m", 1),
        ("output_depth", 1),
        ("pred", 2),
        ("prediction", 2),
        ("depth_conf", None),
        ("depth_logits", None),
        ("depth_features", None),
        ("output", None),
        ("607", None),
    ],
)
def test_names_of_depth(name, how_surely) -> None:
    assert likeness(name) == how_surely


@pytest.mark.parametrize("name", ["conf", "depthConf", "valid_mask", "sky_prob", "logits", "normals", "var"])
def test_names_of_something_beside_depth(name) -> None:
    assert says_other(name)
    assert not says_inverse(name)


@pytest.mark.parametrize("name", ["disp", "disparity_0", "inv_depth", "invDepth", "idepth", "inverse_depth"])
def test_names_of_inverse_depth(name) -> None:
    assert says_other(name)
    assert says_inverse(name)


def test_words_of_depth_at_the_end_of_a_file_name() -> None:
    for end in ("_pred", "_depth_pred16", "_raw_depth_meter", "-depth", "_depth_16bit"):
        assert without_depth_words(f"room_1{end}") == "room_1"
    for name in ("room_16", "depth", "room_depth_2", "conf"):
        assert without_depth_words(name) == name
