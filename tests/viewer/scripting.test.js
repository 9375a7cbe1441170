import assert from "node:assert/strict";
import { test } from "node:test";

import { scriptingOf } from "../../static/viewer/input/scripting.js";
import { pictureKey } from "../../static/viewer/sources/wishes.js";
import { DEFAULT_VIEW } from "../../static/viewer/state/fields.js";
import { createStore } from "../../static/viewer/state/store.js";
import { colors, depths, gallery } from "./kit.js";

function opened(pictures = new Map()) {
  const store = createStore();
  store.dispatch({ type: "gallery/choose", id: "g" });
  store.dispatch({ type: "gallery/opened", gallery: gallery() });
  const tiekd = scriptingOf(store, (key) => pictures.get(key) ?? null);
  return { store, tiekd };
}

test("the view reads as a plain object with every field", () => {
  const { store, tiekd } = opened();
  assert.deepEqual({ ...tiekd.view }, { ...DEFAULT_VIEW, gallery: "g" });
  assert.deepEqual(JSON.parse(JSON.stringify(tiekd.view)), structuredClone({ ...tiekd.view }));
  assert.deepEqual(Object.keys(tiekd.view), Object.keys(DEFAULT_VIEW));
  store.dispatch({ type: "frame/go", index: 2 });
  assert.equal(tiekd.view.index, 2);
  assert.throws(() => tiekd.view.targets.push("a"), TypeError, "a list is a copy");
});

test("an assignment to the view merges, one to a field sets it", () => {
  const { tiekd } = opened();
  tiekd.view = { index: 3, range: [1, 9] };
  tiekd.view = { diff: 2 };
  tiekd.view.cmap = "grey_r";
  tiekd.view.targets = ["b", "row.a"];
  const { index, range, diff, cmap, targets } = tiekd.view;
  assert.deepEqual([index, range, diff, cmap, targets], [3, [1, 9], 2, "grey_r", ["b", "a"]]);
  tiekd.view = { ...tiekd.view, mode: "error", truth: "a" };
  assert.deepEqual([tiekd.view.mode, tiekd.view.diff], ["error", 0], "the number follows the mode");
  tiekd.view = { diff: 2 };
  tiekd.view = { diff: 0 };
  assert.equal(tiekd.view.mode, "depth", "the mode follows");
  tiekd.view = { range: null };
  assert.equal(tiekd.view.range, null);
});

test("another gallery is opened as its menu does", () => {
  const { store, tiekd } = opened();
  tiekd.view = { cmap: "grey_r", range: [1, 9], index: 2 };
  tiekd.view = { gallery: "h", index: 1 };
  assert.equal(store.get().gallery, null);
  const { gallery: id, index, cmap, range } = tiekd.view;
  assert.deepEqual([id, index, cmap, range], ["h", 1, "grey_r", null]);
});

test("unknown fields throw with near names, and nothing changes", () => {
  const { store, tiekd } = opened();
  const before = store.get();
  assert.throws(() => (tiekd.view = { index: 1, idnex: 3 }), /no field "idnex". Did you mean index\?/);
  assert.throws(() => (tiekd.view.diffmax = 3), /Did you mean .*diffMax/);
  assert.throws(() => (tiekd.view = { colours: 1 }), /no field "colours". Fields: gallery, index, /);
  assert.equal(store.get(), before);
});

test("what is no object with fields throws in the page's own words", () => {
  const { store, tiekd } = opened();
  const before = store.get();
  for (const [value, words] of [
    [null, "null"],
    [undefined, "undefined"],
    [5, "5"],
    ["index=3", '"index=3"'],
    [[3], "\\[3\\]"],
  ]) {
    const message = new RegExp(`^tiekd.view can't be ${words}. Assign an object with fields of the view`);
    assert.throws(() => (tiekd.view = value), { name: "TypeError", message });
  }
  const ring = {};
  ring.self = ring;
  for (const value of [3n, () => 3, Symbol("3"), ring]) {
    assert.throws(() => (tiekd.view.index = value), { name: "RangeError", message: /^index can't be / });
    assert.throws(() => (tiekd.view.filter = value), { name: "RangeError", message: /^filter can't be / });
  }
  assert.equal(store.get(), before);
});

test("impossible values throw, say what is allowed, and change nothing", () => {
  const { store, tiekd } = opened();
  const before = store.get();
  const wrong = [
    [{ index: "3" }, /index can't be "3" here. Allowed: the number of a frame, from 0/],
    [{ index: 99 }, /index can't be 99 here/],
    [{ index: -1 }, /index can't be -1 here/],
    [{ diff: NaN }, /diff can't be null here. Allowed: the number of a method on show/],
    [{ cmap: "constructor" }, /cmap can't be "constructor" here. Allowed: magma_r, /],
    [{ signed: 1 }, /signed can't be 1 here. Allowed: true or false/],
    [{ range: [9, 2] }, /range can't be \[9,2\] here. Allowed: two depths/],
    [{ targets: ["a", "nobody"] }, /targets can't be "nobody" here/],
    [{ targets: undefined }, /targets can't be undefined here/],
    [{ gallery: null }, /gallery can't be null here/],
    [{ pixel: NaN }, /pixel can't be null here/],
    [{ pixel: [500, 1] }, /pixel can't be \[500,1\] here/],
  ];
  for (const [values, message] of wrong)
    assert.throws(() => (tiekd.view = values), message, JSON.stringify(values));
  assert.equal(store.get(), before);
});

test("depth is in metres, and null wherever there is none", () => {
  const { frames, ...about } = gallery();
  const key = (method) => pictureKey({ frames, ...about }, method, frames[0]);
  const done = (value) => ({ state: "done", value });
  const { tiekd } = opened(
    new Map([
      [key("a"), done(depths(256, 0, 640))],
      [key("b"), { state: "failed", error: new Error() }],
      [key("p"), done(colors([1, 2, 3]))],
    ]),
  );
  assert.equal(tiekd.value("a", 0, 0), 1);
  assert.equal(tiekd.value("row.a", 2, 0), 2.5);
  for (const [x, y] of [
    [1, 0],
    [3, 0],
    [0, 1],
    [-1, 0],
    [0.5, 0],
    ["0", 0],
  ])
    assert.equal(tiekd.value("a", x, y), null, `${x}, ${y}`);
  for (const method of ["b", "c", "p", "nobody"]) assert.equal(tiekd.value(method, 0, 0), null, method);
  tiekd.view.index = 1;
  assert.equal(tiekd.value("a", 0, 0), null, "the next frame is not loaded");
});
