import assert from "node:assert/strict";
import { test } from "node:test";

import { extentOf } from "../../static/viewer/paint/extent.js";
import { beginOf, differenceEnd, MOST_M, rangeWithin, withEnd } from "../../static/viewer/state/ranges.js";
import { depths } from "./kit.js";

test("colours end where stored depth ends", () => {
  assert.equal(MOST_M, 255.99);
  assert.deepEqual(rangeWithin([2, 402]), [2, 255.99]);
  assert.deepEqual(rangeWithin([0, 80]), [0, 80]);
  assert.equal(rangeWithin([300, 400]), null, "nothing would be left");
  assert.equal(rangeWithin([5, 5]), null);
});

test("a logarithmic or inverse scale begins where it still tells what is far", () => {
  assert.equal(beginOf(0.001, 80, "log"), 1);
  assert.equal(beginOf(0.001, 80, "inverse"), 1);
  assert.equal(beginOf(0.001, 80, "linear"), 0.001);
  assert.equal(beginOf(0.1, 80, "log"), 0.1);
});

test("an end moves as far as the other end and the spread allow", () => {
  const scale = { cmap: "magma_r", min: 2, max: 80, spread: "log" };
  assert.deepEqual(withEnd(scale, "max", 40), [2, 40]);
  assert.deepEqual(withEnd(scale, "min", 10), [10, 80]);
  assert.deepEqual(withEnd(scale, "max", Infinity), [2, 255.99]);
  const [min, max] = withEnd(scale, "max", 1);
  assert.ok(min === 2 && max > 2, "never past the other end");
  assert.ok(withEnd(scale, "min", 90)[0] < 80);
  const [begin] = withEnd(scale, "min", 0);
  assert.equal(beginOf(begin, 80, "log"), begin, "it stays where it was put");
  assert.deepEqual(withEnd({ ...scale, spread: "linear" }, "min", -5), [0, 80]);
});

test("the end of difference colours has two signs and one size", () => {
  assert.equal(differenceEnd(-5), 5);
  assert.equal(differenceEnd(402), 255.99);
  assert.equal(differenceEnd(0), 0.01);
});

test("the extent of depth leaves out no data, what can't be stored, and a share of either end", () => {
  const picture = depths(0, 0, 65535, ...Array.from({ length: 100 }, (_, i) => 256 * (i + 1)));
  assert.deepEqual(extentOf([picture], 0), [1, 100]);
  assert.deepEqual(extentOf([picture], 0.02), [3, 98]);
  assert.deepEqual(extentOf([picture, depths(128)], 0), [0.5, 100]);
  assert.equal(extentOf([depths(0, 65535)], 0), null);
  assert.equal(extentOf([], 0.02), null);
});
