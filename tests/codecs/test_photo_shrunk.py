"""A large JPEG is shrunk while it is decoded: what comes out is nearly what all pixels would have given."""

import io
import struct

import numpy as np
import pytest
from PIL import Image

from tiekd.codecs import photo
from tiekd.codecs.photo import Photo, PhotoFile, load_photo, open_photo
from tiekd.codecs.resample import scale_photo
from tiekd.data.seen import Seen
from tiekd.errors import ImageError

SIZE, ASKED = (487, 651), (27, 37)
"""Both sides are odd, so a decoder has to round. The picture is decoded at an eighth."""
UNDO = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}
"""Orientation -> how a camera lays an upright picture: the inverse of what a viewer does."""


def scene(size=SIZE) -> Image.Image:
    """Smooth patches of colour, the same at any size, with fine noise on them."""
    rng = np.random.default_rng(5)
    patches = Image.fromarray(rng.integers(20, 236, (12, 16, 3)).astype(np.uint8))
    pixels = np.asarray(patches.resize(size[::-1], Image.Resampling.BICUBIC)).astype(int)
    return Image.fromarray((pixels + rng.integers(-12, 13, pixels.shape)).clip(0, 255).astype(np.uint8))


def jpeg(image: Image.Image | None = None, **options) -> bytes:
    buffer = io.BytesIO()
    (image or scene()).save(buffer, "JPEG", quality=92, **options)
    return buffer.getvalue()


def lying(orientation: int) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    image = scene()
    if orientation in UNDO:
        image = image.transpose(Image.Transpose(UNDO[orientation]))
    return jpeg(image, exif=exif)


def several() -> bytes:
    """Two pictures in one file, as phones write them."""
    buffer = io.BytesIO()
    scene().save(buffer, "MPO", save_all=True, append_images=[Image.new("RGB", (64, 48))])
    return buffer.getvalue()


KINDS = {
    "plain": jpeg(),
    "progressive": jpeg(progressive=True),
    "fine colour": jpeg(subsampling="4:4:4"),
    "coarse colour": jpeg(subsampling="4:2:0"),
    "restarts": jpeg(restart_marker_rows=1),
    "grey": jpeg(scene().convert("L")),
    "CMYK": jpeg(scene().convert("CMYK")),
    "two pictures": several(),
    **{f"orientation {n}": lying(n) for n in range(1, 9)},
}


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_shrunk_is_nearly_what_all_pixels_give(kind, monkeypatch) -> None:
    data = KINDS[kind]
    expected = scale_photo(open_photo(data).decode(), ASKED).astype(int)
    monkeypatch.setattr(PhotoFile, "decode_turned", lambda _file: pytest.fail("all was decoded"))
    picture = open_photo(data).load()
    shrunk = picture.at(ASKED)
    assert picture.size == SIZE
    assert shrunk.shape == (*ASKED, 3)
    difference = np.abs(shrunk - expected)
    assert 0 < difference.mean() < 1
    # The last row and column too, where the decoder's rounding would show as a shift of half a pixel.
    assert max(difference[-2:].mean(), difference[:, -2:].mean()) < 1.2
    assert picture.scaled(ASKED) is shrunk, "remembered"


@pytest.mark.parametrize("fraction", [2, 4, 8])
def test_the_decoder_gives_at_least_twice_what_is_asked_for(fraction, monkeypatch) -> None:
    decoded = []

    def noted(image, size, **more):
        decoded.append(image.shape[:2])
        return scale_photo(image, size, **more)

    monkeypatch.setattr(photo, "scale_photo", noted)
    data = jpeg(scene((2 * fraction * 20, 2 * fraction * 30)))
    assert open_photo(data).load().at((20, 30)).shape == (20, 30, 3)
    assert decoded == [(40, 60)]


@pytest.mark.parametrize("asked", [(50, 75), (25, 75), (50, 10)])
def test_a_jpeg_of_four_times_the_size_on_both_sides_is_shrunk(asked) -> None:
    assert open_photo(jpeg(scene((200, 300)))).load().at(asked).shape == (*asked, 3)


@pytest.mark.parametrize("asked", [(51, 75), (50, 76), (10, 76), (200, 300), (400, 600)])
def test_a_smaller_jpeg_is_decoded_and_scaled_as_other_pictures(asked) -> None:
    data = jpeg(scene((200, 300)))
    picture = open_photo(data).load()
    np.testing.assert_array_equal(picture.at(asked), open_photo(data).decode())
    np.testing.assert_array_equal(picture.scaled(asked), scale_photo(picture.pixels, asked))


@pytest.mark.parametrize("fmt", ["PNG", "WEBP", "BMP", "GIF"])
def test_other_formats_are_decoded_whole(fmt) -> None:
    buffer = io.BytesIO()
    scene().save(buffer, fmt)
    picture = open_photo(buffer.getvalue()).load()
    assert picture.at(ASKED).shape == (*SIZE, 3)
    assert picture.at(ASKED) is picture.pixels


def lossless(grey: np.ndarray) -> bytes:
    """A JPEG without cosines: each pixel as its difference from the one before it, and codes of five bits."""

    def segment(marker: int, body: bytes) -> bytes:
        return bytes([0xFF, marker]) + struct.pack(">H", len(body) + 2) + body

    before = np.concatenate([[128], grey[:-1, 0]])[:, None]
    steps = np.diff(grey.astype(int), axis=1, prepend=before).ravel().tolist()
    bits = ""
    for step in steps:
        n_bits = abs(step).bit_length()
        bits += f"{n_bits:05b}" + (f"{step if step > 0 else step + 2**n_bits - 1:0{n_bits}b}" if step else "")
    bits += "1" * (-len(bits) % 8)
    coded = int(bits, 2).to_bytes(len(bits) // 8, "big").replace(b"\xff", b"\xff\0")
    codes = bytes([0, 0, 0, 0, 0, 17, *[0] * 11, *range(17)])
    frame = struct.pack(">BHHB", 8, *grey.shape, 1) + bytes([1, 0x11, 0])
    head = segment(0xC3, frame) + segment(0xC4, codes) + segment(0xDA, bytes([1, 1, 0, 1, 0, 0]))
    return b"\xff\xd8" + head + coded + b"\xff\xd9"


def test_a_lossless_jpeg_can_not_be_shrunk_and_is_decoded_whole() -> None:
    grey = np.asarray(scene((64, 96)).convert("L"))
    picture = open_photo(lossless(grey)).load()
    np.testing.assert_array_equal(picture.at((8, 8)), np.repeat(grey[:, :, None], 3, axis=2))


def test_a_damaged_jpeg_is_refused_when_it_is_decoded() -> None:
    picture = open_photo(jpeg()[:20_000]).load()
    assert picture.size == SIZE
    for decode in (lambda: picture.at(ASKED), lambda: picture.pixels):
        with pytest.raises(ImageError, match="can't be decoded"):
            decode()


def test_one_photo_answers_every_size(tmp_path) -> None:
    (tmp_path / "a.jpg").write_bytes(lying(6))
    picture = load_photo(tmp_path / "a.jpg")
    assert [picture.at(size).shape[:2] for size in (ASKED, (13, 17), SIZE, ASKED)] == [
        ASKED, (13, 17), SIZE, ASKED,
    ]  # fmt: skip
    assert (picture.size, picture.stored_size) == (SIZE, SIZE[::-1])
    assert Photo.of(picture) is picture


def test_training_sees_what_prediction_sees(tmp_path) -> None:
    (tmp_path / "a.jpg").write_bytes(jpeg(scene((480, 640))))
    seen = Seen(max_pixels=60 * 80)
    shown = seen.cut(load_photo(tmp_path / "a.jpg"))
    np.testing.assert_array_equal(shown, load_photo(tmp_path / "a.jpg").scaled((60, 80)))
    whole = seen.cut(load_photo(tmp_path / "a.jpg").pixels)
    assert 0 < np.abs(shown.astype(int) - whole).mean() < 1
