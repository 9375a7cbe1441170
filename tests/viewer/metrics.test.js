import assert from "node:assert/strict";
import { test } from "node:test";

import { depthMetrics, ranksOf } from "../../static/viewer/paint/metrics.js";
import { depths } from "./kit.js";

const whole = (reference, cap = [0.001, 80]) => ({
  reference,
  cap,
  box: { left: 0, top: 0, width: reference.width, height: reference.height },
});
const close = (found, wanted) =>
  Object.entries(wanted).forEach(([name, value]) => assert.ok(Math.abs(found[name] - value) < 1e-9, name));

test("metrics are those of their formulas", () => {
  // Truth 1, 2 and 4 m; estimates 1, 3 and 2 m.
  const found = depthMetrics(depths(256, 768, 512), whole(depths(256, 512, 1024)));
  const logs = [0, Math.log(1.5), Math.log(0.5)];
  const mean = (values) => values.reduce((sum, value) => sum + value, 0) / 3;
  const squares = mean(logs.map((log) => log * log));
  close(found, {
    absRel: mean([0, 0.5, 0.5]),
    sqRel: mean([0, 0.5, 1]),
    rmse: Math.sqrt(5 / 3),
    rmseLog: Math.sqrt(squares),
    log10: mean(logs.map(Math.abs)) / Math.LN10,
    silog: 100 * Math.sqrt(squares - mean(logs) ** 2),
    delta1: 1 / 3,
    delta2: 2 / 3,
    delta3: 2 / 3,
    count: 3,
    holes: 0,
  });
});

test("δ has strict bounds, and equal pictures have no error", () => {
  const exactly = depthMetrics(depths(320, 256), whole(depths(256, 320)));
  assert.deepEqual([exactly.delta1, exactly.delta2], [0, 1]);
  const same = depthMetrics(depths(300, 700), whole(depths(300, 700)));
  close(same, { absRel: 0, rmse: 0, silog: 0, delta1: 1 });
});

test("only truth strictly within the cap and inside the box counts", () => {
  const truth = { ...depths(0, 256, 512, 768, 1024, 1280), width: 3, height: 2 };
  const counting = { ...whole(truth, [1, 5]) };
  assert.equal(depthMetrics(truth, counting).count, 3);
  assert.equal(depthMetrics(truth, { ...counting, box: { left: 1, top: 1, width: 2, height: 1 } }).count, 1);
  assert.equal(depthMetrics(truth, { ...counting, box: { left: 0, top: 0, width: 1, height: 1 } }), null);
});

test("estimates are clamped to the cap, and holes count as its nearest depth", () => {
  const far = depthMetrics(depths(65535), whole(depths(40 * 256)));
  close(far, { absRel: 1, rmse: 40 });
  const hole = depthMetrics(depths(0, 256), whole(depths(256, 256)));
  close(hole, { absRel: (1 - Math.fround(0.001)) / 2, holes: 1, count: 2 });
  assert.equal(depthMetrics(depths(0), whole(depths(256))), null, "nothing but holes");
});

test("equal numbers share a rank", () => {
  assert.deepEqual(ranksOf([0.2, 0.1, 0.2, 0.3]), [2, 1, 2, 4]);
});
