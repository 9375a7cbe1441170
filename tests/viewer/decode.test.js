import assert from "node:assert/strict";
import { test } from "node:test";

import { decodeDepth, parseNpy, quantizeDepth } from "../../static/viewer/sources/decode.js";

test("stored depth is little-endian and must fill the picture", () => {
  const { values } = decodeDepth(Uint8Array.from([0, 1, 255, 0]).buffer, 2, 1);
  assert.deepEqual([...values], [256, 255]);
  assert.throws(() => decodeDepth(new ArrayBuffer(3), 2, 1), /2 × 1 pixels, but 3 bytes/);
  assert.throws(() => decodeDepth(new ArrayBuffer(0), 0, 0), /0 bytes/);
});

test("metres become whole numbers of 1/256 m; what is not above 0 is no data", () => {
  const metres = Float32Array.from([1, 0.0001, 0, -3, NaN, 1000, 2.5]);
  assert.deepEqual([...quantizeDepth(metres, 7, 1).values], [256, 1, 0, 0, 0, 65535, 640]);
});

/** An .npy file of version 1 with one row of two numbers. */
function npy(descr) {
  const header = `{'descr': '${descr}', 'fortran_order': False, 'shape': (1, 2), }`.padEnd(117) + "\n";
  const bytes = new Uint8Array(10 + header.length + 8);
  bytes.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, header.length, 0]);
  bytes.set(new TextEncoder().encode(header), 10);
  bytes.set(new Uint8Array(Float32Array.from([1.5, -2]).buffer), 10 + header.length);
  return bytes.buffer;
}

test("an .npy file of float32 is read", () => {
  const { width, height, values } = parseNpy(npy("<f4"));
  assert.deepEqual([width, height, [...values]], [2, 1, [1.5, -2]]);
});

test("other .npy files and other bytes are refused", () => {
  const whole = npy("<f4");
  assert.throws(() => parseNpy(whole.slice(0, whole.byteLength - 1)), /cut off/);
  assert.throws(() => parseNpy(npy("<f8")), /unexpected form/);
  assert.throws(() => parseNpy(new ArrayBuffer(40)), /not a depth array/);
  assert.throws(() => parseNpy(new ArrayBuffer(2)), /not a depth array/);
});
