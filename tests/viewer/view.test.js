import assert from "node:assert/strict";
import { test } from "node:test";

import { DEFAULT_VIEW, ENTRIES, hooksOf, isStep, staying } from "../../static/viewer/state/fields.js";
import { formatView, parseView } from "../../static/viewer/state/url.js";

const view = (change) => ({ ...DEFAULT_VIEW, ...change });

/** One value of each field that is not the default, and how the address writes it. */
const OTHER = {
  gallery: ["a & b", "gallery=a%20%26%20b"],
  index: [12, "index=12"],
  targets: [["x*y", "p,q", "ü %"], "targets=x%2Ay*p%2Cq*%C3%BC%20%25"],
  indexes: [[0, 7], "indexes=0*7"],
  diff: [3, "diff=3"],
  signed: [true, "signed=1"],
  cmap: ["grey_r", "cmap=grey_r"],
  spread: ["linear", "spread=linear"],
  range: [[0, 12.5], "range=0..12.5"],
  diffMax: [0.25, "diffmax=0.25"],
  columns: [2, "columns=2"],
  theme: ["dark", "theme=dark"],
  pixel: [[0, 0], "pixel=0,0"],
  axis: ["log", "axis=log"],
};

test("the defaults are these", () => {
  assert.deepEqual(DEFAULT_VIEW, {
    gallery: null,
    index: 0,
    targets: [],
    indexes: null,
    diff: 0,
    signed: false,
    cmap: "magma_r",
    spread: "auto",
    range: null,
    diffMax: null,
    columns: 0,
    theme: "auto",
    pixel: null,
    axis: "linear",
  });
  assert.deepEqual(parseView(""), DEFAULT_VIEW);
  assert.equal(formatView(DEFAULT_VIEW), "?index=0");
});

test("this test knows every field", () => {
  assert.deepEqual(Object.keys(OTHER).sort(), ENTRIES.map(([name]) => name).sort());
});

for (const [name, [value, text]] of Object.entries(OTHER)) {
  test(`${name} is written as ${text} and read back`, () => {
    const written = formatView(view({ [name]: value }));
    assert.ok(written.slice(1).split("&").includes(text), written);
    assert.deepEqual(parseView(written), view({ [name]: value }));
  });
}

test("all fields together are read back as they were", () => {
  const all = view(Object.fromEntries(Object.entries(OTHER).map(([name, [value]]) => [name, value])));
  assert.deepEqual(parseView(formatView(all)), all);
});

test("links of the original viewer mean what they meant there", () => {
  assert.deepEqual(parseView("?targets=A,B&indexes=3*0,4&index=4"), {
    ...view({ targets: ["A", "B"], indexes: [3, 0, 4], index: 4 }),
  });
  assert.equal(parseView("?targets=A*B&indexes=3,1").index, 3, "a walk without a place begins at its first");
  assert.equal(parseView("?index=0&indexes=3,1").index, 0, "0 is a place");
  assert.deepEqual(parseView("?indexes=2.5.2").indexes, [2, 5]);
  assert.deepEqual(parseView("targets=my+method").targets, ["my method"]);
});

test("what can't be understood falls back to the default, field by field", () => {
  const nonsense =
    "?gallery=&index=-3&targets=**&indexes=x&diff=abc&signed=yes&cmap=constructor&spread=wide" +
    "&range=9..2&diffmax=-1&columns=%ff&theme=pink&pixel=1,2,3&axis=up&unknown=1&=&&";
  assert.deepEqual(parseView(nonsense), DEFAULT_VIEW);
  assert.equal(parseView("?range=1..NaN").range, null);
  assert.equal(parseView("?pixel=1.5,2").pixel, null);
  assert.equal(parseView("?columns=99").columns, 8);
  assert.equal(parseView("?diffmax=Infinity").diffMax, null);
});

test("the Back button returns to places, not to looks", () => {
  const steps = Object.keys(OTHER).filter((name) => isStep(view({}), view({ [name]: OTHER[name][0] })));
  assert.deepEqual(steps, ["gallery", "index", "targets", "indexes", "diff"]);
});

test("another gallery keeps how it is looked at, a link also the ranges", () => {
  const all = view(Object.fromEntries(Object.entries(OTHER).map(([name, [value]]) => [name, value])));
  const kept = (occasion) => Object.keys(staying(all, occasion));
  assert.deepEqual(kept("gallery"), ["signed", "cmap", "spread", "columns", "theme", "axis"]);
  assert.deepEqual(kept("link"), ["cmap", "spread", "range", "diffMax", "columns", "theme", "axis"]);
  assert.equal(staying(all, "gallery").cmap, "grey_r");
});

test("index, diff and theme stand on the page's root", () => {
  assert.deepEqual(hooksOf(view({ index: 3 })), { index: "3", diff: "0", theme: "auto" });
});
