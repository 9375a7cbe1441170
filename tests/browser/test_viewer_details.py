"""What lies over the pictures at the screen's resolution: dots of sparse depth, numbers inside pixels."""

import base64

import numpy as np
from viewer_kit import READ_PIXELS, depth_of, expected_colors, sparse_depth


def layer(viewer, method: str, name: str) -> np.ndarray | None:
    """RGBA of a layer; None while it is hidden."""
    canvas = viewer.pane(method).locator(f"canvas[data-layer={name}]")
    if not canvas.is_visible():
        return None
    size, data = canvas.evaluate(READ_PIXELS)
    return np.frombuffer(base64.b64decode(data), np.uint8).reshape(size)


def test_sparse_depth_is_drawn_as_dots_and_its_own_canvas_keeps_the_pixels(viewer):
    viewer.page.set_viewport_size({"width": 500, "height": 800})
    viewer.open("?gallery=sparse&columns=2")
    stored = sparse_depth(0)
    pixels = viewer.pixels("laser")
    assert np.array_equal(pixels, expected_colors(viewer, "depth", stored / 256, stored > 0))
    dots = layer(viewer, "laser", "dots")
    width = viewer.pane("laser").locator(".stage").bounding_box()["width"]
    assert dots.shape[1] == round(width)
    assert (dots[..., 3] > 127).sum() > 3 * (stored > 0).sum(), (
        "each return takes several pixels of the screen"
    )
    colours = {tuple(colour) for colour in pixels[stored > 0][:, :3]}
    assert {tuple(colour) for colour in dots[dots[..., 3] == 255][:, :3]} <= colours
    assert layer(viewer, "net", "dots") is None, "dense depth needs no dots"


def test_errors_to_sparse_depth_are_dots_too_and_end_with_the_difference(viewer):
    viewer.open("?gallery=sparse").press("1", diff=1)
    assert layer(viewer, "net", "dots") is not None
    viewer.press("1", diff=0)
    assert layer(viewer, "net", "dots") is None
    assert layer(viewer, "laser", "dots") is not None


def test_large_pixels_hold_their_numbers_and_need_no_dots(viewer):
    viewer.open("?gallery=sparse&zoom=4&at=100.5,30.5")
    assert layer(viewer, "net", "numbers") is None
    assert layer(viewer, "laser", "dots") is not None
    viewer.open("?gallery=sparse&zoom=48&at=100.5,30.5")
    assert layer(viewer, "laser", "dots") is None
    for method in ("image", "laser", "net"):
        numbers = layer(viewer, method, "numbers")
        assert (numbers[..., 3] > 127).sum() > 20, method
    # The photo has three lines in every pixel, the laser one line in few of them.
    inked = {method: (layer(viewer, method, "numbers")[..., 3] > 127).sum() for method in ("image", "laser")}
    assert inked["image"] > 5 * inked["laser"]


def test_depth_beyond_16_bits_is_read_as_a_bound(viewer):
    viewer.open("?gallery=sparse&zoom=8&at=100.5,30.5")
    viewer.hover("laser", 100, 30)
    assert viewer.pane("laser").locator(".pane-value").inner_text() == "≥ 255.99 m (> 80 m)"
    viewer.press("1", diff=1).hover("laser", 100, 30)
    assert viewer.pane("net").locator(".pane-value").inner_text().startswith("Δ ≥ 2")
    mean = viewer.pane("net").locator(".pane-mean")
    assert mean.inner_text().startswith("mean 4"), "it counts only depth within the cap"
    viewer.open("?gallery=sparse&diff=1&cap=1..300")
    assert mean.inner_text().startswith("mean ≥ ")


def test_pointing_at_a_dot_reads_its_return(viewer):
    viewer.open("?gallery=sparse&zoom=1&at=100.5,30.5")
    stored = sparse_depth(0)
    stage = viewer.pane("laser").locator(".stage").bounding_box()
    x, y = 100, 30  # a return, in the middle of the stage
    viewer.page.mouse.move(stage["x"] + stage["width"] / 2 + 1, stage["y"] + stage["height"] / 2)
    viewer.reads("laser", stored[y, x] / 256)
    viewer.open("?gallery=sparse&zoom=16&at=100.5,30.5")
    viewer.page.mouse.move(stage["x"] + stage["width"] / 2 + 16, stage["y"] + stage["height"] / 2)
    assert viewer.pane("laser").locator(".pane-value").inner_text() == "no data", (
        "large pixels are read as they are"
    )


def test_the_pointer_reads_the_nearest_return_of_sparse_truth(viewer):
    stored, dense = sparse_depth(0), depth_of("tiekd", 0)
    assert not stored[31, 99:102].any()
    assert not stored[32, 100]
    viewer.open("?gallery=sparse&truth=laser")
    viewer.hover("net", 100, 31)
    viewer.reads("net", dense[30, 100] / 256)
    cross = viewer.pane("net").locator(".cross b").bounding_box()
    picture = viewer.pane("net").locator("[data-layer=depth]").bounding_box()
    row = (cross["y"] + cross["height"] / 2 - picture["y"]) / picture["height"] * dense.shape[0]
    assert int(row) == 30, "the cursor stands on the return"
    viewer.open("?gallery=sparse&truth=net")
    viewer.hover("net", 100, 31)
    viewer.reads("net", dense[31, 100] / 256)  # dense truth needs no help


def test_the_photo_lies_below_sparse_depth_and_its_errors_and_ends_with_them(viewer):
    viewer.open("?gallery=sparse&truth=laser")
    photo, stored = viewer.pixels("image"), sparse_depth(0)
    assert np.array_equal(layer(viewer, "laser", "photo"), photo)
    assert layer(viewer, "net", "photo") is None, "dense depth needs no photo below"
    assert np.array_equal(viewer.pixels("laser")[..., 3] > 0, stored > 0)
    viewer.press("e", mode="error")
    viewer.page.wait_for_selector('[data-method="net"] canvas[data-layer=photo]:not([hidden])')
    assert np.array_equal(layer(viewer, "net", "photo"), photo)
    viewer.press("e", mode="depth")
    viewer.page.wait_for_selector('[data-method="net"] canvas[data-layer=photo][hidden]', state="attached")
