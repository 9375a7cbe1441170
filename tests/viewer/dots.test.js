import assert from "node:assert/strict";
import { test } from "node:test";

import { dotDiameter, drawDots, needsDots, pointsOf, stampOf } from "../../static/viewer/paint/dots.js";
import { nearestReturn, returnsOf } from "../../static/viewer/paint/sparse.js";
import { colors, depths } from "./kit.js";

/** An empty picture of the screen, and what a dot left at a place of it. */
function screen(width, height) {
  const image = { width, height, data: new Uint8ClampedArray(4 * width * height) };
  return { image, at: (x, y) => [...image.data.subarray(4 * (y * width + x), 4 * (y * width + x) + 4)] };
}

const RED = 0xff0000ff;
const BLUE = 0xffff0000;
const points = (width, ...entries) => ({
  width,
  at: Uint32Array.from(entries.map(([at]) => at)),
  colors: Uint32Array.from(entries.map(([, color]) => color)),
});

test("a dot can be seen at any zoom and grows with it, until the pixel itself is large enough", () => {
  assert.equal(dotDiameter(0.1), 2.5);
  assert.equal(dotDiameter(0.5), 2.5);
  const sizes = [1, 2, 4, 7].map(dotDiameter);
  assert.deepEqual(
    sizes,
    sizes.toSorted((a, b) => a - b),
  );
  assert.deepEqual([0.3, 1, 4, 7.9, 8, 40].map(needsDots), [true, true, true, true, false, false]);
  assert.ok(dotDiameter(7.9) < 7.9, "it has not grown beyond its pixel");
});

test("returns that were painted become points with their colours, the others don't", () => {
  const data = new Uint8ClampedArray([1, 2, 3, 255, 0, 0, 0, 0, 0, 0, 0, 0, 9, 8, 7, 255]);
  const found = pointsOf({ width: 2, data }, Uint32Array.of(0, 2, 3));
  assert.deepEqual([...found.at], [0, 3]);
  assert.deepEqual([...new Uint8Array(found.colors.buffer)], [1, 2, 3, 255, 9, 8, 7, 255]);
  assert.equal(found.width, 2);
});

test("a dot lies round the middle of its pixel, wherever the picture lies on the screen", () => {
  const { image, at } = screen(60, 60);
  // Pixel (2, 1) of a picture that is drawn 10 times as large from (−5, 7) on, two pixels of the screen per CSS pixel.
  drawDots(image, points(4, [6, RED]), { left: -5, top: 7, scale: 10, ratio: 2 }, stampOf(8, 0));
  assert.deepEqual(at(40, 44), [255, 0, 0, 255]);
  const painted = [];
  for (let y = 0; y < 60; y++) for (let x = 0; x < 60; x++) if (at(x, y)[3]) painted.push([x, y]);
  assert.ok(painted.every(([x, y]) => Math.hypot(x - 40, y - 44) < 4.5));
  assert.ok(Math.abs(painted.length - Math.PI * 16) < 20, `${painted.length} pixels are about a disc`);
});

test("dots at the rim are drawn in part, those beyond not at all", () => {
  const { image, at } = screen(6, 6);
  const placed = { left: 0, top: 0, scale: 1, ratio: 1 };
  drawDots(image, points(100, [0, RED], [50, BLUE], [5500, BLUE]), placed, stampOf(3, 0));
  assert.deepEqual(at(0, 0), [255, 0, 0, 255]);
  assert.deepEqual(at(1, 1)[0], 255);
  assert.equal(image.data.filter((_, i) => i % 4 === 2).some(Boolean), false);
});

test("the inside of a dot is never covered by the ring of another", () => {
  const { image, at } = screen(40, 20);
  const placed = { left: 0, top: 0, scale: 10, ratio: 1 };
  drawDots(image, points(4, [0, RED], [1, BLUE]), placed, stampOf(9.5, 1));
  assert.deepEqual(at(5, 5), [255, 0, 0, 255]);
  assert.deepEqual(at(9, 5).slice(0, 3), [255, 0, 0], "its last whole pixel");
  assert.deepEqual(at(15, 5), [0, 0, 255, 255]);
  const [r, g, b, a] = at(5, 10);
  assert.ok(r + g + b < 100 && a > 60, "a dark ring");
});

test("the smallest dot covers at least four pixels of a plain screen", () => {
  assert.ok(stampOf(2.5, 0).alpha.filter((alpha) => alpha > 127).length >= 4);
});

test("depth in few pixels is sparse; none at all, much of it and colours are not", () => {
  assert.deepEqual([...returnsOf(depths(0, 0, 0, 5))], [3]);
  assert.equal(returnsOf(depths(0, 0, 5, 5)), null);
  assert.equal(returnsOf(depths(0, 0, 0, 0)), null);
  assert.equal(returnsOf(depths(1, 1, 1, ...Array(7).fill(0))), null, "three in ten are no longer few");
  assert.equal(returnsOf(colors([1, 2, 3])), null);
});

test("the nearest return is found within reach", () => {
  const picture = { width: 5, height: 3, values: new Uint16Array(15) };
  assert.equal(nearestReturn(picture, 2, 1, 9), null);
  picture.values[4] = 256; // (4, 0)
  picture.values[10] = 256; // (0, 2)
  assert.deepEqual(nearestReturn(picture, 3, 0, 9), { x: 4, y: 0 });
  assert.deepEqual(nearestReturn(picture, 1, 1, 9), { x: 0, y: 2 });
  assert.equal(nearestReturn(picture, 2, 1, 2), null, "both are √5 away");
  assert.deepEqual(nearestReturn(picture, 0, 2, 0), { x: 0, y: 2 });
});
