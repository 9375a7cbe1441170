"""The quick reader gives what Pillow gives, or leaves the file to Pillow."""

import struct
import zlib
from itertools import pairwise

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from tiekd.codecs.photo import read_photo
from tiekd.codecs.png import SIGNATURE, encode_grey16, encode_rgb
from tiekd.codecs.png16 import decode
from tiekd.codecs.png_read import decode_plain
from tiekd.errors import DataError, ImageError

RNG = np.random.default_rng(0)
COLOUR = RNG.integers(0, 256, (20, 31, 3), dtype=np.uint8)
DEPTH = RNG.integers(0, 65536, (20, 31), dtype=np.uint16)


def chunk(kind, content):
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png(rows, *, bit_depth, color_type, size=None, interlaced=0, extra=b"", parts=1):
    """A PNG of `rows` (bytes, each after the number of its filter), as any program might write it."""
    height, width = size or COLOUR.shape[:2]
    header = struct.pack(">IIBBBBB", width, height, bit_depth, color_type, 0, 0, interlaced)
    body = zlib.compress(rows)
    cuts = [len(body) * part // parts for part in range(parts + 1)]
    data = b"".join(chunk(b"IDAT", body[a:b]) for a, b in pairwise(cuts))
    return SIGNATURE + chunk(b"IHDR", header) + extra + data + chunk(b"IEND", b"")


def rows_of(pixels, number=0):
    values = pixels.astype(">u2") if pixels.dtype == np.uint16 else pixels
    return b"".join(bytes([number]) + row.tobytes() for row in values)


def stored(tmp_path, data):
    path = tmp_path / "picture.png"
    path.write_bytes(data)
    return path


PLAIN = {
    "colour": (encode_rgb(COLOUR), COLOUR),
    "depth": (encode_grey16(DEPTH), DEPTH),
    "depth with a note": (encode_grey16(DEPTH, note="0123 45"), DEPTH),
    "unfiltered colour": (png(rows_of(COLOUR), bit_depth=8, color_type=2), COLOUR),
    "unfiltered depth": (png(rows_of(DEPTH), bit_depth=16, color_type=0), DEPTH),
    "in parts, with a gamma": (
        png(rows_of(COLOUR), bit_depth=8, color_type=2, parts=3, extra=chunk(b"gAMA", bytes(4))),
        COLOUR,
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", PLAIN)
def test_plain_files_are_read_as_pillow_reads_them(tmp_path, kind):
    data, pixels = PLAIN[kind]
    path = stored(tmp_path, data)
    read = decode_plain(path.read_bytes())
    assert read.dtype == pixels.dtype
    assert np.array_equal(read, pixels)
    with Image.open(path) as picture:
        assert np.array_equal(np.asarray(picture), pixels)


def with_pillow(tmp_path, pixels, **options):
    path = tmp_path / "picture.png"
    Image.fromarray(pixels).save(path, **options)
    return path


def test_other_files_are_left_to_pillow(tmp_path):
    smooth = np.add.outer(np.arange(40), np.arange(60)).astype(np.uint8)
    colour = np.stack([smooth, smooth // 2, 255 - smooth], axis=2)
    path = with_pillow(tmp_path, colour)
    assert decode_plain(path.read_bytes()) is None, "Pillow filters every row as suits it"
    assert np.array_equal(read_photo(path), colour)
    assert decode_plain(with_pillow(tmp_path, smooth).read_bytes()) is None
    assert decode_plain(with_pillow(tmp_path, np.dstack([colour, smooth])).read_bytes()) is None
    path = with_pillow(tmp_path, smooth.astype(np.uint16) * 250)
    assert np.array_equal(decode(path), smooth.astype(np.uint16) * 250)
    assert decode_plain(b"\xff\xd8\xff") is None


def test_what_changes_how_a_picture_is_shown_is_left_to_pillow(tmp_path):
    profile = PngImagePlugin.PngInfo()
    profile.add_text("Raw profile type exif", "exif")
    assert decode_plain(with_pillow(tmp_path, COLOUR, pnginfo=profile).read_bytes()) is None
    exif = Image.Exif()
    exif[0x0112] = 6
    path = with_pillow(tmp_path, COLOUR, exif=exif)
    assert decode_plain(path.read_bytes()) is None
    assert read_photo(path).shape == (31, 20, 3)
    seen_through = png(rows_of(COLOUR), bit_depth=8, color_type=2, extra=chunk(b"tRNS", bytes(6)))
    assert decode_plain(seen_through) is None


@pytest.mark.parametrize(
    "data",
    [
        b"", SIGNATURE, encode_rgb(COLOUR)[:-20], encode_rgb(COLOUR)[:200],
        encode_rgb(COLOUR).replace(b"IDAT", b"IDAX"),
        encode_rgb(COLOUR)[:100] + b"\x00\x01" + encode_rgb(COLOUR)[102:],
        png(rows_of(COLOUR)[:-1], bit_depth=8, color_type=2),
        png(rows_of(COLOUR) + b"0", bit_depth=8, color_type=2),
        png(rows_of(COLOUR, 2), bit_depth=8, color_type=2),
        png(rows_of(COLOUR, 9), bit_depth=8, color_type=2),
        png(rows_of(COLOUR), bit_depth=8, color_type=2, interlaced=1),
        png(b"", bit_depth=8, color_type=2, size=(0, 31)),
        png(b"\0", bit_depth=8, color_type=2, size=(1 << 30, 1 << 30)),
    ],
)  # fmt: skip
def test_damaged_and_unusual_files_are_no_business_of_it(data):
    assert decode_plain(data) is None


def test_a_picture_that_is_too_large_is_refused_however_it_is_stored(tmp_path):
    assert decode_plain(encode_rgb(COLOUR), max_pixels=20 * 31) is not None
    assert decode_plain(encode_rgb(COLOUR), max_pixels=20 * 31 - 1) is None
    with pytest.raises(ImageError, match="31x20 pixels"):
        read_photo(stored(tmp_path, encode_rgb(COLOUR)), max_pixels=20 * 31 - 1)


def test_pixels_can_be_changed():
    for data, _ in PLAIN.values():
        assert decode_plain(data).flags.writeable


def test_a_damaged_file_is_told_by_pillow(tmp_path):
    with pytest.raises(DataError, match=r"picture\.png"):
        decode(stored(tmp_path, encode_grey16(DEPTH)[:-200]))
    with pytest.raises(DataError, match="not 16-bit greyscale"):
        decode(stored(tmp_path, encode_rgb(COLOUR)))
    assert (read_photo(stored(tmp_path, encode_grey16(DEPTH)))[..., 0] == DEPTH >> 8).all()
