/**
 * docs/viewer.md, the guide, says what the page does: keys, the address, scripts, attributes.
 */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import { scriptingOf } from "../../static/viewer/input/scripting.js";
import { MODE_NAMES } from "../../static/viewer/state/comparison.js";
import { FIELDS } from "../../static/viewer/state/fields.js";
import { createStore } from "../../static/viewer/state/store.js";
import { gallery } from "./kit.js";
import { GUIDE, withTables } from "./tables.js";

const TEXT = readFileSync(GUIDE, "utf8");
const PAGE = join(GUIDE, "../../static/viewer");

test("its tables are those of the page", () => {
  const command = "run `node tests/viewer/tables.js`, and fill what it leaves empty";
  assert.equal(withTables(TEXT), TEXT, command);
});

test("every key and every field has words, and every field says what holds without it", () => {
  const rows = [...TEXT.matchAll(/<!-- (?:keys|fields)[^]*?-->\n([^]*?)<!-- /g)].flatMap(([, table]) =>
    table.trim().split("\n").slice(2),
  );
  assert.ok(rows.length > 60);
  for (const line of rows) {
    const [first, ...cells] = line.split("|").slice(1, -1);
    assert.ok(
      cells.every((cell) => cell.trim()),
      line,
    );
    assert.ok(cells.length === 2 || first.trim(), line);
  }
});

test("it has a line for every mode and layout", () => {
  assert.equal(MODE_NAMES.length, 7, "another mode needs a row under Compare");
  const modes = TEXT.split("## Compare")[1]
    .split("## Metrics")[0]
    .match(/^\| .*`.*\|$/gm);
  assert.equal(modes?.length, MODE_NAMES.length);
  const layouts = [...TEXT.matchAll(/^\| `(\w+)` \| (?:all panes|one method|two methods|depth or)/gm)];
  assert.deepEqual(
    layouts.map(([, name]) => name),
    FIELDS.layout.choices,
  );
});

test("its example of a script runs", () => {
  const [, code] = /```js\n([^]*?)```/.exec(TEXT) ?? [];
  const store = createStore();
  store.dispatch({ type: "gallery/choose", id: "g" });
  store.dispatch({ type: "gallery/opened", gallery: gallery() });
  new Function("tiekd", code)(scriptingOf(store, () => null));
  const { index, diff } = store.get().view;
  assert.deepEqual([index, diff], [3, 2]);
});

test("the attributes that it names are set by the page", () => {
  const files = readdirSync(PAGE, { recursive: true }).filter((file) => file.endsWith(".js"));
  const source = files.map((file) => readFileSync(join(PAGE, file), "utf8")).join("\n");
  const hooks = Object.entries(FIELDS).flatMap(([name, { hook }]) => (hook ? name : []));
  const named = TEXT.split("## Scripts")[1].match(/(?<=`data-)[\w-]+(?=`)/g) ?? [];
  assert.ok(named.length > 15);
  for (const name of named) {
    const inScript = name.replace(/-(\w)/g, (_, letter) => letter.toUpperCase());
    const written = new RegExp(
      `dataset\\.${inScript}\\b|\\b${inScript}: found|dataset: \\{[^}]*\\b${inScript}\\b`,
    );
    assert.ok(hooks.includes(inScript) || written.test(source), `data-${name}`);
  }
});
