import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { Scores } from "../../static/viewer/panels/scores.js";
import { pictureKey } from "../../static/viewer/sources/wishes.js";
import { depths, gallery, method, stateOf } from "./kit.js";

const TRUTH = method("gt", { family: "ground_truth", label: "Ground truth" });
const OPENED = gallery({ methods: [TRUTH, method("net")] });

before(() => Object.assign(globalThis, { document: {}, getComputedStyle: () => ({ fontSize: "16px" }) }));
after(() => {
  delete globalThis.document;
  delete globalThis.getComputedStyle;
});

/** What the pane of a method says beside its label. */
function said(picture, truth) {
  const state = stateOf({}, OPENED);
  const scores = { dataset: {}, title: "", textContent: "" };
  const pane = {
    method: OPENED.methods[1],
    short: "NET",
    element: { dataset: {} },
    parts: { scores },
    depthPicture: () => picture,
  };
  const peek = (key) =>
    truth && key === pictureKey(OPENED, "gt", OPENED.frames[0]) ? { state: "done", value: truth } : null;
  new Scores(() => {}).update(state, [pane], peek, true);
  return { words: scores.textContent, long: scores.title, hooks: Object.keys(pane.element.dataset) };
}

test("a picture of another size than the ground truth says why it has no numbers", () => {
  const { words, long, hooks } = said(depths(1, 2, 3), depths(1, 2));
  assert.equal(words, "3 × 1, Ground truth 2 × 1: not compared");
  assert.match(long, /This picture is 3 × 1 and Ground truth is 2 × 1\./);
  assert.deepEqual(hooks, []);
});

test("a picture that is not there, or not measured, says nothing", () => {
  assert.equal(said(null, depths(1, 2)).words, "");
  assert.equal(said(depths(1, 2), null).words, "");
});
