import assert from "node:assert/strict";
import { test } from "node:test";

import { decodeDepth } from "../../static/viewer/sources/decode.js";

test("stored depth is little-endian and must fill the picture", () => {
  const { values } = decodeDepth(Uint8Array.from([0, 1, 255, 0]).buffer, 2, 1);
  assert.deepEqual([...values], [256, 255]);
  assert.throws(() => decodeDepth(new ArrayBuffer(3), 2, 1), /2 × 1 pixels, but 3 bytes/);
  assert.throws(() => decodeDepth(new ArrayBuffer(0), 0, 0), /0 bytes/);
});
