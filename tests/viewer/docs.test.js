/**
 * The worked example of docs/viewer-inside.md works in a copy of the page.
 */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";

import { DEFAULT_VIEW } from "../../static/viewer/state/fields.js";
import { colors, depths, fakeCanvas, gallery } from "./kit.js";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const DOCUMENT = readFileSync(join(ROOT, "docs/viewer-inside.md"), "utf8");

/** Code blocks of the document by the file that their first line names. */
const BLOCKS = new Map(
  [...DOCUMENT.matchAll(/```js\n\/\/ (\S+)\n([^]*?)```/g)].map(([, file, code]) => [file, code]),
);

let copy = "";

before(() => {
  copy = mkdtempSync(join(tmpdir(), "viewer-"));
  for (const folder of ["static", "tests/viewer"])
    cpSync(join(ROOT, folder), join(copy, folder), { recursive: true });
  writeFileSync(join(copy, "package.json"), '{"type": "module"}');
  const block = (file) => BLOCKS.get(file) ?? assert.fail(`the document has no block for ${file}`);
  const edit = (file, change) => {
    const path = join(copy, file);
    const before = readFileSync(path, "utf8");
    const now = change(before, block(file));
    assert.notEqual(now, before, file);
    writeFileSync(path, now);
  };
  const mode = "static/viewer/modes/agreement.js";
  writeFileSync(join(copy, mode), block(mode));
  edit("static/viewer/modes/index.js", (text, code) => {
    const [line, list] = code.split("\n\n");
    return text.replace("  colorDifference,\n]);\n", list).replace("\nimport ", `\n${line}\nimport `);
  });
  edit("static/viewer/state/fields.js", (text, code) =>
    text.replace("export const FIELDS = Object.freeze({\n", (start) => start + code),
  );
  edit("static/viewer/input/keymap.js", (text, code) =>
    text.replace("KEYMAP = Object.freeze([\n", (start) => start + code),
  );
  edit("static/viewer/input/commands/compare.js", (text, code) =>
    text.replace('    "diff-off"', (start) => code + start),
  );
  edit("tests/viewer/modes.test.js", (text, code) =>
    text.replace('  "color-difference": {', (start) => code + start),
  );
  edit("tests/viewer/view.test.js", (text, code) =>
    text.replace("const KNOWN = {\n", (start) => start + code),
  );
});

after(() => rmSync(copy, { recursive: true }));

/** A module of the changed copy. */
const load = (path) => import(pathToFileURL(join(copy, "static/viewer", path)).href);

const state = (view) => ({
  view: { ...DEFAULT_VIEW, agreement: false, gallery: "g", ...view },
  gallery: gallery(),
  failure: null,
});

test("the new mode is taken when its field is on, and paints and reads", async () => {
  const { modeFor } = await load("modes/index.js");
  const [, B] = gallery().methods;
  assert.equal(modeFor(state({ diff: 1 }), B).name, "difference");
  const on = state({ diff: 1, agreement: true });
  const mode = modeFor(on, B);
  assert.equal(mode.name, "agreement");
  const pictures = [depths(256, 256, 0), depths(300, 512, 256)];
  const given = { methods: mode.needs(on, B), pictures, look: mode.look(on) };
  const canvas = fakeCanvas();
  assert.deepEqual(mode.paint(canvas, given), ["50.0 % agree", ""]);
  assert.deepEqual([...canvas.pixels], [255, 255, 255, 255, 0, 0, 0, 255, 0, 0, 0, 0]);
  assert.deepEqual(
    [0, 1, 2].map((x) => mode.read(given, x, 0).text),
    ["× 1.17", "× 2.00", "no data"],
  );
  const mixed = mode.refusal({ ...given, pictures: [colors([0, 0, 0]), depths(1)] });
  assert.equal(mixed, "this picture and A are not both in metres");
  const [Q] = gallery().methods.slice(4);
  assert.equal(modeFor(state({ diff: 4, agreement: true }), Q).name, "color-difference");
});

test("the new field is part of the address, and the new key runs its command", async () => {
  const [{ parseView, formatView }, { KEYMAP }, { createCommands }, { createStore }] = await Promise.all(
    ["state/url.js", "input/keymap.js", "input/commands/index.js", "state/store.js"].map(load),
  );
  const store = createStore();
  const [{ command }] = KEYMAP.filter(({ codes }) => codes?.includes("F2"));
  createCommands({ store })[command]({ number: 0, repeat: false });
  const address = formatView(store.get().view);
  assert.equal(address, "?agreement=1&index=0");
  assert.equal(parseView(address).agreement, true);
});

test("the tests of the page pass in the copy", () => {
  const { NODE_TEST_CONTEXT: _, ...env } = process.env; // or the tests would report to this one's runner
  const names = ["modes", "view", "keymap", "rooms"].map((name) => `tests/viewer/${name}.test.js`);
  const { status, stdout } = spawnSync(process.execPath, ["--test", ...names], { cwd: copy, env });
  assert.equal(status, 0, String(stdout));
  assert.match(String(stdout), /agreement is written as agreement=1/);
});
