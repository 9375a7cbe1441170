import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";

import { syncHistory } from "../../static/viewer/state/history.js";
import { createStore } from "../../static/viewer/state/store.js";
import { gallery } from "./kit.js";

/** What the page did to the address, in order. */
let calls = [];
let onPop = () => {};
/** The timer that is running: what it calls, and when. */
let timer = null;
const globals = ["location", "history", "window", "setTimeout", "clearTimeout"];
const kept = Object.fromEntries(globals.map((name) => [name, globalThis[name]]));

const setGlobal = (name, value) =>
  Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });

beforeEach(() => {
  calls = [];
  const address = { search: "?gallery=g" };
  const change = (kind) => (_state, _title, search) => {
    calls.push([kind, search]);
    address.search = search;
  };
  setGlobal("location", address);
  setGlobal("history", { pushState: change("push"), replaceState: change("replace") });
  setGlobal("window", { addEventListener: (_name, listener) => (onPop = listener) });
  setGlobal("setTimeout", (run, ms) => (timer = { run, ms }));
  setGlobal("clearTimeout", () => (timer = null));
});

afterEach(() => {
  for (const name of globals) setGlobal(name, kept[name]);
});

function opened() {
  const store = createStore();
  syncHistory(store);
  store.dispatch({ type: "gallery/choose", id: "g" }, { fromHistory: true });
  store.dispatch({ type: "gallery/opened", gallery: gallery() });
  return store;
}

test("opening a gallery completes the address without a step", () => {
  opened();
  assert.deepEqual(calls, [["replace", "?gallery=g&index=0"]]);
});

test("a place is a step for the Back button, a look only changes the address", () => {
  const store = opened();
  store.dispatch({ type: "frame/step", by: 1 });
  store.dispatch({ type: "view/next", field: "cmap" });
  assert.deepEqual(calls.slice(1), [
    ["push", "?gallery=g&index=1"],
    ["replace", "?gallery=g&index=1&cmap=turbo_r"],
  ]);
});

test("a held key writes the address once, when it rests", () => {
  const store = opened();
  for (let i = 0; i < 3; i++) store.dispatch({ type: "frame/step", by: 1 }, { repeat: true });
  assert.equal(calls.length, 1);
  assert.equal(timer.ms, 200);
  timer.run();
  assert.deepEqual(calls.slice(1), [["push", "?gallery=g&index=3"]]);
});

test("going back restores the view and leaves the address alone", () => {
  const store = opened();
  store.dispatch({ type: "frame/step", by: 2 });
  location.search = "?gallery=g&index=0";
  onPop();
  assert.equal(store.get().view.index, 0);
  assert.equal(calls.length, 2);
});

test("a failure keeps the address that failed", () => {
  const store = opened();
  store.dispatch({ type: "failed", message: "gone" });
  assert.equal(calls.length, 1);
});
