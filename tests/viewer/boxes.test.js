import assert from "node:assert/strict";
import { test } from "node:test";

import { boxBetween, boxOf, boxShares } from "../../static/viewer/paint/boxes.js";
import { scoresWanted } from "../../static/viewer/state/scores.js";
import { statRuleOf } from "../../static/viewer/state/selectors.js";
import { gallery, method, stateOf } from "./kit.js";

const PHOTO = { width: 100, height: 40 };

test("a drag covers every pixel that it touches, in any direction", () => {
  const [a, b] = [
    { u: 0.205, v: 0.51 },
    { u: 0.6, v: 0.74 },
  ];
  assert.deepEqual(boxBetween(a, b, PHOTO), [20, 20, 40, 10]);
  assert.deepEqual(boxBetween(b, a, PHOTO), [20, 20, 40, 10]);
});

test("a drag along an edge has a pixel, too, and none reaches beyond the picture", () => {
  assert.deepEqual(boxBetween({ u: 1, v: 1 }, { u: 1, v: 1 }, PHOTO), [99, 39, 1, 1]);
  assert.deepEqual(boxBetween({ u: 0, v: 0 }, { u: 1, v: 1 }, PHOTO), [0, 0, 100, 40]);
});

test("the outline is the box as shares of the picture; the whole picture has none", () => {
  assert.equal(boxShares("none", PHOTO), null);
  assert.deepEqual(boxShares([20, 10, 50, 20], PHOTO), { left: 0.2, top: 0.25, width: 0.5, height: 0.5 });
  const { top, height } = boxOf("garg", PHOTO);
  const shares = boxShares("garg", PHOTO);
  assert.deepEqual([shares.top * 40, shares.height * 40], [top, height]);
});

test("the page and the server count from the same nearest depth, also from 0 m", () => {
  const methods = [method("gt", { family: "ground_truth" }), method("net")];
  const state = stateOf({ cap: [0, 80], strip: "on" }, gallery({ methods }));
  const { cap } = statRuleOf(state);
  assert.ok(cap[0] > 0, "a hole has a logarithm");
  assert.deepEqual(scoresWanted(state).cap, [...cap]);
  assert.equal(scoresWanted(stateOf({ strip: "on" }, gallery({ methods }))).cap, null);
});
