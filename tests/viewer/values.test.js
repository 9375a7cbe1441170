import assert from "node:assert/strict";
import { test } from "node:test";

import { rowsOf } from "../../static/viewer/modes/values.js";
import { method } from "./kit.js";

const truth = { method: method("gt", { family: "ground_truth" }), depth: 20 };
const found = (id, depth, more) => ({ method: method(id, more), depth });
const ids = (rows) => rows.map((row) => row.method.id);
const words = ({ depth, error, relative, within }) => [depth, error, relative, within];

test("the least error comes first, equal ones stay in order, those without data come last", () => {
  const all = [found("hole", NaN), found("c", 26), found("b", 19), found("late", null), found("a", 21)];
  const rows = rowsOf([...all, truth], truth, "truth");
  assert.deepEqual(ids(rows), ["gt", "b", "a", "c", "hole", "late"]);
  assert.deepEqual(words(rows[0]), ["20.00 m", "truth", "", ""]);
  assert.deepEqual(words(rows[1]), ["19.00 m", "−1.00 m", "−5.0 %", "yes"]);
  assert.deepEqual(words(rows[3]), ["26.00 m", "+6.00 m", "+30.0 %", "no"]);
  assert.deepEqual(words(rows[4]), ["no data", "", "", ""]);
  assert.deepEqual(words(rows[5]), ["loading", "", "", ""]);
});

test("a method is known by its id, because each refresh of a gallery makes new objects", () => {
  const again = { method: { ...truth.method }, depth: 20 };
  assert.deepEqual(ids(rowsOf([again, found("a", 21)], truth, "truth")), ["gt", "a"]);
});

test("no more is said than the sources know", () => {
  const coarse = { precision_m: 0.156, saturated_m: 79.7 };
  const [, decoded, cut] = rowsOf([found("cut", 79.8, coarse), found("decoded", 22, coarse)], truth, "truth");
  assert.deepEqual(words(decoded), ["22.0 ±0.16 m", "+2.0 ±0.16 m", "+10.0 ±0.8 %", "yes"]);
  assert.deepEqual(words(cut), ["≥ 79.7 m", "≥ +59.70 m", "≥ +298.5 %", "no"]);
  const far = { method: method("far", coarse), depth: 79.8 };
  const rows = rowsOf([found("cut", 79.9, coarse), found("a", 30)], far, "reference");
  assert.deepEqual(ids(rows), ["far", "a", "cut"], "an unknown error is no small one");
  assert.deepEqual(words(rows[0]), ["≥ 79.7 m", "reference", "", ""]);
  assert.deepEqual(words(rows[2]), ["≥ 79.7 m", "unknown: cut off", "unknown: cut off", "unknown"]);
});

test("without a truth there, depths stand in their order", () => {
  const depths = [found("b", 9), found("hole", NaN), found("a", 3)];
  for (const against of [null, { ...truth, depth: NaN }, { ...truth, depth: null }]) {
    const rows = rowsOf(depths, against, "truth").filter((row) => row.method !== truth.method);
    assert.deepEqual(ids(rows), ["b", "a", "hole"]);
    assert.deepEqual(words(rows[0]), ["9.00 m", "", "", ""]);
  }
});
