import assert from "node:assert/strict";
import { test } from "node:test";
import { deflateSync } from "node:zlib";

import { decodePng16 } from "../../static/viewer/sources/png16.js";

const chunk = (name, data) => {
  const out = Buffer.alloc(12 + data.length);
  out.writeUInt32BE(data.length);
  out.write(name, 4);
  data.copy(out, 8);
  return out; // the check sum stays 0: browsers and Pillow look at it, the page does not
};

/** A PNG of two rows of three values, each row with its filter. */
function png(rows, { depth = 16, color = 0 } = {}) {
  const head = Buffer.from([0, 0, 0, 3, 0, 0, 0, 2, depth, color, 0, 0, 0]);
  const data = deflateSync(Buffer.from(rows.flat()));
  const parts = [data.subarray(0, 5), data.subarray(5)].map((part) => chunk("IDAT", part));
  const all = [
    Buffer.from("89504e470d0a1a0a", "hex"),
    chunk("IHDR", head),
    ...parts,
    chunk("IEND", Buffer.alloc(0)),
  ];
  return Uint8Array.from(Buffer.concat(all)).buffer;
}

const VALUES = [0x0102, 0x01ff, 0x0300, 0xffff, 0x0000, 0x0001];

test("depth is read whichever way its rows are filtered", async () => {
  const none = [0, 1, 2, 1, 0xff, 3, 0];
  const sub = [1, 1, 2, 0, 0xfd, 2, 1];
  const up = [2, 0xfe, 0xfd, 0xff, 1, 0xfd, 1];
  const last = [0, 0xff, 0xff, 0, 0, 0, 1];
  for (const rows of [
    [none, last],
    [sub, last],
    [none, up],
  ]) {
    const picture = await decodePng16(png(rows));
    assert.deepEqual(
      { ...picture, values: [...picture.values] },
      { unit: "m", width: 3, height: 2, values: VALUES },
    );
  }
});

test("what is no whole 16-bit PNG is refused in words", async () => {
  const rows = [
    [0, 1, 2, 3, 4, 5, 6],
    [0, 1, 2, 3, 4, 5, 6],
  ];
  const whole = png(rows);
  for (const bytes of [
    new ArrayBuffer(0),
    new TextEncoder().encode("<!doctype html> a page that says 404, with a good many words").buffer,
    whole.slice(0, 60),
    png(rows, { depth: 8 }),
    png(rows, { color: 2 }),
    png([rows[0]]),
    png([[4, 1, 2, 3, 4, 5, 6], rows[1]]),
  ])
    await assert.rejects(decodePng16(bytes), /not a whole 16-bit PNG/);
});
