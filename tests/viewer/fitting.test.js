import assert from "node:assert/strict";
import { test } from "node:test";

import { fittingCount } from "../../static/viewer/panels/fitting.js";

test("all labels hold as many numbers as the fullest has room for", () => {
  const pieces = [40, 30, 50];
  assert.equal(fittingCount([{ room: 150, pieces }], 10), 3);
  assert.equal(fittingCount([{ room: 400, pieces }, { room: 90, pieces }], 10), 2); // prettier-ignore
  assert.equal(fittingCount([{ room: 400, pieces }, { room: 89, pieces }], 10), 1); // prettier-ignore
  assert.equal(fittingCount([{ room: 10, pieces }], 10), 0);
});
