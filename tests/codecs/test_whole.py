import io

import numpy as np
import pytest
from PIL import Image

from tiekd.codecs.png import encode_grey16, encode_rgb
from tiekd.codecs.whole import check_chunks, has_ends, is_sound_png
from tiekd.errors import DataError

NOISE = np.random.default_rng(0).integers(0, 256, (20, 31, 3), dtype=np.uint8)
WHOLE = encode_rgb(NOISE)


def jpeg() -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(NOISE).save(buffer, "JPEG")
    return buffer.getvalue()


@pytest.mark.parametrize(("name", "data"), [("a.png", WHOLE), ("a.jpg", jpeg())])
def test_a_file_that_was_cut_short_lacks_its_end(tmp_path, name, data):
    path = tmp_path / name
    assert not has_ends(path)
    for keep in (len(data) - 1, len(data) // 2, 1, 0):
        path.write_bytes(data[:keep])
        assert not has_ends(path)
    path.write_bytes(data)
    assert has_ends(path)


@pytest.mark.parametrize("data", [WHOLE, encode_grey16(NOISE[..., 0].astype(np.uint16))])
def test_damage_anywhere_in_a_png_is_found(tmp_path, data):
    path = tmp_path / "a.png"
    path.write_bytes(data)
    check_chunks(path)
    assert is_sound_png(path)
    for at in (20, len(data) // 2, len(data) - 3):
        path.write_bytes(data[:at] + bytes([data[at] ^ 0xFF]) + data[at + 1 :])
        assert not is_sound_png(path)
        with pytest.raises(DataError, match=r"a\.png is cut short or damaged"):
            check_chunks(path)
    path.write_bytes(data[:-12])
    assert not is_sound_png(path)
    with pytest.raises(DataError, match="is cut short or damaged"):
        check_chunks(path)


def test_other_files_have_no_chunks_to_check(tmp_path):
    (tmp_path / "a.jpg").write_bytes(jpeg()[:100])
    check_chunks(tmp_path / "a.jpg")
    assert not is_sound_png(tmp_path / "a.jpg")
    assert not is_sound_png(tmp_path / "absent.png")
