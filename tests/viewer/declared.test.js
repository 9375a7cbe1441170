/** What a view declares of folders, as text and back. */
import assert from "node:assert/strict";
import test from "node:test";

import { READINGS, readingOf } from "../../static/viewer/panels/source-form.js";
import { seenWords } from "../../static/viewer/panels/sources.js";
import {
  escapeSetting,
  formatSettings,
  formatSources,
  parseSettings,
  parseSources,
  sourceParams,
  withSource,
} from "../../static/viewer/state/declared.js";

test("sources are written legibly and read back, whatever signs their names have", () => {
  for (const sources of [
    { mine: "scale=1000", lidar: "truth,label=HDL-64" },
    { "a=b,c*d & 100 %": "label=x%2Cy%3D%25 +&#*" },
    { "größe/1": "magma=0.001:80" },
    {},
  ]) {
    const text = formatSources(sources);
    assert.deepEqual(parseSources(text || undefined) ?? {}, sources);
    assert.ok(!/[&# ]/.test(text), text);
  }
  assert.equal(formatSources({ mine: "scale=1000" }), "mine=scale=1000");
});

test("a program that escapes every sign of an address changes nothing", () => {
  const text = "a%3Db%2Ac=label=x%252Cy*lidar=truth,label=HDL-64";
  const escaped = encodeURIComponent(text).replaceAll("*", "%2A");
  assert.deepEqual(parseSources(escaped), { "a=b*c": "label=x%2Cy", lidar: "truth,label=HDL-64" });
  assert.deepEqual(parseSources("tiekd_mobilenetv2%3Dscale%3D512"), { tiekd_mobilenetv2: "scale=512" });
});

test("what is no METHOD=SETTINGS is not understood", () => {
  for (const text of ["", "mine", "=scale=2", "mine=", "a=truth*b"])
    assert.equal(parseSources(text), undefined, text);
});

test("requests name each folder in a parameter of its own", () => {
  assert.deepEqual(sourceParams({ "a=b": "scale=1000", c: "truth" }), [
    ["as", "a%3Db=scale=1000"],
    ["as", "c=truth"],
  ]);
});

test("settings are fields and back; only flags stand alone", () => {
  for (const settings of [
    "scale=1,disparity=1",
    "truth,label=a%2C b%3D%25+",
    "ignore=0",
    "label=1",
    "colors",
  ])
    assert.equal(formatSettings(parseSettings(settings)), settings);
  assert.equal(formatSettings({ scale: "", label: "", truth: "1" }), "truth");
  assert.equal(escapeSetting("a=b,c*100%"), "a%3Db%2Cc%2A100%25");
});

test("no settings mean that the server's reading holds again", () => {
  assert.deepEqual(withSource({ a: "truth", b: "ignore" }, "a", ""), { b: "ignore" });
  assert.deepEqual(withSource({ a: "truth" }, "a", "scale=2"), { a: "scale=2" });
});

test("the form finds the reading that settings say", () => {
  const cases = /** @type {const} */ ([
    ["", "usual"],
    ["label=x,truth", "usual"],
    ["scale=1", "metres"],
    ["scale=1000", "millimetres"],
    ["scale=256", "kitti"],
    ["scale=37.5", "other"],
    ["scale=256,disparity=3", "disparity"],
    ["inverse=1:0", "inverse"],
  ]);
  for (const [settings, reading] of cases)
    assert.equal(readingOf("depth", parseSettings(settings)), reading, settings);
  assert.equal(readingOf("pictures", parseSettings("colors")), "colors");
  assert.equal(readingOf("pictures", parseSettings("magma=1:9")), "magma");
  for (const kind of /** @type {const} */ (["depth", "pictures"]))
    for (const [name, { settings, asks }] of Object.entries(READINGS[kind]))
      if (name !== "usual" && !asks.length) assert.equal(readingOf(kind, settings), name);
});

test("the values of a folder are told in words", () => {
  const seen = { n_frames: 40, looked_at: 3 };
  assert.equal(
    seenWords({ ...seen, numbers: [512, 20480], metres: [2, 14.25, 80], none: 0.955, beyond: 0 }),
    "numbers from 512 to 20480; 2 to 80 m, half of it below 14.25 m; 95.5% without depth (in 3 of 40 frames)",
  );
  assert.match(seenWords({ ...seen, metres: [1, 2, 255.996], beyond: 0.02 }), /2% at 255\.996 m or beyond/);
  assert.equal(seenWords({ ...seen, fault: "a.npy is cut off." }), "a.npy is cut off.");
  assert.equal(seenWords({ ...seen, looked_at: 0 }), "none");
  assert.equal(seenWords(seen), "colours");
});
