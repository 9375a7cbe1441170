import assert from "node:assert/strict";
import { test } from "node:test";

import { DEFAULT_VIEW } from "../../static/viewer/state/fields.js";
import { INITIAL_STATE, reduce } from "../../static/viewer/state/reducer.js";
import * as selectors from "../../static/viewer/state/selectors.js";
import { createStore } from "../../static/viewer/state/store.js";
import { gallery, method, stateOf } from "./kit.js";

const after = (state, ...actions) => actions.reduce(reduce, state).view;

test("opening a gallery brings the asked view within it", () => {
  const asked = { ...DEFAULT_VIEW, gallery: "g", index: 99, targets: ["row.a", "b", "nobody"], diff: 3 };
  const restored = reduce(INITIAL_STATE, { type: "view/restore", view: { ...asked, pixel: [500, 500] } });
  assert.equal(restored.gallery, null);
  const { view } = reduce(restored, { type: "gallery/opened", gallery: gallery() });
  assert.deepEqual(
    [view.index, view.targets, view.diff, view.pixel],
    [3, ["a", "b"], 0, [99, 39]],
    "the last frame, known methods by their ids, no third method, the last pixel",
  );
});

test("all methods in their own order are no choice", () => {
  const state = stateOf();
  assert.deepEqual(after(state, { type: "targets/set", targets: ["a", "b", "c", "p", "q"] }).targets, []);
  assert.deepEqual(after(state, { type: "view/set", change: { targets: ["a*b"] } }).targets, ["a", "b"]);
});

test("steps stop at both ends of the walk", () => {
  const step = (by) => ({ type: "frame/step", by });
  assert.equal(after(stateOf(), step(-1)).index, 0);
  assert.equal(after(stateOf(), step(1), step(1), step(1), step(1)).index, 3);
  const walk = stateOf({ indexes: [3, 1], index: 3 });
  assert.equal(after(walk, step(1)).index, 1);
  assert.equal(after(walk, step(1), step(1)).index, 1);
  assert.equal(after(walk, { type: "frame/end", last: true }).index, 1);
});

test("going to a frame beside the walk ends the walk", () => {
  const walk = stateOf({ indexes: [3, 1], index: 3 });
  assert.deepEqual(after(walk, { type: "frame/go", index: 1 }).indexes, [3, 1]);
  assert.equal(after(walk, { type: "frame/go", index: 2 }).indexes, null);
  assert.equal(after(walk, { type: "frame/go", index: 2 }).index, 2);
});

test("a walk begins where it is, or at its first frame", () => {
  const set = (indexes) => ({ type: "indexes/set", indexes });
  assert.equal(after(stateOf({ index: 2 }), set([0, 2])).index, 2);
  assert.equal(after(stateOf({ index: 1 }), set([0, 2])).index, 0);
  assert.equal(after(stateOf({ index: 1 }), set([7, 9])).indexes, null, "no such frames, no walk");
});

test("a difference is toggled, and follows its method when others come and go", () => {
  const toggle = { type: "diff/toggle", target: 2 };
  assert.equal(after(stateOf(), toggle).diff, 2);
  assert.equal(after(stateOf(), toggle, toggle).diff, 0);
  const without = (targets) => after(stateOf({ diff: 3 }), { type: "targets/set", targets }).diff;
  assert.equal(without(["b", "c"]), 2);
  assert.equal(without(["a", "b"]), 0);
});

test("named values are walked through in a circle", () => {
  const next = (field) => ({ type: "view/next", field });
  assert.equal(after(stateOf(), next("cmap")).cmap, "turbo_r");
  assert.equal(after(stateOf({ cmap: "grey_r" }), next("cmap")).cmap, "magma_r");
  assert.equal(after(stateOf(), next("theme"), next("theme")).theme, "light");
});

test("the marked pixel moves inside the picture, and without one nothing changes", () => {
  const move = { type: "pixel/move", dx: 5, dy: -5 };
  assert.deepEqual(after(stateOf({ pixel: [97, 3] }), move).pixel, [99, 0]);
  const state = stateOf();
  assert.equal(reduce(state, move), state);
});

test("another gallery keeps the look and forgets the place", () => {
  const looked = stateOf({
    index: 2,
    diff: 1,
    targets: ["b"],
    range: [1, 2],
    theme: "dark",
    cmap: "turbo_r",
  });
  const { view, gallery: open } = reduce(looked, { type: "gallery/choose", id: "other" });
  assert.equal(open, null);
  assert.deepEqual(view, { ...DEFAULT_VIEW, gallery: "other", theme: "dark", cmap: "turbo_r" });
});

test("a failure closes the gallery and says why", () => {
  const failed = reduce(stateOf(), { type: "failed", message: "gone" });
  assert.deepEqual([failed.gallery, failed.failure], [null, "gone"]);
  const restored = reduce(failed, { type: "view/restore", view: failed.view });
  assert.equal(restored.failure, null);
});

test("depth colours are logarithmic from an eightieth on, but linear where depth was decoded from colours", () => {
  assert.deepEqual(selectors.depthScale(stateOf()), { cmap: "magma_r", min: 1, max: 80, spread: "log" });
  const near = stateOf({ range: [0.5, 40] });
  assert.deepEqual(selectors.depthScale(near), { cmap: "magma_r", min: 0.5, max: 40, spread: "log" });
  const decoded = gallery({ methods: [method("a", { saturated_m: 79.7 })] });
  assert.deepEqual(selectors.depthScale(stateOf({}, decoded)), {
    cmap: "magma_r",
    min: 0.001,
    max: 80,
    spread: "linear",
  });
  assert.equal(selectors.depthScale(stateOf({ spread: "log" }, decoded)).spread, "log");
});

test("listeners hear a change once, with what is known about it, and no change not at all", () => {
  const store = createStore();
  const heard = [];
  store.subscribe((now, before, how) => heard.push([now.view.index, before.view.index, how]));
  store.dispatch({ type: "view/set", change: { index: 4 } }, { repeat: true });
  store.dispatch({ type: "pixel/move", dx: 1, dy: 0 });
  assert.deepEqual(heard, [[4, 0, { repeat: true, fromHistory: false, type: "view/set" }]]);
});
