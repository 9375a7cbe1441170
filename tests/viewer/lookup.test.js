import assert from "node:assert/strict";
import { test } from "node:test";

import { beyondColors, colorTable, DEPTH_MAPS, SIGNED_MAPS } from "../../static/viewer/paint/colormaps.js";
import { lookup, packed, packedTable } from "../../static/viewer/paint/lookup.js";
import { colorIndex, SPREADS } from "../../static/viewer/paint/scale.js";

const DEPTHS = { first: 0, last: 65535, none: 0, perUnit: 256 };
const DISTANCES = { ...DEPTHS, none: 65535 };
const DIFFERENCES = { first: -65536, last: 65535, none: -65536, perUnit: 256 };

/** The colour of a value, as scale.js states it. */
function stated(value, scale) {
  const { under, over } = beyondColors(scale.cmap);
  if (value < scale.min) return packed(under);
  if (value > scale.max) return packed(over);
  const at = 3 * colorIndex(value, scale);
  return packed(colorTable(scale.cmap).subarray(at, at + 3));
}

function sameEverywhere(scale, stored) {
  const table = lookup(scale, stored);
  assert.equal(table.length, stored.last - stored.first + 1);
  assert.equal(table[stored.none - stored.first], 0, "no data is transparent");
  for (let n = stored.first; n <= stored.last; n++) {
    if (n === stored.none) continue;
    if (table[n - stored.first] !== stated(n / stored.perUnit, scale))
      assert.fail(`${JSON.stringify(scale)}: stored number ${n}`);
  }
}

test("a table of depths has the stated colour for every stored number, in every spread and map", () => {
  for (const { name } of DEPTH_MAPS)
    for (const spread of SPREADS) sameEverywhere({ cmap: name, min: 2, max: 80, spread }, DEPTHS);
});

test("so it has for ends at, between and beyond stored numbers", () => {
  const ends = [
    [0.001, 80],
    [1, 2],
    [0.3, 0.31],
    [5, 5.001],
    [0.0001, 255.99],
    [10, 1000],
    [300, 400],
  ];
  for (const [min, max] of ends)
    for (const spread of SPREADS) sameEverywhere({ cmap: "viridis_r", min, max, spread }, DEPTHS);
  sameEverywhere({ cmap: "grey_r", min: 0, max: 1, spread: "linear" }, DEPTHS);
});

test("differences have both signs, and no difference is no data", () => {
  for (const max of [0.001, 1, 10, 256])
    sameEverywhere({ cmap: SIGNED_MAPS.dark, min: -max, max, spread: "linear" }, DIFFERENCES);
  sameEverywhere({ cmap: "apart", min: 0, max: 10, spread: "linear" }, DISTANCES);
});

test("a table is made once for a scale", () => {
  const scale = { cmap: "magma_r", min: 1, max: 9, spread: "log" };
  assert.equal(lookup(scale, DEPTHS), lookup({ ...scale }, DEPTHS));
  assert.notEqual(lookup(scale, DEPTHS), lookup({ ...scale, max: 10 }, DEPTHS));
});

test("packed colours are opaque, in ImageData's order of bytes", () => {
  const bytes = new Uint8Array(packedTable("magma_r").buffer);
  assert.deepEqual([...bytes.subarray(0, 4)], [251, 252, 191, 255]);
});
