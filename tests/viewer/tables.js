/**
 * The tables of docs/viewer.md that follow from the page's own. To write them anew:
 *
 *     node tests/viewer/tables.js
 */
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

import { GROUPS, KEYMAP } from "../../static/viewer/input/keymap.js";
import { FIELDS } from "../../static/viewer/state/fields.js";

export const GUIDE = fileURLToPath(new URL("../../docs/viewer.md", import.meta.url));

const row = (...cells) => `| ${cells.join(" | ")} |`;
const code = (text) => `\`${text}\``;

function keyTable() {
  const rows = GROUPS.flatMap((group) => {
    const shown = KEYMAP.filter((binding) => binding.group === group && binding.show);
    return shown.map(({ show, label }, i) => row(i ? "" : `**${group}**`, code(show), label));
  });
  return [row("", "key", "does"), "|---|---|---|", ...rows].join("\n");
}

/** Keeps the words that people wrote: what a field is for, and what is there where the address doesn't name it. */
function fieldTable(before) {
  const written = new Map(before.split("\n").map((line) => [line.split("`")[1], line.split(" | ")]));
  const rows = Object.entries(FIELDS).map(([name, { key, allowed, choices, initial, format }]) => {
    const [, meaning = "", , absent = ""] = written.get(key) ?? [];
    const text = initial === null ? "" : format(initial);
    const all = typeof initial === "boolean" ? [true, false] : choices;
    const values = all ? all.map((value) => code(format(value))).join(" ") : allowed;
    const names = name === key ? code(key) : `${code(key)} (${code(name)})`;
    return row(names, meaning, values, text ? code(text) : absent.replace(/ \|$/, ""));
  });
  return [row("field", "says", "values", "without it"), "|---|---|---|---|", ...rows].join("\n");
}

const TABLES = { keys: keyTable, fields: fieldTable };

/** The guide with its tables as they should be. */
export function withTables(text) {
  return Object.entries(TABLES).reduce((guide, [name, table]) => {
    const place = new RegExp(`(<!-- ${name}[^]*?-->\n)([^]*?)(<!-- /${name} -->)`);
    return guide.replace(place, (_, begin, before, end) => `${begin}${table(before)}\n${end}`);
  }, text);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(GUIDE, withTables(readFileSync(GUIDE, "utf8")));
}
