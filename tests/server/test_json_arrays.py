"""Arrays in JSON: the same text as if it were written at once, in pieces, and not without end."""

import base64
import io
import json

import numpy as np
import pytest
from PIL import Image

from server.http import json_arrays
from server.http.json_arrays import MAX_LISTED_VALUES, check_listed, filled, hole
from server.http.schemas import Body, ListedArray, PackedArray
from tiekd.codecs.photo import PhotoFile
from tiekd.errors import ImageError


class Held(Body):
    """A body with an array."""

    model: str
    held: PackedArray | ListedArray
    after: int


def body(shape: tuple[int, int], values: str, name: str = "m") -> Held:
    return Held(model=name, held=hole(shape, values), after=1)


def random(shape: tuple[int, int]) -> np.ndarray:
    return np.random.default_rng(1).uniform(1, 80, shape).astype(np.float32)


@pytest.mark.parametrize("shape", [(1, 1), (2, 5), (3, 70_000), (700, 331), (70_001, 3)])
@pytest.mark.parametrize("name", ["m", 'a"data":""', 'b"data":[]', "ü\\"])
def test_pieces_join_to_the_array(shape, name) -> None:
    array = random(shape)
    listed = json.loads(filled(body(shape, "list", name), array, "list"))
    np.testing.assert_allclose(np.array(listed["held"]["data"]), array, atol=5.1e-5)
    packed = json.loads(filled(body(shape, "base64", name), array, "base64"))
    raw = base64.b64decode(packed["held"]["data"], validate=True)
    np.testing.assert_array_equal(np.frombuffer(raw, "<f4").reshape(shape), array)
    assert all((found["model"], found["after"]) == (name, 1) for found in (listed, packed))


@pytest.mark.parametrize("shape", [(2000, 1000), (3, 500_000)])
def test_nothing_large_is_written_at_once(shape, monkeypatch) -> None:
    """Whoever writes a piece holds the lock, so a piece is at most a row or some ten thousand values."""
    written: list[int] = []
    dumps, encode = json.dumps, base64.b64encode

    def counted_dumps(rows, **options) -> str:
        written.append(sum(map(len, rows)))
        return dumps(rows, **options)

    def counted_encode(raw: bytes) -> bytes:
        written.append(len(raw) // 4)
        return encode(raw)

    monkeypatch.setattr(json_arrays.json, "dumps", counted_dumps)
    monkeypatch.setattr(json_arrays.base64, "b64encode", counted_encode)
    array = random(shape)
    filled(body(shape, "list"), array, "list")
    assert max(written) <= max(shape[1], 50_000)
    written.clear()
    filled(body(shape, "base64"), array, "base64")
    assert max(written) <= 50_000
    assert sum(written) == array.size


def test_the_number_of_listed_values_is_limited() -> None:
    check_listed((1000, MAX_LISTED_VALUES // 1000), "list")
    check_listed((9000, 9000), "base64")
    check_listed((9000, 9000), "none")
    with pytest.raises(
        ImageError, match=r"at most 1,000,000 values, the photo has 1001x1000 pixels"
    ) as caught:
        check_listed((1000, 1001), "list")
    assert all(word in caught.value.hint for word in ("values=base64", "format=npy", "smaller"))


@pytest.mark.parametrize("call", ["/predict?model=tiny_dpm&format=json", "/diff?a=tiny_dpm&b=tiny_base"])
def test_a_list_that_is_too_long_is_refused_before_anything_is_computed(
    post, is_problem, monkeypatch, call
) -> None:
    buffer = io.BytesIO()
    Image.new("1", (1100, 1000)).save(buffer, "PNG")
    monkeypatch.setattr(PhotoFile, "decode_turned", lambda _photo: pytest.fail("it was decoded"))
    body = is_problem(post(f"{call}&values=list", data=buffer.getvalue()), 413)
    assert "values=list" in body["detail"]
    assert "format=npy" in body["hint"]


def test_a_cap_on_lists_does_not_concern_other_formats(post) -> None:
    buffer = io.BytesIO()
    Image.new("1", (1100, 1000)).save(buffer, "PNG")
    assert post("/predict?model=tiny_base&format=npy&values=list", data=buffer.getvalue()).status_code == 200
    body = post("/predict?model=tiny_base&format=json&values=none", data=buffer.getvalue()).json()
    assert (body["width"], body["height"]) == (1100, 1000)
