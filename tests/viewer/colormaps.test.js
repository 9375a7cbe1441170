import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import {
  ABSOLUTE_MAPS,
  beyondColors,
  colorTable,
  DELTA_MAPS,
  DEPTH_MAPS,
  SIGNED_MAPS,
} from "../../static/viewer/paint/colormaps.js";
import { apart, seen, SIGHTS } from "./vision.js";

/** @param {string} name @param {number} entry */
const entryOf = (name, entry) => [...colorTable(name).subarray(3 * entry, 3 * entry + 3)];

const ABSOLUTE = Object.values(ABSOLUTE_MAPS);
const SIGNED = Object.values(SIGNED_MAPS);
const DEPTHS = DEPTH_MAPS.map(({ name }) => name);

/** The ground of the page and both stripes of "no data", in both themes, as viewer.css has them. */
const GROUNDS = ["ground", "hatch-a", "hatch-b"].flatMap((name) => {
  const css = readFileSync(new URL("../../static/viewer/viewer.css", import.meta.url), "utf8");
  const [, light, dark] = new RegExp(`--${name}: light-dark\\(#(\\w{6}), #(\\w{6})\\)`).exec(css);
  return [light, dark].map((hex) => [0, 2, 4].map((at) => parseInt(hex.slice(at, at + 2), 16)));
});

/** For every kind of sight: the 256 colours of a table as they are seen, and a way to see others. */
function everySight(name, check) {
  for (const sight of SIGHTS) {
    const look = (rgb) => seen(rgb, sight);
    const table = Array.from({ length: 256 }, (_, i) => look(entryOf(name, i)));
    check(table, look, `${name}, ${sight}`);
  }
}

const nearest = (color, others) => Math.min(...others.map((other) => apart(color, other)));

test("the ends of the published tables are matplotlib's and Google's", () => {
  assert.deepEqual([entryOf("magma", 0), entryOf("magma", 255)], [[0, 0, 3], [251, 252, 191]]); // prettier-ignore
  assert.deepEqual([entryOf("inferno", 0), entryOf("inferno", 255)], [[0, 0, 3], [252, 254, 164]]); // prettier-ignore
  assert.deepEqual([entryOf("plasma", 0), entryOf("plasma", 255)], [[12, 7, 134], [239, 248, 33]]); // prettier-ignore
  assert.deepEqual([entryOf("viridis", 0), entryOf("viridis", 255)], [[68, 1, 84], [253, 231, 36]]); // prettier-ignore
  assert.deepEqual([entryOf("cividis", 0), entryOf("cividis", 255)], [[0, 34, 77], [253, 231, 55]]); // prettier-ignore
  assert.deepEqual([entryOf("turbo", 0), entryOf("turbo", 255)], [[48, 18, 59], [122, 4, 2]]); // prettier-ignore
});

test("_r is the same table from the other end", () => {
  for (const entry of [0, 17, 128, 255])
    assert.deepEqual(entryOf("turbo_r", entry), entryOf("turbo", 255 - entry));
  assert.deepEqual(entryOf("grey_r", 0), [255, 255, 255]);
  assert.deepEqual(entryOf("grey_r", 200), [55, 55, 55]);
});

test("an unknown name, also one that every object has, gives the default table", () => {
  assert.equal(DEPTH_MAPS[0].name, "magma_r");
  for (const name of ["constructor", "jet"]) {
    assert.deepEqual(colorTable(name), colorTable("magma_r"));
    assert.deepEqual(beyondColors(name), beyondColors("magma_r"));
  }
});

test("all offered tables are whole", () => {
  for (const name of [...DEPTHS, ...ABSOLUTE, ...SIGNED]) assert.equal(colorTable(name).length, 768);
});

test("eighths of a table are told apart, and its lightness goes one way", () => {
  for (const name of [...DEPTHS.filter((map) => map !== "turbo_r"), ...ABSOLUTE])
    everySight(name, (table, _look, where) => {
      const steps = Array.from({ length: 9 }, (_, i) => table[Math.round((255 * i) / 8)]);
      const direction = Math.sign(steps[8][0] - steps[0][0]);
      for (let i = 0; i < 8; i++) {
        assert.ok(direction * (steps[i + 1][0] - steps[i][0]) > 3, `${where}: lightness of step ${i}`);
        assert.ok(apart(steps[i], steps[i + 1]) > 5, `${where}: step ${i}`);
      }
    });
});

test("both arms of a signed table leave zero in one direction of lightness, and are never taken for each other", () => {
  for (const name of SIGNED)
    everySight(name, (table, _look, where) => {
      const arms = [(i) => table[127 - i], (i) => table[128 + i]];
      const direction = Math.sign(table[255][0] - table[128][0]);
      for (const arm of arms)
        for (let i = 0; i < 96; i += 32) {
          assert.ok(direction * (arm(i + 31)[0] - arm(i)[0]) > 2, `${where}: lightness from ${i}`);
          assert.ok(apart(arm(i), arm(i + 31)) > 10, `${where}: step from ${i}`);
        }
      for (let i = 32; i < 128; i++)
        assert.ok(apart(arms[0](i), arms[1](i)) > 40, `${where}: sign of ±${i}/128`);
    });
});

test("no difference at all stands out from the page and from no data, dark and light", () => {
  for (const [name, zero] of [...ABSOLUTE.map((map) => [map, 0]), ...SIGNED.map((map) => [map, 127])])
    everySight(name, (table, look, where) => {
      assert.ok(nearest(table[zero], GROUNDS.map(look)) > 17, where);
    });
});

test("the four parts of the δ mask are told apart, and from no data", () => {
  for (const name of Object.values(DELTA_MAPS))
    everySight(name, (table, look, where) => {
      const parts = [0, 64, 128, 192].map((entry) => table[entry]);
      for (const [i, part] of parts.entries()) {
        const others = [...parts.slice(i + 1), ...GROUNDS.map(look)];
        assert.ok(nearest(part, others) > 25, `${where}: part ${i}`);
      }
    });
});

test("what lies beyond the ends is seen as such, and from which end", () => {
  for (const name of [...DEPTHS, ...SIGNED])
    everySight(name, (table, look, where) => {
      const { under, over } = beyondColors(name);
      assert.ok(apart(look(under), table[0]) > 25, `${where}: below the begin`);
      assert.ok(apart(look(over), table[255]) > 30, `${where}: above the end`);
      assert.ok(apart(look(under), look(over)) > 24, `${where}: one from the other`);
      for (const color of [under, over])
        assert.ok(nearest(look(color), GROUNDS.map(look)) > 12, `${where}: from no data`);
    });
  for (const name of ABSOLUTE)
    everySight(name, (table, look, where) => {
      const over = look(beyondColors(name).over);
      assert.ok(apart(over, table[255]) > 30 && nearest(over, GROUNDS.map(look)) > 14, where);
    });
});
