import assert from "node:assert/strict";
import { test } from "node:test";

import { absoluteDifference, colorAt, colorStatistics } from "../../static/viewer/paint/color.js";
import {
  depthAt,
  depthDifference,
  depthDistance,
  NO_DIFFERENCE,
  NO_DISTANCE,
} from "../../static/viewer/paint/depth.js";
import * as scale from "../../static/viewer/paint/scale.js";
import { colors, depths } from "./kit.js";

test("colour entries follow the stated formula and stay inside the table", () => {
  const linear = { min: 0, max: 80, spread: "linear" };
  const entries = [-1, 0, 40, 79.9, 80, 500].map((value) => scale.colorIndex(value, linear));
  assert.deepEqual(entries, [0, 0, 128, 255, 255, 255]);
  const log = { min: 1, max: 16, spread: "log" };
  assert.deepEqual(
    [0, 1, 2, 4, 8, 16].map((value) => scale.colorIndex(value, log)),
    [0, 0, 64, 128, 192, 255],
  );
});

test("by inverse depth the near has most colours", () => {
  const inverse = { min: 1, max: 4, spread: "inverse" };
  assert.deepEqual(
    [0.5, 1, 1.6, 2, 4, 100].map((value) => scale.colorIndex(value, inverse)),
    [0, 0, 128, 170, 255, 255],
  );
});

test("a share of a scale leads back to its value, beyond the ends too", () => {
  for (const spread of scale.SPREADS) {
    const ends = { min: 0.5, max: 40, spread };
    for (const value of [0.5, 1, 7.25, 40, 60])
      assert.ok(Math.abs(scale.valueAt(scale.shareOf(value, ends), ends) - value) < 1e-9, spread);
  }
  assert.equal(scale.valueAt(-0.5, { min: 0, max: 80, spread: "linear" }), -40);
  assert.equal(scale.valueAt(1.1, { min: 1, max: 80, spread: "inverse" }), Infinity);
});

test("a place on a scale is a share of it, beyond the ends too", () => {
  assert.equal(scale.shareOf(-10, { min: 0, max: 40, spread: "linear" }), -0.25);
  assert.equal(scale.shareOf(60, { min: 0, max: 40, spread: "linear" }), 1.5);
  assert.equal(scale.shareOf(4, { min: 1, max: 16, spread: "log" }), 0.5);
  assert.equal(scale.shareOf(0.01, { min: 1, max: 16, spread: "log" }), 0);
});

test("ticks are round numbers inside the scale", () => {
  assert.deepEqual(scale.ticks(0, 80, 8), [0, 10, 20, 30, 40, 50, 60, 70, 80]);
  assert.deepEqual(scale.ticks(-2, 2, 8), [-2, -1.5, -1, -0.5, 0, 0.5, 1, 1.5, 2]);
  assert.deepEqual(scale.ticks(0.3, 1, 4), [0.4, 0.6, 0.8, 1]);
  assert.deepEqual(scale.logTicks(2, 80), [2, 5, 10, 20, 50, 80]);
  assert.deepEqual(scale.stepsOf({ min: 0, max: 40, spread: "linear" }), [0, 5, 10, 15, 20, 25, 30, 35, 40]);
  assert.deepEqual(scale.stepsOf({ min: 2, max: 80, spread: "inverse" }), [2, 5, 10, 20, 50, 80]);
});

test("difference colours end at about an eighth of the depth range", () => {
  assert.deepEqual([80, 10, 0.1].map(scale.defaultDifferenceMax), [10, 1, 0.25]);
});

test("a difference needs both depths", () => {
  const [a, b] = [depths(256, 0, 512, 1024), depths(512, 256, 0, 256)];
  assert.deepEqual([...depthDifference(a, b)], [256, NO_DIFFERENCE, NO_DIFFERENCE, -768]);
  assert.deepEqual([...depthDistance(a, b)], [256, NO_DISTANCE, NO_DISTANCE, 768]);
});

test("the largest difference that 16 bits allow is kept", () => {
  assert.deepEqual([...depthDifference(depths(65535), depths(1))], [-65534]);
});

test("one pixel is read in metres, NaN without data", () => {
  assert.equal(depthAt(depths(0, 640), 1, 0), 2.5);
  assert.equal(depthAt(depths(0, 640), 0, 0), NaN);
  const twoRows = { ...depths(1, 2, 256, 4), width: 2, height: 2 };
  assert.equal(depthAt(twoRows, 0, 1), 1);
});

test("colour differences are per channel and opaque", () => {
  const difference = absoluteDifference(colors([10, 200, 0], [0, 0, 0]), colors([30, 100, 0], [0, 0, 7]));
  assert.deepEqual([...difference.pixels], [20, 100, 0, 255, 0, 0, 7, 255]);
  assert.deepEqual(colorStatistics(difference), { min: 0, mean: 127 / 6, max: 100 });
  assert.deepEqual(colorAt(difference, 1, 0), [0, 0, 7]);
});
