"""What the canvases hold, against numpy."""

import numpy as np
from viewer_kit import HEIGHT, METHODS, WIDTH, coloured_depth, depth_of, expected_colors, picture_of


def some_pixels(n: int = 400) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(11)
    return rng.integers(0, HEIGHT, n), rng.integers(0, WIDTH, n)


def test_depth_is_painted_at_its_own_resolution_with_the_colours_of_the_bar(viewer):
    viewer.open("?gallery=streets&index=2&spread=linear")
    scale = viewer.scale("depth")
    assert scale[1:] == (0.001, 80.0, "linear")
    for method in METHODS:
        stored = depth_of(method, 2)
        assert np.array_equal(
            viewer.pixels(method), expected_colors(viewer, "depth", stored / 256, stored > 0)
        ), method


def test_logarithmic_and_chosen_ranges_move_the_colours(viewer):
    viewer.open("?gallery=streets&spread=log&range=2..40&cmap=turbo_r")
    scale = viewer.scale("depth")
    assert scale[1:] == (2.0, 40.0, "log")
    stored = depth_of("teacher", 0)
    shown = viewer.pixels("teacher")
    wanted = expected_colors(viewer, "depth", stored / 256, stored > 0)
    # Logarithms may differ in their last bit between libraries, which matters only on the edge of a colour.
    assert np.mean(np.any(shown != wanted, axis=-1)) < 0.001
    viewer.press("g", viewer="ready")
    assert viewer.scale("depth")[3] == "linear"


def test_every_map_is_painted_in_every_spread_as_the_bar_states(viewer):
    viewer.open("?gallery=streets&range=6..60&targets=teacher")
    stored = depth_of("teacher", 0)
    assert (stored < 6 * 256).any()
    assert (stored > 60 * 256).any()
    maps = viewer.page.locator("[data-action=cmap] option").evaluate_all("all => all.map((o) => o.value)")
    assert len(maps) >= 7
    rows, columns = some_pixels()
    seen = set()
    for name in maps:
        for _ in range(3):
            wanted = expected_colors(viewer, "depth", stored / 256, stored > 0)
            shown = viewer.pixels("teacher")
            seen.add((name, viewer.scale("depth")[3]))
            # Logarithms may differ in their last bit between libraries: that matters on the edge of a colour.
            same = (shown == wanted).all(axis=-1)
            assert same.mean() > 0.999, (name, viewer.scale("depth")[1:])
            assert same[rows, columns].mean() > 0.99
            viewer.press("g", viewer="ready")
        viewer.press("c", viewer="ready")
    assert len(seen) == 3 * len(maps)


def test_difference_is_the_distance_in_metres_on_its_own_scale(viewer):
    viewer.open("?gallery=streets&index=1").press("2", diff=2)
    scale = viewer.scale("diff")
    assert scale[1:] == (0.0, 10.0, "linear")
    reference = depth_of("teacher", 1).astype(int)
    rows, columns = some_pixels()
    for method in set(METHODS) - {"teacher"}:
        other = depth_of(method, 1).astype(int)
        valid = (reference > 0) & (other > 0)
        wanted = expected_colors(viewer, "diff", np.abs(other - reference) / 256, valid)
        assert np.array_equal(viewer.pixels(method)[rows, columns], wanted[rows, columns]), method
        assert viewer.data(method, "mode") == "diff"
        mean = np.abs(other - reference)[valid].mean() / 256
        assert viewer.pane(method).locator(".pane-mean").inner_text() == f"mean {mean:.2f} m"
    assert viewer.data("teacher", "mode") == "depth"
    before = viewer.pixels("tiekd")
    viewer.press("2", diff=0)
    assert viewer.data("tiekd", "mode") == "depth"
    assert not np.array_equal(viewer.pixels("tiekd"), before)


def test_depth_colours_are_logarithmic_unless_chosen_otherwise(viewer):
    viewer.open()
    assert viewer.scale("depth")[1:] == (1.0, 80.0, "log")
    viewer.press("g")
    assert viewer.scale("depth")[1:] == (0.001, 80.0, "linear")
    assert "spread=linear" in viewer.query()
    viewer.hover("teacher", 20, 20)
    depth = depth_of("teacher", 0)[20, 20] / 256
    assert viewer.pane("teacher").locator(".pane-value").inner_text() == f"{depth:.2f} m"


def test_signed_difference_keeps_which_is_farther(viewer):
    viewer.open("?gallery=streets").press("1", diff=1).press("x", diff=1)
    assert viewer.scale("diff")[1:3] == (-10.0, 10.0)
    truth, other = depth_of("ground_truth", 0).astype(int), depth_of("tiekd", 0).astype(int)
    wanted = expected_colors(viewer, "diff", (other - truth) / 256, (truth > 0) & (other > 0))
    rows, columns = some_pixels()
    assert np.array_equal(viewer.pixels("tiekd")[rows, columns], wanted[rows, columns])
    assert "signed=1" in viewer.query()


def test_pointer_reads_metres_in_every_pane_at_once(viewer):
    viewer.open("?gallery=streets&index=2")
    rng = np.random.default_rng(3)
    for x, y in zip(rng.integers(0, WIDTH, 6), rng.integers(14, HEIGHT, 6), strict=True):
        viewer.hover("teacher", int(x), int(y))
        for method in METHODS:
            stored = depth_of(method, 2)[y, x]
            shown = float(viewer.data(method, "cursor-m"))
            assert shown == stored / 256 if stored else np.isnan(shown)
    viewer.hover("tiekd", 40, 3)
    assert np.isnan(float(viewer.data("ground_truth", "cursor-m")))
    assert viewer.pane("ground_truth").locator(".pane-value").inner_text() == "no data"
    viewer.press("4", diff=4)
    difference = abs(int(depth_of("teacher", 2)[3, 40]) - int(depth_of("tiekd", 2)[3, 40])) / 256
    assert float(viewer.data("teacher", "cursor-m")) == difference
    viewer.page.mouse.move(2, 2)
    assert viewer.data("teacher", "cursor-m") is None


def test_pictures_without_metres_show_the_difference_of_their_colours(viewer):
    viewer.open("?gallery=pictures&columns=4")
    assert viewer.pane("second").get_by_text("colours only").is_visible()
    viewer.press("1", diff=1)
    reference, other = picture_of("first", 0).astype(int), picture_of("second", 0).astype(int)
    shown = viewer.pixels("second")
    assert np.array_equal(shown[..., :3], np.abs(other - reference))
    assert (shown[..., 3] == 255).all()
    assert "|ΔRGB|" in viewer.pane("second").inner_text()
    assert "|ΔRGB|" in viewer.page.locator(".legend-note").inner_text()
    viewer.hover("second", 10, 10)
    assert viewer.data("second", "cursor-m") is None


def test_depth_decoded_from_colours_keeps_them_and_says_how_far_it_can_be_trusted(viewer):
    viewer.open("?gallery=coloured")
    assert np.array_equal(viewer.pixels("drawn")[..., :3], coloured_depth(0))
    viewer.hover("drawn", 7, 0)
    assert viewer.pane("drawn").locator(".pane-value").inner_text() == "≥ 79.7 m"
    viewer.hover("drawn", 7, 9)
    assert viewer.pane("drawn").locator(".pane-value").inner_text().endswith(" ±0.16 m")


def test_pictures_of_other_sizes_have_no_difference_and_say_so(viewer):
    viewer.open("?gallery=pictures&index=1").press("1", diff=1)
    assert "40 × 24" in viewer.data("other size", "error")
    assert viewer.data("second", "error") is None


def test_photo_comes_first_and_methods_in_the_gallery_s_order(viewer):
    viewer.open()
    panes = viewer.page.locator("[data-pane]")
    found = panes.evaluate_all("all => all.map(pane => [pane.dataset.method, pane.dataset.mode])")
    assert found == [["image", "image"], *([method, "depth"] for method in METHODS)]
    assert panes.evaluate_all("a => a.map(p => p.querySelectorAll('[data-layer=depth]').length)") == [1] * 5
    assert viewer.pixels("image").shape == (HEIGHT, WIDTH, 4)
    labels = panes.evaluate_all("all => all.map(pane => pane.ariaLabel)")
    assert labels[1] == "Ground truth, Street 0, depth"
