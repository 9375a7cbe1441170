"""Ground truth as people store it: its form, its unit, and which way up it is."""

import io

import numpy as np
import pytest
from PIL import Image

from tiekd.codecs import png16
from tiekd.codecs.arrays import npy_bytes, npz_bytes
from tiekd.data.check import check_data
from tiekd.data.dataset import LooseFrames
from tiekd.data.frames import Frame, open_source
from tiekd.errors import DataError

DEPTH = np.linspace(2, 40, 48, dtype=np.float32)[:, None] + np.linspace(0, 2, 64, dtype=np.float32)
UPRIGHT_BY_HAND = {
    1: lambda a: a,
    2: lambda a: a[:, ::-1],
    3: lambda a: a[::-1, ::-1],
    4: lambda a: a[::-1],
    5: lambda a: a.T,
    6: lambda a: np.rot90(a, -1),
    7: lambda a: np.rot90(a, 2).T,
    8: np.rot90,
}
STORED_FROM = {**UPRIGHT_BY_HAND, 6: UPRIGHT_BY_HAND[8], 8: UPRIGHT_BY_HAND[6]}
"""How an upright array is laid for a file of that orientation: the inverse of turning it upright."""


def picture(tmp_path, upright, orientation, name="a.jpg"):
    """A photo whose grey level follows depth, stored with an orientation."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    grey = np.ascontiguousarray(STORED_FROM[orientation]((upright * 5).astype(np.uint8)))
    Image.fromarray(np.stack([grey] * 3, axis=-1)).save(tmp_path / name, quality=98, exif=exif)


def both(tmp_path, frame=None):
    return open_source(f"folder:{tmp_path}").read_both(frame or Frame("a.jpg", "d.png"))


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("size", [(48, 64), (64, 64)])
def test_ground_truth_is_turned_as_its_picture(tmp_path, orientation, size):
    upright = np.ascontiguousarray(np.resize(DEPTH, (64, 64))[: size[0], : size[1]])
    upright[:4, :4] = 0
    picture(tmp_path, upright, orientation)
    stored = np.ascontiguousarray(STORED_FROM[orientation](upright))
    (tmp_path / "d.png").write_bytes(png16.encode(stored))
    photo, depth = both(tmp_path)
    assert photo.size == photo.pixels.shape[:2] == depth.shape == size
    np.testing.assert_allclose(depth, upright, atol=1 / 256)
    assert np.abs(photo.pixels[..., 0] / 5.0 - depth)[5:, 5:].mean() < 1, "depth fits what the picture shows"


@pytest.mark.parametrize("orientation", [5, 6, 7, 8])
def test_ground_truth_of_the_upright_size_alone_is_upright(tmp_path, orientation):
    picture(tmp_path, DEPTH, orientation)
    (tmp_path / "d.png").write_bytes(png16.encode(DEPTH))
    np.testing.assert_allclose(both(tmp_path)[1], DEPTH, atol=1 / 256)
    result = check_data(open_source(f"folder:{tmp_path}"), [Frame("a.jpg", "d.png")], crop="none")
    assert (result.faults, result.n_turned) == ([], 0)


@pytest.mark.parametrize("orientation", [2, 3, 6])
def test_check_counts_turned_frames_and_training_reads_them(tmp_path, orientation):
    picture(tmp_path, DEPTH, orientation)
    stored = np.ascontiguousarray(STORED_FROM[orientation](DEPTH))
    (tmp_path / "d.png").write_bytes(png16.encode(stored))
    source, frame = open_source(f"folder:{tmp_path}"), Frame("a.jpg", "d.png")
    result = check_data(source, [frame], crop="none")
    assert (result.faults, result.n_turned) == ([], 1)
    np.testing.assert_allclose(LooseFrames(source, [frame])[0].depth[0], DEPTH, atol=1 / 256)


def test_a_size_that_fits_neither_names_the_orientation(tmp_path):
    picture(tmp_path, DEPTH, 6)
    (tmp_path / "d.png").write_bytes(png16.encode(DEPTH[:40]))
    said = r"64x48 \(stored as 48x64 and turned by its EXIF orientation\)"
    with pytest.raises(DataError, match=said):
        both(tmp_path)
    (fault,) = check_data(open_source(f"folder:{tmp_path}"), [Frame("a.jpg", "d.png")], crop="none").faults
    assert (fault.kind, "EXIF orientation" in fault.detail) == ("misshapen", True)


def tiff(pixels):
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "TIFF")
    return buffer.getvalue()


FORMS = {
    "d.npy": npy_bytes(DEPTH),
    "d.NPY": npy_bytes(DEPTH.astype(np.float64)),
    "d.npz": npz_bytes(depth=DEPTH, confidence=DEPTH),
    "d.tiff": tiff(DEPTH),
    "d.tif": tiff(np.round(DEPTH * 256).astype(np.uint16)),
    "d.pfm": b"Pf\n64 48\n-1\n" + DEPTH[::-1].astype("<f4").tobytes(),
    "whole.npy": npy_bytes(np.round(DEPTH * 256).astype(np.uint16)),
}


@pytest.mark.parametrize("name", FORMS)
def test_every_form_is_read_and_kept_in_the_cache(tmp_path, name):
    from tiekd.data.cache import cached

    picture(tmp_path, DEPTH, 1)
    (tmp_path / name).write_bytes(FORMS[name])
    source, frame = open_source(f"folder:{tmp_path}"), Frame("a.jpg", name)
    whole = name in ("d.tif", "whole.npy")
    tolerance = 1 / 256 if whole else 1e-6
    np.testing.assert_allclose(source.read_both(frame)[1], DEPTH, atol=tolerance)
    assert check_data(source, [frame], crop="none").faults == []
    kept = cached(LooseFrames(source, [frame]), folder=tmp_path / "cache")[0]
    np.testing.assert_allclose(kept.depth[0], DEPTH, atol=tolerance)


def test_a_cache_does_not_mix_what_is_declared(tmp_path):
    from tiekd.data.cache import cached

    picture(tmp_path, DEPTH, 1)
    (tmp_path / "d.png").write_bytes(png16.encode(DEPTH, scale=1000))
    found = {}
    for declared in ("", ",scale=1000", ",scale=1000,max_depth_m=20", ",scale=1000,missing=2000"):
        source = open_source(f"folder:{tmp_path}{declared}")
        loose = LooseFrames(source, [Frame("a.jpg", "d.png")])
        found[declared] = cached(loose, folder=tmp_path / "cache")[0].depth
        np.testing.assert_allclose(found[declared], loose[0].depth, atol=1e-3)
    assert float(found[",scale=1000,max_depth_m=20"].max()) <= 20
    assert float(found[",scale=1000,missing=2000"][0, 0, 0]) == 0


def test_floats_in_millimetres_and_their_marks(tmp_path):
    picture(tmp_path, DEPTH, 1)
    marked = np.where(DEPTH > 38, 1e9, DEPTH * 1000).astype(np.float32)
    marked[0, 0], marked[0, 1], marked[0, 2] = np.nan, np.inf, -1
    np.save(tmp_path / "d.npy", marked)
    frame = Frame("a.jpg", "d.npy")
    (fault,) = check_data(open_source(f"folder:{tmp_path}"), [frame], crop="none").faults
    assert fault.kind == "misscaled"
    assert "scale=1000 (millimetres)" in fault.detail
    assert "declare missing=1e+09" in fault.detail
    source = open_source(f"folder:{tmp_path},scale=1000,missing=1e9")
    assert check_data(source, [frame], crop="none").faults == []
    expected = np.where(DEPTH > 38, 0, DEPTH)
    expected[0, :3] = 0
    np.testing.assert_allclose(source.read_both(frame)[1], expected, rtol=1e-5)


@pytest.mark.parametrize(
    ("name", "content", "kind", "said"),
    [
        ("d.npy", FORMS["d.npy"][:500], "corrupt", "cut off"),
        ("d.npy", b"no array", "corrupt", "is no array"),
        ("d.tiff", FORMS["d.tiff"][:200], "corrupt", "can't be read"),
        ("d.pfm", FORMS["d.pfm"][:200], "corrupt", "not as long as its header says"),
        ("d.png", b"no picture", "corrupt", "it is no PNG, in spite of its name"),
        ("d.npy", npy_bytes(np.zeros((48, 64, 3), np.float32)), "misscaled", "not depth"),
        ("d.npz", npz_bytes(left=DEPTH, right=DEPTH), "misscaled", "several arrays"),
        ("d.tiff", tiff(np.zeros((48, 64, 3), np.uint8)), "misscaled", "holds no depth"),
        ("d.exr", b"v/1\x01", "unread", "OpenEXR"),
        ("d.jpg", b"", "unread", "can't be read"),
        ("d.txt", b"1 2 3", "unread", "can't be read"),
    ],
)
def test_what_is_not_read_is_told_from_what_is_damaged(tmp_path, name, content, kind, said):
    picture(tmp_path, DEPTH, 1)
    (tmp_path / name).write_bytes(content)
    source, frame = open_source(f"folder:{tmp_path}"), Frame("a.jpg", name)
    result = check_data(source, [frame], crop="none")
    (fault,) = result.faults
    assert (fault.kind, fault.file) == (kind, name)
    assert said in fault.detail
    assert not any("elete" in advice for advice in result.to_json()["advice"].values())
    with pytest.raises(DataError, match=name.replace(".", r"\.")):
        source.read_both(frame)


def test_depth_of_others_that_lies_on_its_side_is_told_with_its_reason(tmp_path):
    from tiekd.data.crops import Box
    from tiekd.estimators import open_estimator
    from tiekd.estimators.base import Picture, Window

    picture(tmp_path, DEPTH, 6)
    (tmp_path / "labels").mkdir()
    (tmp_path / "labels/a.png").write_bytes(png16.encode(np.ascontiguousarray(STORED_FROM[6](DEPTH))))
    labels, frame = open_estimator(f"labels:{tmp_path / 'labels'},scale=256"), Frame("a.jpg")
    image = open_source(f"folder:{tmp_path}").read_image(frame)
    for window in (None, Window(image.shape[:2], Box(0, 0, *image.shape[:2]))):
        with pytest.raises(DataError) as caught:
            labels.estimate(Picture(image, frame, window))
        assert "EXIF orientation" in caught.value.hint
