import assert from "node:assert/strict";
import { test } from "node:test";

import { binAt, depthAtX, xOf } from "../../static/viewer/panels/dpm-chart.js";
import { layout } from "../../static/viewer/panels/layout.js";

const room = { count: 4, aspect: 3, width: 1208, height: 500, label: 20, columns: 0 };

test("panes take the columns that make pictures largest", () => {
  assert.deepEqual(layout(room), { columns: 2, paneWidth: 600 });
  assert.deepEqual(layout({ ...room, count: 1 }), { columns: 1, paneWidth: 1208 });
  assert.deepEqual(layout({ ...room, height: 2000 }), { columns: 1, paneWidth: 1208 });
});

test("chosen columns share the width", () => {
  assert.deepEqual(layout({ ...room, columns: 3 }), { columns: 3, paneWidth: 397 });
});

test("panes don't shrink below what can be seen; the page scrolls instead", () => {
  assert.deepEqual(layout({ ...room, count: 12, height: 300 }), { columns: 3, paneWidth: 397 });
  assert.deepEqual(layout({ ...room, count: 12, width: 300, height: 300 }), { columns: 1, paneWidth: 300 });
});

test("depths lie on the chart by their axis, and outside of it at its ends", () => {
  const linear = { min: 0, max: 80, spread: "linear" };
  assert.deepEqual(
    [-1, 0, 20, 80, 99].map((depth) => xOf(depth, linear)),
    [0, 0, 90, 360, 360],
  );
  const log = { min: 1, max: 16, spread: "log" };
  assert.deepEqual(
    [0, 1, 4, 16].map((depth) => xOf(depth, log)),
    [0, 0, 180, 360],
  );
  assert.equal(depthAtX(90, linear), 20);
  assert.equal(depthAtX(180, log), 4);
});

test("a depth lies in one bin, or in none", () => {
  const distribution = { bin_edges_m: [1, 2, 4], probability: [0.25, 0.75] };
  assert.deepEqual(binAt(distribution, 2), { from: 2, to: 4, probability: 0.75 });
  assert.deepEqual(binAt(distribution, 1.9), { from: 1, to: 2, probability: 0.25 });
  assert.equal(binAt(distribution, 0.5), null);
  assert.equal(binAt(distribution, 4), null);
});
