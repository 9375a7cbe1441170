import assert from "node:assert/strict";
import { test } from "node:test";

import { createCommands } from "../../static/viewer/input/commands/index.js";
import { bindingOf, digitOf, GROUPS, KEYMAP, shortcutsOf } from "../../static/viewer/input/keymap.js";

const event = (code, more) => ({
  code,
  key: "",
  ctrlKey: false,
  altKey: false,
  metaKey: false,
  shiftKey: false,
  ...more,
});

const press = (code, more = {}) => bindingOf(event(code, more))?.command;

test("a letter is the key that says so", () => {
  assert.equal(press("Semicolon", { key: "s" }), "keep-favorite"); // Dvorak
  assert.equal(press("KeyS", { key: "o" }), "upload");
  assert.equal(press("Semicolon", { key: "m" }), "next"); // AZERTY
  assert.equal(press("KeyM", { key: "," }), "range-next", "what stands on the key counts, not its place");
  assert.equal(press("KeyC", { key: "C", shiftKey: true }), "cmap-next", "capitals too");
});

test("on keyboards without Latin letters it is the place of the letter", () => {
  assert.equal(press("KeyS", { key: "ы" }), "keep-favorite"); // Russian
  assert.equal(press("KeyX", { key: "χ" }), "toggle-signed"); // Greek
  assert.equal(press("KeyI", { key: "ı" }), "focus-index"); // Turkish
  assert.equal(press("KeyL", { key: "Process" }), "list"); // with an input method
  assert.equal(press("Semicolon", { key: "ж" }), undefined);
});

test("a digit is a place, whatever the layout has there", () => {
  assert.equal(press("Digit2", { key: "é" }), "toggle-diff"); // AZERTY
  assert.equal(press("Numpad7", { key: "7" }), "toggle-diff");
  assert.equal(press("Digit0", { key: "à" }), "diff-off");
  const table = [
    { command: "zoom-out", chars: ["-"] },
    { command: "zoom-in", chars: ["="] },
    { command: "solo", codes: ["BracketLeft"] },
    { command: "jump", chars: ["/"] },
    ...KEYMAP,
  ];
  const found = (code, more) => bindingOf(event(code, more), table)?.command;
  assert.equal(found("Digit6", { key: "-" }), "toggle-diff"); // AZERTY
  assert.equal(found("Minus", { key: "-" }), "zoom-out");
  assert.equal(found("Digit0", { key: "=", shiftKey: true }), "zoom-in"); // German
  assert.equal(found("BracketLeft", { key: "ü" }), "solo"); // German
  assert.equal(found("BracketLeft", { key: "/" }), "jump"); // Dvorak
});

test("the question mark is a character, wherever the layout has it", () => {
  assert.equal(press("Minus", { key: "?", shiftKey: true }), "help");
  assert.equal(press("F1", { key: "F1" }), "help");
});

test("no letter is bound by its place", () => {
  const places = KEYMAP.flatMap(({ codes = [] }) => codes);
  assert.deepEqual(
    places.filter((code) => /^Key/.test(code)),
    [],
  );
  assert.ok(KEYMAP.every(({ chars = [] }) => chars.every((char) => char === char.toLowerCase())));
});

test("assistive software is told the keys by the names that it knows", () => {
  const spoken = (command) => shortcutsOf(KEYMAP.find((binding) => binding.command === command));
  assert.equal(spoken("next"), "M ArrowRight");
  assert.equal(spoken("pixel-left"), "Shift+ArrowLeft");
  assert.equal(spoken("toggle-diff"), "1 2 3 4 5 6 7 8 9");
  assert.equal(shortcutsOf({ chars: ["+", "="], codes: ["BracketLeft"] }), "Plus = [");
});

test("Shift tells the arrows apart and does not matter elsewhere", () => {
  assert.equal(press("ArrowLeft"), "previous");
  assert.equal(press("ArrowLeft", { shiftKey: true }), "pixel-left");
  assert.equal(press("ArrowUp"), "scroll-up");
  assert.equal(press("Space", { key: " ", shiftKey: true }), "scroll-page-up");
  assert.equal(press("ArrowUp", { shiftKey: true }), "pixel-up");
  assert.equal(press("KeyC", { key: "C", shiftKey: true }), "cmap-next");
});

test("with Ctrl, Alt or Meta a key belongs to the browser", () => {
  for (const modifier of ["ctrlKey", "altKey", "metaKey"])
    assert.equal(press("KeyS", { key: "s", [modifier]: true }), undefined, modifier);
});

test("digits say which method", () => {
  assert.deepEqual(["Digit1", "Numpad9", "KeyA", "F1"].map(digitOf), [1, 9, 0, 0]);
});

test("every key runs a command, every listed key has words and a group of the help", () => {
  const commands = createCommands({ store: {} });
  for (const { command, release = command, show, label, group } of KEYMAP) {
    assert.equal(typeof commands[command], "function", command);
    assert.equal(typeof commands[release], "function", release);
    assert.equal(show === "", label === "", command);
    assert.ok(GROUPS.includes(group), command);
  }
});

test("no two keys are the same", () => {
  const presses = KEYMAP.flatMap(({ chars = [], codes = [], shift }) =>
    [...chars, ...codes].flatMap((key) =>
      (shift === undefined ? [true, false] : [shift]).map((s) => `${key} ${s}`),
    ),
  );
  assert.equal(new Set(presses).size, presses.length);
});
