import assert from "node:assert/strict";
import { test } from "node:test";

import { contentFor } from "../../static/viewer/panels/content.js";
import { pictureKey, sizeOf, wishesFor } from "../../static/viewer/sources/wishes.js";
import { colors, depths, gallery, stateOf } from "./kit.js";

const G = gallery();
const [A, B] = G.methods;

/** A cache that knows these pictures of frame 0; an Error means that loading failed. */
function peekOf(known) {
  const entries = Object.entries(known).map(([id, value]) => [
    pictureKey(G, id, G.frames[0]),
    value instanceof Error ? { state: "failed", error: value } : { state: "done", value },
  ]);
  const settled = new Map(entries);
  return (key) => settled.get(key) ?? null;
}

test("a picture that is there is shown in the mode that the view asks for", () => {
  const picture = depths(256);
  const content = contentFor(stateOf(), A, peekOf({ a: picture }));
  assert.deepEqual([content.status, content.mode.name], ["shown", "depth"]);
  assert.deepEqual(content.given.pictures, [picture]);
  const compared = contentFor(stateOf({ diff: 2 }), A, peekOf({ a: picture, b: depths(1) }));
  assert.equal(compared.mode.name, "difference");
  assert.deepEqual(
    compared.given.methods.map((method) => method.id),
    ["a", "b"],
  );
});

test("until all that the mode needs is there, the pane loads", () => {
  assert.deepEqual(contentFor(stateOf(), A, peekOf({})), { status: "loading" });
  assert.deepEqual(contentFor(stateOf({ diff: 2 }), A, peekOf({ a: depths(1) })), { status: "loading" });
  const closed = { ...stateOf(), gallery: null };
  assert.deepEqual(contentFor(closed, null, peekOf({})), { status: "loading" });
});

test("its own failure can be tried again, that of the other method is tried in its own pane", () => {
  const failed = { status: "error", message: "No answer.", retry: true };
  assert.deepEqual(contentFor(stateOf(), A, peekOf({ a: new Error("No answer.") })), failed);
  const other = contentFor(stateOf({ diff: 2 }), A, peekOf({ a: depths(1), b: new Error("No answer.") }));
  assert.deepEqual(other, {
    status: "error",
    message: "No difference: B has no picture here.",
    retry: false,
  });
});

test("an aborted load is one that still has to come", () => {
  const aborted = new DOMException("stop", "AbortError");
  assert.deepEqual(contentFor(stateOf(), A, peekOf({ a: aborted })), { status: "loading" });
});

test("a gap that the gallery knows is said at once", () => {
  const frames = [
    { ...G.frames[0], has_image: false, missing: ["a"], broken: { b: "The file is cut off." } },
  ];
  const state = stateOf({}, { ...G, frames });
  const message = (method) => contentFor(state, method, peekOf({})).message;
  assert.equal(message(A), "This method has no picture of this frame.");
  assert.equal(message(B), "The file is cut off.");
  assert.equal(message(null), "This frame has no photo.");
});

test("pictures that don't go together are refused with the mode's words", () => {
  const content = contentFor(stateOf({ diff: 2 }), A, peekOf({ a: depths(1, 2), b: depths(1) }));
  assert.deepEqual([content.status, content.retry], ["error", false]);
  assert.equal(content.message, "No difference: this picture is 2 × 1, B is 1 × 1.");
});

/** What would be loaded, as "frame/method". */
function loads(state) {
  const keys = wishesFor(state, {}).map((wish) => JSON.parse(wish.key));
  return keys.map(([, method, frame]) => `${frame}/${method}`);
}

test("the frame on show is loaded first, then the next, then the one before", () => {
  const targets = ["a"];
  assert.deepEqual(loads(stateOf({ index: 1, targets })), [
    "f1/image", "f1/a", "f2/image", "f2/a", "f0/image", "f0/a",
  ]); // prettier-ignore
  assert.deepEqual(loads(stateOf({ index: 3, indexes: [3, 0], targets })), [
    "f3/image", "f3/a", "f0/image", "f0/a",
  ]); // prettier-ignore
});

test("what is not there is not asked for", () => {
  const frames = [{ ...G.frames[0], has_image: false, missing: ["a"], broken: { b: "cut off" } }];
  assert.deepEqual(loads(stateOf({ targets: ["a", "b", "c"] }, { ...G, frames })), ["f0/c"]);
  assert.deepEqual(loads({ ...stateOf(), gallery: null }), []);
});

test("a comparison asks for each picture once", () => {
  const frames = [G.frames[0]];
  assert.deepEqual(loads(stateOf({ targets: ["a", "b"], diff: 2 }, { ...G, frames })), [
    "f0/image", "f0/a", "f0/b",
  ]); // prettier-ignore
});

test("pictures take two bytes a pixel for depth, four for colours", () => {
  assert.equal(sizeOf(depths(1, 2, 3)), 6);
  assert.equal(sizeOf(colors([0, 0, 0])), 4);
});
