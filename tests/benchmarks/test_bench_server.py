"""The benchmark of the server: its straightforward form answers the same, and its bombs are bombs."""

import io
import json

import bench_server as bench
import numpy as np
import pytest
from PIL import Image
from starlette.testclient import TestClient

from tiekd.codecs import png16
from tiekd.codecs.photo import decode_photo, open_photo
from tiekd.errors import ImageError
from tiekd.runtime.predictor import Predictor


def test_the_straightforward_server_answers_the_same_depth() -> None:
    client = TestClient(bench.naive_app(bench.MODEL))
    small = np.asarray(Image.open(io.BytesIO(bench.photo())))[:64, :160]
    buffer = io.BytesIO()
    Image.fromarray(small).save(buffer, "PNG")
    answer = client.post("/predict", files={"image": buffer.getvalue()})
    depth = Predictor(bench.MODEL)(small).depth_m
    np.testing.assert_allclose(png16.decode(answer.content), png16.to_uint16(depth), atol=2)


def test_the_photo_has_the_size_of_kitti_s() -> None:
    assert decode_photo(bench.photo()).shape == (*bench.SIZE, 3)


def test_bombs_are_small_and_all_but_the_first_are_refused_by_their_header() -> None:
    flat, *others = bench.bombs()
    assert max(map(len, [flat, *others])) < 9_000_000
    assert open_photo(flat).size == (6000, 8000)
    for data in others:
        with pytest.raises(ImageError) as caught:
            open_photo(data)
        assert caught.value.reason == "size"


def test_a_row_holds_medians_of_the_rounds_and_is_kept(tmp_path, capsys) -> None:
    plain = [bench.Window(2.0, [0.5] * n, 1, 700.0 + n) for n in (4, 2, 6)]
    ours = [bench.Window(2.0, [0.1] * n, 0, 600.0) for n in (8, 8, 8)]
    row = bench.row_of("quiet", 4, list(zip(plain, ours, strict=True)), 0.5)
    assert row.per_s == (2.0, 4.0)
    assert row.ratio == 2.0
    assert row.failed == (3, 0)
    assert row.peak_mb == (706.0, 600.0)
    bench.show(row)
    assert (
        "| quiet | 4 | 2.0 | 4.0 | 2.0x | 0.10 s, 0.10 s | 0.50 s, 0.50 s | 600 MB | 706 MB |"
        in capsys.readouterr().out
    )
    bench.measuring.keep_row(row, tmp_path / "rows.json", what=bench.WHAT)
    bench.measuring.keep_row(row, tmp_path / "rows.json", what=bench.WHAT)
    assert len(json.loads((tmp_path / "rows.json").read_text())) == 1


def test_a_server_that_never_answers_has_no_ratio(capsys) -> None:
    nothing, ours = bench.Window(2.0, [], 5, 700.0), bench.Window(2.0, [0.1], 0, 600.0)
    row = bench.row_of("decode bombs", 1, [(nothing, ours)], 0.0)
    assert row.ratio is None
    bench.show(row)
    assert "no answer" in capsys.readouterr().out
