import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from tiekd.codecs import png, png16
from tiekd.errors import DataError

RANDOM = np.random.default_rng(0)


@pytest.mark.parametrize("small", [False, True])
@pytest.mark.parametrize("size", [(1, 1), (7, 1), (1, 9), (37, 53)])
def test_grey16_is_read_back_exactly_by_pillow(size: tuple[int, int], small: bool) -> None:
    values = RANDOM.integers(0, 65536, size).astype(np.uint16)
    data = png.encode_grey16(values, small=small)
    with Image.open(io.BytesIO(data)) as image:
        assert image.mode.startswith("I")
        np.testing.assert_array_equal(np.asarray(image), values)
    np.testing.assert_array_equal(png16.decode(data), values)


def test_small_is_smaller_on_a_smooth_map() -> None:
    values = (np.add.outer(np.arange(200), np.arange(300)) * 13).astype(np.uint16)
    assert len(png.encode_grey16(values, small=True)) < len(png.encode_grey16(values))


def test_rgb_and_palette_pictures_are_read_back_exactly() -> None:
    pixels = RANDOM.integers(0, 256, (11, 23, 3)).astype(np.uint8)
    assert (np.asarray(Image.open(io.BytesIO(png.encode_rgb(pixels)))) == pixels).all()
    index = RANDOM.integers(0, 256, (11, 23)).astype(np.uint8)
    table = RANDOM.integers(0, 256, (256, 3)).astype(np.uint8)
    shown = Image.open(io.BytesIO(png.encode_palette(index, table))).convert("RGB")
    np.testing.assert_array_equal(np.asarray(shown), table[index])


def test_every_chunk_has_its_checksum() -> None:
    data = png.encode_grey16(np.zeros((3, 4), np.uint16))
    assert data.startswith(png.SIGNATURE)
    at, kinds = 8, []
    while at < len(data):
        (length,) = struct.unpack_from(">I", data, at)
        kind, body = data[at + 4 : at + 8], data[at + 8 : at + 8 + length]
        assert struct.unpack_from(">I", data, at + 8 + length) == (zlib.crc32(kind + body),)
        kinds.append(kind)
        at += 12 + length
    assert kinds == [b"IHDR", b"IDAT", b"IEND"]


def test_stored_depth_is_rounded_kept_in_reach_and_zero_only_without_depth() -> None:
    depth = np.array([[0.0, -1.0, np.nan, np.inf, 1e-6, 1.0, 10.0019, 80.0, 300.0]], np.float32)
    assert png16.to_uint16(depth).tolist() == [[0, 0, 0, 0, 1, 256, 2560, 20480, 65535]]
    assert png16.to_uint16(np.array([[1.2346]]), scale=1000).tolist() == [[1235]]
    np.testing.assert_allclose(png16.to_metres(np.array([[512]], np.uint16)), [[2.0]])


def test_what_is_not_16_bit_grey_is_refused_with_its_mode(tmp_path) -> None:
    path = tmp_path / "colour.png"
    Image.new("RGB", (3, 3)).save(path)
    with pytest.raises(DataError, match=r"colour\.png is a PNG of mode RGB"):
        png16.decode(path)
    with pytest.raises(DataError, match="no file"):
        png16.decode(tmp_path / "absent.png")
    with pytest.raises(DataError, match="is not a PNG"):
        png16.decode(b"<html>")
    whole = png.encode_grey16(RANDOM.integers(0, 65536, (40, 40)).astype(np.uint16))
    with pytest.raises(DataError, match="can't be read"):
        png16.decode(whole[: len(whole) // 2])
