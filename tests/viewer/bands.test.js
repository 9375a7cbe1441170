import assert from "node:assert/strict";
import { test } from "node:test";

import { bandErrors, bandsWithin } from "../../static/viewer/paint/bands.js";
import { depthMetrics } from "../../static/viewer/paint/metrics.js";
import { depths } from "./kit.js";

const counting = (reference, cap = [0.001, 80], more = {}) => ({
  reference,
  cap,
  box: { left: 0, top: 0, width: reference.width, height: reference.height, ...more },
});
const ends = (cap) => bandsWithin(cap).map(({ from, to }) => [from, to]);

/** Numbers that look like chance and are always the same. */
function* chance(state = 7) {
  for (;;) yield (state = (state * 48271) % 2147483647) / 2147483647;
}

test("bands are cut to the cap, and what is farther than the last is one more", () => {
  assert.deepEqual(ends([0, 80]), [[0, 5], [5, 10], [10, 20], [20, 40], [40, 80]]); // prettier-ignore
  assert.deepEqual(ends([6, 15]), [[6, 10], [10, 15]]); // prettier-ignore
  assert.deepEqual(ends([50, 120]), [[50, 80], [80, 120]]); // prettier-ignore
});

test("a depth between two bands belongs to the farther one, and each has its own errors", () => {
  // Truth 4, 5, 10 and 30 m; estimates 5 and 6 m, none, 27 m.
  const found = bandErrors(depths(1280, 1536, 0, 27 * 256), counting(depths(1024, 1280, 2560, 30 * 256)));
  const near = (value, wanted) => assert.ok(Math.abs(value - wanted) < 1e-9, `${value} is ${wanted}`);
  near(found[0].absRel, 1 / 4);
  near(found[1].absRel, 1 / 5);
  near(found[1].rmse, 1);
  assert.deepEqual(found[2], { absRel: null, rmse: null, count: 1 }, "nothing but a hole");
  near(found[3].rmse, 3);
  assert.deepEqual(found[4], { absRel: null, rmse: null, count: 0 });
});

for (const [cap, box] of [
  [[0.001, 80], {}],
  [[3, 33.3], { left: 5, top: 2, width: 30, height: 9 }],
])
  // prettier-ignore
  test(`bands within ${cap} together are the numbers of the whole`, () => {
    const random = chance();
    const of = (least, most) => {
      const stored = Array.from({ length: 800 }, () => least + (most - least) * random.next().value);
      return { ...depths(...stored), width: 40, height: 20 };
    };
    const [truth, own] = [of(0, 100 * 256), of(1, 90 * 256)];
    const given = counting(truth, cap, box);
    const found = bandErrors(own, given);
    const sum = (of) => found.reduce((total, band) => total + (band.count ? of(band) : 0), 0);
    const whole = depthMetrics(own, given);
    assert.equal(sum(({ count }) => count), whole.count); // prettier-ignore
    assert.ok(Math.abs(sum(({ absRel, count }) => absRel * count) / whole.count - whole.absRel) < 1e-9);
    assert.ok(Math.abs(sum(({ rmse, count }) => rmse ** 2 * count) / whole.count - whole.rmse ** 2) < 1e-9);
    bandsWithin(cap).forEach(({ from, to }, i) => {
      let [errors, count] = [0, 0];
      const { left, top, width, height } = given.box;
      for (let y = top; y < top + height; y++)
        for (let x = left; x < left + width; x++) {
          const t = truth.values[y * 40 + x] / 256;
          if (t <= cap[0] || t >= cap[1] || t < from || t >= to) continue;
          const p = Math.min(Math.fround(cap[1]), Math.max(Math.fround(cap[0]), own.values[y * 40 + x] / 256));
          errors += Math.abs(p - t) / t;
          count++;
        }
      assert.equal(found[i].count, count);
      assert.ok(Math.abs(found[i].absRel - errors / count) < 1e-9);
    });
  });
