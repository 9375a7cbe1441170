"""A small gallery, tiny networks, and what a test asks of the page."""

import base64
import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from tiekd.models.registry import create_model, save
from tiekd.render import colormap

WIDTH, HEIGHT, FRAMES = 200, 60, 5
METHODS = {
    "ground_truth": ("Ground truth", "ground_truth", None),
    "teacher": ("Teacher", "teacher", "adabins_test_resnet"),
    "baseline": ("Baseline", "baseline", "densedepth_test_resnet"),
    "tiekd": ("TIE-KD", "tiekd", "densedepth_dpm_test_resnet"),
}
READ_PIXELS = """c => {
  const { data } = c.getContext('2d').getImageData(0, 0, c.width, c.height);
  return [[c.height, c.width, 4], btoa(Array.from(data, (v) => String.fromCharCode(v)).join(''))];
}"""
"""Size and bytes of a canvas; base64, because lists of numbers take seconds on their way here."""
PIXEL_SIZES = """c => {
  const { left, top, width, height } = c.getBoundingClientRect();
  return [left, top, width / c.width, height / c.height];
}"""
"""Where a canvas begins on the screen, and the width and height of its pixels there."""
HOLD_TIMERS = """ms => {
  const later = setTimeout;
  window.setTimeout = (run, wait, ...given) => (wait === ms ? 1 : later(run, wait, ...given));
  window.setTimeout.later = later;
}"""
KEEP_MESSAGES = """addEventListener('DOMContentLoaded', () => {
  const notices = document.querySelector('[data-notice]');
  const texts = (nodes) => [...nodes].map(({ textContent }) => textContent);
  window.said = texts(notices?.children ?? []);
  const keep = (changes) => window.said.push(...changes.flatMap(({ addedNodes }) => texts(addedNodes)));
  if (notices) new MutationObserver(keep).observe(notices, { childList: true });
})"""
MISSING = ("baseline", 3)
BROKEN = ("tiekd", 4)


def depth_of(method: str, frame: int) -> np.ndarray:
    """Stored depth [H, W] uint16 (metres x 256) of a method. The truth has none in its top rows."""
    rng = np.random.default_rng([frame, *method.encode()])
    rows = np.linspace(75, 4, HEIGHT)[:, None] + 3 * frame
    depth = np.clip(rows + rng.normal(0, 4, (HEIGHT, WIDTH)), 0.5, 79)
    stored = np.round(depth * 256).astype(np.uint16)
    if method == "ground_truth":
        stored[:12] = 0
        stored[:, rng.integers(0, WIDTH, 20)] = 0
    return stored


def photo_of(frame: int) -> Image.Image:
    rng = np.random.default_rng(frame)
    return Image.fromarray(rng.integers(0, 255, (HEIGHT, WIDTH, 3), dtype=np.uint8))


def picture_of(method: str, frame: int) -> np.ndarray:
    """8-bit RGB [H, W, 3] of a folder of pictures that hold no metres; one method has another size."""
    size = (24, 40) if (method, frame) == ("other size", 1) else (30, 90)
    return np.random.default_rng([frame, *method.encode()]).integers(0, 256, (*size, 3), dtype=np.uint8)


def make_gallery(folder: Path) -> Path:
    """The shipped gallery's layout, with one missing and one broken picture."""
    for frame in range(FRAMES):
        for method in METHODS:
            path = folder / method / f"street_{frame}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            if (method, frame) == BROKEN:
                path.write_bytes(b"\x89PNG\r\n\x1a\n, cut off")
            elif (method, frame) != MISSING:
                Image.fromarray(depth_of(method, frame)).save(path)
        photo = folder / "image" / f"street_{frame}.jpg"
        photo.parent.mkdir(exist_ok=True)
        photo_of(frame).save(photo, quality=92)
    about = {
        "id": "streets", "title": "Test streets", "depth_range": {"min_m": 0.001, "max_m": 80.0},
        "depth_scale": 256,
        "methods": [{"id": id_, "label": label, "family": family, "model": model}
                    for id_, (label, family, model) in METHODS.items()],
        "frames": [{"id": f"street_{i}", "title": f"Street {i}", "width": WIDTH, "height": HEIGHT,
                    "image": f"image/street_{i}.jpg"} for i in range(FRAMES)],
    }  # fmt: skip
    (folder / "gallery.json").write_text(json.dumps(about))
    return folder


def make_pictures(folder: Path) -> Path:
    for method in ("first", "second", "other size"):
        (folder / method).mkdir(parents=True)
        for frame in range(3):
            Image.fromarray(picture_of(method, frame)).save(folder / method / f"{frame}.png")
    return folder


def coloured_depth(frame: int) -> np.ndarray:
    """A picture [H, W, 3] of depth in magma_r, as the published viewer's folders hold them."""
    index = np.random.default_rng(frame).integers(0, 256, (40, 80))
    index[0] = 255  # cut off at the far end
    return colormap("magma_r")[index]


SCORED_SIZES = ((375, 1242), (352, 1216))
"""Of whole frames of KITTI, and of their crop."""


def make_scored(folder: Path, size: tuple[int, int]) -> Path:
    """Sparse truth, and an estimate with errors, holes and depth beyond the cap."""
    rng = np.random.default_rng(5)
    truth = rng.uniform(1, 95, size)
    own = np.clip(truth * rng.normal(1, 0.3, size), 0.1, 200)
    stored = {"ground_truth": truth * (rng.random(size) < 0.3), "own": own * (rng.random(size) < 0.99)}
    for method, depth in stored.items():
        path = folder / method / "a.png"
        path.parent.mkdir(parents=True)
        Image.fromarray(np.round(depth * 256).astype(np.uint16)).save(path)
    return folder


def make_coloured(folder: Path) -> Path:
    for frame in range(2):
        path = folder / "drawn" / f"{frame}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(coloured_depth(frame)).save(path)
    (folder / "image").mkdir()
    photo_of(0).save(folder / "image" / "0.jpg")  # the other frame has none
    return folder


def sparse_depth(frame: int) -> np.ndarray:
    """Stored depth [H, W] of a laser: about one pixel in thirty, also beyond what 16 bits hold."""
    stored = depth_of("teacher", frame)
    stored[np.random.default_rng(frame).random((HEIGHT, WIDTH)) > 1 / 30] = 0
    stored[27:34, 97:104] = 0
    stored[30, 100] = 65535  # alone, so that its dot touches no other
    return stored


def make_sparse(folder: Path) -> Path:
    for name, depth in (("laser", sparse_depth(0)), ("net", depth_of("tiekd", 0))):
        (folder / name).mkdir(parents=True)
        Image.fromarray(depth).save(folder / name / "0.png")
    (folder / "image").mkdir()
    photo_of(0).save(folder / "image" / "0.jpg")
    return folder


def make_brought(folder: Path) -> Path:
    """Results as other programs write them: frames in sub-folders, and a folder that can't be read."""
    for scene in ("day 1", "night"):
        for method in ("net", "other", "image"):
            (folder / method / scene).mkdir(parents=True)
        np.save(folder / "net" / scene / "0.npy", depth_of("net", 0).astype(np.float32) / 256)
        Image.fromarray(depth_of("other", 0)).save(folder / "other" / scene / "0_pred.png")
        photo_of(0).save(folder / "image" / scene / "0.jpg", quality=92)
    (folder / "exr").mkdir()
    (folder / "exr" / "0.exr").write_bytes(b"")
    return folder


MANY = [
    f"densedepth_{net}_{loss}_run1_kitti" for net in ("mobilenetv2", "resnet18", "swin") for loss in "abcd"
]
MANY_FRAMES = 12


def error_of(method: str, frame: int) -> float:
    """How much larger than the truth the depth of a method of `MANY` is in a frame, as a share."""
    order = np.random.default_rng(MANY.index(method)).permutation(MANY_FRAMES)
    return 0.02 * (1 + int(order[frame])) + 0.001 * MANY.index(method)


def make_many(folder: Path) -> Path:
    """Twelve methods with long names that differ in their middle, and errors that change by frame."""
    for method in ("ground_truth", *MANY):
        (folder / method).mkdir(parents=True)
        for frame in range(MANY_FRAMES):
            factor = 1 if method == "ground_truth" else 1 + error_of(method, frame)
            depth = np.full((20, 40), round(2560 * factor), np.uint16)
            Image.fromarray(depth).save(folder / method / f"drive_{frame // 5}_frame_{frame:02}.png")
    return folder


def make_units(folder: Path) -> Path:
    """Folders of one depth in several units. Their files do not say which."""
    depth = depth_of("units", 0)
    depth_m = depth.astype(np.float32) / 256
    for method in ("metres", "mm", "disp_0"):
        (folder / method).mkdir(parents=True)
    Image.fromarray(depth).save(folder / "metres" / "0.png")
    np.save(folder / "mm" / "0.npy", depth_m * 1000)
    np.save(folder / "disp_0" / "0.npy", 389.6 / depth_m)
    return folder


def make_config(folder: Path) -> Path:
    """A configuration of the second published viewer that shows the folders of `make_pictures` beside it."""
    path = folder / "published.json"
    targets = [
        {"path": "pictures/second", "label": "Second, ours"},
        {"path": "pictures/first", "labelColor": "red"},
        {"path": "pictures/other size", "hide": True},
    ]
    path.write_text(json.dumps({"targets": targets, "index": 1, "canvasThickness": 3}))
    return path


def make_models(folder: Path) -> tuple[str, ...]:
    torch.manual_seed(0)
    common = {"max_depth_m": 80.0, "dataset": "test", "decoder_channels": (16, 8, 8, 8)}
    tokens = {"n_bins": 16, "embed_dim": 16, "ff_dim": 32, "n_layers": 1}
    options = {
        "adabins_test_resnet": tokens,
        "densedepth_test_resnet": {},
        "densedepth_dpm_test_resnet": {"n_bins": 16},
    }
    paths = []
    for name, own in options.items():
        path = folder / f"{name}.safetensors"
        save(create_model(name, **common, **own), path)
        paths.append(str(path))
    return tuple(paths)


@dataclass
class Viewer:
    """One page and what a test asks of it."""

    page: object
    base: str
    faults: list[str] = field(default_factory=list)
    expected: list[str] = field(default_factory=list)

    def open(self, query: str = "?gallery=streets", *, state: str = "ready") -> "Viewer":
        self.page.goto(self.base + "/" + query)
        return self.wait(state)

    def wait(self, state: str = "ready", **data: object) -> "Viewer":
        """Until the page is in a state and, say, at an index."""
        wanted = "".join(f'[data-{key}="{value}"]' for key, value in {"viewer": state, **data}.items())
        self.page.wait_for_selector(f"html{wanted}")
        return self

    def drawn(self) -> "Viewer":
        """Until what was asked for is on the screen: every change is drawn with its next picture."""
        self.page.wait_for_selector('html:not([data-viewer="loading"])')
        return self

    def until(self, holds: str) -> "Viewer":
        """Until an expression of JavaScript holds in the page."""
        self.page.wait_for_function(holds)
        return self

    def press(self, key: str, **data: object) -> "Viewer":
        self.page.keyboard.press(key)
        return self.wait(**data)

    @contextmanager
    def unhurried(self, ms: int) -> Iterator[None]:
        """Timers of this length don't run: on a busy machine a hand seems to rest between two moves."""
        self.page.evaluate(HOLD_TIMERS, ms)
        yield
        self.page.evaluate("window.setTimeout = window.setTimeout.later")

    def expect_fault(self, part: str) -> None:
        """An error in the browser's console that belongs to the test."""
        self.expected.append(part)

    def pane(self, method: str):
        return self.page.locator(f'[data-pane][data-method="{method}"]')

    def data(self, method: str, name: str) -> str | None:
        return self.pane(method).get_attribute(f"data-{name}")

    def reads(self, method: str, metres: float) -> "Viewer":
        """Until a pane reads these metres at the pointer."""
        self.pane(method).and_(self.page.locator(f'[data-cursor-m="{metres:.12g}"]')).wait_for()
        return self

    def knows(self, method: str, x: int, y: int, metres: float, *, within: float) -> "Viewer":
        """Until a script is told nearly these metres of a pixel."""
        self.page.wait_for_function(
            "([method, x, y, metres, within]) => Math.abs(metres - tiekd.value(method, x, y)) < within",
            arg=[method, x, y, float(metres), within],
        )
        return self

    def says(self, words: str) -> "Viewer":
        """Until there has been a message with these words; messages go away by themselves."""
        self.page.wait_for_function("words => window.said.some((text) => text.includes(words))", arg=words)
        return self

    def said(self) -> list[str]:
        """All messages of the page so far."""
        return self.page.evaluate("window.said")

    def pixels(self, method: str) -> np.ndarray:
        """RGBA [H, W, 4] of a pane's canvas."""
        canvas = self.drawn().pane(method).locator("canvas[data-layer=depth]")
        size, data = canvas.evaluate(READ_PIXELS)
        return np.frombuffer(base64.b64decode(data), np.uint8).reshape(size)

    def scale(self, which: str) -> tuple[np.ndarray, float, float, str]:
        """Colour table [256, 3] and ends in metres of a colour bar, and how it spreads."""
        bar = self.drawn().page.locator(f'[data-scale="{which}"] canvas[data-colorbar]')
        table, data = bar.evaluate(
            "c => [[...c.getContext('2d').getImageData(0, 0, 256, 1).data], {...c.dataset}]"
        )
        colors = np.array(table, np.uint8).reshape(256, 4)[:, :3]
        return colors, float(data["minM"]), float(data["maxM"]), data["spread"]

    def beyond(self, which: str) -> tuple[list[int], list[int]]:
        """R, G, B of what lies below and above the ends of a colour bar."""
        bar = self.drawn().page.locator(f'[data-scale="{which}"] canvas[data-colorbar]')
        under, over = (bytes.fromhex(bar.get_attribute(f"data-{end}")[1:]) for end in ("under", "over"))
        return list(under), list(over)

    def hover(self, method: str, x: int, y: int) -> None:
        """Put the pointer on a pixel of a pane's picture."""
        canvas = self.pane(method).locator("canvas[data-layer=depth]")
        left, top, across, down = canvas.evaluate(PIXEL_SIZES)
        self.page.mouse.move(left + (x + 0.5) * across, top + (y + 0.5) * down)

    def click(self, method: str, x: int, y: int) -> None:
        self.hover(method, x, y)
        self.page.mouse.down()
        self.page.mouse.up()

    def act(self, action: str) -> "Viewer":
        self.page.locator(f'[data-action="{action}"]').first.click()
        return self.drawn()

    def query(self) -> str:
        """The address as the page leaves it: otherwise it follows once the view rests."""
        self.page.evaluate("window.dispatchEvent(new Event('pagehide'))")
        return self.page.evaluate("location.search")

    def reload(self) -> None:
        self.query()
        self.page.reload()

    def go_back(self) -> None:
        self.query()
        self.page.go_back()


def painted(values: np.ndarray, table: np.ndarray, low: float, high: float, spread: str) -> np.ndarray:
    """Colours [..., 3] of values in metres, by the formula that paint/scale.js states."""
    above = np.maximum(values, low)
    if spread == "log":
        share = np.log(above / low) / np.log(high / low)
    elif spread == "inverse":
        share = (1 / low - 1 / above) / (1 / low - 1 / high)
    else:
        share = (values - low) / (high - low)
    return table[np.clip(np.floor(256 * share), 0, 255).astype(int)]


def read_npy(data: bytes) -> np.ndarray:
    return np.load(io.BytesIO(data))


def expected_colors(viewer, bar: str, values: np.ndarray, valid: np.ndarray) -> np.ndarray:
    """RGBA [H, W, 4] of values in metres in the colours of a bar."""
    rgba = np.zeros((*values.shape, 4), np.uint8)
    scale = viewer.scale(bar)
    rgba[..., :3] = painted(values, *scale)
    below, above = viewer.beyond(bar)
    rgba[values < scale[1], :3] = below
    rgba[values > scale[2], :3] = above
    rgba[..., 3] = 255
    rgba[~valid] = 0
    return rgba
