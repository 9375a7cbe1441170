import io
import os
import socket
import struct
import zipfile
import zlib

import numpy as np
import pytest
from PIL import Image

from tiekd.codecs import arrays, png16
from tiekd.codecs.arrays import npy_bytes, npz_bytes
from tiekd.codecs.depth_file import SUFFIXES, probe_depth_file, read_depth_file
from tiekd.codecs.png import encode_rgb
from tiekd.errors import DataError

DEPTH = np.linspace(0.5, 90, 8 * 12, dtype=np.float32).reshape(8, 12)


def tiff(pixels, **options):
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "TIFF", **options)
    return buffer.getvalue()


def pfm(depth, *, order="<", kind=b"Pf", factor=1.0, newline=b"\n"):
    scale = -factor if order == "<" else factor
    size = b"%d %d" % depth.shape[:2][::-1]
    return newline.join((kind, size, b"%g" % scale, b"")) + depth[::-1].astype(f"{order}f4").tobytes()


def put(tmp_path, name, data):
    (tmp_path / name).write_bytes(data)
    return tmp_path / name


@pytest.mark.parametrize(
    ("name", "data", "form"),
    [
        ("a.npy", npy_bytes(DEPTH), "npy"),
        ("a.NPY", npy_bytes(DEPTH.astype(np.float64)), "npy"),
        ("a.npy", npy_bytes(np.asfortranarray(DEPTH)[None, ..., None]), "npy"),
        ("a.npy", npy_bytes(DEPTH.astype(">f4")), "npy"),
        ("a.npz", npz_bytes(conf=DEPTH * 0, depth=DEPTH), "npz, array 'depth'"),
        ("a.npz", npz_bytes(anything=DEPTH[None]), "npz, array 'anything'"),
        ("a.tiff", tiff(DEPTH), "float TIFF"),
        ("a.TIF", tiff(DEPTH, compression="tiff_lzw"), "float TIFF"),
        ("a.pfm", pfm(DEPTH), "PFM"),
        ("a.PFM", pfm(DEPTH, order=">"), "PFM"),
        ("a.pfm", pfm(DEPTH, newline=b"\r\n"), "PFM"),
        ("a.pfm", pfm(DEPTH, newline=b" "), "PFM"),
    ],
)
def test_floats_are_metres_in_every_format(tmp_path, name, data, form):
    path = put(tmp_path, name, data)
    found = read_depth_file(path)
    np.testing.assert_array_equal(found.values, DEPTH)
    np.testing.assert_array_equal(found.metres(256), DEPTH)
    assert found.values.dtype == np.float32
    assert (found.header.form, found.header.whole) == (form, False)
    assert probe_depth_file(path) == found.header


def test_half_precision_is_metres_too(tmp_path):
    found = read_depth_file(put(tmp_path, "a.npy", npy_bytes(DEPTH.astype(np.float16))))
    np.testing.assert_allclose(found.values, DEPTH, rtol=1e-3)


MILLIMETRES = np.round(DEPTH * 500).astype(np.uint16)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.npy", npy_bytes(MILLIMETRES)),
        ("a.npy", npy_bytes(MILLIMETRES.astype(np.int64))),
        ("a.npz", npz_bytes(depth_m=MILLIMETRES)),
        ("a.png", png16.encode_grey16(MILLIMETRES)),
        ("a.PNG", png16.encode_grey16(MILLIMETRES, small=True)),
        ("a.tif", tiff(MILLIMETRES)),
        ("a.tiff", tiff(MILLIMETRES.astype(np.int32), compression="tiff_deflate")),
    ],
)
def test_whole_numbers_need_a_scale(tmp_path, name, data):
    path = put(tmp_path, name, data)
    found = read_depth_file(path)
    assert found.header.whole
    assert probe_depth_file(path) == found.header
    np.testing.assert_array_equal(found.values, MILLIMETRES.astype(np.float32))
    np.testing.assert_allclose(found.metres(500), DEPTH, atol=1e-3)


@pytest.mark.parametrize("hole", [np.nan, np.inf, -np.inf, -1.0, 0.0])
@pytest.mark.parametrize(
    ("name", "of"), [("a.npy", npy_bytes), ("a.tiff", tiff), ("a.pfm", pfm)], ids=["npy", "tiff", "pfm"]
)
def test_what_is_no_depth_becomes_0(tmp_path, hole, name, of):
    depth = DEPTH.copy()
    depth[2, 3] = hole
    values = read_depth_file(put(tmp_path, name, of(depth))).values
    assert values[2, 3] == 0
    assert np.count_nonzero(values) == DEPTH.size - 1


def test_a_number_beyond_float32_is_no_depth(tmp_path):
    depth = DEPTH.astype(np.float64)
    depth[0, 0] = 1e300
    assert read_depth_file(put(tmp_path, "a.npy", npy_bytes(depth))).values[0, 0] == 0


def npz_of(member, *, packed=zipfile.ZIP_DEFLATED):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", packed) as archive:
        archive.writestr("depth.npy", member)
    return buffer.getvalue()


def claiming(shape, dtype="<f4"):
    buffer = io.BytesIO()
    np.lib.format.write_array_header_1_0(buffer, {"descr": dtype, "fortran_order": False, "shape": shape})
    return buffer.getvalue()


def pickled():
    buffer = io.BytesIO()
    np.save(buffer, np.array([[{"a": 1}, 2]], object), allow_pickle=True)
    return buffer.getvalue()


HUGE = (10**6, 10**6)


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("s.npy", npy_bytes(DEPTH)[:-3], "x is cut off"),
        ("s.npy", b"\x93NUMPY", "x is no array of numbers: "),
        ("s.npy", b"", "x is no array of numbers: "),
        ("s.npy", npy_bytes(np.zeros((2, 3, 4))), r"x holds float64 \[2, 3, 4\], not depth \[H, W\]"),
        ("s.npy", npy_bytes(np.zeros(5)), r"x holds float64 \[5\], not depth"),
        ("s.npy", npy_bytes(DEPTH > 1), "x holds bool"),
        ("s.npy", npy_bytes(np.zeros((0, 3))), "x holds float64"),
        ("s.npy", npy_bytes(DEPTH + 1j), "x holds complex64"),
        ("s.npy", pickled(), "x holds Python objects"),
        ("s.npz", npz_of(pickled()), "x holds no array that is known"),
        ("s.npy", claiming(HUGE), "x has 1000000x1000000 numbers, more than 64 million"),
        ("s.npz", npz_of(claiming(HUGE)), "x has 1000000x1000000 numbers"),
        ("s.npz", npz_of(claiming((60, 100))), "x is cut off"),
        ("s.npz", npz_of(npy_bytes(DEPTH), packed=zipfile.ZIP_LZMA), "x is packed"),
        ("s.npz", npz_bytes(a=DEPTH, b=DEPTH), "x holds several arrays that can be depth: a float32"),
        ("s.npz", b"PK\x05\x06" + bytes(18), "x holds no array .*: it is empty"),
        ("s.npz", npz_bytes(depth=DEPTH)[:-40], "x is no array of numbers: "),
        ("s.tiff", tiff(DEPTH.astype(np.uint8)), "x is a TIFF of mode L"),
        ("s.tiff", tiff(DEPTH, save_all=True, append_images=[Image.fromarray(DEPTH)]), "x has 2 pages"),
        ("s.tiff", png16.encode(DEPTH), "x can't be read: it is a PNG, in spite of its name"),
        ("s.pfm", pfm(np.stack([DEPTH] * 3, -1), kind=b"PF"), "x is a PFM of three channels"),
        ("s.pfm", pfm(DEPTH, factor=0.25), "x states a factor of 0.25"),
        ("s.pfm", pfm(DEPTH, factor=0.0), "x states a factor of 0"),
        ("s.pfm", pfm(DEPTH)[:-9], "x is not as long as its header says"),
        ("s.pfm", pfm(DEPTH) + bytes(4), "x is not as long as its header says"),
        ("s.pfm", b"Pf\n0 5\n-1\n", "x is no PFM"),
        ("s.pfm", b"", "x can't be read: it is empty"),
        ("s.pfm", b"P5\n2 2\n255\nabcd", "x is no PFM"),
        ("s.pfm", b"Pf\n100000 100000\n-1\n", "x has 100000x100000 pixels"),
        ("s.png", encode_rgb(np.zeros((4, 4, 3), np.uint8)), "x is a PNG of mode RGB"),
        ("s.exr", b"\x76\x2f\x31\x01", "x is an OpenEXR picture, which can't be read"),
        ("s.xyz", b"", "x is a file of the unknown kind .xyz"),
    ],
)
def test_other_files_are_refused_by_their_header(tmp_path, name, data, said):
    path = put(tmp_path, name, data)
    for function in (probe_depth_file, read_depth_file):
        with pytest.raises(DataError, match=f"^{said}") as caught:
            function(path, where="x")
        assert str(tmp_path) not in str(caught.value)
        assert caught.value.hint


@pytest.mark.parametrize(
    ("name", "data"),
    [("a.tiff", tiff(DEPTH)[:-9]), ("a.png", png16.encode(DEPTH)[:-40])],
)
def test_a_file_that_ends_too_early(tmp_path, name, data):
    with pytest.raises(DataError, match=r"^x can't be read: "):
        read_depth_file(put(tmp_path, name, data), where="x")


def test_an_array_that_unpacks_to_many_times_its_size(tmp_path, monkeypatch):
    monkeypatch.setattr(arrays, "_SURELY_SMALL", 1 << 16)
    flat, honest = np.zeros((400, 500), np.float32), np.random.default_rng(0).random((400, 500)) + 1
    for depth, packed in ((flat, True), (honest, False)):
        np.savez_compressed(tmp_path / "a.npz", mask=np.ones((4000, 500), bool), depth=depth)
        if packed:
            with pytest.raises(DataError, match=r"unpacks to \d+ times its size"):
                probe_depth_file(tmp_path / "a.npz")
        else:
            assert read_depth_file(tmp_path / "a.npz").values.shape == (400, 500)


def test_other_files_in_an_npz_are_passed_over(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("README.txt", "about the depth")
        archive.writestr("depth.npy", npy_bytes(DEPTH))
    np.testing.assert_array_equal(read_depth_file(tmp_path / "a.npz").values, DEPTH)


def test_numbers_of_eight_bytes_have_half_the_limit(tmp_path):
    with pytest.raises(DataError, match="has 6000x6000 numbers of float64"):
        probe_depth_file(put(tmp_path, "a.npy", claiming((6000, 6000), "<f8")))


@pytest.mark.parametrize("side", [12_000, 200_000])
def test_a_16_bit_png_that_claims_to_be_huge(tmp_path, side):
    data = bytearray(png16.encode(DEPTH, small=True))
    data[16:24] = struct.pack(">II", side, side)
    data[29:33] = struct.pack(">I", zlib.crc32(data[12:29]))
    with pytest.raises(DataError, match="has far too many pixels"):
        png16.decode(bytes(data))
    with pytest.raises(DataError, match=r"it has far too many pixels|more than 64 million"):
        probe_depth_file(put(tmp_path, "a.png", bytes(data)))


def test_a_16_bit_png_of_too_many_pixels(tmp_path, monkeypatch):
    monkeypatch.setattr(png16, "MAX_PIXELS", 50)
    path = put(tmp_path, "a.png", png16.encode(DEPTH, small=True))
    for function in (probe_depth_file, read_depth_file):
        with pytest.raises(DataError, match="has 12x8 pixels, more than"):
            function(path)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_only_regular_files_are_opened(tmp_path, suffix):
    pipe, folder, link = (tmp_path / f"{name}{suffix}" for name in ("pipe", "folder", "device"))
    os.mkfifo(pipe)
    folder.mkdir()
    link.symlink_to("/dev/zero")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / f"s{suffix}"))
        for path, kind in (
            (pipe, "pipe"),
            (folder, "folder"),
            (link, "device"),
            (tmp_path / f"s{suffix}", "socket"),
        ):
            with pytest.raises(DataError, match=f": it is a {kind}, not a file"):
                read_depth_file(path)


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(DataError, match=r"b\.npy is no array of numbers: No such file"):
        read_depth_file(tmp_path / "b.npy")
