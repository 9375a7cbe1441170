import assert from "node:assert/strict";
import { test } from "node:test";

import {
  draggedBy,
  fitScale,
  hasShapeOf,
  nextStop,
  pixelAt,
  pixelUnder,
  placedWithin,
  placement,
  rescaled,
  showsSquares,
  snapped,
  spotOf,
  visiblePixels,
  zoomedTo,
} from "../../static/viewer/state/window.js";

const photo = { width: 1000, height: 300 };
const room = { width: 500, height: 200 };
const FIT = { zoom: "fit", at: null };

test("a picture that fits stands in the middle of its stage", () => {
  assert.deepEqual(placement(FIT, photo, room), { left: 0, top: 25, scale: 0.5 });
  assert.deepEqual(placement({ zoom: 0.25, at: [0, 0] }, photo, room), { left: 125, top: 62.5, scale: 0.25 });
});

test("a larger one has the pixel of the window in the middle, and leaves no gap at its edges", () => {
  assert.deepEqual(placement({ zoom: 2, at: [400, 100] }, photo, room), { left: -550, top: -100, scale: 2 });
  assert.deepEqual(placement({ zoom: 2, at: null }, photo, room), { left: -750, top: -200, scale: 2 });
  assert.deepEqual(placement({ zoom: 2, at: [0, 299] }, photo, room), { left: -0, top: -400, scale: 2 });
});

test("a picture of another resolution shows the same part, one of another shape stands inside", () => {
  const place = placement({ zoom: 2, at: [400, 100] }, photo, room);
  assert.deepEqual(placedWithin(place, photo, { width: 500, height: 150 }), {
    left: -550,
    top: -100,
    scale: 4,
  });
  assert.deepEqual(placedWithin(placement(FIT, photo, room), photo, { width: 30, height: 30 }), {
    left: 175,
    top: 25,
    scale: 5,
  });
});

test("a point of the stage lies on one pixel, or beside the picture", () => {
  const place = { left: 175, top: 25, scale: 5 };
  const size = { width: 30, height: 30 };
  assert.deepEqual(pixelAt(place, size, [175, 25]), [0, 0]);
  assert.deepEqual(pixelAt(place, size, [324.9, 174.9]), [29, 29]);
  for (const beside of [[174.9, 50], [325, 50], [200, 24], [200, 175]]) assert.equal(pixelAt(place, size, beside), null); // prettier-ignore
});

test("where a picture is drawn in the photo is where it is read, whatever its shape", () => {
  const frame = { width: 1242, height: 375 };
  const spot = (x, y) => ({ u: (x + 0.5) / frame.width, v: (y + 0.5) / frame.height });
  for (const picture of [frame, { width: 621, height: 188 }, { width: 320, height: 240 }])
    for (const pixel of [
      [0, 0],
      [picture.width - 1, picture.height - 1],
      [107, 93],
    ])
      // prettier-ignore
      assert.deepEqual(pixelUnder(spotOf(pixel, frame, picture), frame, picture), pixel);
  const tall = { width: 320, height: 240 }; // as high as the photo, so 1.5625 of its pixels each
  assert.deepEqual(pixelUnder(spot(621, 187), frame, tall), [160, 120]);
  assert.deepEqual(pixelUnder(spot(371, 0), frame, tall), [0, 0]);
  for (const x of [0, 370, 871, 1241]) assert.equal(pixelUnder(spot(x, 187), frame, tall), null);
});

test("a picture has the shape of the photo if only rounding tells them apart", () => {
  const frame = { width: 1242, height: 375 };
  for (const [width, height] of [
    [1242, 375],
    [621, 188],
    [640, 192],
    [320, 96],
  ])
    // prettier-ignore
    assert.ok(hasShapeOf(frame, { width, height }), `${width} × ${height}`);
  for (const [width, height] of [
    [1216, 352],
    [320, 240],
    [375, 1242],
  ])
    // prettier-ignore
    assert.ok(!hasShapeOf(frame, { width, height }), `${width} × ${height}`);
});

test("the pixels in sight are those that the stage shows at least in part", () => {
  const all = { x0: 0, y0: 0, x1: 1000, y1: 300 };
  assert.deepEqual(visiblePixels(placement(FIT, photo, room), photo, room), all);
  const place = placement({ zoom: 64, at: [400.5, 100.5] }, photo, room);
  assert.deepEqual(visiblePixels(place, photo, room), { x0: 396, y0: 98, x1: 405, y1: 103 });
});

test("pixels are squares from 2 : 1 on", () => {
  const squares = (scale) => showsSquares({ left: 0, top: 0, scale });
  assert.deepEqual([0.5, 1, 1.99, 2, 64].map(squares), [false, false, false, true, true]);
});

test("the zoom keys stop at fit and at the powers of two", () => {
  const fit = fitScale(photo, room);
  assert.equal(fit, 0.5);
  const up = [0.4, 0.41, 1, 1.5, 32, 64].map((scale) => nextStop(scale, 1, 0.4));
  assert.deepEqual(up, [0.5, 0.5, 2, 2, 64, 64]);
  const down = [64, 3, 1, 0.5, 0.4].map((scale) => nextStop(scale, -1, 0.4));
  assert.deepEqual(down, [32, 2, 0.5, 0.4, 0.4]);
  assert.equal(nextStop(3, -1, 3), 2, "a small picture goes down to its own size");
  assert.equal(nextStop(1, -1, 3), 1);
});

test("zooming keeps the pixel under the pointer where it is", () => {
  const place = placement({ zoom: 2, at: [400, 100] }, photo, room);
  const point = [120, 40];
  const next = zoomedTo(place, 8, point, photo, room);
  assert.equal(next.zoom, 8);
  const before = pixelAt(place, photo, point);
  assert.deepEqual(pixelAt(placement(next, photo, room), photo, point), before);
});

test("a wheel ends outwards at the whole picture, and its notches on whole pixels", () => {
  assert.deepEqual(
    [rescaled(1, 2, 0.4), rescaled(1, 0.1, 0.4), rescaled(0.4, 0.5, 0.4), rescaled(1, 0.5, 3)],
    [2, 0.4, 0.4, 1],
  );
  assert.deepEqual([1.1, 0.9, 1.2, 7.5, 64].map(snapped), [1, 1, 1.2, 8, 64]);
});

test("zooming ends at 64 : 1 and at the whole picture", () => {
  const place = placement({ zoom: 2, at: [400, 100] }, photo, room);
  assert.equal(zoomedTo(place, 1000, [0, 0], photo, room).zoom, 64);
  assert.deepEqual(zoomedTo(place, 0.5, [0, 0], photo, room), FIT);
  assert.deepEqual(zoomedTo(place, 0.3, [0, 0], photo, room), FIT);
});

test("dragging moves the window by whole screen pixels and stops at the edges", () => {
  const place = placement({ zoom: 2, at: [400, 100] }, photo, room);
  assert.deepEqual(draggedBy(place, [-30, 10], photo, room), { zoom: 2, at: [415, 95] });
  assert.deepEqual(draggedBy(place, [9999, 9999], photo, room), { zoom: 2, at: [125, 50] });
  assert.deepEqual(draggedBy(placement(FIT, photo, room), [9, 9], photo, room).at, [500, 150]);
});
