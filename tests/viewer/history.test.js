import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";

import { syncHistory } from "../../static/viewer/state/history.js";
import { createStore } from "../../static/viewer/state/store.js";
import { gallery } from "./kit.js";

/** What the page did to the address, in order. */
let calls = [];
let heard = new Map();
/** The timer that is running: what it calls, and when. */
let timer = null;
const globals = ["location", "history", "window", "setTimeout", "clearTimeout"];
const kept = Object.fromEntries(globals.map((name) => [name, globalThis[name]]));

const setGlobal = (name, value) =>
  Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });

beforeEach(() => {
  calls = [];
  heard = new Map();
  const address = { search: "?gallery=g" };
  const change = (kind) => (_state, _title, search) => {
    calls.push([kind, search]);
    address.search = search;
  };
  setGlobal("location", address);
  setGlobal("history", { pushState: change("push"), replaceState: change("replace") });
  setGlobal("window", { addEventListener: (name, listener) => heard.set(name, listener) });
  setGlobal("setTimeout", (run, ms) => (timer = { run, ms }));
  setGlobal("clearTimeout", () => (timer = null));
});

/** The view has not changed for as long as the timer waits. */
function rest() {
  const { run, ms } = timer;
  timer = null;
  assert.equal(ms, 200);
  run();
}

afterEach(() => {
  for (const name of globals) setGlobal(name, kept[name]);
});

function opened() {
  const store = createStore();
  syncHistory(store);
  store.dispatch({ type: "gallery/choose", id: "g" }, { fromHistory: true });
  store.dispatch({ type: "gallery/opened", gallery: gallery() });
  rest();
  return store;
}

test("opening a gallery completes the address without a step", () => {
  opened();
  assert.deepEqual(calls, [["replace", "?gallery=g&index=0"]]);
});

test("a place is a step for the Back button, a look only changes the address", () => {
  const store = opened();
  store.dispatch({ type: "frame/step", by: 1 });
  rest();
  store.dispatch({ type: "view/next", field: "cmap" });
  rest();
  assert.deepEqual(calls.slice(1), [
    ["push", "?gallery=g&index=1"],
    ["replace", "?gallery=g&index=1&cmap=turbo_r"],
  ]);
});

test("the address waits until the view rests, and every place on the way stays a step", () => {
  const store = opened();
  store.dispatch({ type: "frame/step", by: 1 });
  store.dispatch({ type: "view/next", field: "cmap" });
  assert.equal(calls.length, 1, "nothing is written while something changes");
  store.dispatch({ type: "frame/step", by: 1 });
  assert.deepEqual(calls.slice(1), [["push", "?gallery=g&index=1&cmap=turbo_r"]]);
  rest();
  assert.deepEqual(calls.slice(2), [["push", "?gallery=g&index=2&cmap=turbo_r"]]);
});

test("whoever leaves the page or reads its address finds it written", () => {
  const leave = { pagehide: {}, blur: {}, pointerdown: {}, keydown: { key: "Alt" } };
  for (const [name, event] of Object.entries(leave)) {
    const store = opened();
    store.dispatch({ type: "frame/step", by: 1 });
    heard.get("keydown")({ type: "keydown", key: "x" });
    assert.equal(calls.at(-1)[0], "replace", "a key of the page is no reason");
    heard.get(name)({ type: name, ...event });
    assert.deepEqual(calls.at(-1), ["push", "?gallery=g&index=1"], name);
    location.search = "?gallery=g";
  }
});

test("what the server tells belongs to the step that waits, and makes none itself", () => {
  const store = opened();
  store.dispatch({ type: "order/set", order: [2, 3] });
  store.dispatch({ type: "view/next", field: "cmap" });
  rest();
  assert.deepEqual(calls.slice(1), [["replace", "?gallery=g&index=2&cmap=turbo_r"]]);
});

test("a held key writes the address once, when it rests", () => {
  const store = opened();
  for (let i = 0; i < 3; i++) store.dispatch({ type: "frame/step", by: 1 }, { repeat: true });
  assert.equal(calls.length, 1);
  rest();
  assert.deepEqual(calls.slice(1), [["push", "?gallery=g&index=3"]]);
});

test("a drag is one step, however often it rests", () => {
  const store = opened();
  const drag = (index) => store.dispatch({ type: "frame/go", index }, { repeat: true });
  drag(1);
  rest();
  drag(2);
  rest();
  drag(3);
  heard.get("pointerup")({ type: "pointerup" });
  rest();
  assert.deepEqual(calls.slice(1), [
    ["push", "?gallery=g&index=1"],
    ["replace", "?gallery=g&index=2"],
    ["replace", "?gallery=g&index=3"],
  ]);
  drag(0);
  heard.get("pointerup")({ type: "pointerup" });
  rest();
  assert.deepEqual(calls.at(-1), ["push", "?gallery=g&index=0"], "the next drag is the next step");
});

test("a drag that does not rest writes one address", () => {
  const store = opened();
  for (const far of [70, 60, 50, 40, 30])
    store.dispatch({ type: "view/set", change: { range: [1, far] } }, { repeat: true });
  heard.get("pointerup")({ type: "pointerup" });
  rest();
  assert.deepEqual(calls.slice(1), [["replace", "?gallery=g&index=0&range=1..30"]]);
  assert.equal(timer, null);
});

test("a held key is one step with its first press", () => {
  const store = opened();
  store.dispatch({ type: "frame/step", by: 1 });
  for (let i = 0; i < 2; i++) store.dispatch({ type: "frame/step", by: 1 }, { repeat: true });
  heard.get("keyup")({ type: "keyup" });
  rest();
  assert.deepEqual(calls.slice(1), [["push", "?gallery=g&index=3"]]);
});

test("going back leaves colours, sign and range as they are now", () => {
  const store = opened();
  store.dispatch({ type: "frame/step", by: 2 });
  store.dispatch({
    type: "view/set",
    change: { cmap: "grey_r", signed: true, range: [1, 9], theme: "dark" },
  });
  location.search = "?gallery=g&index=0";
  heard.get("popstate")();
  rest();
  const { index, cmap, signed, range, theme } = store.get().view;
  assert.deepEqual([index, cmap, signed, range, theme], [0, "grey_r", true, [1, 9], "dark"]);
  assert.deepEqual(calls.at(-1), ["replace", "?gallery=g&index=0&signed=1&cmap=grey_r&range=1..9"]);
});

test("the sign of a difference is no step, and going back to a difference keeps it", () => {
  const store = opened();
  store.dispatch({ type: "diff/toggle", target: 2 });
  store.dispatch({ type: "frame/step", by: 1 });
  store.dispatch({ type: "view/set", change: { signed: true } });
  assert.equal(store.get().view.mode, "signed");
  rest();
  const pushed = calls.filter(([kind]) => kind === "push").map(([, search]) => search);
  assert.deepEqual(pushed, [
    "?gallery=g&index=0&mode=absolute&diff=2",
    "?gallery=g&index=1&mode=signed&diff=2&signed=1",
  ]);
  location.search = "?gallery=g&index=0&diff=2";
  heard.get("popstate")();
  const { index, mode, signed, diff } = store.get().view;
  assert.deepEqual([index, mode, signed, diff], [0, "signed", true, 2]);
});

test("going back to another gallery takes that gallery's range, and keeps the colours", () => {
  const store = opened();
  store.dispatch({ type: "view/set", change: { cmap: "grey_r", range: [1, 9] } });
  location.search = "?gallery=h&index=2&range=3..4&cmap=viridis_r";
  heard.get("popstate")();
  const { gallery: id, index, cmap, range } = store.get().view;
  assert.deepEqual([id, index, cmap, range], ["h", 2, "grey_r", [3, 4]]);
});

test("going back restores the view and leaves the address alone", () => {
  const store = opened();
  store.dispatch({ type: "frame/step", by: 2 });
  rest();
  location.search = "?gallery=g&index=0";
  heard.get("popstate")();
  rest();
  assert.equal(store.get().view.index, 0);
  assert.equal(calls.length, 2);
});

test("a failure keeps the address that failed", () => {
  const store = opened();
  store.dispatch({ type: "failed", message: "gone" });
  assert.equal(calls.length, 1);
});
