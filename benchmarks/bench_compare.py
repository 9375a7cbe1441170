"""Ten models on one photo of 12 megapixels: one upload for each, and one for all that is decoded once.

    python benchmarks/bench_compare.py
    python benchmarks/bench_compare.py --models 4 --size 1200x1600 --rounds 5

Both forms ask the same app in this process for depths at the photo's size, without packing them:
`/predict?format=npy` of each model, and `/compare?format=u16` of all. Seconds are CPU seconds.
"""

from __future__ import annotations

import io
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import measuring
import numpy as np
from PIL import Image
from starlette.testclient import TestClient

from server.app import create_app
from server.settings import Settings

HEAD = measuring.head("models", "photo", "one by one:", "together:", "less time:")
_READY_S = 300


@dataclass(frozen=True, slots=True)
class Row:
    """Medians over rounds. cpu_s and wall_s: one by one, together."""

    models: int
    height: int
    width: int
    cpu_s: tuple[float, ...]
    wall_s: tuple[float, ...]
    speedup: float
    rounds: int
    threads: int
    machine: str
    date: str


def photo(size: tuple[int, int]) -> bytes:
    """A JPEG of a smooth random picture of this (height, width)."""
    small = np.random.default_rng(0).integers(0, 256, (30, 40, 3)).astype(np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(small).resize(size[::-1], Image.Resampling.BICUBIC).save(buffer, "JPEG", quality=90)
    return buffer.getvalue()


def one_by_one(client: TestClient, models: Sequence[str], data: bytes) -> list[bytes]:
    """An upload for each model."""
    return [_answer(client, f"/predict?model={model}&format=npy", data) for model in models]


def together(client: TestClient, models: Sequence[str], data: bytes) -> bytes:
    """One upload for all models."""
    return _answer(client, f"/compare?models={','.join(models)}&format=u16", data)


def _answer(client: TestClient, call: str, data: bytes) -> bytes:
    answer = client.post(call, content=data, headers={"Content-Type": "image/jpeg"})
    answer.raise_for_status()
    return answer.content


def measure(client: TestClient, models: Sequence[str], size: tuple[int, int], rounds: int) -> Row:
    """Both forms in turns."""
    forms = [partial(form, client, models, photo(size)) for form in (one_by_one, together)]
    for form in forms:
        form()
    turns = measuring.take_turns(forms, rounds=rounds, memory=False)
    known = measuring.circumstances(rounds)
    return Row(len(models), *size, turns.cpu_s, turns.wall_s, turns.speedup(), **known)


def cells(row: Row) -> tuple[str, ...]:
    """A row as it is printed."""
    seconds = [f"{one:.2f} s" for one in row.cpu_s]
    return str(row.models), f"{row.height}x{row.width}", *seconds, measuring.times(row.speedup)


def main(arguments: Sequence[str] | None = None) -> Row:
    """Measure and print."""
    parser = measuring.parser(__doc__, rounds=5)
    parser.add_argument("--models", type=int, default=10)
    parser.add_argument("--size", type=measuring.size, default=(3000, 4000), metavar="HxW")
    options = parser.parse_args(arguments)
    with TestClient(create_app(Settings(device="cpu"))) as client:
        end = time.monotonic() + _READY_S
        while client.get("/readyz").status_code != 200:
            if time.monotonic() > end:
                raise SystemExit("The models did not become ready.")
            time.sleep(0.1)
        models = [one["name"] for one in client.get("/api/models").json()["models"]][: options.models]
        measuring.start(options, HEAD)
        row = measure(client, models, options.size, options.rounds)
    print(measuring.line(*cells(row)), flush=True)
    measuring.keep_row(row, options.json, what=("models", "height", "width"))
    return row


if __name__ == "__main__":
    main()
