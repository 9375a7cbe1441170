import assert from "node:assert/strict";
import { test } from "node:test";

import { ABSOLUTE_MAP, colorTable, DEPTH_MAPS, SIGNED_MAP } from "../../static/viewer/paint/colormaps.js";

/** @param {string} name @param {number} entry */
const entryOf = (name, entry) => [...colorTable(name).subarray(3 * entry, 3 * entry + 3)];

test("the ends of the published tables are matplotlib's and Google's", () => {
  assert.deepEqual([entryOf("magma", 0), entryOf("magma", 255)], [[0, 0, 3], [251, 252, 191]]); // prettier-ignore
  assert.deepEqual([entryOf("viridis", 0), entryOf("viridis", 255)], [[68, 1, 84], [253, 231, 36]]); // prettier-ignore
  assert.deepEqual([entryOf("turbo", 0), entryOf("turbo", 255)], [[48, 18, 59], [122, 4, 2]]); // prettier-ignore
});

test("_r is the same table from the other end", () => {
  for (const entry of [0, 17, 128, 255])
    assert.deepEqual(entryOf("turbo_r", entry), entryOf("turbo", 255 - entry));
  assert.deepEqual(entryOf("grey_r", 0), [255, 255, 255]);
  assert.deepEqual(entryOf("grey_r", 200), [55, 55, 55]);
});

test("difference tables pass through their stops", () => {
  assert.deepEqual(entryOf(ABSOLUTE_MAP, 0), [10, 12, 18]);
  assert.deepEqual(entryOf(ABSOLUTE_MAP, 51), [27, 40, 86]);
  assert.deepEqual(entryOf(SIGNED_MAP, 0), [170, 232, 255]);
  assert.deepEqual(entryOf(SIGNED_MAP, 255), [255, 216, 140]);
});

test("an unknown name, also one that every object has, gives the default table", () => {
  assert.equal(DEPTH_MAPS[0].name, "magma_r");
  assert.deepEqual(colorTable("constructor"), colorTable("magma_r"));
  assert.deepEqual(colorTable("jet"), colorTable("magma_r"));
});

test("all offered tables are whole", () => {
  for (const { name } of DEPTH_MAPS) assert.equal(colorTable(name).length, 768);
});
