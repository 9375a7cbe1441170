import assert from "node:assert/strict";
import { test } from "node:test";

import { targetDpm } from "../../static/viewer/paint/target-dpm.js";

const EDGES = Array.from({ length: 129 }, (_, i) => 0.001 + (i * (80 - 0.001)) / 128);
const sum = (values) => values.reduce((a, b) => a + b, 0);
const mean = (p) => sum(p.map((value, i) => (value * (EDGES[i] + EDGES[i + 1])) / 2));

test("the published target is a plateau that ends at its reach", () => {
  const p = targetDpm(EDGES, 20, { sigma: 0.5, kind: "published" });
  assert.ok(Math.abs(sum(p) - 1) < 1e-12);
  const within = p.filter((value) => value > 0);
  const width = 80 / 128;
  assert.equal(within.length, 14, "bins whose centres are within 4.28 m");
  assert.ok(Math.abs(within.length * width - 2 * 4.28) < 2 * width);
  assert.ok(Math.max(...within) / Math.min(...within) < 2.23);
});

test("where no bin is within reach the published target is uniform", () => {
  const p = targetDpm([0, 40, 80], 0, { sigma: 0.5, kind: "published" });
  assert.deepEqual(p, [0.5, 0.5]);
});

test("the Gaussian target is a bell around the depth, also at the ends of the range", () => {
  const p = targetDpm(EDGES, 20, { sigma: 2, kind: "gaussian" });
  assert.ok(Math.abs(sum(p) - 1) < 1e-12);
  assert.ok(Math.abs(mean(p) - 20) < 0.01);
  const inside = EDGES.slice(1).flatMap((far, i) => (far <= 22 && EDGES[i] >= 18 ? p[i] : []));
  assert.ok(sum(inside) > 0.5 && sum(inside) < 0.69, "about two thirds within one sigma");
  assert.equal(targetDpm(EDGES, 500, { sigma: 2, kind: "gaussian" }).indexOf(Math.max(...p)), -1);
  assert.ok(targetDpm(EDGES, 500, { sigma: 2, kind: "gaussian" })[127] > 0.2);
});
