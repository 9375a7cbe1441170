"""Files that ask for much more work than their size and their pixels say are refused by their header."""

import io
import struct
import tracemalloc
import warnings
import zlib

import numpy as np
import pytest
from PIL import Image

from tiekd.codecs import untrusted
from tiekd.codecs.photo import FORMATS, decode_photo, image_size, open_photo
from tiekd.errors import ImageError

SCENE = np.random.default_rng(3).integers(0, 256, (24, 40, 3)).astype(np.uint8)
ORIENTATION = 0x0112


def saved(fmt: str, image: Image.Image | None = None, **options) -> bytes:
    buffer = io.BytesIO()
    (image or Image.fromarray(SCENE)).save(buffer, fmt, **options)
    return buffer.getvalue()


def scans(n_more: int, *, size=(64, 64), progressive: bool = True) -> bytes:
    """A JPEG whose last scan comes `n_more` times."""
    data = saved("JPEG", Image.new("RGB", size, (90, 120, 60)), progressive=progressive)
    last = data[data.rindex(b"\xff\xda") : -2]
    return data[:-2] + last * n_more + data[-2:]


def png_chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png_with(*chunks: bytes) -> bytes:
    data = saved("PNG")
    return data[:33] + b"".join(chunks) + data[33:]


def png_in_pieces(piece_bytes: int) -> bytes:
    """A PNG whose pixels are spread over many chunks."""
    raw = zlib.compress(b"\0" + bytes(39) + bytes(40 * 999), 0)
    pieces = [raw[at : at + piece_bytes] for at in range(0, len(raw), piece_bytes)]
    header = png_chunk(b"IHDR", struct.pack(">IIBBBBB", 39, 1000, 8, 0, 0, 0, 0))
    body = b"".join(png_chunk(b"IDAT", piece) for piece in pieces)
    return b"\x89PNG\r\n\x1a\n" + header + body + png_chunk(b"IEND", b"")


def jpeg_with(segments: bytes) -> bytes:
    data = saved("JPEG")
    return data[:2] + segments + data[2:]


def gif_with(blocks: bytes) -> bytes:
    data = saved("GIF")
    start = 13 + (3 << (data[10] & 7) + 1)
    return data[:start] + blocks + data[start:]


def segment(code: int, content: bytes) -> bytes:
    return bytes([0xFF, code]) + struct.pack(">H", len(content) + 2) + content


def webp_with(n_chunks: int) -> bytes:
    body = saved("WEBP", lossless=True)[12:] + b"none\0\0\0\0" * n_chunks
    return b"RIFF" + struct.pack("<I", 4 + len(body)) + b"WEBP" + body


def run_length_bmp(n_bytes: int) -> bytes:
    header = struct.pack("<IiiHHIIiiII", 40, 8000, 6000, 1, 8, 1, n_bytes, 0, 0, 256, 0)
    return (
        b"BM"
        + struct.pack("<IHHI", 1078 + n_bytes, 0, 0, 1078)
        + header
        + bytes(1024)
        + b"\1\5" * (n_bytes // 2)
    )


PROFILE = png_chunk(b"iCCP", b"icc\0\0" + zlib.compress(bytes(2**20)))
TEXT = png_chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(2**20)))
BOMBS = {
    "progressive": (scans(250), "scans"),
    "sequential": (scans(250, progressive=False), "scans"),
    "large and progressive": (scans(60, size=(7000, 6000)), r"70 scans with 42\.0 megapixels"),
    "segments": (jpeg_with(b"\xff\xe5\0\2" * 3000), "2000 segments"),
    "markers without a length": (jpeg_with(b"\xff\x01" * 3000), "2000 segments"),
    "quantisation tables": (jpeg_with(segment(0xDB, (b"\0" + b"\1" * 64) * 900) * 5), "256 KiB of tables"),
    "Huffman tables": (jpeg_with(segment(0xC4, bytes(50_000)) * 6), "256 KiB of tables"),
    "padding": (jpeg_with(b"\xff" * 10_000), "between two segments"),
    "profiles": (png_with(*[PROFILE] * 300), "256 chunks"),
    "texts": (png_with(*[TEXT] * 300), "256 chunks"),
    "pixels in pieces": (png_in_pieces(2), "16384 chunks"),
    "comment": (gif_with(b"!\xfe" + b"\1c" * 5000 + b"\0"), "4096 blocks"),
    "extensions": (gif_with(b"!\xfe\0" * 5000), "4096 blocks"),
    "nothing": (gif_with(bytes(5000)), "4096 blocks"),
    "chunks": (webp_with(20_000), "16384 chunks"),
    "run lengths": (run_length_bmp(2_000_000), "run-length BMP of more than 1 MiB"),
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_refused_by_its_header(name, monkeypatch) -> None:
    data, words = BOMBS[name]
    monkeypatch.setattr(Image.Image, "load", lambda _image: pytest.fail("it was decoded"))
    with pytest.raises(ImageError, match=words) as caught:
        open_photo(data, where="a.bin")
    assert caught.value.reason == "size"
    assert str(caught.value).startswith("a.bin ")
    assert "Save it again" in caught.value.hint


@pytest.mark.parametrize(
    "data",
    [
        scans(3),
        jpeg_with(b"\xff\xe5\0\2" * 200 + b"\xff" * 300),
        png_with(*[TEXT] * 5),
        png_in_pieces(8192),
        gif_with((b"!\xfe" + b"\xffc" + b"c" * 254 + b"\0") * 20),
        webp_with(20),
        saved("BMP"),
    ],
    ids=["progressive", "segments", "texts", "pieces", "comments", "chunks", "bmp"],
)
def test_what_programs_write_is_decoded(data) -> None:
    photo = open_photo(data)
    assert photo.decode().shape == (*photo.size, 3)


def test_a_short_run_length_bmp_is_decoded() -> None:
    header = struct.pack("<IiiHHIIiiII", 40, 8, 2, 1, 8, 1, 10, 0, 0, 256, 0)
    pixels = b"\x08\x07\0\0\x08\x09\0\0\0\1"
    data = b"BM" + struct.pack("<IHHI", 1088, 0, 0, 1078) + header + bytes([7, 7, 7, 0]) * 256 + pixels
    assert decode_photo(data).shape == (2, 8, 3)


@pytest.mark.parametrize("n_blocks", [1, 40])
def test_what_exif_points_to_is_not_read(n_blocks) -> None:
    """5,000 entries that each point to all of a block of 64 KB, and such blocks one after another."""
    entries = [struct.pack("<HHII", 0x4000 + number, 7, 60_000, 8) for number in range(4999)]
    entries.append(struct.pack("<HHII", ORIENTATION, 3, 1, 6))
    exif = b"II*\0" + struct.pack("<IH", 8, 5000) + b"".join([entries[-1], *entries[:-1]])
    data = jpeg_with(segment(0xE1, b"Exif\0\0" + exif.ljust(65_000, b"\0")) * n_blocks)
    tracemalloc.start()
    shape = decode_photo(data).shape
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert shape == (40, 24, 3), "turned upright"
    assert peak < 10 * len(data)


@pytest.mark.parametrize(
    ("code", "content", "pillow_says"),
    [
        (0xED, b"Photoshop 3.0\0" + b"8BIM\4\4\0\0\0\0\0\0" * 5000, "photoshop"),
        (0xE2, b"MPF\0II*\0\x08\0\0\0" + struct.pack("<H", 5000), "mp"),
    ],
)
def test_metadata_that_nobody_needs_is_not_walked_through(code, content, pillow_says) -> None:
    data = jpeg_with(segment(code, content) * 20)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert pillow_says in Image.open(io.BytesIO(data)).info
    photo = open_photo(data)
    assert pillow_says not in photo._image.info
    assert photo.decode().shape == (24, 40, 3)


def test_the_header_says_the_upright_size_and_pixels_come_later() -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    for fmt in ("JPEG", "PNG", "WEBP"):
        photo = open_photo(saved(fmt, exif=exif))
        assert photo.size == (40, 24)
        assert photo.decode().shape == (40, 24, 3)


def test_exif_behind_the_pixels_of_a_png_counts_in_both_readers(tmp_path) -> None:
    block = b"MM\0*\0\0\0\x08\0\1" + struct.pack(">HHIHH", ORIENTATION, 3, 1, 8, 0)
    data = saved("PNG")
    data = data[:-12] + png_chunk(b"eXIf", block) + data[-12:]
    (tmp_path / "a.png").write_bytes(data)
    assert decode_photo(data).shape == (40, 24, 3)
    assert image_size(tmp_path / "a.png") == (40, 24)


def test_the_size_of_a_png_without_notes_behind_its_pixels_costs_no_decoding(tmp_path, monkeypatch) -> None:
    (tmp_path / "a.png").write_bytes(saved("PNG"))
    monkeypatch.setattr("PIL.PngImagePlugin.PngImageFile.load", lambda self: pytest.fail("decodes"))
    assert image_size(tmp_path / "a.png") == (24, 40)


def test_the_orientation_in_text_or_in_xmp_counts() -> None:
    block = b"Exif\0\0II*\0\x08\0\0\0\1\0" + struct.pack("<HHIHH", ORIENTATION, 3, 1, 6, 0)
    raw = b"Raw profile type exif\0\nexif\n" + str(len(block)).encode() + b"\n" + block.hex().encode()
    assert decode_photo(png_with(png_chunk(b"tEXt", raw))).shape == (40, 24, 3)
    packet = b'http://ns.adobe.com/xap/1.0/\0<x tiff:Orientation="6"/>'
    segment = b"\xff\xe1" + struct.pack(">H", len(packet) + 2) + packet
    assert decode_photo(jpeg_with(segment)).shape == (40, 24, 3)


@pytest.mark.parametrize("cut", [2, 5, 20, 40])
def test_files_that_end_early_are_left_to_the_decoder(cut) -> None:
    for fmt in ("JPEG", "PNG", "GIF", "BMP", "WEBP"):
        with pytest.raises(ImageError) as caught:
            decode_photo(saved(fmt)[:cut])
        assert caught.value.reason in {"type", "decode"}


def test_every_format_that_is_decoded_has_its_limits() -> None:
    for fmt in FORMATS:
        assert saved(fmt).startswith((b"\xff\xd8", *untrusted._CHECKS)), fmt
