import assert from "node:assert/strict";
import { test } from "node:test";

import { createCommands } from "../../static/viewer/input/commands/index.js";
import { bindingOf, digitOf, GROUPS, KEYMAP } from "../../static/viewer/input/keymap.js";

const press = (code, more = {}) =>
  bindingOf({ code, key: "", ctrlKey: false, altKey: false, metaKey: false, shiftKey: false, ...more })
    ?.command;

test("keys are places on the keyboard, whatever letter stands on them", () => {
  assert.equal(press("KeyS", { key: "o" }), "keep-favorite"); // Dvorak
  assert.equal(press("ArrowRight"), "next");
  assert.equal(press("KeyM"), "next");
  assert.equal(press("Numpad7"), "toggle-diff");
  assert.equal(press("Digit0"), "diff-off");
  assert.equal(press("KeyZ"), undefined);
});

test("the question mark is a character, wherever the layout has it", () => {
  assert.equal(press("Minus", { key: "?", shiftKey: true }), "help");
  assert.equal(press("Slash", { key: "/" }), "help");
});

test("Shift tells the arrows apart and does not matter elsewhere", () => {
  assert.equal(press("ArrowLeft"), "previous");
  assert.equal(press("ArrowLeft", { shiftKey: true }), "pixel-left");
  assert.equal(press("ArrowUp"), undefined, "the page scrolls");
  assert.equal(press("ArrowUp", { shiftKey: true }), "pixel-up");
  assert.equal(press("KeyC", { shiftKey: true }), "cmap-next");
});

test("with Ctrl, Alt or Meta a key belongs to the browser", () => {
  for (const modifier of ["ctrlKey", "altKey", "metaKey"])
    assert.equal(press("KeyS", { [modifier]: true }), undefined, modifier);
});

test("digits say which method", () => {
  assert.deepEqual(["Digit1", "Numpad9", "KeyA", "F1"].map(digitOf), [1, 9, 0, 0]);
});

test("every key runs a command, every listed key has words and a group of the help", () => {
  const commands = createCommands({ store: {} });
  for (const { command, show, label, group } of KEYMAP) {
    assert.equal(typeof commands[command], "function", command);
    assert.equal(show === "", label === "", command);
    assert.ok(GROUPS.includes(group), command);
  }
});

test("no two keys are the same", () => {
  const presses = KEYMAP.flatMap(({ codes, shift }) =>
    codes.flatMap((code) => (shift === undefined ? [true, false] : [shift]).map((s) => `${code} ${s}`)),
  );
  assert.equal(new Set(presses).size, presses.length);
});
