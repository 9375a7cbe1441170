"""The benchmark of many models on one photo: both of its forms answer the same depths."""

import io
import json

import bench_compare as bench
import numpy as np
from PIL import Image

from tiekd.codecs import png16


def test_both_forms_answer_the_same_depths(tmp_path, capsys, monkeypatch) -> None:
    answers = {}
    for form in ("one_by_one", "together"):
        made = getattr(bench, form)
        monkeypatch.setattr(
            bench, form, lambda *asked, name=form, made=made: answers.setdefault(name, made(*asked))
        )
    report = tmp_path / "compare.json"
    row = bench.main(["--models", "2", "--size", "96x160", "--rounds", "1", "--json", str(report)])
    assert (row.models, row.height, row.width) == (2, 96, 160)
    assert min(row.cpu_s) > 0
    depths = [np.load(io.BytesIO(data)) for data in answers["one_by_one"]]
    assert all(depth.shape == (96, 160) for depth in depths)
    for depth in depths:
        assert png16.to_uint16(depth).astype("<u2").tobytes() in answers["together"]
    assert json.loads(report.read_text())[0]["speedup"] == row.speedup
    assert "| 2 | 96x160 |" in capsys.readouterr().out


def test_the_photo_has_the_size_that_is_asked_for() -> None:
    assert Image.open(io.BytesIO(bench.photo((30, 50)))).size == (50, 30)
