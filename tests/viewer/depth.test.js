import assert from "node:assert/strict";
import { test } from "node:test";

import * as depth from "../../static/viewer/depth.js";

/** @param {number[]} values @returns {import("../../static/viewer/types.js").DepthPicture} */
const picture = (values) => ({
  unit: "m",
  width: values.length,
  height: 1,
  values: Uint16Array.from(values),
});

test("colour entries follow the stated formula and stay inside the table", () => {
  const linear = { min: 0, max: 80, log: false };
  assert.deepEqual([-1, 0, 40, 79.9, 80, 500].map((v) => depth.colorIndex(v, linear)), [0, 0, 128, 255, 255, 255]); // prettier-ignore
  const log = { min: 1, max: 16, log: true };
  assert.deepEqual(
    [0, 1, 2, 4, 8, 16].map((v) => depth.colorIndex(v, log)),
    [0, 0, 64, 128, 192, 255],
  );
});

test("stored depth is little-endian and must fill the picture", () => {
  const { values } = depth.decodeDepth(Uint8Array.from([0, 1, 255, 0]).buffer, 2, 1);
  assert.deepEqual([...values], [256, 255]);
  assert.throws(() => depth.decodeDepth(new ArrayBuffer(3), 2, 1), /2 × 1 pixels, but 3 bytes/);
  assert.throws(() => depth.decodeDepth(new ArrayBuffer(0), 0, 0), /0 bytes/);
});

test("metres become whole numbers of 1/256 m; what is not above 0 is no data", () => {
  const metres = Float32Array.from([1, 0.0001, 0, -3, NaN, 1000, 2.5]);
  assert.deepEqual([...depth.quantizeDepth(metres, 7, 1).values], [256, 1, 0, 0, 0, 65535, 640]);
});

test("an .npy file of float32 is read, anything else refused", () => {
  const header = "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 2), }".padEnd(117) + "\n";
  const bytes = new Uint8Array(10 + header.length + 8);
  bytes.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, header.length, 0]);
  bytes.set(new TextEncoder().encode(header), 10);
  bytes.set(new Uint8Array(Float32Array.from([1.5, -2]).buffer), 10 + header.length);
  const read = depth.parseNpy(bytes.buffer);
  assert.deepEqual([read.width, read.height, [...read.values]], [2, 1, [1.5, -2]]);
  assert.throws(() => depth.parseNpy(bytes.buffer.slice(0, bytes.length - 1)), /cut off/);
  assert.throws(() => depth.parseNpy(new ArrayBuffer(40)), /not a depth array/);
  bytes.set(new TextEncoder().encode("{'descr': '<f8'"), 10);
  assert.throws(() => depth.parseNpy(bytes.buffer), /unexpected form/);
});

test("a difference needs both depths; its statistics are in metres", () => {
  const [a, b] = [picture([256, 0, 512, 1024]), picture([512, 256, 0, 256])];
  const signed = depth.depthDifference(a, b, true);
  assert.deepEqual([...signed.values], [256, depth.NO_DIFFERENCE, depth.NO_DIFFERENCE, -768]);
  assert.deepEqual(signed.statistics, { min: -3, mean: -1, max: 1, share: 0.5 });
  const absolute = depth.depthDifference(a, b, false);
  assert.deepEqual(absolute.statistics, { min: 1, mean: 2, max: 3, share: 0.5 });
  assert.equal(depth.depthDifference(picture([0]), picture([5]), false).statistics, null);
});

test("colour differences are per channel and opaque", () => {
  const color = (/** @type {number[]} */ pixels) =>
    /** @type {const} */ ({ unit: "rgb", width: 1, height: 1, pixels: Uint8ClampedArray.from(pixels) });
  const difference = depth.colorDifference(color([10, 200, 0, 255]), color([30, 100, 0, 0]));
  assert.deepEqual([...difference.pixels], [20, 100, 0, 255]);
  assert.deepEqual(depth.colorStatistics(difference), { min: 0, mean: 40, max: 100, share: 1 });
});

test("one pixel is read in metres, NaN without data", () => {
  assert.equal(depth.depthAt(picture([0, 640]), 1, 0), 2.5);
  assert.equal(depth.depthAt(picture([0, 640]), 0, 0), NaN);
});

test("ticks are round numbers inside the scale", () => {
  assert.deepEqual(depth.ticks(0, 80, 8), [0, 10, 20, 30, 40, 50, 60, 70, 80]);
  assert.deepEqual(depth.ticks(-2, 2, 8), [-2, -1.5, -1, -0.5, 0, 0.5, 1, 1.5, 2]);
  assert.deepEqual(depth.ticks(0.3, 1, 4), [0.4, 0.6, 0.8, 1]);
  assert.deepEqual(depth.logTicks(2, 80), [2, 5, 10, 20, 50, 80]);
});

test("differences end at about an eighth of the depth range", () => {
  assert.deepEqual([80, 10, 0.1].map(depth.defaultDifferenceMax), [10, 1, 0.25]);
});
