import io
import os
import struct

import numpy as np
import pytest
from PIL import Image

from tiekd.codecs.photo import decode_photo, encode_jpeg, image_size, read_photo, stored_as, through_jpeg
from tiekd.errors import DataError, ImageError

SCENE = np.zeros((6, 10, 3), np.uint8)
SCENE[:3, :5] = (200, 30, 30)
SCENE[3:, 5:] = (30, 200, 30)


def saved(image: Image.Image, fmt: str = "PNG", **options) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, fmt, **options)
    return buffer.getvalue()


def test_plain_rgb_comes_back_as_it_is() -> None:
    np.testing.assert_array_equal(decode_photo(saved(Image.fromarray(SCENE))), SCENE)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_applied(orientation: int) -> None:
    # As a camera stores it: the inverse of what a viewer does to see it upright.
    undo = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}
    image = Image.fromarray(SCENE)
    stored = image if orientation == 1 else image.transpose(Image.Transpose(undo[orientation]))
    exif = Image.Exif()
    exif[0x0112] = orientation
    np.testing.assert_array_equal(decode_photo(saved(stored, exif=exif)), SCENE)


@pytest.mark.filterwarnings("ignore::UserWarning:PIL")  # what Pillow says about such a tag
def test_damaged_exif_does_not_cost_the_photo() -> None:
    data = saved(Image.new("RGB", (8, 8), "red"), "JPEG")
    bad = b"Exif\x00\x00II*\x00\x08\x00\x00\x00\x05\x00\x12\x01\x02\x00\xff\xff\xff\xff\xff\xff\xff\xff"
    segment = b"\xff\xe1" + struct.pack(">H", len(bad) + 2) + bad
    assert decode_photo(data[:2] + segment + data[2:]).shape == (8, 8, 3)


def test_colour_formats_become_rgb() -> None:
    grey = np.arange(60, dtype=np.uint8).reshape(6, 10)
    expected = np.repeat(grey[:, :, None], 3, axis=2)
    np.testing.assert_array_equal(decode_photo(saved(Image.fromarray(grey))), expected)
    grey16 = Image.fromarray(grey.astype(np.uint16) * 257)
    np.testing.assert_array_equal(decode_photo(saved(grey16)), expected)
    palette = Image.fromarray(SCENE).convert("P", palette=Image.Palette.ADAPTIVE)
    np.testing.assert_allclose(decode_photo(saved(palette)).astype(int), SCENE, atol=8)
    assert decode_photo(saved(Image.fromarray(grey > 30))).shape == (6, 10, 3)
    cmyk = decode_photo(saved(Image.new("CMYK", (5, 4), (0, 255, 255, 0)), "JPEG"))
    assert cmyk.shape == (4, 5, 3)
    assert cmyk[0, 0, 0] > 180 > 80 > cmyk[0, 0, 1]


def test_transparency_shows_white() -> None:
    image = Image.new("RGBA", (2, 1), (10, 20, 30, 255))
    image.putpixel((1, 0), (10, 20, 30, 0))
    assert decode_photo(saved(image)).tolist() == [[[10, 20, 30], [255, 255, 255]]]
    indexed = Image.new("P", (2, 1), 0)
    indexed.putpalette([1, 2, 3, 4, 5, 6])
    indexed.putpixel((1, 0), 1)
    shown = decode_photo(saved(indexed, transparency=1))
    assert shown.tolist() == [[[1, 2, 3], [255, 255, 255]]]


def test_of_an_animation_only_the_first_frame_is_taken() -> None:
    frames = [Image.new("RGB", (4, 4), colour) for colour in ("red", "green", "blue")]
    data = saved(frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert decode_photo(data)[0, 0].tolist() == [255, 0, 0]


@pytest.mark.parametrize(
    "data", [b"", b"<html></html>", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"\x93NUMPY\x01\x00v\x00"]
)
def test_other_content_is_refused_by_type(data: bytes) -> None:
    with pytest.raises(ImageError) as caught:
        decode_photo(data)
    assert caught.value.reason == "type"


def test_truncated_and_corrupt_pictures_are_refused() -> None:
    whole = saved(Image.fromarray(np.random.default_rng(0).integers(0, 256, (64, 64, 3)).astype(np.uint8)))
    for data in (whole[: len(whole) // 2], whole[:100] + b"\x00" * 200 + whole[300:]):
        with pytest.raises(ImageError, match="can't be decoded") as caught:
            decode_photo(data)
        assert caught.value.reason == "decode"


def test_the_size_is_refused_from_the_header_alone() -> None:
    huge_gif = b"GIF87a" + struct.pack("<HH", 65535, 65535) + b"\x00\x00\x00,"
    huge_gif += struct.pack("<HHHH", 0, 0, 65535, 65535) + b"\x00\x08;"
    with pytest.raises(ImageError) as caught:
        decode_photo(huge_gif)
    assert caught.value.reason == "size"
    with pytest.raises(ImageError, match="10x6 pixels, the limit is") as caught:
        decode_photo(saved(Image.fromarray(SCENE)), max_pixels=59)
    assert caught.value.reason == "size"


def test_a_file_is_named_in_its_error(tmp_path) -> None:
    path = tmp_path / "not.jpg"
    path.write_bytes(b"hello")
    with pytest.raises(ImageError, match=r"not\.jpg is not a picture"):
        read_photo(path)
    with pytest.raises(DataError, match=r"absent\.jpg"):
        read_photo(tmp_path / "absent.jpg")


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_phone_photos_are_read_and_measured_upright(tmp_path, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(np.zeros((6, 10, 3), np.uint8)).save(tmp_path / "a.jpg", exif=exif)
    size = (10, 6) if orientation in (6, 8) else (6, 10)
    assert image_size(tmp_path / "a.jpg") == size
    assert read_photo(tmp_path / "a.jpg").shape[:2] == size


def test_sizes_of_files_that_are_no_pictures(tmp_path):
    with pytest.raises(DataError, match=r"a\.png does not exist"):
        image_size(tmp_path / "a.png")
    (tmp_path / "a.png").write_bytes(b"hello")
    with pytest.raises(DataError, match=r"a\.png is not a readable picture"):
        image_size(tmp_path / "a.png")


@pytest.mark.parametrize(
    ("pixels", "kind"),
    [(SCENE, "color"), (SCENE[..., 0], "grey8"), (SCENE[..., 0].astype(np.uint16), "grey16")],
)
def test_how_a_file_is_stored(tmp_path, pixels, kind):
    Image.fromarray(pixels).save(tmp_path / "a.png")
    assert stored_as(tmp_path / "a.png") == (kind, (6, 10))


@pytest.mark.parametrize("quality", [40, 88, 95])
def test_jpegs_are_those_that_pillow_writes_of_itself(quality):
    noise = np.random.default_rng(quality).integers(0, 256, (37, 51, 3), np.uint8)
    assert encode_jpeg(noise, quality=quality) == saved(Image.fromarray(noise), "JPEG", quality=quality)
    small = encode_jpeg(noise, quality=quality, small=True)
    assert len(small) < len(encode_jpeg(noise, quality=quality))
    again = through_jpeg(noise, quality=quality)
    assert (again == decode_photo(small)).all()
    assert again.shape == noise.shape
    assert 0 < np.abs(again.astype(int) - noise).mean() < 80


@pytest.mark.parametrize("read", [read_photo, image_size])
def test_a_pipe_is_no_picture_and_is_not_waited_for(tmp_path, read):
    os.mkfifo(tmp_path / "a.jpg")
    with pytest.raises(DataError, match="it is a pipe, not a file"):
        read(tmp_path / "a.jpg")
