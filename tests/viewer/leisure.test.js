import assert from "node:assert/strict";
import { after, before, mock, test } from "node:test";

import { Leisure } from "../../static/viewer/panels/leisure.js";

/** @type {((deadline: object) => void)[]} */
let asked;
before(() => {
  globalThis.window = { requestIdleCallback: true };
  globalThis.requestIdleCallback = (run) => asked.push(run);
  mock.timers.enable({ apis: ["setTimeout"] });
});
after(() => {
  mock.timers.reset();
  delete globalThis.window;
  delete globalThis.requestIdleCallback;
});

/** How many of five pieces are done after each time that the browser calls. */
function spent(deadline) {
  asked = [];
  let done = 0;
  const counts = [];
  new Leisure().spend(Array.from({ length: 5 }, () => () => done++));
  mock.timers.tick(200);
  while (asked.length) {
    asked.shift()(deadline());
    counts.push(done);
  }
  return counts;
}

test("as many pieces are done at once as the idle time has room for", () => {
  assert.deepEqual(spent(() => ({ didTimeout: false, timeRemaining: () => 50 })), [5]); // prettier-ignore
  let left = 35;
  const shrinking = () => ({ didTimeout: false, timeRemaining: () => (left -= 10) });
  assert.deepEqual(spent(shrinking).slice(0, 2), [3, 4], "25 ms are left, then 15, then too few");
});

test("a page that stays busy does several at once, too, so that all are not many waits", () => {
  assert.deepEqual(spent(() => ({ didTimeout: true, timeRemaining: () => 0 })), [5]); // prettier-ignore
});
