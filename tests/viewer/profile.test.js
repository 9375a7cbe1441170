import assert from "node:assert/strict";
import { test } from "node:test";

import { profilePath, xOfPlace, yOfDepth } from "../../static/viewer/paint/profile.js";
import { depths } from "./kit.js";

const area = { left: 10, top: 5, width: 100, height: 50 };
const whole = { part: { from: 0, size: 1 }, scale: { min: 0, max: 10, spread: "linear" }, area };
/** Two rows of five columns. */
const picture = { ...depths(1, 1, 1, 1, 1, 0, 256, 512, 0, 2560), width: 5, height: 2 };

test("a row is a line that breaks where there is no data, with a dot for a pixel alone", () => {
  const line = profilePath(picture, 1, { ...whole, dots: false });
  assert.equal(line, "M40.0 50.0h0L60.0 45.0M100.0 5.0h0");
});

test("truth is a dot for each pixel", () => {
  const dots = profilePath(picture, 1, { ...whole, dots: true });
  assert.equal(dots, "M40.0 50.0h0M60.0 45.0h0M100.0 5.0h0");
});

test("only the part in sight is drawn, as wide as the chart", () => {
  const path = profilePath(picture, 1, { ...whole, part: { from: 0.2, size: 0.4 }, dots: false });
  assert.equal(path, "M35.0 50.0h0L85.0 45.0");
  assert.equal(xOfPlace(0.5, { from: 0.25, size: 0.5 }, area), 60);
});

test("the axis is that of the colours, and what is beyond lies at its end", () => {
  const log = { min: 1, max: 100, spread: "log" };
  assert.equal(yOfDepth(10, log, area), 30);
  assert.deepEqual([yOfDepth(0.5, log, area), yOfDepth(200, log, area)], [55, 5]);
});
