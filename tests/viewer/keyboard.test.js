import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";

import { installKeyboard } from "../../static/viewer/input/keyboard.js";

const globals = ["document", "window", "HTMLElement"];
const kept = Object.fromEntries(globals.map((name) => [name, globalThis[name]]));
/** The commands that ran, in order. */
let ran = [];

beforeEach(() => {
  ran = [];
  Object.assign(globalThis, {
    document: new EventTarget(),
    window: new EventTarget(),
    HTMLElement: class {},
  });
  const keys = [
    { command: "blink", release: "blink-end", chars: ["b"], show: "B", label: "Blink", group: "Look" },
  ];
  installKeyboard({ run: (command) => ran.push(command), overlay: () => null, keys });
});

afterEach(() => {
  Object.assign(globalThis, kept);
});

const send = (type, more = {}) =>
  document.dispatchEvent(
    Object.assign(new Event(type, { cancelable: true }), { key: "b", code: "KeyB", ...more }),
  );

test("a held key runs one command when it goes down and one when it is let go", () => {
  send("keydown");
  send("keydown", { repeat: true });
  assert.deepEqual(ran, ["blink"]);
  send("keyup", { code: "KeyC" });
  assert.deepEqual(ran, ["blink"]);
  send("keyup", { shiftKey: true });
  send("keyup");
  assert.deepEqual(ran, ["blink", "blink-end"]);
});

test("a window that loses the keyboard lets all keys go", () => {
  send("keydown");
  window.dispatchEvent(new Event("blur"));
  send("keyup");
  assert.deepEqual(ran, ["blink", "blink-end"]);
});
