/**
 * Who may import whom in the page. The rooms stand in floors; an import goes down or stays in its room, never up,
 * and never in a circle. Names of types (`@import` in comments) don't count: they don't run.
 */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../static/viewer", import.meta.url));

/** The lowest floor first. */
const FLOORS = ["paint", "state", "modes", "sources", "panels", "input", "main.js"];

const files = readdirSync(ROOT, { recursive: true })
  .map((name) => String(name).replaceAll("\\", "/"))
  .filter((name) => name.endsWith(".js"));

const roomOf = (file) => file.split("/")[0];

/** Files that a file imports, relative to the root. */
function importsOf(file) {
  const text = readFileSync(join(ROOT, file), "utf8").replaceAll(/\/\*[^]*?\*\//g, "");
  return [
    ...text.matchAll(/(?:^import\s[^;]*?|\bimport\s*\(\s*|^export\s[^;]*?from\s+)["']([^"']+)["']/gm),
  ].map(([, target]) => {
    assert.ok(target.startsWith("."), `${file} imports ${target}: the page has no packages`);
    return relative(ROOT, join(ROOT, dirname(file), target)).replaceAll("\\", "/");
  });
}

test("every file stands in a room, and every room is named here", () => {
  assert.deepEqual([...new Set(files.map(roomOf))].sort(), [...FLOORS].sort());
});

test("imports name files that exist", () => {
  assert.ok(files.length > 50, "the walk found the page");
  for (const file of files)
    for (const target of importsOf(file)) assert.ok(files.includes(target), `${file} imports ${target}`);
});

test("no import goes up", () => {
  const floorOf = (file) => FLOORS.indexOf(roomOf(file));
  const up = files.flatMap((file) =>
    importsOf(file)
      .filter((target) => floorOf(target) > floorOf(file))
      .map((target) => `${file} imports ${target}`),
  );
  assert.deepEqual(up, []);
});

test("no import goes in a circle", () => {
  /** @type {Map<string, "open"|"done">} */
  const seen = new Map();
  const visit = (file, path) => {
    assert.notEqual(seen.get(file), "open", `circle: ${[...path, file].join(" → ")}`);
    if (seen.has(file)) return;
    seen.set(file, "open");
    for (const target of importsOf(file)) visit(target, [...path, file]);
    seen.set(file, "done");
  };
  for (const file of files) visit(file, []);
});

test("every file is used", () => {
  const used = new Set(files.flatMap(importsOf));
  const typesOnly = (file) => /^export \{\};$/m.test(readFileSync(join(ROOT, file), "utf8"));
  const unused = files.filter((file) => !used.has(file) && !typesOnly(file) && file !== "main.js");
  assert.deepEqual(unused, []);
});

test("nothing outside modes/ looks at a mode's name", () => {
  const names = ["photo", "colors", "difference", "color-difference"];
  const asks = new RegExp(`(mode|hook)\\b[^\\n]*[!=]==? *["'](${names.join("|")}|image|depth|rgb|diff)["']`);
  const guilty = files.filter(
    (file) => roomOf(file) !== "modes" && asks.test(readFileSync(join(ROOT, file), "utf8")),
  );
  assert.deepEqual(guilty, []);
});
