import assert from "node:assert/strict";
import { test } from "node:test";

import { roleOf } from "../../static/viewer/state/selectors.js";
import { gallery, method, stateOf } from "./kit.js";

test("a pane keeps its role when a refresh of the gallery makes new objects of its methods", () => {
  const methods = () => [method("gt", { family: "ground_truth" }), method("base", { family: "baseline" })];
  const [truth, baseline] = methods(); // as the panes have them from before
  const state = (view) => stateOf(view, gallery({ methods: methods() }));
  assert.equal(roleOf(state({ mode: "error" }), truth), "t");
  assert.equal(roleOf(state({ mode: "gain" }), baseline), "baseline a");
  assert.equal(roleOf(state({ mode: "absolute", diff: 2 }), baseline), "reference a");
  assert.equal(roleOf(state({ reference: 2 }), baseline), "kept reference");
  assert.equal(roleOf(state({ mode: "absolute", diff: 2 }), null), "", "the photo has none");
});
