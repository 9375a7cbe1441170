import assert from "node:assert/strict";
import { test } from "node:test";

import { shortWords } from "../../static/viewer/modes/words.js";
import { inkOn, paintNumbers, typeSize } from "../../static/viewer/paint/numbers.js";

test("type is as large as the pixel allows, and none where it couldn't be read", () => {
  assert.equal(typeSize(20, 5, 1), 0);
  assert.ok(typeSize(32, 5, 1) >= 8);
  assert.equal(typeSize(200, 5, 1), 15);
  assert.ok(typeSize(32, 3, 3) >= 8, "three lines of a colour");
  assert.ok(typeSize(64, 5, 1) * 0.6 * 5 < 64);
});

test("ink is black or white, whichever stands out", () => {
  assert.equal(inkOn([255, 255, 200]), "#000");
  assert.equal(inkOn([20, 0, 60]), "#fff");
  assert.equal(inkOn([0, 200, 0]), "#000");
  assert.equal(inkOn([0, 0, 255]), "#fff");
});

test("words are shortened to the number and its mark", () => {
  const all = ["12.34 m", "20.0 ±0.16 m", "≥ 79.7 m", "Δ +1.25 m (> 1 m)", "Δ −0.50 m", "Δ ≤ −9.69 m"];
  assert.deepEqual(all.map(shortWords), ["12.34", "20.0", "≥79.7", "+1.25", "−0.50", "≤−9.69"]);
  assert.equal(shortWords("Δ unknown: cut off"), "?");
});

test("each visible pixel gets its text in its middle; pixels without data get none", () => {
  const written = [];
  const canvas = { width: 200, height: 100, getContext: () => context };
  const context = {
    clearRect: () => written.splice(0),
    fillText: (text, x, y) => written.push([text, x, y, context.fillStyle]),
  };
  const pixels = [0, 0, 0, 255, 255, 255, 255, 255, 0, 0, 0, 0];
  const layer = {
    getContext: () => ({ getImageData: () => ({ data: new Uint8ClampedArray(pixels) }) }),
  };
  const placed = { left: -50, top: 10, scale: 40, ratio: 2, x0: 1, y0: 0, x1: 4, y1: 1 };
  paintNumbers(canvas, placed, layer, (x, y) => [`${x}.${y}`]);
  assert.deepEqual(written, [
    ["1.0", 20, 60, "#fff"],
    ["2.0", 100, 60, "#000"],
  ]);
  paintNumbers(canvas, { ...placed, scale: 5 }, layer, () => ["12.34"]);
  assert.deepEqual(written, [], "too small: what stood there is gone");
});
